"""A cause: a ranked explanation of a bad run, with what speaks for and against it and the cheapest test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class Test:
    """What would settle it: in words, with its cost in words ("seconds", "2.1 GPU hours") and in GPU hours (0 without a training).

    ``command`` is what to type, "" where there is none; ``change`` the settings that a run would change back.
    """

    what: str
    cost: str
    gpu_hours: float = 0.0
    command: str = ""
    change: Mapping[str, ParameterValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """One explanation. ``probability`` is among all causes listed, unlisted ones and pure noise included; they sum to 1."""

    id: str
    title: str
    probability: float
    evidence_for: tuple[str, ...]
    evidence_against: tuple[str, ...]
    test: Test


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a run came out as it did on a metric. ``compared_with`` is the nearest good run (None: there is none).

    ``verdict`` is the answer in a sentence; ``changed`` what was set differently from that run (setting → its value there, its value
    here); ``good_runs`` how many runs it was compared with; ``not_recorded`` the kinds of evidence that this run lacks;
    ``names`` what datasets are called: digest → name, where the store knows it.
    """

    run: str
    metric: str | None
    compared_with: str | None
    causes: tuple[Cause, ...]
    first_test: Test | None = None
    notes: tuple[str, ...] = ()
    verdict: str = ""
    changed: Mapping[str, tuple[ParameterValue, ParameterValue]] = field(default_factory=dict)
    good_runs: int = 0
    not_recorded: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
