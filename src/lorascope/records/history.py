"""A project's runs as an analysis sees them: settings, what came out, and whatever else was noted of each run.

Everything but the run itself may be missing. Nothing here is computed by an analysis: it is what was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import ParameterValue, Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a metric came out as, for a run or one of its checkpoints: a mean over ``prompts`` prompts and ``images`` images.

    ``se`` is the standard error of the mean over prompts, in the metric's unit (None: one prompt, or nobody said). ``epoch`` is the
    checkpoint's (None: the number was given for the whole run).
    """

    value: float
    se: float | None = None
    prompts: int = 0
    images: int = 0
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run with everything an analysis may look at.

    ``outcomes``: metric → what it came out as. ``curves``: metric → its checkpoints in order of epoch. ``classes``: metric → the
    comparability class of its numbers: numbers of two classes (other prompts, protocol, unit or version of the metric) are never
    compared; "" is the class of everything of which nothing is stated. ``findings``: check → how many captions or images the audit of
    its dataset found (None: no audit is recorded); ``errors``: how many of them are errors, where that is recorded. ``weights`` and
    ``loss`` are diagnostics by name, as documented in the interchange format. ``protocol`` is what is recorded of the evaluation.
    ``tensor_hashes``: epoch → hash of the checkpoint's tensors. ``hashes``: what records say of files by hash (of the one evaluated, of
    the run's own, or whether they match). ``absurd``: metrics whose recorded number is beyond all measuring (not in ``outcomes``).
    """

    run: Run
    settings: Mapping[str, ParameterValue] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    curves: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, int] | None = None
    images: int | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    loss: Mapping[str, float] = field(default_factory=dict)
    protocol: Mapping[str, ParameterValue] = field(default_factory=dict)
    tensor_hashes: Mapping[int, str] = field(default_factory=dict)
    gpu_hours: float | None = None
    hashes: Mapping[str, ParameterValue] = field(default_factory=dict)
    absurd: tuple[str, ...] = ()
    errors: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.run.name


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """What is known of a metric: its unit, which way is better ("higher", "lower", "none"; None: not known), and its range."""

    name: str
    unit: str = ""
    direction: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """All runs of a project, in the order they started (those without a start last, by name), and what is known of its metrics.

    ``class_facts``: comparability class → what is stated of it (such as the metric's "unit" and "version"), where anything is.
    """

    runs: tuple[PastRun, ...]
    metrics: Mapping[str, MetricFacts] = field(default_factory=dict)
    class_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def find(self, name: str) -> PastRun | None:
        """The run of this name, or None."""
        return next((past for past in self.runs if past.name == name), None)

    def measured(self, metric: str) -> tuple[PastRun, ...]:
        """The runs that have a number of this metric, in order."""
        return tuple(past for past in self.runs if metric in past.outcomes)

    def facts(self, metric: str) -> MetricFacts:
        """What is known of a metric; nothing but its name where nothing is."""
        return self.metrics.get(metric, MetricFacts(metric))
