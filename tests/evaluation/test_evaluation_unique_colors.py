from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lorascope.evaluation.metrics.unique_colors import nearest
from lorascope.pixels.palette import count_colors


@pytest.mark.parametrize("side", [1, 5, 16, 23, 24, 25, 32, 64, 112, 128, 256, 272, 511, 512, 513, 576, 768, 1000, 1024])
def test_the_nearest_pixel_is_the_one_that_pillow_takes(side):
    pixels = np.random.default_rng(side).integers(0, 256, (side, side + 3, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(pixels).resize((24, 24), Image.Resampling.NEAREST))
    assert np.array_equal(nearest(pixels), expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=60))
def test_the_count_equals_that_of_a_set(colors):
    assert count_colors(np.array([colors], np.uint8)) == len(set(colors))


def test_colors_that_differ_in_one_channel_only_are_different():
    assert count_colors(np.array([[(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)]], np.uint8)) == 3
