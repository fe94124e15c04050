"""What a report is made from: records, and the answers of analyses as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import Run
from lorascope.records.sample import Sample, Score
from lorascope.reports.answers import Choice, Comparison
from lorascope.reports.inquiry import Inquiry

BASE_EPOCH = 0


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
    counts all of them, None when unknown. ``inquiry`` is what the analyses answered; without it the report shows records alone.
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
    inquiry: Inquiry | None = None

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
