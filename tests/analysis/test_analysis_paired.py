from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lorascope.analysis.paired import compare_paired, detectable_difference, paired_p_value
from lorascope.records.sample import Score


def scores(per_prompt, run="a"):
    """``{prompt: {seed: value}}`` as scores."""
    return [Score(run, 1, prompt, seed, "m", value) for prompt, seeds in per_prompt.items() for seed, value in seeds.items()]


def test_differences_are_second_minus_first_per_prompt():
    found = compare_paired(scores({"a": {1: 1.0}, "b": {1: 2.0}, "c": {1: 3.0}}), scores({"a": {1: 2.0}, "b": {1: 4.0}, "c": {1: 6.0}}))
    assert found.difference == 2
    assert (found.first_mean, found.second_mean, found.n, found.images) == (2, 4, 3, 6)
    assert found.low == pytest.approx(2 - 4.302653 / 3**0.5)
    assert found.p_value == 0.25


def test_prompts_and_seeds_that_only_one_side_has_are_left_out():
    first = scores({"a": {1: 1.0, 2: 100.0}, "only": {1: 50.0}, "b": {1: 0.0}})
    second = scores({"a": {1: 2.0, 3: -100.0}, "b": {1: 3.0}})
    found = compare_paired(first, second)
    assert (found.difference, found.n, found.images, found.same_seeds) == (2, 2, 4, True)


def test_a_prompts_own_level_does_not_matter():
    first = scores({"easy": {1: 1000.0}, "hard": {1: 0.0}, "odd": {1: 50.0}})
    second = scores({"easy": {1: 1001.0}, "hard": {1: 1.5}, "odd": {1: 50.5}})
    assert compare_paired(first, second).high < 2.5


def test_images_without_seeds_are_paired_by_prompt():
    found = compare_paired(scores({"a": {None: 1.0}, "b": {None: 3.0}}), scores({"a": {None: 2.0}, "b": {7: 5.0}}))
    assert (found.difference, found.n, found.same_seeds) == (1.5, 2, False)


def test_the_only_prompt_is_compared_by_its_seeds():
    found = compare_paired(scores({"a": {1: 1.0, 2: 2.0, 3: 3.0}}), scores({"a": {1: 2.0, 2: 4.0, 3: 4.0}}))
    assert (found.by_seed, found.n) == (True, 3)


def test_no_common_prompt_no_comparison():
    assert compare_paired(scores({"a": {1: 1.0}}), scores({"b": {1: 1.0}})) is None


def test_a_single_pair_has_a_difference_and_nothing_else():
    found = compare_paired(scores({"a": {1: 1.0}}), scores({"a": {1: 3.0}}))
    assert (found.difference, found.low, found.p_value, found.detectable) == (2, None, None, None)


def test_equal_differences_give_no_interval_of_width_zero():
    found = compare_paired(scores({p: {1: 0.0} for p in "abcd"}), scores({p: {1: 1.0} for p in "abcd"}))
    assert (found.low, found.high, found.detectable, found.p_value) == (None, None, None, 0.125)


def test_above_twelve_prompts_the_p_value_is_students():
    differences = np.random.default_rng(0).normal(0.3, 1, 20).tolist()
    assert paired_p_value(differences) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_the_detectable_difference_is_found_with_the_promised_power():
    assert detectable_difference([1.0]) is None
    assert detectable_difference([1.0, 1.0]) is None
    rng, found, count = np.random.default_rng(1), 0, 2000
    true = detectable_difference(stats.norm.ppf((np.arange(16) + 0.5) / 16).tolist())
    for sample in rng.normal(true, 1, (count, 16)):
        found += stats.ttest_1samp(sample, 0).pvalue < 0.05
    assert found / count == pytest.approx(0.8, abs=0.07)


@pytest.mark.parametrize(("prompts", "seeds"), [(8, 1), (16, 4)])
def test_the_interval_covers_the_true_difference_as_promised(prompts, seeds):
    rng, count, covered = np.random.default_rng(3), 600, 0
    for _ in range(count):
        level = rng.normal(0, 0.25, (prompts, 1)) + rng.normal(0, 0.15, (prompts, seeds))
        sides = [level + rng.normal(0, 0.12, (prompts, 1)) + rng.normal(0, 0.2, (prompts, seeds)) for _ in range(2)]
        first, second = ([Score("r", 1, f"p{p}", s, "m", float(v)) for (p, s), v in np.ndenumerate(side)] for side in sides)
        found = compare_paired(first, second)
        covered += found.low <= 0 <= found.high
    assert 0.92 <= covered / count <= 0.97 + 0.01


def test_differences_without_spread_are_as_sure_as_their_number_allows():
    """All of 13 the same and up: of 2^13 sign patterns two are as extreme."""
    assert paired_p_value([0.1] * 13) == 2**-12
    assert paired_p_value([0.0] * 13) == 1
