"""The background metrics on pictures one can see before one's eyes."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.metric import NotMeasurable, Picture
from lorascope.evaluation.metrics import background_color_accuracy, background_uniformity, palette_adherence
from lorascope.records.color import ciede2000
from lorascope.records.prompt import Expectation, Prompt

GREEN, BROWN, SKIN = (48, 166, 70), (116, 70, 34), (234, 195, 147)
ASKS_GREEN = Prompt("lad", "a lad, green background", (Expectation("background", "green", GREEN),))


def portrait(background, figure=SKIN):
    """A figure that touches the lower edge on a solid background, 24 x 24."""
    pixels = np.full((24, 24, 3), background, np.uint8)
    pixels[8:24, 5:19] = figure
    return pixels


def accuracy(pixels, prompt=ASKS_GREEN):
    return background_color_accuracy.measure(Picture(pixels, prompt))


def test_the_asked_background_scores_one_and_another_zero():
    assert accuracy(portrait(GREEN)) == 1
    assert accuracy(portrait(BROWN)) == 0


def test_a_noisy_background_scores_low_and_is_not_undefined():
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    assert accuracy(noise) < 0.15


def test_a_background_half_asked_half_not_scores_in_between():
    pixels = portrait(GREEN)
    pixels[:, 12:] = portrait(BROWN)[:, 12:]
    assert accuracy(pixels) == 0.5


def test_a_quarter_of_the_ring_decides_whether_a_second_color_is_background():
    pixels = np.full((24, 24, 3), GREEN, np.uint8)
    pixels[14:, :4] = pixels[14:, 20:] = BROWN  # 20 of 70 ring pixels
    assert accuracy(pixels) == pytest.approx(1 - 80 / 576)
    pixels = np.full((24, 24, 3), GREEN, np.uint8)
    pixels[20:, 2:22] = BROWN  # touches no ring pixel: figure, not background
    assert accuracy(pixels) == 1


def test_a_green_figure_on_brown_does_not_count():
    assert accuracy(portrait(BROWN, figure=GREEN)) == 0


def test_enlarging_by_whole_cells_changes_nothing():
    for scale in (2, 8, 24):
        assert accuracy(portrait(GREEN).repeat(scale, 0).repeat(scale, 1)) == 1


def test_a_512_px_picture_with_mixed_cell_edges_and_noise_still_scores_high():
    rows = np.arange(512) * 24 // 512
    pixels = portrait(GREEN)[rows][:, rows].astype(int)
    pixels += np.random.default_rng(0).integers(-6, 7, pixels.shape)
    assert accuracy(np.clip(pixels, 0, 255).astype(np.uint8)) == 1


def test_without_an_asked_background_there_is_nothing_to_measure():
    assert isinstance(accuracy(portrait(GREEN), Prompt("plain", "a lad")), NotMeasurable)


@pytest.mark.parametrize(("share", "tolerance"), [(0.99, 15.0), (1.0, 21.0)])
def test_the_tolerance_accepts_a_palettes_own_jitter(share, tolerance):
    jittered = np.clip(np.array(GREEN) + np.random.default_rng(0).normal(0, 8, (2000, 3)), 0, 255)
    assert (ciede2000(jittered, np.array(GREEN)) <= tolerance).mean() >= share


def test_uniformity_is_one_for_any_solid_ring_and_falls_with_stripes():
    striped = portrait(BROWN)
    striped[0, ::2] = GREEN
    assert background_uniformity.measure(Picture(portrait(BROWN), ASKS_GREEN)) == 1
    assert background_uniformity.measure(Picture(striped, ASKS_GREEN)) == pytest.approx(1 - 12 / 70)


def test_palette_adherence_is_the_share_of_pixels_near_the_palette():
    pixels = portrait(GREEN)
    figure = 16 * 14 / 576
    both = palette_adherence.measure(Picture(pixels, ASKS_GREEN, np.array([GREEN, SKIN], np.uint8)))
    one = palette_adherence.measure(Picture(pixels, ASKS_GREEN, np.array([GREEN, BROWN], np.uint8)))
    assert both == 1
    assert one == pytest.approx(1 - figure)
    assert isinstance(palette_adherence.measure(Picture(pixels, ASKS_GREEN)), NotMeasurable)


def test_a_few_right_pixels_in_a_noisy_ring_do_not_make_a_right_background():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    pixels[0, :10] = GREEN
    assert 0.1 < accuracy(pixels) < 0.3
