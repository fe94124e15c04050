"""What a run is expected to teach, in bits, and what it would find at the noise that is known.

A run that changes the settings A of an incumbent comes out different with the test's power where a cause is in A, and with the test's
level where none is. The mutual information of that answer and of the cause is closed: the answer depends on the cause only through
whether it is in A (Lindley 1956).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, entr, gammaln, ndtr

from lorascope.analysis.ledger.power import power_of
from lorascope.analysis.proposals.run_model import Spread
from lorascope.analysis.proposals.settings_space import Floats
from lorascope.records.proposal import Estimated

LEVEL = 0.05
CAUSES_EXPECTED = 0.12  # the share of settings taken to matter where no analysis says anything, as in the prior of the claims
_GUESSED_DF = 1.0  # what an assumed noise is worth in degrees of freedom


@dataclass(frozen=True, slots=True)
class Noise:
    """How much a run moves when only its seed changes, in the metric's unit. ``df`` 0: assumed, no replicates show it."""

    sd: float
    df: int = 0

    def power(self, effect: float, incumbents: int = 1) -> float:
        """The power to see an effect in one run beside ``incumbents`` replicates of the incumbent, two-sided at 5 %, rightly signed."""
        return power_of(effect, self.sd * math.sqrt(1 + 1 / max(1, incumbents)), LEVEL)


def information_bits(prior: float, power: float, level: float = LEVEL) -> float:
    """What the answer "different or not" tells of whether the cause is among what was changed, in bits.

    >>> [round(information_bits(prior, 0.8), 2) for prior in (0.85, 0.5)]
    [0.24, 0.48]
    """
    positive = prior * power + (1 - prior) * level
    return max(0.0, _binary(positive) - prior * _binary(power) - (1 - prior) * _binary(level))


def replicate_bits(df: int) -> float:
    """What one more replicate tells of the noise, in bits: the entropy of log variance before less after, of a scaled inverse chi².

    An assumed noise counts as one degree of freedom.

    >>> round(replicate_bits(0), 2), round(replicate_bits(8), 2)
    (0.69, 0.09)
    """
    before = (df or _GUESSED_DF) / 2
    return (_log_variance_entropy(before) - _log_variance_entropy(before + 0.5)) / math.log(2)


def improvement(spread: Spread, direction: str | None) -> Estimated:
    """A difference to the incumbent as a gain: positive is better. Where no direction is known, positive is higher."""
    sign = -1.0 if direction == "lower" else 1.0
    low, high = sorted(sign * end for end in spread.interval())
    return Estimated(sign * spread.mean, low, high)


def chance_of_gain(spread: Spread, direction: str | None) -> float:
    """The probability that a difference is an improvement."""
    below = spread.below(0.0)
    return below if direction == "lower" else 1 - below


def expected_best(spread: Spread, direction: str | None) -> float:
    """The expected part of a difference above nothing: what is gained if a worse run is thrown away (Mockus 1978; normal parts)."""
    return float(expected_bests(spread.weights, spread.means[:, None], spread.scales[:, None], direction)[0])


def expected_bests(weights: Floats, means: Floats, scales: Floats, direction: str | None) -> Floats:
    """The same of many differences at once, whose ``means`` and ``scales`` are explanations × differences."""
    means = means * (-1.0 if direction == "lower" else 1.0)
    scales = np.maximum(scales, 1e-300)
    at = means / scales
    density = np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)
    return np.asarray(weights @ (means * ndtr(at) + scales * density))


def _binary(share: float) -> float:
    return float(entr(share) + entr(1 - share)) / math.log(2)


def _log_variance_entropy(shape: float) -> float:
    """The entropy of the logarithm of a gamma variable, up to nothing: its scale does not matter."""
    return float(gammaln(shape) + shape - shape * digamma(shape))
