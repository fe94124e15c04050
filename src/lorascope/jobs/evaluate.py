"""Sample every checkpoint of a run on a prompt suite, and measure every picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lorascope.backends import BACKENDS, renderer_named
from lorascope.backends.backend import RenderedImage, Renderer
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, NotFound
from lorascope.evaluation.metric import NotMeasurable, Picture
from lorascope.evaluation.metrics import METRICS
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import Run
from lorascope.records.sample import Sample, Score
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Which run to evaluate on what. ``base_model`` None: the one the run was trained on.

    ``with_base`` also draws the base model without a LoRA, as epoch 0.
    """

    run: str
    suite: PromptSuite
    base_model: Path | None = None
    with_base: bool = True


def evaluate(store: Store, request: EvaluateRequest, progress: Progress | None = None) -> int:
    """Draw and measure what is not there yet; returns how many pictures were drawn.

    Stopped half-way, it goes on where it was: a checkpoint is recorded with all its pictures and scores, or not at all. Pictures
    drawn earlier are measured by metrics that are new since.

    Raises:
        NotFound: no such run.
        BadParameter: the run's trainer is none that draws here; the suite asks for pictures that the base model cannot draw, or
            that would mix with those of another suite. Before the first picture is drawn.
        MissingFile, BadFile: a checkpoint's file is gone, another one, or no LoRA. After all others have been drawn.
    """
    progress = progress or Silent()
    run = store.run(request.run)
    suite = request.suite
    _refuse_mixture(store, run.name, suite)
    epochs: list[Checkpoint | None] = [None] if request.with_base else []
    epochs += store.checkpoints(run.name)
    complete = {(prompt.name, seed) for prompt in suite.prompts for seed in suite.seeds}
    todo = [
        checkpoint
        for checkpoint in epochs
        if not complete <= {(s.prompt, s.seed) for s in store.samples(run.name, checkpoint.epoch if checkpoint else 0)}
    ]
    if todo and run.trainer not in BACKENDS:
        own = ", ".join(BACKENDS)
        raise BadParameter(
            f"run {run.name} was trained with {run.trainer}; lorascope draws pictures only for runs of its own trainer ({own})",
            next_step="bring in the trainer's sample images, or scores measured elsewhere: lorascope import PATH",
        )
    per_epoch = len(complete)
    progress.start(f"evaluate {run.name}", len(epochs) * per_epoch)
    progress.advance((len(epochs) - len(todo)) * per_epoch)
    palette = training_palette(store, run)
    _measure_anew(store, run, suite, palette)
    if todo:
        base = request.base_model or Path(str(run.environment.get("base_model_folder", "")))
        renderer = renderer_named(run.trainer, base)
        renderer.check(suite)
    store.add_suite(suite)
    failed: list[BadFile | MissingFile] = []
    for checkpoint in todo:
        try:
            _evaluate_one(store, run, checkpoint, suite, renderer, palette, progress)
        except (BadFile, MissingFile) as error:  # one broken checkpoint is no reason to leave the others unmeasured
            failed.append(error)
    drawn = (len(todo) - len(failed)) * per_epoch
    progress.finish(f"{drawn} pictures")
    if failed:
        others = f" ({len(failed)} of {len(todo)} checkpoints could not be drawn; the others were)" if len(todo) > 1 else ""
        raise type(failed[0])(f"{failed[0].message}{others}", where=failed[0].where, next_step=failed[0].next_step)
    return drawn


def _measure_anew(store: Store, run: Run, suite: PromptSuite, palette: NDArray[np.uint8] | None) -> None:
    """Measure pictures that lie in the store by the metrics that were added since they were drawn."""
    prompts = {prompt.name: prompt for prompt in suite.prompts}
    known = {(score.epoch, score.prompt, score.seed, score.draw, score.metric) for score in store.scores(run.name)}
    news: list[Score] = []
    for sample in store.samples(run.name):
        missing = [metric.name for metric in METRICS if (sample.epoch, sample.prompt, sample.seed, sample.draw, metric.name) not in known]
        if not missing or sample.prompt not in prompts or sample.extra.get("suite") != suite.name or sample.seed is None:
            continue
        image = RenderedImage(sample.prompt, sample.seed, load_pixels(store.blob_path(sample.image_digest)))
        scores = measured(run.name, sample.epoch, image, prompts[sample.prompt], palette)
        news += [replace(score, draw=sample.draw) for score in scores if score.metric in missing]
    store.add_scores(news)


