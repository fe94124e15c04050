"""How many yes-or-no answers it takes to tell two shares apart: by formula, and exactly by Fisher's test.

The formula (arcsine) is what planners use and is too hopeful for small numbers: 60 against 90 % takes 30 answers to an arm by it
and 36 in truth (38 by the formula with a continuity correction). Answers are taken as independent; images of one prompt are not,
see ``power.design_effect``.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtri, xlogy

from lorascope.analysis.ledger.power import power_of

MOST_ANSWERS = 400  # to an arm, for the exact power; above, the formula is close
_TIES = 1 + 1e-7  # tables as probable as the observed one, up to rounding, count as such


def arcsine_per_arm(first: float, second: float, power: float = 0.8, level: float = 0.05) -> int | None:
    """How many answers to an arm tell two shares apart, by the arcsine formula (Cohen 1988); None for equal shares.

    >>> arcsine_per_arm(0.6, 0.9)
    30
    """
    effect = 2 * abs(math.asin(math.sqrt(second)) - math.asin(math.sqrt(first)))
    if effect < 1e-9:
        return None
    return max(1, math.ceil(2 * ((float(ndtri(1 - level / 2)) + float(ndtri(power))) / effect) ** 2 - 1e-9))


def fisher_p_values(count_a: int, count_b: int) -> NDArray[np.float64]:
    """Two-sided p of Fisher's exact test for every outcome: row = yes answers of the first arm, column = of the second."""
    rows, columns = np.arange(count_a + 1)[:, None], np.arange(count_b + 1)[None, :]
    chance = np.exp(log_choose(count_a, rows) + log_choose(count_b, columns) - log_choose(count_a + count_b, rows + columns))
    found = np.empty_like(chance)
    for total in range(count_a + count_b + 1):
        row = np.arange(max(0, total - count_b), min(count_a, total) + 1)
        alike = chance[row, total - row]
        order = np.argsort(alike)
        sums, sorted_chance = np.cumsum(alike[order]), alike[order]
        found[row, total - row] = sums[np.searchsorted(sorted_chance, alike * _TIES, side="right") - 1]
    return np.minimum(found, 1.0)


def fisher_power(first: float, second: float, count_a: int, count_b: int, level: float = 0.05) -> float:
    """The exact power of Fisher's two-sided test: answers of both arms are counted, with true shares ``first`` and ``second``.

    Only findings in the right direction count.

    >>> round(fisher_power(0.6, 0.9, 8, 8), 3)
    0.095
    """
    rejected = _rejected(count_a, count_b, level)
    rows, columns = np.arange(count_a + 1)[:, None], np.arange(count_b + 1)[None, :]
    right = columns * count_a > rows * count_b if second >= first else columns * count_a < rows * count_b
    chance = np.outer(_binomial(count_a, first), _binomial(count_b, second))
    return float(chance[rejected & right].sum())


def fisher_per_arm(first: float, second: float, power: float = 0.8, level: float = 0.05) -> int | None:
    """The least number of answers to an arm with which Fisher's exact test has this power; None: more than 400.

    The power goes up and down a little with n; this is the first n that reaches it.

    >>> fisher_per_arm(0.6, 0.9)
    36
    """
    guess = arcsine_per_arm(first, second, power, level)
    if guess is None or guess > MOST_ANSWERS:
        return None
    count = max(1, guess // 2)  # Fisher's test is never more powerful than half the formula's number would make it
    while count <= MOST_ANSWERS:
        if fisher_power(first, second, count, count, level) >= power:
            return count
        count += 1
    return None


def share_power(first: float, second: float, per_arm: int, level: float = 0.05) -> float:
    """The power of telling two shares from ``per_arm`` answers each: exact up to 400, by the arcsine formula above."""
    if per_arm < 1:
        return 0.0
    if per_arm <= MOST_ANSWERS:
        return fisher_power(first, second, per_arm, per_arm, level)
    effect = 2 * abs(math.asin(math.sqrt(second)) - math.asin(math.sqrt(first)))
    return power_of(effect, math.sqrt(2 / per_arm), level)


@lru_cache(maxsize=512)
def _rejected(count_a: int, count_b: int, level: float) -> NDArray[np.bool_]:
    return fisher_p_values(count_a, count_b) <= level


def log_choose(total: int, taken: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithms of how many ways there are to take so many of ``total``."""
    found: NDArray[np.float64] = gammaln(total + 1) - gammaln(taken + 1) - gammaln(total - taken + 1)
    return found


def _binomial(count: int, share: float) -> NDArray[np.float64]:
    taken = np.arange(count + 1)
    found: NDArray[np.float64] = np.exp(log_choose(count, taken) + xlogy(taken, share) + xlogy(count - taken, 1 - share))
    return found
