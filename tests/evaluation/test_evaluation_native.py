from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.native import native


def sprite(seed=0, height=24, width=24):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 21, 24])
def test_an_enlarged_sprite_comes_back_exactly(scale):
    assert np.array_equal(native(sprite().repeat(scale, 0).repeat(scale, 1)), sprite())


def test_fractional_cells_of_512_px_come_back_exactly():
    rows = np.arange(512) * 24 // 512
    assert np.array_equal(native(sprite()[rows][:, rows]), sprite())


def test_dirt_at_the_edges_of_cells_is_not_seen():
    large = sprite().repeat(24, 0).repeat(24, 1)
    for start in (0, 1, 2, 22, 23):
        large[start::24] = 7
        large[:, start::24] = 7
    assert np.array_equal(native(large), sprite())


def test_a_taller_picture_keeps_its_proportions():
    assert native(np.zeros((768, 512, 3), np.uint8)).shape == (36, 24, 3)


def test_small_pictures_stay_as_they_are():
    small = sprite(height=10, width=40)
    assert native(small) is small