def _refuse_mixture(store: Store, run: str, suite: PromptSuite) -> None:
    """A run's pictures are known by prompt and seed: those of another text or protocol must not pass for this suite's."""
    with suppress(NotFound):
        if store.suite(suite.name) != suite:
            next_step = "give it another name"
            raise AlreadyExists(f"a prompt suite {suite.name!r} with other prompts or settings is in the store", next_step=next_step)
    wanted = {prompt.name: prompt for prompt in suite.prompts}
    drawn_for = {str(sample.extra["suite"]) for sample in store.samples(run) if "suite" in sample.extra}
    for other in store.suites():
        if other.name == suite.name or other.name not in drawn_for:
            continue
        differing = [prompt.name for prompt in other.prompts if wanted.get(prompt.name, prompt) != prompt]
        if differing or replace(other, name="", prompts=(), seeds=()) != replace(suite, name="", prompts=(), seeds=()):
            what = f"prompt {differing[0]!r}" if differing else "the protocol"
            names_own = "give the prompts names of their own"
            same = f"use its steps ({other.steps}), guidance ({other.guidance:g}), negative text and size"
            raise BadParameter(
                f"run {run} has pictures of the suite {other.name!r}, in which {what} differs", next_step=names_own if differing else same
            )


def _evaluate_one(
    store: Store, run: Run, checkpoint: Checkpoint | None, suite: PromptSuite, renderer: Renderer,
    palette: NDArray[np.uint8] | None, progress: Progress,
) -> None:  # fmt: skip
    epoch = checkpoint.epoch if checkpoint else 0
    prompts = {prompt.name: prompt for prompt in suite.prompts}
    samples, scores = [], []
    for image in _rendered(checkpoint, suite, renderer):
        digest = store.put_blob(png_bytes(image.pixels))
        samples.append(Sample(run.name, epoch, image.prompt, image.seed, digest, extra={"suite": suite.name}))
        scores += measured(run.name, epoch, image, prompts[image.prompt], palette)
        progress.advance(1, f"epoch {epoch}")
    store.add_evaluation(samples, scores)


def _rendered(checkpoint: Checkpoint | None, suite: PromptSuite, renderer: Renderer) -> Iterator[RenderedImage]:
    file = None
    if checkpoint is not None:
        file = Path(str(checkpoint.file))
        if checkpoint.file is None or not file.is_file():
            raise MissingFile(
                f"the file of epoch {checkpoint.epoch} of run {checkpoint.run} is gone", where=str(checkpoint.file),
                next_step="put it back, or train again",
            )  # fmt: skip
        if checkpoint.digest is not None and file_digest(file) != checkpoint.digest:
            raise BadFile(
                f"the file of epoch {checkpoint.epoch} of run {checkpoint.run} is not the one that was recorded", where=str(file),
                next_step="put that one back, or train again under another name",
            )  # fmt: skip
    yield from renderer.render(file, suite)


def measured(run: str, epoch: int, image: RenderedImage, prompt: Prompt, palette: NDArray[np.uint8] | None) -> list[Score]:
    """Every metric of one picture; what cannot be measured is recorded with its reason."""
    pixels = image.pixels
    pixels.setflags(write=False)
    picture = Picture(pixels, prompt, palette)
    scores = []
    for metric in METRICS:
        value = metric.measure(picture)
        known, reason = (None, value.reason) if isinstance(value, NotMeasurable) else (float(value), "")
        scores.append(Score(run, epoch, prompt.name, image.seed, metric.name, known, reason))
    return scores


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as PNG, without metadata: equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def training_palette(store: Store, run: Run) -> NDArray[np.uint8] | None:
    """Every color of the run's training images, (n, 3) uint8, or None when the dataset is unknown or gone."""
    if run.dataset_digest is None:
        return None
    dataset = store.dataset(run.dataset_digest)
    folder = Path(str(run.environment.get("dataset_folder") or dataset.folder))
    files = [folder / item.image_file for item in dataset.items]
    if not all(file.is_file() for file in files):
        return None
    colors = np.concatenate([load_pixels(file).reshape(-1, 3) for file in files])
    palette: NDArray[np.uint8] = np.unique(colors, axis=0)
    return palette
