"""Grids come back from what happens to sprites, and are not seen where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import planted_pictures as planted
from lorascope.jobs.read_assets import demo_dataset
from lorascope.pixels.grid import ACCEPT_CONFIDENCE, find_grid

DEMO = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(demo_dataset().glob("*.png"))[::34]]
SPRITES = [*DEMO, *(planted.draw(seed).pixels for seed in range(4)), planted.noise_sprite(0)]
TREATMENTS = {
    "nearest 512": lambda cells: planted.enlarged(cells, 512),
    "nearest 576": lambda cells: planted.enlarged(cells, 576),
    "nearest 768": lambda cells: planted.enlarged(cells, 768),
    "decoder 512": lambda cells: planted.decoder_noise(planted.enlarged(cells, 512), 1),
    "JPEG 1024": lambda cells: planted.jpeg(planted.enlarged(cells, 1024), 85),
    "JPEG 85": lambda cells: planted.jpeg(planted.enlarged(cells, 512), 85),
    "decoder and JPEG": lambda cells: planted.jpeg(planted.decoder_noise(planted.enlarged(cells, 512), 1), 85),
}
SHIFTS = (9, -9, 4, 14)


def assert_found(grid, rows, columns):
    assert grid is not None
    assert (grid.rows, grid.columns) == (rows, columns)
    assert grid.certain


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_all_24_cells_are_found(treatment):
    for cells in SPRITES:
        assert_found(find_grid(TREATMENTS[treatment](cells)), 24, 24)


@pytest.mark.parametrize(("rows", "columns"), [(16, 16), (32, 32), (48, 48), (24, 32), (32, 20), (20, 24)])
@pytest.mark.parametrize("treatment", ["nearest 512", "decoder 512", "JPEG 85"])
def test_other_sizes_are_found(rows, columns, treatment):
    for seed in range(3):
        assert_found(find_grid(TREATMENTS[treatment](planted.draw(seed, rows, columns).pixels)), rows, columns)


@pytest.mark.parametrize("px", SHIFTS)
@pytest.mark.parametrize("noisy", [False, True])
def test_a_cut_picture_keeps_its_cells_and_tells_where_they_begin(px, noisy):
    for cells in SPRITES[:6]:
        pixels = planted.shifted(planted.enlarged(cells, 512), px)
        grid = find_grid(planted.decoder_noise(pixels, 0) if noisy else pixels)
        assert_found(grid, 24, 24)
        off = np.array([grid.left_px, grid.top_px]) - px
        assert np.abs((off + grid.cell_px / 2) % grid.cell_px - grid.cell_px / 2).max() < 1
        assert max(abs(grid.left_px), abs(grid.top_px)) <= grid.cell_px / 2 + 1e-6


def test_lines_without_edges_are_counted_when_half_of_them_have_next_to_none():
    cells = planted.draw(3, 12, 12).pixels.repeat(2, axis=0).repeat(2, axis=1)
    cells[5, 7] = cells[16, 3] = cells[9, 20] = (250, 250, 10)
    assert_found(find_grid(planted.enlarged(cells, 512)), 24, 24)
    assert_found(find_grid(planted.decoder_noise(planted.enlarged(cells, 512), 0)), 24, 24)


@pytest.mark.parametrize(
    "pixels",
    [
        planted.photo_like(0), planted.photo_like(1), planted.jpeg(planted.photo_like(2), 75), planted.smooth_gradient(0),
        planted.jpeg(planted.smooth_gradient(1), 75), planted.bicubic(SPRITES[0], 512), planted.bicubic(SPRITES[-1], 512),
        planted.jpeg(planted.bicubic(SPRITES[1], 512), 85), np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8),
    ],
)  # fmt: skip
def test_where_there_is_no_grid_none_is_certain(pixels):
    grid = find_grid(pixels)
    assert grid is None or grid.confidence < ACCEPT_CONFIDENCE / 2


def test_one_frame_is_no_grid():
    pixels = np.full((512, 512, 3), 200, np.uint8)
    pixels[100:300, 60:420] = (20, 30, 40)
    grid = find_grid(pixels)
    assert grid is None or not grid.certain


@pytest.mark.parametrize("shape", [(512, 512), (16, 16), (17, 400), (1, 1), (15, 900)])
def test_flat_and_tiny_pictures_have_no_grid(shape):
    assert find_grid(np.full((*shape, 3), 7, np.uint8)) is None


def test_stripes_have_square_cells():
    rng = np.random.default_rng(0)
    stripes = rng.integers(0, 256, (1, 24, 3), dtype=np.uint8).repeat(24, axis=0)
    assert_found(find_grid(planted.enlarged(stripes, 512)), 24, 24)


@pytest.mark.slow
@pytest.mark.parametrize("treatment", TREATMENTS)
def test_every_demo_sprite_is_found(treatment):
    for path in sorted(demo_dataset().glob("*.png")):
        assert_found(find_grid(TREATMENTS[treatment](np.asarray(Image.open(path).convert("RGB")))), 24, 24)
