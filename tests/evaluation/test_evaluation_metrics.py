"""What every metric promises, whichever it is."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.evaluation.training_bands import TrainingImage, describe
from lorascope.evaluation.training_set import TrainingSet
from lorascope.records.color_names import ColorNames
from lorascope.records.prompt import Expectation, Prompt

NAMES = ColorNames.from_lines(files("lorascope.assets").joinpath("colors/xkcd.txt").read_text("utf-8").splitlines())
GREEN, BROWN = (48, 166, 70), (116, 70, 34)
PROMPT = Prompt("lad", "a lad", (Expectation("background", "green", GREEN), Expectation("hair", "brown", BROWN)))
PLAIN = Prompt("plain", "a lad")
LEARNED = {"feature_color_accuracy", "trait_accuracy"}  # from labeled training images, of which these tests have none


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def solid(rgb, height=24, width=24):
    return np.full((height, width, 3), rgb, np.uint8)


def sprite(seed=0, height=24, width=24):
    """A figure of a few colors that stands on the lower edge, before a green background."""
    rng = np.random.default_rng(seed)
    pixels = solid(GREEN, height, width)
    top, left, right = height // 3, width // 4, width - width // 4
    colors = rng.integers(0, 256, (6, 3), dtype=np.uint8)
    pixels[top:, left:right] = colors[rng.integers(0, 6, (height - top, right - left))]
    return pixels


def enlarged(cells, side_px):
    rows = np.arange(side_px) * cells.shape[0] // side_px
    columns = np.arange(side_px) * cells.shape[1] // side_px
    return np.ascontiguousarray(cells[rows][:, columns])


def grainy(pixels, seed=0):
    grain = np.random.default_rng(seed).normal(0, 1.5, pixels.shape)
    return np.rint(pixels + grain).clip(0, 255).astype(np.uint8)


def photograph(side_px=200):
    """Smooth all over: no grid."""
    y, x = np.mgrid[:side_px, :side_px] / side_px
    waves = [np.sin(3 * x + channel) + np.cos(4 * y * (channel + 1)) + x * y for channel in range(3)]
    return np.rint(127 + 40 * np.stack(waves, axis=-1)).clip(0, 255).astype(np.uint8)


PICTURES = {
    "noise": noise(24, 24),
    "all black": solid((0, 0, 0)),
    "all white": solid((255, 255, 255)),
    "asked color": solid(GREEN),
    "gray levels": np.repeat(noise(24, 24)[..., :1], 3, axis=2),
    "one pixel": noise(1, 1),
    "one row": noise(1, 30),
    "odd size": noise(37, 53),
    "sprite": sprite(),
    "tall sprite": sprite(height=36),
    "tall noise": noise(96, 48),
    "sprite of 512 px": enlarged(sprite(), 512),
    "grainy sprite of 512 px": grainy(enlarged(sprite(), 512)),
    "noise of 512 px": noise(512, 512),
    "flat 512 px": solid(GREEN, 512, 512),
    "photograph": photograph(),
    "wide photograph": photograph(300)[:150],
}


@cache
def training() -> TrainingSet:
    found = describe((TrainingImage(f"{seed}.png", sprite(seed), PROMPT) for seed in range(8)), NAMES)
    assert found is not None
    return found


def picture(pixels, prompt=PROMPT, of=training):
    pixels.setflags(write=False)
    return Picture(pixels, prompt, of() if of else None, NAMES)


def number(value):
    return value.value if isinstance(value, Reading) else value


@pytest.fixture(params=METRICS, ids=lambda metric: metric.name)
def metric(request) -> Metric:
    return request.param


def assert_honest(metric, value):
    """A finite number in the stated range, or a reason."""
    if isinstance(value, NotMeasurable):
        assert value.reason
        return
    assert isinstance(number(value), float)
    assert math.isfinite(number(value))
    assert metric.low <= number(value) <= metric.high


@pytest.mark.parametrize("name", PICTURES)
def test_a_value_lies_in_the_stated_range_or_says_why_there_is_none_and_repeats_exactly(metric, name):
    first, second = metric.measure(picture(PICTURES[name])), metric.measure(picture(PICTURES[name].copy()))
    assert_honest(metric, first)
    assert first == second


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1), st.booleans())
def test_any_size_of_picture_gives_a_value_in_range_or_a_reason(height, width, seed, few_colors):
    pixels = noise(height, width, seed)
    for metric in METRICS:
        assert_honest(metric, metric.measure(picture(pixels // 128 * 128 if few_colors else pixels)))


def test_every_metric_has_a_value_on_a_sprite_drawn_large(metric):
    if metric.name in LEARNED:
        pytest.skip("learned from labeled training images")
    assert isinstance(number(metric.measure(picture(PICTURES["grainy sprite of 512 px"]))), float)


def test_the_input_is_left_untouched(metric):
    pixels = sprite(height=48, width=48)
    before, palette = pixels.copy(), training().palette.copy()
    metric.measure(picture(pixels))
    assert np.array_equal(pixels, before)
    assert np.array_equal(training().palette, palette)


def test_names_and_wording_of_the_prompt_change_nothing(metric):
    other = Prompt("another name", "other words", PROMPT.expectations)
    assert metric.measure(picture(sprite())) == metric.measure(picture(sprite(), prompt=other))


def test_views_and_copies_of_the_same_pixels_measure_the_same(metric):
    pixels = noise(48, 48)
    assert metric.measure(picture(pixels[::-1][::-1])) == metric.measure(picture(pixels.copy()))


def test_what_was_measured_before_on_the_same_picture_changes_nothing(metric):
    shared = picture(PICTURES["grainy sprite of 512 px"])
    for other in METRICS:
        other.measure(shared)
    assert metric.measure(shared) == metric.measure(picture(PICTURES["grainy sprite of 512 px"]))


def test_what_lacks_its_ground_is_not_measurable_or_needs_none(metric):
    assert_honest(metric, metric.measure(picture(sprite(), prompt=PLAIN, of=None)))


def test_what_compares_with_training_images_is_not_measurable_without_them(metric):
    value = metric.measure(picture(PICTURES["grainy sprite of 512 px"], of=None))
    assert isinstance(value, NotMeasurable) == (metric.of_training or metric.name in LEARNED)


MIRRORED = {
    "background_color_accuracy", "background_color_score", "background_uniformity", "color_bleed", "color_leak", "dither",
    "effective_colors",
    "foreground_colors", "foreground_effective_colors", "foreground_share", "largest_cluster", "orphan_rate", "palette_adherence",
    "palette_size", "symmetry",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MIRRORED))
def test_left_and_right_are_the_same(name):
    metric = metric_named(name)
    for seed in range(5):
        plain, mirrored = (number(metric.measure(picture(pixels.copy()))) for pixels in (sprite(seed), sprite(seed)[:, ::-1]))
        assert plain == pytest.approx(mirrored)


NO_GRID_NEEDED = {
    "background_color_accuracy", "background_color_score", "background_uniformity", "color_bleed", "color_leak", "effective_colors",
    "grid_confidence", "palette_adherence", "palette_size", "photorealism", "unique_colors",
}  # fmt: skip


def test_a_photograph_has_no_cells_and_its_colors_are_measured(metric):
    value = metric.measure(picture(photograph(), of=None))
    if metric.name not in NO_GRID_NEEDED | LEARNED and not metric.of_training:
        assert isinstance(value, NotMeasurable)
        assert "grid" in value.reason or "no single color" in value.reason
    if metric.name in {"palette_size", "effective_colors", "background_uniformity", "unique_colors"}:
        assert isinstance(number(value), float)


def test_every_metric_states_unit_meaning_and_a_range_with_room(metric):
    assert metric.unit
    assert metric.meaning.endswith(".")
    assert metric.low < metric.high
    assert metric.direction in Direction
    assert metric.version >= 1
    assert metric_named(metric.name) is metric


def test_metrics_are_listed_by_name_each_once():
    names = [metric.name for metric in METRICS]
    assert names == sorted(set(names))
    assert metric_named("no such metric") is None
