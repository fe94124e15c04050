from __future__ import annotations

import pytest

from lorascope.evaluation.summary import summarize
from lorascope.records.sample import Score


def scores(per_prompt, metric="background_color_accuracy", epoch=1):
    """``{"p": [seed values]}`` as scores."""
    return [Score("r", epoch, prompt, seed, metric, value) for prompt, values in per_prompt.items() for seed, value in enumerate(values)]


def only(measurements):
    (measurement,) = measurements
    return measurement


def test_the_mean_is_over_prompts_each_averaged_over_its_seeds():
    found = only(summarize(scores({"a": [0.2, 0.4], "b": [0.9]})))
    assert found.mean == pytest.approx((0.3 + 0.9) / 2)
    assert (found.prompts, found.images, found.unit) == (2, 3, "share of background pixels")


def test_the_interval_is_students_over_prompts_cut_at_the_range():
    found = only(summarize(scores({"a": [0.8], "b": [0.9], "c": [0.7]})))
    half = 4.302653 * 0.1 / 3**0.5
    assert found.low == pytest.approx(0.8 - half)
    assert found.high == 1


def test_plain_zeros_and_ones_get_wilsons_interval():
    found = only(summarize(scores({prompt: [1.0] for prompt in "abcdefgh"})))
    assert (found.low, found.high) == (pytest.approx(0.6756, abs=1e-4), 1)


def test_one_prompt_has_no_interval():
    found = only(summarize(scores({"a": [0.2, 0.4]})))
    assert (found.mean, found.low, found.high) == (pytest.approx(0.3), None, None)


def test_equal_values_have_no_interval_of_width_zero():
    found = only(summarize(scores({"a": [0.5], "b": [0.5]})))
    assert (found.mean, found.low, found.high) == (0.5, None, None)


def test_what_could_not_be_measured_is_counted_and_left_out():
    found = only(summarize([*scores({"a": [0.2]}), Score("r", 1, "b", 0, "background_color_accuracy", None, "no background")]))
    assert (found.mean, found.images, found.not_measurable) == (0.2, 1, 1)
    nothing = only(summarize([Score("r", 1, "b", 0, "unique_colors", None, "why")]))
    assert (nothing.mean, nothing.low, nothing.prompts) == (None, None, 0)


def test_imported_metrics_are_summarized_without_unit_or_range():
    found = only(summarize(scores({"a": [-5.0], "b": [5.0]}, metric="their_own")))
    assert (found.unit, found.mean) == ("", 0)
    assert found.low < -5 < 5 < found.high


def test_the_order_of_scores_does_not_matter():
    some = scores({"a": [0.1, 0.2, 0.3], "b": [0.7, 0.1, 0.2]}) + scores({"a": [0.5]}, epoch=2)
    assert summarize(some) == summarize(some[::-1])
