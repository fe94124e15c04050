from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lorascope.analysis.intervals import exact_share_interval, sign_flip_p_value
from lorascope.analysis.winners_curse import expected_extreme
from lorascope.records.interval import mean_interval, share_interval


def bounds(interval):
    return interval.low, interval.high


@pytest.mark.parametrize(("successes", "count"), [(0, 5), (3, 3), (5, 7), (5, 8), (29, 29), (50, 200)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_shares_agree_with_scipy(successes, count, confidence):
    test = stats.binomtest(successes, count)
    assert bounds(exact_share_interval(successes, count, confidence)) == pytest.approx(
        tuple(test.proportion_ci(confidence, "exact")), abs=1e-9
    )
    assert bounds(share_interval(successes, count, confidence)) == pytest.approx(tuple(test.proportion_ci(confidence, "wilson")), abs=1e-9)


def test_three_of_three_says_little():
    assert exact_share_interval(3, 3).low == pytest.approx(0.29, abs=0.005)
    assert share_interval(3, 3).low == pytest.approx(0.44, abs=0.005)


def test_means_agree_with_scipy():
    values = [1.0, 4.0, 2.5, 3.0]
    expected = stats.t.interval(0.95, 3, stats.tmean(values), stats.sem(values))
    assert bounds(mean_interval(values)) == pytest.approx(expected)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0], [0.0, 0.0]])
def test_without_spread_there_is_no_interval(values):
    assert mean_interval(values) is None


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=7))
def test_sign_flips_equal_full_enumeration(differences):
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    expected = sum(total >= abs(sum(differences)) for total in sums) / len(sums)
    assert sign_flip_p_value(differences) == pytest.approx(expected)


def test_eight_prompts_can_show_p_below_one_percent_and_five_cannot():
    assert sign_flip_p_value([0.1] * 8) == pytest.approx(2 / 256)
    assert sign_flip_p_value([0.1] * 5) == pytest.approx(0.0625)
    with pytest.raises(ValueError, match="1 to 12"):
        sign_flip_p_value([1.0] * 13)


def test_the_best_of_many_equal_ones_looks_better_by_known_amounts():
    expected = {1: 0.0, 2: 0.5642, 5: 1.1630, 10: 1.5388, 20: 1.8675, 80: 2.4268}
    assert {count: expected_extreme(count) for count in expected} == pytest.approx(expected, abs=1e-3)
    with pytest.raises(ValueError, match="none"):
        expected_extreme(0)
