from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import binom, norm

from lorascope.analysis.ledger.bayes_factor import Seen, level_bayes_factor, mean_bayes_factor, share_bayes_factor, two_share_bayes_factor

VALUES = np.array([0.2, 0.5, -0.1, 0.4, 0.35])


def seen(values):
    count = len(values)
    return Seen(values.mean(), values.std(ddof=1) / math.sqrt(count), count, count - 1)


def summed(values, threshold):
    """The likelihoods of five predictions, summed over a fine grid of means and log spreads (Jeffreys).

    Above and below the threshold, below zero, exactly the threshold, exactly nothing.
    """
    log_sd, beyond = np.linspace(-5, 4, 361)[:, None], np.linspace(0, 8, 2001)[None, :]
    sd = np.exp(log_sd)

    def likelihood(mean):
        return np.exp(sum(norm.logpdf(value, mean, sd) for value in values))

    def total(mean):
        return np.trapezoid(np.trapezoid(likelihood(mean) * 2 * norm.pdf(beyond), beyond[0], axis=1), log_sd[:, 0])

    at = [np.trapezoid(likelihood(mean)[:, 0], log_sd[:, 0]) for mean in (threshold, 0.0)]
    return total(threshold + sd * beyond), total(threshold - sd * beyond), total(-sd * beyond), *at


def test_the_closed_forms_for_means_are_the_integrals():
    above, _, opposite, _, nothing = summed(VALUES, 0.0)
    assert mean_bayes_factor(seen(VALUES)) == pytest.approx(above / (opposite / 2 + nothing / 2), rel=1e-4)
    above, below, _, said, _ = summed(VALUES, 0.2)
    assert mean_bayes_factor(seen(VALUES), 0.2) == pytest.approx((above / 2 + said / 2) / (opposite / 2 + nothing / 2), rel=1e-4)
    assert level_bayes_factor(seen(VALUES), 0.2) == pytest.approx(above / below, rel=1e-4)


def test_something_between_nothing_and_what_was_said_is_the_mean_likelihood_of_both_ends_and_all_between():
    one = Seen(0.31, 0.1, 8, 7)
    grid = np.linspace(0, 0.5, 20_001)
    expected = np.trapezoid([math.exp(one.log_at(mean)) for mean in grid], grid) / 0.5
    assert one.log_between(0, 0.5) == pytest.approx(math.log(expected))


@pytest.mark.parametrize("threshold", [0.0, 0.2])
def test_the_sum_for_two_shares_is_the_integral(threshold):
    def likelihood(p, q):
        return binom.pmf(5, 8, p) * binom.pmf(8, 9, q)

    above = dblquad(lambda q, p: likelihood(p, q), 0, 1 - threshold, lambda p: p + threshold, 1)[0] / ((1 - threshold) ** 2 / 2)
    opposite = dblquad(lambda q, p: likelihood(p, q), 0, 1, 0, lambda p: p)[0] / 0.5
    equal = quad(lambda p: likelihood(p, p), 0, 1)[0]
    assert two_share_bayes_factor((5, 8), (8, 9), threshold) == pytest.approx(above / (opposite / 2 + equal / 2), rel=1e-5)


def test_one_share_against_a_claimed_rate():
    above = quad(lambda p: p**3, 0.9, 1)[0] / 0.1
    below = quad(lambda p: p**3, 0, 0.9)[0] / 0.9
    assert share_bayes_factor(3, 3, 0.9) == pytest.approx(above / below)
    assert share_bayes_factor(29, 29, 0.9) > 100 > share_bayes_factor(5, 5, 0.9)


def test_without_spread_or_degrees_of_freedom_nothing_is_said():
    for mute in (Seen(1, 0, 5, 4), Seen(1, 0.1, 1, 0), Seen(1, math.nan, 5, 4), Seen(math.nan, 0.1, 5, 4), Seen(1, 0.1, 0, 4)):
        assert mean_bayes_factor(mute) == mean_bayes_factor(mute, 0.5) == level_bayes_factor(mute, 0.5) == 1
    assert share_bayes_factor(0, 0, 0.9) == two_share_bayes_factor((0, 0), (1, 1)) == share_bayes_factor(1, 2, 1.0) == 1


def test_the_unit_does_not_matter():
    for threshold in (0.0, 0.2, 5.0):
        assert mean_bayes_factor(seen(VALUES * 100), 100 * threshold) == pytest.approx(mean_bayes_factor(seen(VALUES), threshold))


def test_overwhelming_data_stay_finite():
    assert 1e6 < mean_bayes_factor(Seen(1e9, 1e-3, 100, 99)) < math.inf
    assert 0 < mean_bayes_factor(Seen(-1e9, 1e-3, 100, 99), 3.0) < 1e-6
    assert 0 < two_share_bayes_factor((1000, 1000), (0, 1000)) < 1e-6


def test_less_than_was_said_counts_against_it_once_it_is_clear():
    assert mean_bayes_factor(Seen(0.2, 0.01, 50, 49), 0.3) < 1 / 19
    assert mean_bayes_factor(Seen(0.2, 0.01, 50, 49), 0.0) > 1e6
    assert two_share_bayes_factor((1200, 2000), (1550, 2000), 0.3) < 1 / 19


@pytest.mark.parametrize(("effect", "pairs"), [(0.5, 34), (0.8, 15)])
def test_with_as_many_pairs_as_80_percent_power_takes_most_cases_are_decided_and_hardly_any_wrongly(effect, pairs):
    rng = np.random.default_rng(3)
    factors = {
        truth: np.array([mean_bayes_factor(seen(rng.normal(truth * effect, 1, pairs)), effect) for _ in range(1500)])
        for truth in (0, 1, 1.5)
    }
    assert (factors[1] >= 19).mean() > 0.6
    assert (factors[1.5] >= 19).mean() > 0.9
    assert (factors[1] <= 1 / 19).mean() < 0.02
    assert (factors[0] <= 1 / 19).mean() > 0.6
    assert (factors[0] >= 19).mean() < 0.02


def test_so_are_shares():
    """Every outcome of 38 answers a side, 60 % to 90 %."""
    factors = np.array([[two_share_bayes_factor((a, 38), (b, 38), 0.3) for b in range(39)] for a in range(14, 34)])
    before = binom.pmf(np.arange(14, 34), 38, 0.6)[:, None]
    as_said, nothing = (before * binom.pmf(np.arange(39), 38, share)[None, :] for share in (0.9, 0.6))
    assert as_said[factors >= 19].sum() > 0.6
    assert as_said[factors <= 1 / 19].sum() < 0.04
    assert nothing[factors <= 1 / 19].sum() > 0.75
    assert nothing[factors >= 19].sum() < 0.01
