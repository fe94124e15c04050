"""Unit and range of a metric's recorded values: imported ones need not be on the scale of our rule of the same name.

An accuracy that another program wrote as 97.5 is no share of 9,750 %, and its interval does not end at 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.evaluation.metric import Metric
from lorascope.records.sample import Score

PERCENT = "%"
# the first word of a unit → the range of its values
_RANGES = {"%": (0.0, 100.0), "percent": (0.0, 100.0), "points of 10": (0.0, 10.0), "share": (0.0, 1.0), "ratio": (0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Scale:
    """What values are measured in. Without a known range it is infinite. ``foreign``: they lie outside the range of our metric."""

    unit: str
    low: float = -math.inf
    high: float = math.inf
    foreign: bool = False


def scale_of(metric: Metric | None, scores: Sequence[Score]) -> Scale:
    """The scale of a metric's scores: our metric's own where all values lie in its range, else what the scores say of their unit."""
    values = [score.value for score in scores if score.value is not None]
    if metric is not None and _within(values, metric.low, metric.high):
        return Scale(metric.unit, metric.low, metric.high)
    unit = next((str(score.extra["unit"]) for score in scores if "unit" in score.extra), "")
    if not unit and metric is not None and (metric.low, metric.high) == (0, 1) and _within(values, 0, 100):
        unit = PERCENT
    bounds = _RANGES.get(unit) or _RANGES.get(unit.partition(" ")[0])
    if bounds is None or not _within(values, *bounds):
        return Scale(unit, foreign=metric is not None)
    return Scale(unit, *bounds, foreign=metric is not None)


def _within(values: Sequence[float], low: float, high: float) -> bool:
    return all(low <= value <= high for value in values)
