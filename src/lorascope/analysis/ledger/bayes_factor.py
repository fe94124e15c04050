"""How much more probable the data are if a prediction holds than if it does not: the Bayes factor that a ledger updates by.

A prediction says that a difference is ``threshold`` or more. Against it stand, half each, that the change does nothing at all, and that it
does the opposite; what lies between nothing and what was said counts for whichever is nearer, until the data exclude what was said: then
"something, but less" stands against it as well. A test that was planned to tell the threshold from nothing can so be decided by as many
data as were planned. Differences beyond the threshold, or below zero, are spread as widely as one observation scatters (a unit-information
prior, Kass and Wasserman 1995), with unknown variance (Jeffreys); shares are uniform. Closed forms and sums over a fixed grid: no draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, stdtr, stdtrit, xlog1py, xlogy

_GRID = 4001  # points over a share; the error of the sum is below 1e-6 up to thousands of answers
_LIMIT = 1e12  # a factor beyond which no evidence is stated: the model itself is surer to be wrong


@dataclass(frozen=True, slots=True)
class Seen:
    """A mean (difference) with its standard error ``se`` of ``df`` degrees of freedom, from ``units`` independent units.

    Units are prompts or matched pairs of runs; R runs against R are R / 2. Positive is the predicted direction.
    """

    estimate: float
    se: float
    units: float
    df: float

    @property
    def says_something(self) -> bool:
        """Whether there is any spread to hold the estimate against."""
        return self.df >= 1 and self.units > 0 and self.se > 0 and math.isfinite(self.se) and math.isfinite(self.estimate)

    def log_at(self, difference: float) -> float:
        """The log likelihood of one true difference, up to a constant that all share."""
        return -(self.df + 1) / 2 * math.log(self.df + ((self.estimate - difference) / self.se) ** 2)

    def log_beyond(self, limit: float, *, above: bool) -> float:
        """The log likelihood of "anywhere above (below) this limit", spread as one observation scatters."""
        beyond = (self.estimate - limit) / self.se
        spread = self.df + beyond**2 / (1 + self.units)
        scale = math.sqrt(spread / (self.df + 1) * self.units / (self.units + 1))
        location = beyond * self.units / (self.units + 1) / scale
        side = float(stdtr(self.df + 1, location if above else -location))
        return math.log(max(2 * side, 1e-300)) - 0.5 * math.log1p(self.units) - (self.df + 1) / 2 * math.log(spread)

    def log_between(self, low: float, high: float) -> float:
        """The log likelihood of "evenly between these two"."""
        ends = [float(stdtr(self.df, (self.estimate - end) / self.se)) for end in (low, high)]
        constant = 0.5 * math.log(math.pi) + math.lgamma(self.df / 2) - math.lgamma((self.df + 1) / 2) - self.df / 2 * math.log(self.df)
        return math.log(max(ends[0] - ends[1], 1e-300)) + constant + math.log(self.se / (high - low))


def mean_bayes_factor(seen: Seen, threshold: float = 0.0) -> float:
    """For a mean difference of ``threshold`` or more (0: any in the predicted direction), against none and against the opposite.

    Without spread the data say nothing: 1.

    >>> round(mean_bayes_factor(Seen(0.3, 0.1, units=8, df=7)), 1)
    18.9
    """
    if not seen.says_something:
        return 1.0
    more = seen.log_beyond(threshold, above=True)
    right = more if threshold <= 0 else _half_each(seen.log_at(threshold), more)
    wrong = _half_each(seen.log_at(0.0), seen.log_beyond(0.0, above=False))
    if threshold > 0 and seen.estimate + float(stdtrit(seen.df, 0.975)) * seen.se < threshold:
        wrong = max(wrong, seen.log_between(0.0, threshold))
    return _limited(right - wrong)


def level_bayes_factor(seen: Seen, threshold: float) -> float:
    """For a mean above ``threshold``, against one below it: no value is special."""
    if not seen.says_something:
        return 1.0
    return _limited(seen.log_beyond(threshold, above=True) - seen.log_beyond(threshold, above=False))


def share_bayes_factor(yes: float, count: float, threshold: float) -> float:
    """For a share of at least ``threshold`` (0 to 1), from ``yes`` of ``count`` answers, against a smaller one.

    >>> round(share_bayes_factor(3, 3, 0.9), 2)
    4.72
    """
    if not 0 < threshold < 1 or count <= 0:
        return 1.0
    below = float(betainc(1 + yes, 1 + count - yes, threshold))
    return _limited(_log((1 - below) / (1 - threshold)) - _log(below / threshold))


def two_share_bayes_factor(first: tuple[float, float], second: tuple[float, float], threshold: float = 0.0) -> float:
    """For a second share that lies ``threshold`` or more above the first; each is (yes, count), effective numbers allowed.

    >>> round(two_share_bayes_factor((5, 8), (8, 8)), 2)
    6.86
    """
    (yes_a, count_a), (yes_b, count_b) = first, second
    if count_a <= 0 or count_b <= 0 or not 0 <= threshold < 1:
        return 1.0
    free = betaln(1 + yes_a, 1 + count_a - yes_a) + betaln(1 + yes_b, 1 + count_b - yes_b)
    p_above, p_positive = _p_difference(first, second, threshold), _p_difference(first, second, 0.0)
    right = _log(p_above / ((1 - threshold) ** 2 / 2))
    nothing = float(betaln(1 + yes_a + yes_b, 1 + count_a - yes_a + count_b - yes_b) - free)
    wrong = _half_each(nothing, _log(2 * (1 - p_positive)))
    if threshold > 0 and p_above < 0.025:
        wrong = max(wrong, _log((p_positive - p_above) / (0.5 - (1 - threshold) ** 2 / 2)))
    return _limited(right - wrong)


def _p_difference(first: tuple[float, float], second: tuple[float, float], least: float) -> float:
    """The posterior probability that the second share lies at least so far above the first, both uniform before."""
    (yes_a, count_a), (yes_b, count_b) = first, second
    shares = np.linspace(0, 1, _GRID)
    density = _beta_density(shares, yes_a, count_a)
    above = 1 - betainc(1 + yes_b, 1 + count_b - yes_b, np.clip(shares + least, 0, 1))
    return min(1.0, max(0.0, float(np.trapezoid(density * above, shares) / np.trapezoid(density, shares))))


def _beta_density(shares: NDArray[np.float64], yes: float, count: float) -> NDArray[np.float64]:
    log_density = xlogy(yes, shares) + xlog1py(count - yes, -shares) - betaln(1 + yes, 1 + count - yes)
    density: NDArray[np.float64] = np.exp(log_density)
    return density


def _half_each(first: float, second: float) -> float:
    """The log of the mean of two likelihoods."""
    larger = max(first, second)
    return larger + math.log(0.5 * math.exp(first - larger) + 0.5 * math.exp(second - larger))


def _log(value: float) -> float:
    return math.log(max(value, 1e-300))


def _limited(log_factor: float) -> float:
    """The factor, within what any model of so few data can mean."""
    limit = math.log(_LIMIT)
    return math.exp(min(limit, max(-limit, log_factor)))
