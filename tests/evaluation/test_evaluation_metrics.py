"""What every metric promises, whichever it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.records.prompt import Expectation, Prompt

GREEN = (48, 166, 70)
PROMPT = Prompt("lad", "a lad, green background", (Expectation("background", "green", GREEN),))
PALETTE = np.array([GREEN, (0, 0, 0)], np.uint8)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def solid(rgb, height=24, width=24):
    return np.full((height, width, 3), rgb, np.uint8)


PICTURES = {
    "noise": noise(24, 24),
    "all black": solid((0, 0, 0)),
    "all white": solid((255, 255, 255)),
    "asked color": solid(GREEN),
    "one pixel": noise(1, 1),
    "one row": noise(1, 30),
    "odd size": noise(37, 53),
    "tall": noise(96, 48),
    "512 px": noise(512, 512),
    "576 px": noise(576, 576),
}


def picture(pixels, prompt=PROMPT, palette=PALETTE):
    pixels.setflags(write=False)
    return Picture(pixels, prompt, palette)


@pytest.fixture(params=METRICS, ids=lambda metric: metric.name)
def metric(request) -> Metric:
    return request.param


@pytest.mark.parametrize("name", PICTURES)
def test_the_value_lies_in_the_stated_range_and_repeats_exactly(metric, name):
    first, second = metric.measure(picture(PICTURES[name])), metric.measure(picture(PICTURES[name].copy()))
    assert isinstance(first, float)
    assert metric.low <= first <= metric.high
    assert first == second


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_any_size_of_picture_gives_a_value_in_range(height, width, seed):
    for metric in METRICS:
        value = metric.measure(picture(noise(height, width, seed)))
        assert isinstance(value, float)
        assert metric.low <= value <= metric.high


def test_the_input_is_left_untouched(metric):
    pixels, palette = noise(48, 48), PALETTE.copy()
    before = pixels.copy()
    metric.measure(picture(pixels, palette=palette))
    assert np.array_equal(pixels, before)
    assert np.array_equal(palette, PALETTE)


def test_names_and_wording_of_the_prompt_change_nothing(metric):
    other = Prompt("another name", "other words", PROMPT.expectations)
    assert metric.measure(picture(noise(24, 24))) == metric.measure(picture(noise(24, 24), prompt=other))


def test_views_and_copies_of_the_same_pixels_measure_the_same(metric):
    pixels = noise(48, 48)
    assert metric.measure(picture(pixels[::-1][::-1])) == metric.measure(picture(pixels.copy()))


def test_what_lacks_its_ground_is_not_measurable_or_needs_none(metric):
    value = metric.measure(picture(noise(24, 24), prompt=Prompt("plain", "a lad"), palette=None))
    assert isinstance(value, float) or (isinstance(value, NotMeasurable) and value.reason)


def test_every_metric_states_unit_meaning_and_a_range_with_room(metric):
    assert metric.unit
    assert metric.meaning.endswith(".")
    assert metric.low < metric.high
    assert metric.direction in Direction
    assert metric_named(metric.name) is metric


def test_metrics_are_listed_by_name_each_once():
    names = [metric.name for metric in METRICS]
    assert names == sorted(set(names))
    assert metric_named("no such metric") is None
