"""How good somebody's probabilities were, once it is known what came out: scores, and with enough of them, a curve.

The Brier score is the mean squared distance between a probability and what came out (0 is perfect, 0.25 is what 50 % for everything
gets); the log score is the mean surprise in nats (0.69 for 50 % for everything). Five outcomes cannot show whether 85 % means 85 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lorascope.records.interval import share_interval

ENOUGH = 20  # resolved before any score is told
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_LEAST = 1e-6  # "surely not" that came true would cost infinitely much


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions between two probabilities: their mean, how many came true, and the 95 % interval of that share."""

    low: float
    high: float
    n: int
    stated: float
    came_true: float
    share_low: float
    share_high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How ``n`` probabilities came out: ``expected`` true by their sum, ``came_true`` in fact. Scores and ``bins`` are None below 20."""

    n: int
    expected: float
    came_true: int
    brier: float | None
    log_score: float | None
    bins: tuple[Bin, ...] | None


def calibrate(predictions: Sequence[tuple[float, bool]]) -> Calibration:
    """What is known of probabilities with their outcomes, in any order.

    >>> calibrate([(0.85, False)]).brier is None
    True
    """
    ordered = sorted(predictions)
    n, expected, came_true = len(ordered), math.fsum(p for p, _ in ordered), sum(outcome for _, outcome in ordered)
    if n < ENOUGH:
        return Calibration(n, expected, came_true, None, None, None)
    return Calibration(n, expected, came_true, brier(ordered), log_score(ordered), _bins(ordered))


def brier(predictions: Sequence[tuple[float, bool]]) -> float:
    """The Brier score of at least one prediction.

    >>> round(brier([(0.85, False)]), 2)
    0.72
    """
    return math.fsum((p - outcome) ** 2 for p, outcome in predictions) / len(predictions)


def log_score(predictions: Sequence[tuple[float, bool]]) -> float:
    """The mean surprise of at least one prediction, in nats.

    >>> round(log_score([(0.85, False)]), 2)
    1.9
    """
    return math.fsum(-math.log(max(_LEAST, p if outcome else 1 - p)) for p, outcome in predictions) / len(predictions)


def _bins(ordered: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    found = []
    for low, high in pairwise(BINS):
        inside = [(p, outcome) for p, outcome in ordered if low <= p < high or (high == 1.0 and p == 1.0)]
        if inside:
            true = sum(outcome for _, outcome in inside)
            limits = share_interval(true, len(inside))
            stated = math.fsum(p for p, _ in inside) / len(inside)
            found.append(Bin(low, high, len(inside), stated, true / len(inside), limits.low, limits.high))
    return tuple(found)
