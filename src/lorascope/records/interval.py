"""Intervals and what they are for: a mean over a few prompts, a share of a few prompts.

The unit is the prompt: images of one prompt are averaged first, since they are more alike than images of two prompts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the truth with a stated confidence (95 % unless said otherwise), in the unit of what it bounds."""

    low: float
    high: float


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval | None:
    """Student's t interval of a mean, n - 1 degrees of freedom.

    None for fewer than two values, and for values without any spread: a few equal values do not show that all others would
    be equal, and a width of zero would say so.

    >>> mean_interval([1.0, 2.0, 3.0])
    Interval(low=-0.48..., high=4.48...)
    """
    count = len(values)
    spread = stdev(values) if count > 1 else 0.0
    if spread <= 1e-12 * max(map(abs, values), default=0.0):
        return None
    half = float(stdtrit(count - 1, (1 + confidence) / 2)) * spread / math.sqrt(count)
    center = fmean(values)
    return Interval(center - half, center + half)


def share_interval(successes: int, count: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a share: right for small n, and never of width zero (Wilson 1927).

    >>> share_interval(5, 7)
    Interval(low=0.358..., high=0.917...)
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, z2 = successes / count, z * z
    center = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count)) / (1 + z2 / count)
    return Interval(max(0.0, center - half), min(1.0, center + half))
