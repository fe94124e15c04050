"""Exact statements for small samples: shares from a handful of runs, and paired differences without a bell curve.

Intervals of means and of shares (Student, Wilson) are in ``records.interval``, since evaluations need them too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from lorascope.records.interval import Interval

EXACT_SIGN_FLIPS_UP_TO = 12  # 2^12 sign patterns; above, Student's t is close enough and cheaper


def exact_share_interval(successes: int, count: int, confidence: float = 0.95) -> Interval:
    """Clopper and Pearson's interval of a share: never less than its confidence, hence wider than Wilson's (1934).

    >>> exact_share_interval(3, 3)
    Interval(low=0.292..., high=1.0)
    """
    tail = (1 - confidence) / 2
    low = float(betaincinv(successes, count - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, count - successes, 1 - tail)) if successes < count else 1.0
    return Interval(low, high)


def sign_flip_p_value(differences: Sequence[float]) -> float:
    """Two-sided p of the exact sign-flip test: how often a random sign for each difference gives as large a mean.

    Assumes only that without an effect a difference is as likely up as down. The smallest p is 2 / 2^n.

    Raises:
        ValueError: more than ``EXACT_SIGN_FLIPS_UP_TO`` differences, or none.

    >>> sign_flip_p_value([1, 1, 1, 1, 1])
    0.0625
    """
    count = len(differences)
    if not 1 <= count <= EXACT_SIGN_FLIPS_UP_TO:
        raise ValueError(f"the exact test takes 1 to {EXACT_SIGN_FLIPS_UP_TO} differences, not {count}")
    values = np.asarray(differences, np.float64)
    signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
    sums = np.abs(signs @ values)
    return float((sums >= abs(values.sum()) - 1e-9 * np.abs(values).sum()).mean())
