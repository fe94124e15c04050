"""How much each metric counts when there are many: twenty that say the same are not twenty witnesses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from lorascope.analysis.explanation.causes.aspects import aspect_of
from lorascope.records.history import PastRun

_ALIKE, _OTHER = 0.3, 0.05  # squared correlation that is assumed of two metrics of one aspect, and of two others
_ASSUMED_RUNS = 8.0  # the assumption counts as much as this many runs
_DESCRIBING = 0.3  # what a metric counts that describes and does not judge
MOST_WITNESSES = 8.0  # independent metrics beyond which more of them add nothing: a run has only so many sides


def metric_weights(metrics: Sequence[str], good: Sequence[PastRun], judging: Mapping[str, bool]) -> dict[str, float]:
    """Metric → how much of an independent witness it is, 0 to 1.

    Each counts 1 / (sum of the squares of the variance that it shares with each, itself included): k that always agree count as one
    together, and weak correlations, such as that of all metrics with a lucky seed, hardly count. The shares are those over the good
    runs, with what is assumed by aspect where runs are few. Metrics that only describe
    (``judging`` false) count less, and together at most half as much as those that judge.
    """
    columns = {name: _column(name, good) for name in metrics}
    weights = {}
    for name in metrics:
        agreement = 1 + math.fsum(_squared_correlation(name, other, columns) ** 2 for other in metrics if other != name)
        weights[name] = 1 / agreement
    judged = math.fsum(weight for name, weight in weights.items() if judging.get(name))
    described = _DESCRIBING * math.fsum(weight for name, weight in weights.items() if not judging.get(name))
    share = min(1.0, 0.5 * judged / described) if judged and described else 1.0
    weights = {name: weight if judging.get(name) else _DESCRIBING * share * weight for name, weight in weights.items()}
    total = math.fsum(weights.values())
    return {name: weight * min(1.0, MOST_WITNESSES / total) for name, weight in weights.items()} if total else weights


def _column(metric: str, good: Sequence[PastRun]) -> dict[str, float]:
    found = {run.name: run.outcomes[metric].value for run in good if metric in run.outcomes}
    return {name: value for name, value in found.items() if abs(value) <= 1e100}  # squares of more are no numbers


def _squared_correlation(one: str, other: str, columns: Mapping[str, Mapping[str, float]]) -> float:
    """The squared correlation of two metrics over the runs that have both, freed of what chance adds and shrunk to the assumed one."""
    assumed = _ALIKE if aspect_of(one) == aspect_of(other) else _OTHER
    shared = [name for name in columns[one] if name in columns[other]]
    n = len(shared)
    if n < 4:
        return assumed
    first, second = [columns[one][name] for name in shared], [columns[other][name] for name in shared]
    mean_1, mean_2 = fmean(first), fmean(second)
    squares = math.fsum((a - mean_1) ** 2 for a in first) * math.fsum((b - mean_2) ** 2 for b in second)
    if not 0 < squares < math.inf:
        return assumed
    observed = math.fsum((a - mean_1) * (b - mean_2) for a, b in zip(first, second, strict=True)) ** 2 / squares
    freed = max(0.0, ((n - 1) * observed - 1) / (n - 2))
    return min(1.0, (_ASSUMED_RUNS * assumed + (n - 1) * freed) / (_ASSUMED_RUNS + n - 1))
