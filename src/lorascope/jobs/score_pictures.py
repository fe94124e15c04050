"""Score the pictures that a run drew with a CLIP-style model from a local folder, each against the text of its prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.backends import scorer_in
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import JsonValue
from lorascope.records.sample import Score
from lorascope.store import Store

if TYPE_CHECKING:
    from lorascope.backends.clip_scorer import ClipScorer  # loads torch

BATCH = 16


def read_scorer(folder: Path) -> ClipScorer:
    """The model in a folder, ready to score: asked for before any picture is drawn.

    Raises:
        MissingFile, BadFile, MissingExtra: the folder holds no model that can be read (says what it lacks).
    """
    return scorer_in(folder)


def score_pictures(store: Store, run: str, suite: PromptSuite, scorer: ClipScorer, progress: Progress | None = None) -> tuple[str, int]:
    """Score every picture of a suite that has no score of this model yet; returns the metric's name and how many were scored.

    The scores of a batch are recorded together: stopped half-way, it goes on where it was.

    Raises:
        NotFound: no such run.
        BadFile: a picture's file is gone from the store, or the model gives no numbers.
    """
    progress = progress or Silent()
    texts = {prompt.name: prompt.text for prompt in suite.prompts}
    scored = {(score.epoch, score.prompt, score.seed, score.draw) for score in store.scores(run, scorer.metric)}
    todo = [
        sample
        for sample in store.samples(run)
        if sample.prompt in texts
        and sample.extra.get("suite") == suite.name
        and (sample.epoch, sample.prompt, sample.seed, sample.draw) not in scored
    ]
    # These keys say to reports and choices what an unknown metric is.
    said: dict[str, JsonValue] = {"unit": "cosine x 100", "direction": "higher", "model": scorer.name, "weights": scorer.digest}
    progress.start(f"score {run}", len(todo))
    for first in range(0, len(todo), BATCH):
        batch = todo[first : first + BATCH]
        pictures = [load_pixels(store.blob_path(sample.image_digest)) for sample in batch]
        values = scorer.score(pictures, [texts[sample.prompt] for sample in batch])
        scores = [
            Score(run, sample.epoch, sample.prompt, sample.seed, scorer.metric, value, extra=said, draw=sample.draw)
            for sample, value in zip(batch, values, strict=True)
        ]
        store.add_scores(scores)
        progress.advance(len(batch))
    progress.finish(f"{len(todo)} pictures")
    return scorer.metric, len(todo)
