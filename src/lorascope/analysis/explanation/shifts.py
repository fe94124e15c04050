"""How far a number of one run is from those of good runs, and what a pattern of such shifts says about a cause."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PRIOR_WEIGHT = 4.0  # the assumed spread counts as much as this many degrees of freedom
_SEVERITIES = (1.0, 2.0, 4.0, 7.0)  # of a cause, in standard deviations on the metric that it hits hardest
_LEFT_ALONE, _STRAY = 0.2, 0.15  # share of what a cause moves that it leaves alone in some project, and the other way round
_CALM = 0.4  # share of the metrics that an unknown cause leaves alone
_UNLUCKY = -2.0  # standard deviations at which a run's worst metric lies when bad luck makes somebody ask
_LIMIT = 5.0  # beyond so many standard deviations a shift counts less and less: the spread itself is only estimated


@dataclass(frozen=True, slots=True)
class Shift:
    """A number of the run beside the mean and spread of ``n`` good runs. ``z``: its distance in predictive standard deviations.

    Of metrics ``z`` is positive where the run is better. ``way`` is 0 for a metric of which nobody says what is better; ``weight`` is how
    much of an independent witness it is; ``judges`` is false for a metric that only describes.
    """

    value: float
    mean: float
    sd: float
    n: int
    z: float
    way: int = 1
    weight: float = 1.0
    judges: bool = True


def shift(value: float, others: Sequence[float], assumed_sd: float, *, way: int = 1) -> Shift | None:
    """How far ``value`` is from ``others``; None where there are none. ``assumed_sd`` is what is believed before any data.

    >>> round(shift(3.0, [1.0, 1.1, 0.9, 1.0], 0.1).z, 1)
    7.7
    """
    if not others or assumed_sd <= 0:
        return None
    n = len(others)
    mean = math.fsum(others) / n
    squares = math.fsum((other - mean) ** 2 for other in others)
    sd = math.sqrt((PRIOR_WEIGHT * assumed_sd**2 + squares) / (PRIOR_WEIGHT + n - 1))
    z = (value - mean) / (sd * math.sqrt(1 + 1 / n))
    z = max(-1e6, min(1e6, z))
    if abs(z) > _LIMIT:
        z = math.copysign(_LIMIT + 2 * math.log(abs(z) / _LIMIT), z)
    return Shift(value, mean, sd, n, z * (way or 1), way)


def pattern_evidence(shifts: Mapping[str, Shift], expected: Mapping[str, float]) -> float:
    """Log likelihood ratio of a cause that moves things as ``expected`` (relative to its strongest effect) against pure noise.

    The severity is not known and is averaged over. No cause is the same in every project: what it moves elsewhere it may leave alone
    here, and it may move what it usually leaves alone.
    """
    if not shifts or not any(expected.get(name, 0.0) for name in shifts):
        return 0.0
    found = [
        sum(each.weight * _at_severity(each, expected.get(name, 0.0), severity) for name, each in shifts.items())
        for severity in _SEVERITIES
    ]
    return _log_sum(found) - math.log(len(found)) - _calm(shifts)


def _at_severity(each: Shift, effect: float, severity: float) -> float:
    calm = _log_normal(each.z, 0.0, 1.0)
    if not effect:
        stray = _log_normal(each.z, 0.0, 1.0 + (0.7 * severity) ** 2)
        return _log_sum((math.log(1 - _STRAY) + calm, math.log(_STRAY) + stray))
    spread = 1.0 + (severity * (0.15 + 0.4 * abs(effect))) ** 2
    moved = _log_normal(each.z, severity * effect, spread)
    if not each.way:  # better or worse: nobody says
        moved = _log_sum((moved, _log_normal(each.z, -severity * effect, spread))) - math.log(2)
    return _log_sum((math.log(1 - _LEFT_ALONE) + moved, math.log(_LEFT_ALONE) + calm))


def anything_evidence(shifts: Mapping[str, Shift], *, worse: float = 0.5) -> float:
    """Log likelihood ratio of a cause that may move anything, against pure noise; of what it moves a share ``worse`` gets worse."""
    if not shifts:
        return 0.0
    found = []
    for severity in _SEVERITIES:
        spread, total = 1.0 + (0.5 * severity) ** 2, 0.0
        for each in shifts.values():
            down = worse if each.way else 0.5
            ways = (
                math.log(_CALM) + _log_normal(each.z, 0.0, 1.0),
                math.log((1 - _CALM) * down) + _log_normal(each.z, -0.7 * severity, spread),
                math.log((1 - _CALM) * (1 - down)) + _log_normal(each.z, 0.7 * severity, spread),
            )
            total += each.weight * _log_sum(ways)
        found.append(total)
    return _log_sum(found) - math.log(len(found)) - _calm(shifts)


def luck_evidence(shifts: Mapping[str, Shift]) -> float:
    """Log likelihood ratio of bad luck against a run like any other: its worst metric is why somebody asks, and lies low for that.

    >>> luck_evidence({"a": Shift(0.7, 0.8, 0.05, 9, -2.0), "b": Shift(0.8, 0.8, 0.05, 9, 0.0)}) > 0
    True
    """
    worst = min((each.z for each in shifts.values() if each.way and each.judges), default=0.0)
    return max(0.0, _log_normal(worst, _UNLUCKY, 1.0) - _log_normal(worst, 0.0, 1.0))  # a run that is not bad is no less like chance


def _calm(shifts: Mapping[str, Shift]) -> float:
    """The log likelihood of shifts that are noise alone."""
    return math.fsum(each.weight * _log_normal(each.z, 0.0, 1.0) for each in shifts.values())


def _log_sum(logs: Sequence[float]) -> float:
    """The logarithm of a sum of numbers that are given by their logarithms: two or three here, for which SciPy's is slow."""
    top = max(logs)
    return top + math.log(math.fsum(math.exp(one - top) for one in logs))


def _log_normal(value: float, mean: float, variance: float) -> float:
    return -0.5 * ((value - mean) ** 2 / variance + math.log(2 * math.pi * variance))
