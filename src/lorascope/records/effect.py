"""An effect: a parameter's influence on a metric, with its probability, and whether it can be told from others at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.records.run import ParameterValue


class Claim(StrEnum):
    """What may be said of a parameter.

    ``aliased``: in these runs it cannot be told from others that changed with it. ``constant``: it never varied.
    """

    MATTERS = "matters"
    UNDECIDED = "undecided"
    ALIASED = "aliased"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """Pairs of runs that differ in this parameter alone, and the mean difference per step up, with its 95 % interval.

    ``pairs`` lists them, the lower level first; ``count`` is how many there are where not all are listed (0: as many as listed).
    """

    pairs: tuple[tuple[str, str], ...]
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """One parameter and one metric.

    ``association`` is the share of the metric's rank variance that goes with the parameter (0 to 1, unadjusted: not a cause);
    ``q_value`` its false discovery rate over all parameters. ``rho`` is the signed rank correlation behind it, ``rho_low`` to ``rho_high``
    its 95 % interval. ``probability`` that it matters, all others considered (of an aliased one: its share of what its group has).
    ``separable`` is whether the runs could tell it from all others at all, ``vif`` how much those inflate its variance. ``estimate``
    with ``low`` and ``high`` (95 %) is the change of the metric, in its unit, from the lowest to the highest level.
    """

    name: str
    claim: Claim
    probability: float | None = None
    association: float | None = None
    q_value: float | None = None
    tau_b: float | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    levels: tuple[ParameterValue, ...] = ()
    aliased_with: tuple[str, ...] = ()
    matched: MatchedPairs = field(default_factory=lambda: MatchedPairs(()))
    notes: tuple[str, ...] = ()
    rho: float | None = None
    rho_low: float | None = None
    rho_high: float | None = None
    separable: bool | None = None
    vif: float | None = None


@dataclass(frozen=True, slots=True)
class EffectSet:
    """A set of parameters of which one (at least) matters with this probability, and the one run that would split it.

    ``splitting_run`` is what to change on the run ``base``; ``why`` says what it would show, and where it is empty what to do instead.
    ``kind``: "credible" (one of them matters, with 90 % probability or more), "aliased" (they split the runs alike), "scale" (a rank and
    the adapter's scale that follows from it), or "lead" (where to look first; no claim).
    """

    members: tuple[str, ...]
    probability: float
    splitting_run: Mapping[str, ParameterValue] = field(default_factory=dict)
    base: str = ""
    why: str = ""
    kind: str = "credible"


@dataclass(frozen=True, slots=True)
class Interaction:
    """Whether the effect of one parameter depends on another: both cut in two, ``low`` and ``high`` values named.

    ``cells`` are the runs with (low, low), (low, high), (high, low), (high, high). ``estimate`` is how much more the metric changes with
    the first parameter where the second is high, in its unit, with its 95 % interval: None unless all four cells are filled.
    ``filling_run`` is what to change on ``base`` to fill the first empty cell.
    """

    first: str
    second: str
    low: tuple[str, str]
    high: tuple[str, str]
    cells: tuple[int, int, int, int]
    estimate: float | None = None
    estimate_low: float | None = None
    estimate_high: float | None = None
    filling_run: Mapping[str, ParameterValue] = field(default_factory=dict)
    base: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """Which parameters matter for a metric. ``runs`` is how many were used; ``left_out`` says which were not, and why."""

    metric: str
    unit: str
    direction: str | None
    runs: int
    classes: Mapping[str, int]
    effects: tuple[Effect, ...]
    sets: tuple[EffectSet, ...]
    replicate_sd: float | None = None
    exploratory: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    interactions: tuple[Interaction, ...] = ()
