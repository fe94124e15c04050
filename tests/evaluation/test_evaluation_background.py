"""The metrics of backgrounds and asked colors, on pictures one can see before one's eyes."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from lorascope.evaluation.metric import NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import (
    background_color_accuracy,
    background_color_score,
    background_uniformity,
    color_bleed,
    color_leak,
)
from lorascope.records.color_names import ColorNames
from lorascope.records.prompt import Expectation, Prompt

NAMES = ColorNames.from_lines(files("lorascope.assets").joinpath("colors/xkcd.txt").read_text("utf-8").splitlines())
GREEN, BROWN, SKIN, BLUE = (48, 166, 70), (116, 70, 34), (234, 195, 147), (48, 88, 214)


def asks(background="green", rgb=GREEN, **others):
    more = tuple(Expectation(feature, *color) for feature, color in others.items())
    return Prompt("lad", "a lad", (Expectation("background", background, rgb), *more))


def portrait(background, figure=SKIN):
    """A figure that touches the lower edge on a solid background, 24 x 24."""
    pixels = np.full((24, 24, 3), background, np.uint8)
    pixels[8:24, 5:19] = figure
    return pixels


def seen(metric, pixels, prompt):
    return metric.measure(Picture(pixels, prompt, None, NAMES))


def accuracy(pixels, prompt=None):
    found = seen(background_color_accuracy, pixels, prompt or asks())
    return found.value if isinstance(found, Reading) else found


def test_the_asked_background_scores_one_and_another_zero_with_what_was_seen():
    right = seen(background_color_accuracy, portrait(GREEN), asks())
    assert (right.value, right.extra["verdict"], right.extra["rgb"], right.extra["expected"]) == (1, "agree", list(GREEN), "green")
    wrong = seen(background_color_accuracy, portrait(BLUE), asks())
    assert (wrong.value, wrong.extra["verdict"]) == (0, "conflict")
    assert wrong.extra["distance"] > 0.1


def test_any_green_that_people_call_green_will_do():
    for green in [(1, 115, 92), (21, 176, 26), (149, 162, 89), (150, 249, 123), (3, 53, 0)]:
        assert accuracy(portrait(green)) == 1


def test_a_modifier_that_does_not_hold_is_told_and_does_not_count():
    found = seen(background_color_accuracy, portrait((149, 162, 89)), asks("bright green"))
    assert (found.value, found.extra["lacks"]) == (1, ["bright"])


def test_doubtful_counts_as_wrong():
    blue_green = (0, 150, 170)
    found = seen(background_color_accuracy, portrait(blue_green), asks())
    assert (found.value, found.extra["verdict"]) == (0, "unsure")


@pytest.mark.parametrize(("rgb", "value"), [(GREEN, 1), ((52, 160, 76), 1), ((90, 200, 110), 0), (BLUE, 0)])
def test_a_code_is_held_against_by_distance(rgb, value):
    assert accuracy(portrait(rgb), asks("#30a646")) == value


def test_a_name_of_the_suites_own_is_held_as_its_code():
    assert accuracy(portrait(GREEN), asks("moss", GREEN)) == 1
    assert accuracy(portrait(BLUE), asks("moss", GREEN)) == 0


def test_a_background_without_a_single_color_is_not_measurable_and_says_so():
    half = portrait(GREEN)
    half[:, 12:] = portrait(BROWN)[:, 12:]
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    for pixels in (half, noise):
        found = accuracy(pixels)
        assert isinstance(found, NotMeasurable)
        assert found.reason.startswith("the background has no single color (")
        assert isinstance(seen(background_color_score, pixels, asks()), NotMeasurable)


def test_a_figure_in_the_asked_color_does_not_count():
    assert accuracy(portrait(BROWN, figure=GREEN)) == 0


def test_enlarging_by_whole_cells_changes_nothing():
    for scale in (2, 8, 24):
        assert accuracy(portrait(GREEN).repeat(scale, 0).repeat(scale, 1)) == 1


def test_a_512_px_picture_with_noise_is_still_right():
    rows = np.arange(512) * 24 // 512
    pixels = portrait(GREEN)[rows][:, rows].astype(int)
    pixels += np.random.default_rng(0).integers(-6, 7, pixels.shape)
    assert accuracy(np.clip(pixels, 0, 255).astype(np.uint8)) == 1


def test_without_an_asked_background_there_is_nothing_to_measure():
    for metric in (background_color_accuracy, background_color_score, color_leak):
        assert isinstance(seen(metric, portrait(GREEN), Prompt("plain", "a lad")), NotMeasurable)


def test_the_score_falls_steadily_from_one_to_zero():
    code = asks("#30a646")
    scores = [seen(background_color_score, portrait((48, 166 - step, 70)), code) for step in (0, 10, 20, 30, 120)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1
    assert 0 < scores[2] < 1
    assert scores[-1] == 0


def test_uniformity_is_one_for_any_solid_ring_and_falls_with_stripes():
    striped = portrait(BROWN)
    striped[0, ::2] = GREEN
    assert seen(background_uniformity, portrait(BROWN), asks()) == 1
    assert seen(background_uniformity, striped, asks()) == pytest.approx(1 - 12 / 70)


def test_bleed_is_the_share_of_the_figure_in_the_backgrounds_color():
    pixels = portrait(GREEN)
    assert seen(color_bleed, pixels, asks()) == 0
    pixels[12:16, 8:16] = GREEN  # 32 of 224 cells, enclosed
    assert seen(color_bleed, pixels, asks()) == pytest.approx(32 / 224)


def test_bleed_is_not_measurable_where_the_prompt_asks_for_it():
    pixels = portrait(GREEN)
    pixels[12:16, 8:16] = GREEN
    both = asks(hair=("green", GREEN))
    assert seen(color_bleed, pixels, both) == NotMeasurable("the prompt asks for one color of background and hair")
    assert isinstance(seen(color_bleed, pixels, asks(hair=("#32a648", (50, 166, 72)))), NotMeasurable)
    assert isinstance(seen(color_bleed, pixels, asks(hair=("brown", BROWN))), float)


def test_a_leak_is_the_hairs_color_in_the_background():
    prompt = asks(hair=("blue", BLUE), clothing=("brown", BROWN))
    leaked = seen(color_leak, portrait(BLUE), prompt)
    assert (leaked.value, leaked.extra["feature"]) == (1, "hair")
    assert seen(color_leak, portrait(GREEN, figure=BLUE), prompt).value == 0
    assert seen(color_leak, portrait((240, 120, 200)), prompt).value == 0, "wrong, but nobody's color"
    assert isinstance(seen(color_leak, portrait(BLUE), asks(hair=("green", GREEN))), NotMeasurable)
    assert isinstance(seen(color_leak, portrait(BLUE), asks()), NotMeasurable)


def test_empty_pictures_have_no_figure_to_bleed_into():
    assert seen(color_bleed, np.full((24, 24, 3), GREEN, np.uint8), asks()) == NotMeasurable("nothing stands before the background")
