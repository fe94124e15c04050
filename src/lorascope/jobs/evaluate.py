"""Sample every checkpoint of a run on a prompt suite, and measure every picture."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lorascope.backends import BACKENDS, renderer_named
from lorascope.backends.backend import RenderedImage, Renderer
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, NotFound
from lorascope.evaluation.metric import Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.evaluation.training_set import TrainingSet
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_assets import color_names
from lorascope.jobs.read_pixels import load_pixels
from lorascope.jobs.read_traits import learned_for_run
from lorascope.jobs.training_set import keep_bands, training_set
from lorascope.pixels.cells import Scale
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import JsonValue, Run
from lorascope.records.sample import Sample, Score
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Which run to evaluate on what. ``base_model`` None: the one the run was trained on.

    ``with_base`` also draws the base model without a LoRA, as epoch 0. ``labels`` says what is in which training image, instead of the
    captions' words.
    """

    run: str
    suite: PromptSuite
    base_model: Path | None = None
    with_base: bool = True
    labels: Mapping[str, frozenset[str]] | None = None


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
    refuse_mixture(store, run.name, suite)
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
    yardstick = Yardstick(store, run, request)
    measure_anew(store, run, suite, yardstick)
    if todo:
        base = request.base_model or Path(str(run.environment.get("base_model_folder", "")))
        renderer = renderer_named(run.trainer, base)
        renderer.check(suite)
    store.add_suite(suite)
    failed: list[BadFile | MissingFile] = []
    for checkpoint in todo:
        try:
            draw_and_measure(store, run, checkpoint, suite, renderer, yardstick, progress)
        except (BadFile, MissingFile) as error:  # one broken checkpoint is no reason to leave the others unmeasured
            failed.append(error)
    drawn = (len(todo) - len(failed)) * per_epoch
    progress.finish(f"{drawn} pictures")
    if failed:
        others = f" ({len(failed)} of {len(todo)} checkpoints could not be drawn; the others were)" if len(todo) > 1 else ""
        raise type(failed[0])(f"{failed[0].message}{others}", where=failed[0].where, next_step=failed[0].next_step)
    return drawn


def measure_anew(store: Store, run: Run, suite: PromptSuite, yardstick: Yardstick) -> None:
    """Measure pictures that lie in the store by the metrics that were added, or changed their rule, since they were drawn."""
    prompts = {prompt.name: prompt for prompt in suite.prompts}
    known = {(score.epoch, score.prompt, score.seed, score.draw, score.metric) for score in store.scores(run.name) if _is_current(score)}
    news: list[Score] = []
    for sample in store.samples(run.name):
        missing = [metric.name for metric in METRICS if (sample.epoch, sample.prompt, sample.seed, sample.draw, metric.name) not in known]
        if not missing or sample.prompt not in prompts or sample.extra.get("suite") != suite.name or sample.seed is None:
            continue
        image = RenderedImage(sample.prompt, sample.seed, load_pixels(store.blob_path(sample.image_digest)))
        scores = measured(run.name, sample.epoch, image, prompts[sample.prompt], yardstick.training)
        news += [replace(score, draw=sample.draw) for score in scores if score.metric in missing]
    store.add_scores(news)


def refuse_mixture(store: Store, run: str, suite: PromptSuite) -> None:
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


def draw_and_measure(
    store: Store, run: Run, checkpoint: Checkpoint | None, suite: PromptSuite, renderer: Renderer,
    yardstick: Yardstick, progress: Progress,
) -> None:  # fmt: skip
    """Draw every prompt and seed of a suite with one checkpoint (None: the base model), and record the pictures with their scores at once.

    Raises:
        MissingFile, BadFile: the checkpoint's file is gone, is another one, or is no LoRA.
    """
    epoch = checkpoint.epoch if checkpoint else 0
    prompts = {prompt.name: prompt for prompt in suite.prompts}
    samples, scores = [], []
    for image in _rendered(checkpoint, suite, renderer):
        digest = store.put_blob(png_bytes(image.pixels))
        samples.append(Sample(run.name, epoch, image.prompt, image.seed, digest, extra={"suite": suite.name}))
        scores += measured(run.name, epoch, image, prompts[image.prompt], yardstick.training)
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


def measured(run: str, epoch: int, image: RenderedImage, prompt: Prompt, training: TrainingSet | None) -> list[Score]:
    """Every metric of one picture; what cannot be measured is recorded with its reason."""
    pixels = image.pixels
    pixels.setflags(write=False)
    picture = Picture(pixels, prompt, training, color_names())
    return [_score(Score(run, epoch, prompt.name, image.seed, metric.name, None), metric, picture) for metric in METRICS]


def _score(blank: Score, metric: Metric, picture: Picture) -> Score:
    """The score of one metric. The rule's version is kept where it is not the first, so that old values are known for what they are."""
    found = picture.of(metric)
    facts: dict[str, JsonValue] = {"version": metric.version} if metric.version > 1 else {}
    if isinstance(found, NotMeasurable):
        return replace(blank, reason=found.reason, extra=facts)
    if picture.look.cells.scale is Scale.ASSUMED:
        facts["grid"] = "assumed"
    if isinstance(found, Reading):
        return replace(blank, value=float(found.value), extra={**found.extra, **facts})
    return replace(blank, value=float(found), extra=facts)


def _is_current(score: Score) -> bool:
    metric = metric_named(score.metric)
    return metric is None or score.extra.get("version", 1) == metric.version


class Yardstick:
    """The run's training images, read when the first picture is measured: an evaluation that has nothing to do does not read them."""

    def __init__(self, store: Store, run: Run, request: EvaluateRequest) -> None:
        self._store, self._run, self._request = store, run, request

    @cached_property
    def training(self) -> TrainingSet | None:
        """The training set with what the suite asks about learned, None when it is gone; its bands are kept with the run."""
        found = training_set(self._store, self._run)
        if found is None:
            return None
        keep_bands(self._store, self._run.name, found)
        return learned_for_run(self._store, self._run, found, self._request.suite, self._request.labels)


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as PNG, without metadata: equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
