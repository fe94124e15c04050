from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.power import NormalIndPower, TTestPower
from statsmodels.stats.proportion import proportion_effectsize

from lorascope.analysis.ledger import power, share_power

NOISE = {"prompt_sd": power.PROMPT_LOG_SD, "image_sd": power.IMAGE_LOG_SD}


@pytest.mark.parametrize(
    ("prompts", "seeds", "new", "these"),
    [
        (8, 1, 28, 24),
        (8, 4, 20, 13),
        (16, 4, 14, 9.4),
        (32, 1, 15, 13),
        (32, 4, 10, 6.8),
        (64, 2, 8.8, 6.8),
        (64, 8, 6.7, 3.4),
    ],
)
def test_the_detectable_drop_by_prompts_and_seeds(prompts, seeds, new, these):
    found = [
        100 * power.as_drop(power.detectable(power.paired_se(prompts, seeds, new_prompts=only, **NOISE))) for only in (True, False)
    ]  # fmt: skip
    assert found == pytest.approx([new, these], abs=0.5)


def test_a_difference_of_a_tenth_takes_89_prompts_or_40_with_four_seeds():
    difference = math.log(238.9 / 216.6)
    assert [power.prompts_needed(difference, seeds, **NOISE) for seeds in (1, 2, 4)] == [89, 57, 40]


def test_the_paired_power_is_what_simulation_gives():
    rng = np.random.default_rng(5)
    prompts, seeds, difference = 16, 2, 0.15
    whims = rng.normal(0, NOISE["prompt_sd"], (20_000, prompts, 2))
    images = rng.normal(0, NOISE["image_sd"] / math.sqrt(seeds), (20_000, prompts, 2))
    change = (whims + images)[..., 1] - (whims + images)[..., 0] + difference
    se = power.paired_se(prompts, seeds, **NOISE)
    assert change.mean(axis=1).std() == pytest.approx(se, rel=0.02)
    assert (change.mean(axis=1) / se > 1.96).mean() == pytest.approx(power.power_of(difference, se), abs=0.01)


@pytest.mark.parametrize(("effect", "pairs"), [(0.5, 34), (1.0, 10), (0.3, 90), (2.0, 5)])
def test_power_of_paired_t_tests_as_statsmodels_computes_it(effect, pairs):
    theirs = TTestPower()
    wrong_direction = 1e-4
    assert power.t_power(effect, 1.0, pairs) == pytest.approx(theirs.power(effect, pairs, 0.05), abs=wrong_direction)
    assert power.pairs_needed(effect, 1.0) == pairs == math.ceil(theirs.solve_power(effect, power=0.8, alpha=0.05))


def test_too_small_a_difference_takes_more_than_anybody_has():
    assert power.pairs_needed(1e-6, 1.0) is None
    assert power.prompts_needed(0.0, **NOISE) is None
    assert power.runs_needed(0.0, 1.0) is None


def test_without_noise_any_difference_is_found_and_none_is_not():
    assert power.power_of(1, 0) == 1
    assert [power.power_of(0, 0), power.power_of(0, 1)] == pytest.approx([0.025, 0.025])
    assert power.t_power(1, 0, 2) == 1
    assert power.t_power(1, 1, 1) == 0


def test_the_trainings_that_two_settings_take():
    evaluated = math.sqrt(0.12**2 / 16 + 0.2**2 / 64)
    assert [power.runs_needed(difference, 0.04, evaluated) for difference in (0.10, 0.28)] == [5, 1]
    for runs in (1, 5):
        se = power.setting_se(16, 4, runs, run_sd=0.04, **NOISE)
        assert se == pytest.approx(math.sqrt(2 * (0.04**2 + evaluated**2) / runs))
    assert (
        power.power_of(0.10, power.setting_se(16, 4, 5, run_sd=0.04, **NOISE))
        > 0.8
        > power.power_of(0.10, power.setting_se(16, 4, 4, run_sd=0.04, **NOISE))
    )


def test_images_of_one_prompt_count_for_less():
    assert power.design_effect(1, 0.9) == 1
    assert power.design_effect(8, 1) == 8


@pytest.mark.parametrize(("count_a", "count_b"), [(3, 4), (8, 8), (7, 12)])
def test_fishers_p_is_scipys(count_a, count_b):
    ours = share_power.fisher_p_values(count_a, count_b)
    for a in range(count_a + 1):
        for b in range(count_b + 1):
            theirs = fisher_exact([[a, count_a - a], [b, count_b - b]])[1]
            assert ours[a, b] == pytest.approx(theirs, abs=1e-12)


def test_three_of_three_against_none_of_four():
    assert share_power.fisher_p_values(3, 4)[3, 0] == pytest.approx(0.0286, abs=1e-4)


def test_sixty_to_ninety_percent_takes_30_by_formula_36_in_truth_and_8_show_nothing():
    formula = NormalIndPower().solve_power(proportion_effectsize(0.9, 0.6), power=0.8, alpha=0.05)
    assert share_power.arcsine_per_arm(0.6, 0.9) == math.ceil(formula) == 30
    assert share_power.fisher_per_arm(0.6, 0.9) == 36
    assert share_power.fisher_power(0.6, 0.9, 35, 35) < 0.8 <= share_power.fisher_power(0.6, 0.9, 36, 36)
    assert share_power.share_power(0.6, 0.9, 8) == pytest.approx(0.095, abs=5e-4)


def test_fishers_power_is_what_simulation_gives():
    rng = np.random.default_rng(2)
    first, second = rng.binomial(20, 0.3, 40_000), rng.binomial(30, 0.7, 40_000)
    rejected = share_power.fisher_p_values(20, 30)[first, second] <= 0.05
    found = (rejected & (second / 30 > first / 20)).mean()
    assert share_power.fisher_power(0.3, 0.7, 20, 30) == pytest.approx(found, abs=0.01)


def test_power_goes_both_ways_alike_and_goes_on_above_the_exact_range():
    assert share_power.fisher_power(0.9, 0.6, 20, 20) == pytest.approx(share_power.fisher_power(0.6, 0.9, 20, 20))
    assert share_power.share_power(0.50, 0.55, 400) == pytest.approx(share_power.share_power(0.50, 0.55, 401), abs=0.03)
    assert share_power.share_power(0.5, 0.9, 0) == 0
    assert share_power.fisher_per_arm(0.5, 0.5) is None
    assert share_power.fisher_per_arm(0.50, 0.55) is None
