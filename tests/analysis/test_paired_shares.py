"""Yes-or-no metrics compared exactly, and what one training each says of settings."""

from __future__ import annotations

import itertools
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from lorascope.analysis.paired import CLUSTERED, MCNEMAR, SIGN_FLIPS, STUDENT, compare_paired
from lorascope.analysis.paired_shares import clustered_sign_test
from lorascope.analysis.retraining import as_settings
from lorascope.records.sample import Score


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_with_one_image_per_prompt_it_is_mcnemars_exact_test(answers):
    up, down = sum(b > a for a, b in answers), sum(a > b for a, b in answers)
    expected = binomtest(up, up + down).pvalue if up + down else 1.0
    assert clustered_sign_test([([float(a)], [float(b)]) for a, b in answers]) == pytest.approx(expected)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.lists(st.booleans(), min_size=1, max_size=3), st.lists(st.booleans(), min_size=1, max_size=3)), min_size=1, max_size=8
    )
)
def test_with_several_images_it_counts_all_flips_of_whole_prompts(answers):
    pairs = [([float(x) for x in a], [float(x) for x in b]) for a, b in answers]
    differences = [fmean(b) - fmean(a) for a, b in pairs]
    sums = [
        abs(sum(sign * d for sign, d in zip(signs, differences, strict=True))) for signs in itertools.product((-1, 1), repeat=len(pairs))
    ]
    expected = np.mean([value >= abs(sum(differences)) - 1e-9 for value in sums])
    assert clustered_sign_test(pairs) == pytest.approx(expected)


def test_sums_that_cannot_be_counted_are_left_to_another_test():
    primes = (101, 103, 107, 109, 113)
    assert clustered_sign_test([([0.0] * a, [1.0] + [0.0] * (a - 1)) for a in primes]) is None


def scores(rows):
    return [Score("r", 1, f"p{n}", seed, "m", value) for n, row in enumerate(rows) for seed, value in enumerate(row)]


@pytest.mark.parametrize(
    ("first", "second", "test"),
    [
        ([[0]] * 20, [[1]] * 9 + [[0]] * 11, MCNEMAR),
        ([[0, 0]] * 20, [[1, 1]] * 9 + [[0, 1]] * 11, CLUSTERED),
        ([[0.5]] * 3, [[0.6], [0.7], [0.4]], SIGN_FLIPS),
        ([[0.5]] * 20, [[0.1 * n] for n in range(20)], STUDENT),
    ],
)
def test_a_comparison_says_which_test_it_made(first, second, test):
    assert compare_paired(scores(first), scores(second)).test == test


def test_more_than_twelve_prompts_are_still_tested_exactly_when_yes_or_no():
    found = compare_paired(scores([[0]] * 20), scores([[1]] * 9 + [[0]] * 11))
    assert found.p_value == pytest.approx(2 / 2**9)
    assert found.low < found.difference < found.high


PAIRED = compare_paired(scores([[0.0]] * 8), scores([[d] for d in (0.9, 1.1, 1.0, 0.8, 1.2, 1.0, 0.9, 1.1)]))


def test_the_noise_of_a_retraining_widens_the_interval():
    calm, wild = as_settings(PAIRED, 0.01, 6, assumed=False), as_settings(PAIRED, 0.5, 6, assumed=False)
    assert calm.low == pytest.approx(PAIRED.low, abs=0.01)
    assert wild.low < 0 < PAIRED.low < wild.high
    assert wild.arms > calm.arms == 1


def test_assumed_noise_gives_no_interval_but_says_how_many_trainings():
    assumed = as_settings(PAIRED, 0.5, 4, assumed=True)
    assert (assumed.low, assumed.high) == (None, None)
    variance = 2 * 0.25 + PAIRED.se**2
    assert assumed.arms == int(np.ceil(variance * 2.8016**2 / PAIRED.difference**2))


def test_the_interval_of_settings_holds_the_truth():
    """1,000 simulated pairs of trainings with replicates that show the noise with 6 degrees of freedom."""
    rng, held = np.random.default_rng(8), 0
    for _ in range(1000):
        first, second = 5 + rng.normal(0, 0.2), 5 + rng.normal(0, 0.2)
        prompt = rng.normal(0, 1, 8)
        rows = [[[level + x + rng.normal(0, 0.3)] for x in prompt] for level in (first, second)]
        run_sd = float(0.2 * np.sqrt(rng.chisquare(6) / 6))
        found = as_settings(compare_paired(scores(rows[0]), scores(rows[1])), run_sd, 6, assumed=False)
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 1000 <= 0.975
