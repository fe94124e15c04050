"""The answers of ``pick`` and ``compare`` as plain values.

Reports are neighbors of evaluation and analysis and import neither: a job hands their answers over in the JSON shape that
``--json`` prints, and ``choice_from_json`` and ``comparison_from_json`` read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HIGHER, LOWER = "higher", "lower"  # the directions of a metric; anything else describes and does not judge


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
