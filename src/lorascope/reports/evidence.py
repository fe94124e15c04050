"""What a report is made from: records, and the answers of ``pick`` and ``compare`` as plain values.

Reports are neighbors of evaluation and analysis and import neither: a job hands their answers over in the JSON shape that
``--json`` prints, and ``choice_from_json`` and ``comparison_from_json`` read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import Run
from lorascope.records.sample import Sample, Score

BASE_EPOCH = 0
HIGHER, LOWER = "higher", "lower"  # the directions of a metric; anything else describes and does not judge


@dataclass(frozen=True, slots=True)
class MetricNote:
    """A metric as a report explains it. ``direction`` is "higher" or "lower" (better), or "none"."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    direction: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One epoch in a choice: mean with 95 % interval over prompts, n images, shrunk for the best-of-many, probability of being best."""

    epoch: int
    mean: float | None
    low: float | None
    high: float | None
    n: int
    shrunk: float | None
    p_best: float | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer of ``pick`` for one run. ``best_epoch`` is None when nothing can be called best.

    ``prompts_to_decide``: how many prompts would separate the leader from the runner-up, None when not known.
    """

    metric: str
    unit: str
    direction: str
    prompts: int
    seeds: int
    differ_p: float | None
    candidates: tuple[Candidate, ...]
    best_epoch: int | None
    best_p: float | None
    cannot_tell: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    prompts_to_decide: int | None = None

    @property
    def leader(self) -> int | None:
        """The best epoch; when none can be called best, the most probable one, else the one with the best mean."""
        if self.best_epoch is not None:
            return self.best_epoch
        probable = [(candidate.p_best, -candidate.epoch) for candidate in self.candidates if candidate.p_best is not None]
        if probable:
            return abs(max(probable)[1])
        measured = [(candidate.mean, -candidate.epoch) for candidate in self.candidates if candidate.mean is not None]
        if not measured or self.direction not in {HIGHER, LOWER}:
            return None
        best = max(measured) if self.direction == HIGHER else min((mean, -epoch) for mean, epoch in measured)
        return abs(best[1])

    def candidate(self, epoch: int | None) -> Candidate | None:
        """What is known of an epoch."""
        return next((candidate for candidate in self.candidates if candidate.epoch == epoch), None)


@dataclass(frozen=True, slots=True)
class Difference:
    """Second run minus first, paired by prompt, of one metric; ``detectable`` is what n prompts would show in 4 of 5 cases.

    ``epochs`` are the two checkpoints that were compared (None: not said).
    """

    metric: str
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    n: int
    detectable: float | None
    epochs: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer of ``compare`` for one way of choosing epochs; ``at`` says which, such as "at the last epoch"."""

    at: str
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    def of(self, metric: str) -> Difference | None:
        """The difference in one metric."""
        return next((row for row in self.differences if row.metric == metric), None)


@dataclass(frozen=True, slots=True)
class DatasetNote:
    """A dataset version in short; ``findings`` counts its audit's findings by check (None when it was not audited)."""

    digest: str
    name: str
    images: int
    captions: int
    parent: str | None = None
    note: str = ""
    findings: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One caption before and after cleaning."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BandNote:
    """Where 90 % of the training images lie for one metric: 5th percentile, median and 95th, of ``n`` images."""

    low: float
    median: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """Everything recorded of one run that a report shows. ``bands`` maps metrics to where the run's training images lie."""

    run: Run
    checkpoints: tuple[Checkpoint, ...]
    samples: tuple[Sample, ...]
    scores: tuple[Score, ...]
    measurements: tuple[Measurement, ...]
    choice: Choice | None = None
    dataset: DatasetNote | None = None
    bands: Mapping[str, BandNote] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One or two runs (the first is the reference), judged by ``metric``; the first of ``comparisons`` leads.

    ``recorded_at`` is when the last of it was recorded (seconds since the epoch, UTC): a report carries no other date, so that the
    same records give the same report. ``repairs`` are examples of captions that differ between the runs' datasets; ``repaired``
    counts all of them, None when unknown.
    """

    runs: tuple[RunEvidence, ...]
    metric: str
    metrics: tuple[MetricNote, ...]
    suite: PromptSuite | None
    recorded_at: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    repairs: tuple[Repair, ...] = ()
    repaired: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_epoch(self) -> int | None:
        """The epoch that stands for the base model: 0, unless a trainer counts from 0 and saved it."""
        saved = {checkpoint.epoch for run in self.runs for checkpoint in run.checkpoints}
        return None if BASE_EPOCH in saved else BASE_EPOCH

    def epoch_shown(self, epoch: int) -> str:
        """The name of an epoch in a table."""
        return "base" if epoch == self.base_epoch else str(epoch)

    def note(self, metric: str) -> MetricNote:
        """What a metric is; one that nobody described describes and does not judge."""
        plain = MetricNote(metric, metric.replace("_", " "), "", 0.0, float("inf"), "none", "")
        return next((note for note in self.metrics if note.name == metric), plain)


def choice_from_json(answer: Mapping[str, Any]) -> Choice:
    """The choice in the object that ``pick --json`` prints."""
    best = answer.get("best") or {}
    candidates = tuple(
        Candidate(row["epoch"], row["mean"], row["low"], row["high"], row["n"], row.get("shrunk"), row.get("p_best"))
        for row in answer["checkpoints"]
    )
    return Choice(
        metric=answer["metric"],
        unit=answer["unit"],
        direction=answer["direction"],
        prompts=answer["prompts"],
        seeds=answer["seeds"],
        differ_p=(answer.get("differ") or {}).get("p_value"),
        candidates=candidates,
        best_epoch=best.get("epoch"),
        best_p=best.get("p_best"),
        cannot_tell=tuple(answer.get("cannot_tell") or ()),
        notes=tuple(answer.get("notes") or ()),
        prompts_to_decide=answer.get("prompts_to_decide"),
    )


def comparison_from_json(answer: Mapping[str, Any], at: str) -> Comparison:
    """The paired differences in the object that ``compare --json`` prints; ``at`` says how the epochs were chosen."""
    keys = ("metric", "difference", "low", "high", "p_value", "n", "detectable")
    rows = tuple(
        Difference(**{key: row.get(key) for key in keys}, epochs=tuple(row["epochs"]) if row.get("epochs") else None)
        for row in answer["metrics"]
    )
    return Comparison(at, rows, tuple(answer.get("notes") or ()))
