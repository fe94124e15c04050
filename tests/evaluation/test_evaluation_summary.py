from __future__ import annotations

import itertools

import numpy as np
import pytest

from lorascope.evaluation.summary import summarize
from lorascope.records.interval import clustered_share_interval, mean_interval
from lorascope.records.sample import Score


def scores(per_prompt, metric="background_uniformity", epoch=1):
    """``{"p": [seed values]}`` as scores."""
    return [Score("r", epoch, prompt, seed, metric, value) for prompt, values in per_prompt.items() for seed, value in enumerate(values)]


def only(measurements):
    (measurement,) = measurements
    return measurement


def test_the_mean_is_over_prompts_each_averaged_over_its_seeds():
    found = only(summarize(scores({"a": [0.2, 0.4], "b": [0.9]})))
    assert found.mean == pytest.approx((0.3 + 0.9) / 2)
    assert (found.prompts, found.images, found.unit) == (2, 3, "share of ring pixels")


def test_the_interval_is_students_over_prompts_cut_at_the_range():
    found = only(summarize(scores({"a": [0.8], "b": [0.9], "c": [0.7]})))
    half = 4.302653 * 0.1 / 3**0.5
    assert found.low == pytest.approx(0.8 - half)
    assert found.high == 1


def yes_or_no(per_prompt):
    return only(summarize(scores(per_prompt, metric="background_color_accuracy")))


def test_yes_and_no_once_a_prompt_get_wilsons_interval():
    found = yes_or_no({prompt: [float(prompt in "abcde")] for prompt in "abcdefg"})
    assert (found.mean, found.low, found.high) == pytest.approx((5 / 7, 0.3589, 0.9178), abs=1e-4)


def test_when_all_pictures_say_the_same_only_the_prompts_count():
    once, often = yes_or_no({prompt: [1.0] for prompt in "abcdefgh"}), yes_or_no({prompt: [1.0] * 10 for prompt in "abcdefgh"})
    assert (once.low, once.high) == (often.low, often.high) == (pytest.approx(0.6756, abs=1e-4), 1)
    none = yes_or_no({prompt: [0.0] * 10 for prompt in "abcdefgh"})
    assert (none.low, none.high) == (0, pytest.approx(1 - 0.6756, abs=1e-4))


def test_seeds_that_agree_within_prompts_are_worth_less_than_seeds_that_do_not():
    alike = yes_or_no({"a": [1.0] * 4, "b": [1.0] * 4, "c": [0.0] * 4, "d": [0.0] * 4})
    mixed = yes_or_no({prompt: [1.0, 0.0, 1.0, 0.0] for prompt in "abcd"})
    assert alike.mean == mixed.mean == 0.5
    assert alike.high - alike.low > 1.4 * (mixed.high - mixed.low)
    as_if_one_each = yes_or_no({"a": [1.0], "b": [1.0], "c": [0.0], "d": [0.0]})
    assert (alike.low, alike.high) == pytest.approx((as_if_one_each.low, as_if_one_each.high))


def clusters(rng, share, alike, prompts, seeds):
    """Answers of prompts whose own shares are beta distributed: any two seeds of a prompt correlate by ``alike``."""
    own = np.full(prompts, share)
    if alike == 1:
        own = (rng.random(prompts) < share).astype(float)
    elif alike > 0:
        own = rng.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, prompts)
    return (rng.random((prompts, seeds)) < own[:, None]).astype(float).tolist()


def covered(interval, share):
    return interval is not None and interval.low <= share <= interval.high


def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    shares = (0.08, 0.23, 0.38, 0.53, 0.68, 0.83, 0.93)
    found, students = {}, {}
    for prompts, seeds, alike in itertools.product((4, 8, 16), (2, 4), (0, 0.3, 0.6, 1)):
        draws = [(share, clusters(rng, share, alike, prompts, seeds)) for share in shares for _ in range(120)]
        found[prompts, seeds, alike] = np.mean([covered(clustered_share_interval(answers), share) for share, answers in draws])
        students[prompts, seeds, alike] = np.mean(
            [covered(mean_interval([sum(one) / seeds for one in answers]), share) for share, answers in draws]
        )
    assert np.mean(list(found.values())) == pytest.approx(0.96, abs=0.01)
    assert min(found.values()) > 0.93 - 0.015, "840 draws a case: a coverage of 0.937 may come out 0.92"
    assert min(students.values()) < 0.9, "Student's over the prompts' means, for comparison"


def test_one_prompt_has_no_interval():
    found = only(summarize(scores({"a": [0.2, 0.4]})))
    assert (found.mean, found.low, found.high) == (pytest.approx(0.3), None, None)
    assert yes_or_no({"a": [1.0, 0.0]}).low is None


def test_equal_values_have_no_interval_of_width_zero():
    found = only(summarize(scores({"a": [0.5], "b": [0.5]})))
    assert (found.mean, found.low, found.high) == (0.5, None, None)


def test_what_could_not_be_measured_is_counted_and_left_out():
    found = only(summarize([*scores({"a": [0.2]}), Score("r", 1, "b", 0, "background_uniformity", None, "no background")]))
    assert (found.mean, found.images, found.not_measurable) == (0.2, 1, 1)
    nothing = only(summarize([Score("r", 1, "b", 0, "unique_colors", None, "why")]))
    assert (nothing.mean, nothing.low, nothing.prompts) == (None, None, 0)


def test_imported_metrics_are_summarized_without_unit_or_range():
    found = only(summarize(scores({"a": [-5.0], "b": [5.0]}, metric="their_own")))
    assert (found.unit, found.mean) == ("", 0)
    assert found.low < -5 < 5 < found.high


def test_imported_metrics_of_plain_zeros_and_ones_are_shares():
    found = only(summarize(scores({"a": [1.0, 1.0], "b": [0.0, 1.0], "c": [1.0, 0.0]}, metric="their_own")))
    assert 0 < found.low < found.mean < found.high < 1


def test_the_order_of_scores_does_not_matter():
    some = scores({"a": [0.1, 0.2, 0.3], "b": [0.7, 0.1, 0.2]}) + scores({"a": [0.5]}, epoch=2)
    assert summarize(some) == summarize(some[::-1])


def test_values_beyond_a_share_under_a_shares_name_are_summarized_without_failing():
    foreign = [Score("r", 1, f"p{n}", 1, "background_color_accuracy", value) for n, value in enumerate((3.0, 5.0, -2.0))]
    (found,) = summarize(foreign)
    assert found.mean == 2.0
