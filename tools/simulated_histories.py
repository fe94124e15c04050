"""Histories for tests, written as a table: one line per run, its settings and its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.run import ParameterValue, Run, RunStatus

METRIC = "style_score"


def past(name: str, value: float | None, settings: Mapping[str, ParameterValue], of_class: str = "") -> PastRun:
    outcomes = {} if value is None else {METRIC: Outcome(value)}
    return PastRun(Run(name, "kohya", RunStatus.FINISHED), dict(settings), outcomes=outcomes, classes={METRIC: of_class})


def history(*runs: PastRun, direction: str | None = "higher") -> History:
    return History(runs, {METRIC: MetricFacts(METRIC, "points", direction)})


def tried(rows: Sequence[tuple[float, Mapping[str, ParameterValue]]]) -> History:
    """Runs a, b, c … with their numbers and settings."""
    return history(*(past(f"run{index:03}", value, settings) for index, (value, settings) in enumerate(rows)))


def random_history(seed: int, runs: int, *, effects: Mapping[str, float] | None = None, classes: int = 1) -> History:
    """Runs that each change a few of twelve settings of the one before, with noise of sd 1 and effects from lowest to highest level."""
    rng = np.random.default_rng(seed)
    levels: dict[str, tuple[ParameterValue, ...]] = {
        **{f"number_{index}": (1, 2, 4, 8) for index in range(5)},
        **{f"flag_{index}": (False, True) for index in range(4)},
        **{f"kind_{index}": ("a", "b", "c") for index in range(3)},
    }
    codes = dict.fromkeys(levels, 0)
    rows = []
    for index in range(runs):
        for name in rng.choice(sorted(levels), size=int(rng.integers(1, 5)), replace=False).tolist():
            codes[name] = int(rng.integers(len(levels[name])))
        own = {name: levels[name][code] for name, code in codes.items()}
        value = sum(size * codes[name] / (len(levels[name]) - 1) for name, size in (effects or {}).items())
        of_class = f"class{index % classes}"
        rows.append(past(f"run{index:04}", float(value + 3.0 * (index % classes) + rng.normal()), own, of_class))
    return history(*rows)
