"""Cells are sampled where the scale is known, and refused elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

import planted_pictures as planted
from lorascope.pixels.cells import LEAST_NATIVE_SIDE_PX, Scale, lossless, to_cells
from lorascope.records.color import oklab_distance

SPRITE = planted.draw(5).pixels


@pytest.mark.parametrize("factor", [2, 3, 8, 20, 24, 32])
def test_a_losslessly_enlarged_sprite_comes_back_exactly(factor):
    large = SPRITE.repeat(factor, axis=0).repeat(factor, axis=1)
    cells = to_cells(large)
    assert (cells.scale, cells.certain) == ((Scale.EXACT, True) if factor > 2 else (Scale.NATIVE, True))
    assert factor == 2 or np.array_equal(cells.rgb, SPRITE)


def test_other_shapes_come_back_exactly():
    cells = planted.draw(1, 24, 32).pixels
    assert np.array_equal(to_cells(cells.repeat(13, axis=0).repeat(13, axis=1)).rgb, cells)


def test_small_pictures_are_taken_as_they_are():
    assert to_cells(SPRITE).rgb is SPRITE
    assert to_cells(SPRITE).scale is Scale.NATIVE


@pytest.mark.parametrize("px", [0, 9, -9])
def test_a_noisy_sprite_is_sampled_to_a_fraction_of_a_just_visible_difference(px):
    pixels = planted.decoder_noise(planted.shifted(planted.enlarged(SPRITE, 512), px), 3)
    cells = to_cells(pixels)
    assert (cells.scale, cells.rgb.shape) == (Scale.DETECTED, SPRITE.shape)
    assert oklab_distance(cells.rgb, SPRITE).max() < 0.02


def test_fractional_enlargement_is_sampled_exactly():
    cells = to_cells(planted.enlarged(SPRITE, 512))
    assert cells.scale is Scale.DETECTED
    assert np.array_equal(cells.rgb, SPRITE)


@pytest.mark.parametrize("pixels", [planted.photo_like(0), planted.bicubic(SPRITE, 512), planted.smooth_gradient(2)])
def test_without_a_certain_grid_nothing_is_sampled(pixels):
    cells = to_cells(pixels)
    assert (cells.scale, cells.certain) == (Scale.NONE, False)
    assert LEAST_NATIVE_SIDE_PX <= min(cells.rgb.shape[:2]) <= max(cells.rgb.shape[:2]) <= 128


def test_a_declared_number_of_cells_is_taken_but_is_not_certain():
    cells = to_cells(planted.bicubic(SPRITE, 512), 24)
    assert (cells.scale, cells.certain, cells.rgb.shape) == (Scale.ASSUMED, False, (24, 24, 3))
    assert oklab_distance(cells.rgb, SPRITE).mean() < 0.1


def test_a_declared_number_settles_a_sprite_drawn_in_blocks_of_cells():
    coarse = planted.draw(2, 12, 12).pixels.repeat(48, axis=0).repeat(48, axis=1)
    assert to_cells(coarse).rgb.shape == (12, 12, 3)
    assert to_cells(coarse, 24).rgb.shape == (24, 24, 3)


def test_one_odd_pixel_makes_blocks_unequal_but_not_the_grid_uncertain():
    large = SPRITE.repeat(20, axis=0).repeat(20, axis=1).copy()
    large[105, 105] ^= 1
    cells = to_cells(large)
    assert cells.scale is Scale.DETECTED
    assert np.array_equal(cells.rgb, SPRITE)


def test_a_flat_picture_keeps_at_least_eight_cells():
    assert min(to_cells(np.full((512, 512, 3), 7, np.uint8)).rgb.shape[:2]) >= LEAST_NATIVE_SIDE_PX


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (65, 65), (3, 900), (64, 5000), (2000, 10)])
@pytest.mark.parametrize("declared", [None, 24, 1])
def test_any_shape_has_cells(shape, declared):
    rng = np.random.default_rng(0)
    for pixels in (np.zeros((*shape, 3), np.uint8), rng.integers(0, 256, (*shape, 3), np.uint8)):
        before = pixels.copy()
        cells = to_cells(pixels, declared)
        assert cells.rgb.dtype == np.uint8
        assert min(cells.rgb.shape) >= 1
        assert np.array_equal(pixels, before)


def test_lossless_gives_back_only_what_loses_nothing():
    assert np.array_equal(lossless(SPRITE.repeat(4, axis=0).repeat(4, axis=1)), SPRITE)
    assert lossless(planted.enlarged(SPRITE, 512)) is None
