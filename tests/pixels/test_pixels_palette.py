"""Colors are counted exactly, and merged when they are noise of one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import planted_pictures as planted
from lorascope.pixels.cells import to_cells
from lorascope.pixels.palette import MERGE_OKLAB, coarse_colors, count_colors, distinct_colors, exact_palette, merged_palette
from lorascope.records.color import oklab

PICTURES = arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)), elements=st.integers(0, 255))


@given(PICTURES)
def test_all_ways_of_counting_agree(pixels):
    expected = {tuple(rgb) for rgb in pixels.reshape(-1, 3).tolist()}
    colors, counts = distinct_colors(pixels)
    palette = exact_palette(pixels)
    assert count_colors(pixels) == len(expected) == len(colors) == len(palette)
    assert {tuple(rgb) for rgb in colors.tolist()} == expected
    assert counts.sum() == palette.counts.sum() == pixels.size // 3
    assert np.array_equal(palette.rgb[palette.labels], pixels)
    assert (np.diff(palette.counts) <= 0).all()


@given(PICTURES)
def test_leaders_are_apart_and_their_followers_near(pixels):
    merged = merged_palette(pixels)
    lab = oklab(merged.rgb)
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.eye(len(lab))
    assert apart.min() > MERGE_OKLAB - 1e-5
    assert np.linalg.norm(oklab(pixels) - lab[merged.labels], axis=-1).max() <= MERGE_OKLAB + 1e-5
    assert np.array_equal(np.bincount(merged.labels.ravel(), minlength=len(merged)), merged.counts)


@pytest.mark.parametrize("seed", range(6))
def test_a_decoder_multiplies_colors_and_merging_brings_them_back(seed):
    sprite = planted.draw(seed).pixels
    truth, cells = len(exact_palette(sprite)), to_cells(planted.decoder_noise(planted.enlarged(sprite, 512), seed)).rgb
    assert abs(len(merged_palette(sprite)) - truth) <= 1
    assert truth <= len(merged_palette(cells)) <= 2 * truth
    assert len(exact_palette(cells)) > 10 * truth


def test_coarse_colors_are_means_of_their_cubes():
    colors, counts = coarse_colors(np.array([[0, 0, 0], [4, 0, 0], [255, 255, 255]], np.uint8), np.array([1, 3, 5]), 8)
    assert (colors.tolist(), counts.tolist()) == ([[3, 0, 0], [255, 255, 255]], [4, 5])


def test_noise_of_a_million_colors_is_merged_in_bounded_time_and_still_covers_every_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (512, 512, 3)).astype(np.uint8)  # 260,000 colors
    merged = merged_palette(pixels)
    assert int(merged.counts.sum()) == 512 * 512
    assert np.array_equal(np.bincount(merged.labels.ravel()), merged.counts)
    near = np.linalg.norm(oklab(pixels[::16, ::16]) - oklab(merged.rgb)[merged.labels[::16, ::16]], axis=-1)
    assert float(np.median(near)) < 2 * MERGE_OKLAB
