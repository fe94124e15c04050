"""OKLab and CIEDE2000 against coloraide, an independent implementation, and the quick ways against the exact one."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.records.color import ciede2000, cielab, linear_rgb, oklab, oklab_distance, oklab_fast

Color = pytest.importorskip("coloraide").Color
RGB = np.vstack([np.random.default_rng(0).integers(0, 256, (60, 3)), [[0, 0, 0], [255, 255, 255], [255, 0, 0], [1, 1, 1], [12, 200, 255]]])


def theirs(rgb):
    return Color("srgb", (np.array(rgb) / 255).tolist())


def test_oklab_is_what_coloraide_computes():
    expected = [theirs(rgb).convert("oklab").coords() for rgb in RGB]
    assert np.abs(oklab(RGB) - expected).max() < 2e-4


def test_ciede2000_is_what_coloraide_computes():
    pairs = list(zip(RGB, RGB[::-1], strict=True))
    expected = [theirs(first).delta_e(theirs(second), method="2000", space="lab-d65") for first, second in pairs]
    assert ciede2000(RGB, RGB[::-1]) == pytest.approx(expected, abs=0.02)
    assert np.abs(cielab(RGB) - [theirs(rgb).convert("lab-d65").coords() for rgb in RGB]).max() < 0.02


def test_whole_levels_are_looked_up_to_the_same_values():
    assert np.array_equal(linear_rgb(RGB.astype(np.uint8)), linear_rgb(RGB.astype(float)))
    assert np.array_equal(oklab(RGB.astype(np.uint8)), oklab(RGB))


@pytest.mark.parametrize("shape", [(3,), (5, 3), (4, 6, 3)])
def test_single_precision_is_near_enough_for_a_thousandth_of_a_visible_difference(shape):
    rgb = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    quick = oklab_fast(rgb)
    assert (quick.dtype, quick.shape) == (np.float32, shape)
    assert np.abs(quick - oklab(rgb)).max() < 1e-6


def test_black_to_white_is_one():
    assert oklab_distance((0, 0, 0), (255, 255, 255)) == pytest.approx(1, abs=1e-6)
