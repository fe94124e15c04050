"""A proposal: the next run, what it would teach, what it would gain and what it would cost; and a prediction of how a run comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class Estimated:
    """A number with its 95 % interval (None: nothing to base one on)."""

    estimate: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One run worth making: ``change`` on top of the run ``base`` ("" for our preset).

    ``information_bits`` is what it is expected to teach (None: nothing to compute it from); ``gain`` the expected improvement of the metric
    over the incumbent, in its unit, positive is better, and ``p_better`` the probability that there is one. ``gpu_hours`` lies between
    ``gpu_hours_low`` and ``gpu_hours_high`` as earlier runs took; ``cost_basis`` says how it was reckoned. ``recipe`` is where the recipe
    was written, "" where none was; ``recipe_text`` is what it says.
    """

    kind: str
    base: str
    change: Mapping[str, ParameterValue]
    why: str
    information_bits: float | None
    gain: Estimated
    gpu_hours: float | None = None
    money: float | None = None
    recipe: str = ""
    p_better: float | None = None
    gpu_hours_low: float | None = None
    gpu_hours_high: float | None = None
    cost_basis: str = ""
    recipe_text: str = ""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The run that is believed to be the best: what it was measured as, and what it truly is, shrunk for having been picked out."""

    run: str
    measured: float
    true: Estimated


@dataclass(frozen=True, slots=True)
class Next:
    """What to run next. ``objective`` is "explain" or "improve"; proposals are in the order to make them.

    ``runs`` is how many were used. ``noise_sd`` is how much the metric moves from one training seed to the next, in its unit;
    ``noise_df`` 0 says that it is assumed, for want of replicates.
    """

    objective: str
    metric: str | None
    proposals: tuple[Proposal, ...]
    notes: tuple[str, ...] = ()
    unit: str = ""
    direction: str | None = None
    runs: int = 0
    incumbent: Incumbent | None = None
    noise_sd: float | None = None
    noise_df: int = 0


class Advice(StrEnum):
    """Whether a training is worth its cost."""

    RUN = "RUN"
    SKIP = "SKIP"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, slots=True)
class PredictedMetric:
    """What a metric would come out as: estimate with a 95 % prediction interval, and from how many runs."""

    metric: str
    unit: str
    expected: Estimated
    runs: int
    target: float | None = None
    p_reached: float | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """What may go wrong: a rule that was learned from ``n`` runs (or is known of the trainer: n 0), and how probable it is here."""

    rule: str
    n: int
    probability: float | None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for a configuration, made before it is run. ``calibration`` is how earlier ones came out, None when none has.

    ``reason`` is the verdict's, in one sentence. ``unseen`` names settings that no earlier run had there: the prediction reaches beyond
    what was seen, and its interval says so by being wide.
    """

    verdict: Advice
    metrics: tuple[PredictedMetric, ...]
    risks: tuple[Risk, ...]
    nearest: str | None = None
    change: Mapping[str, tuple[ParameterValue, ParameterValue]] = field(default_factory=dict)
    gpu_hours: float | None = None
    calibration: Mapping[str, float | int | None] | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    gpu_hours_low: float | None = None
    gpu_hours_high: float | None = None
    money: float | None = None
    cost_basis: str = ""
    unseen: tuple[str, ...] = ()
