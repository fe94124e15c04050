"""What the analyses answered about the runs of a report, as plain values. Anything may be missing; ``missing`` then says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.cause import Explanation
from lorascope.records.effect import Impact
from lorascope.records.proposal import Next
from lorascope.records.run import ParameterValue
from lorascope.reports.answers import Choice, Comparison

Pair = tuple[ParameterValue, ParameterValue]


@dataclass(frozen=True, slots=True)
class ShapeNote:
    """The course of a metric over a run's checkpoints, in the sentences of the analysis ("noise" is one of them)."""

    run: str
    metric: str
    points: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """A checkpoint that was promoted: for what purpose, when (seconds since the epoch), and what the decision rested on, in words."""

    run: str
    epoch: int
    purpose: str
    decided_at: float | None = None
    grounds: str = ""


@dataclass(frozen=True, slots=True)
class LedgerNote:
    """A hypothesis that the report touches, with its verdict; ``n`` counts ``of`` behind the verdict (0: not judged)."""

    name: str
    statement: str
    metric: str | None
    verdict: str
    prior: float | None = None
    posterior: float | None = None
    n: int = 0
    of: str = ""
    claimed_n: int | None = None
    reason: str = ""
    exploratory: bool = True


@dataclass(frozen=True, slots=True)
class Purpose:
    """The choice of a checkpoint for one purpose: by a metric, over all prompts or those that ask for something (``asks``)."""

    metric: str
    choice: Choice
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All of it. ``run`` is the run that is asked about, ``parent`` what it was changed from and ``changed`` what was (old, new).

    ``runs`` counts those in the store. ``missing`` maps a section's id to what is not there and what to do about it.
    """

    run: str
    runs: int = 1
    shapes: tuple[ShapeNote, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    decisions: tuple[DecisionNote, ...] = ()
    parent: str | None = None
    changed: Mapping[str, Pair] = field(default_factory=dict)
    parent_comparison: Comparison | None = None
    explanation: Explanation | None = None
    impact: Impact | None = None
    proposals: Next | None = None
    ledger: tuple[LedgerNote, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
