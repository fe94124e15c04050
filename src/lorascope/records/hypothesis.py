"""A hypothesis: a statement about what a parameter does, where it comes from, and what was seen for and against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.records.run import JsonValue


class Verdict(StrEnum):
    """What the data say of a hypothesis. ``open`` until it is judged."""

    OPEN = "open"
    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One statement that data can support or refute.

    ``source`` says where it was claimed (a document and its line, a person), ``claimed_n`` on how many runs the claimant rests it
    (None: not said). ``metric``, ``direction`` ("higher" or "lower") and ``threshold`` make it testable; None where nobody said.
    ``prior`` is a probability, 0 to 1. ``runs`` are those it speaks of.
    """

    name: str
    statement: str
    source: str
    claimed_n: int | None = None
    metric: str | None = None
    direction: str | None = None
    threshold: float | None = None
    prior: float | None = None
    verdict: Verdict = Verdict.OPEN
    runs: tuple[str, ...] = ()
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
