"""Whether a metric was still improving when the training ended: its slope over the last third of the checkpoints."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from lorascope.evaluation.epoch_effects import Floats

FEWEST_POINTS = 3


@dataclass(frozen=True, slots=True)
class EndSlope:
    """Improvement per unit of the axis (positive is better) over the last ``points`` checkpoints, with its 95 % interval."""

    slope: float
    low: float
    high: float
    points: int

    @property
    def improving(self) -> bool | None:
        """True or False when the interval leaves out zero; None when it does not."""
        return None if self.low <= 0 <= self.high else self.slope > 0


def end_slope(at: Floats, better: Floats, variances: Floats) -> EndSlope | None:
    """Weighted least squares over the last third, three points at least; None where there are fewer than six in all.

    ``better`` grows with quality; ``variances`` are those of its values. What the values scatter about the line beyond that widens the
    interval.
    """
    count = max(FEWEST_POINTS, math.ceil(len(at) / 3))
    if len(at) < 2 * FEWEST_POINTS:
        return None
    place, values, weights = at[-count:], better[-count:], 1 / variances[-count:]
    center = (weights @ place) / weights.sum()
    spread = weights @ (place - center) ** 2
    slope = float(weights @ ((place - center) * values) / spread)
    residual = values - (weights @ values) / weights.sum() - slope * (place - center)
    scatter = max(1.0, float(weights @ residual**2) / (count - 2))
    half = float(ndtri(0.975)) * float(np.sqrt(scatter / spread))
    return EndSlope(slope, slope - half, slope + half, count)
