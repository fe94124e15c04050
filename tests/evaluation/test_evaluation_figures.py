"""The metrics of cells and colors, on pictures written as letters, with values that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lorascope.evaluation.metric import NotMeasurable, Picture
from lorascope.evaluation.metrics import (
    dither,
    edge_crispness,
    effective_colors,
    foreground_colors,
    foreground_effective_colors,
    foreground_share,
    grid_confidence,
    largest_cluster,
    memorization,
    mixed_cells,
    orphan_rate,
    palette_adherence,
    palette_size,
    photorealism,
    symmetry,
    unique_colors,
)
from lorascope.evaluation.training_bands import TrainingImage, describe
from lorascope.pixels.cells import Scale
from lorascope.records.color import oklab
from lorascope.records.prompt import Prompt

PAINT = {".": (48, 166, 70), "s": (234, 195, 147), "h": (20, 30, 40), "r": (204, 32, 40), "b": (48, 88, 214)}
PLAIN = Prompt("plain", "a lad")
LAD = """
........
..hhhh..
..hhhh..
..sbsb..
..ssss..
..srrs..
..ssss..
.rrrrrr.
"""


def painted(letters):
    return np.array([[PAINT[letter] for letter in line] for line in letters.split()], np.uint8)


def value(metric, pixels, training=None):
    return metric.measure(Picture(pixels, PLAIN, training))


def enlarged(cells, side_px):
    rows = np.arange(side_px) * len(cells) // side_px
    return np.ascontiguousarray(cells[rows][:, rows])


def random_sprite(seed=0):
    rng = np.random.default_rng(seed)
    cells = np.full((24, 24, 3), PAINT["."], np.uint8)
    cells[8:, 5:19] = np.array([PAINT[letter] for letter in "shrb"], np.uint8)[rng.integers(0, 4, (16, 14))]
    return cells


def test_colors_are_counted_by_hand():
    lad = painted(LAD)
    assert value(palette_size, lad) == value(unique_colors, lad) == 5
    assert value(foreground_colors, lad) == 4
    shares = np.array([34, 12, 8, 8, 2]) / 64
    assert value(effective_colors, lad) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    shares = np.array([12, 8, 8, 2]) / 30
    assert value(foreground_effective_colors, lad) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))


def test_faint_noise_multiplies_the_exact_colors_and_not_the_merged_ones():
    grain = np.random.default_rng(0).integers(-1, 2, (24, 24, 3))
    noisy = (random_sprite().astype(int) + grain).clip(0, 255).astype(np.uint8)
    assert value(unique_colors, noisy) > 60
    assert value(palette_size, noisy) == value(palette_size, random_sprite()) == 5


def test_figure_share_symmetry_and_largest_patch_are_counted_by_hand():
    lad = painted(LAD)
    assert value(foreground_share, lad) == 30 / 64
    assert value(symmetry, lad) == 1
    lad[1, 6] = PAINT["h"]
    assert value(symmetry, lad) == 62 / 64
    assert value(largest_cluster, painted(LAD)) == 12 / 30


def test_orphans_are_cells_unlike_their_four_neighbors():
    assert value(orphan_rate, painted(LAD)) == 2 / 30, "the two eyes; the left cheek touches the skin below"


def test_a_picture_of_one_color_has_no_figure():
    flat = painted("........\n" * 8)
    assert value(foreground_share, flat) == 0
    for metric in (orphan_rate, largest_cluster, symmetry, foreground_colors, foreground_effective_colors):
        assert value(metric, flat) == NotMeasurable("nothing stands before the background")


def test_a_chessboard_is_dither_and_stripes_and_noise_are_not():
    board = painted("brbrbrbr\nrbrbrbrb\n" * 4)
    assert value(dither, board) == pytest.approx(1 - 2 / 16), "half and half: by chance 2 of 16 blocks"
    assert value(dither, painted("bbbbbbbb\nrrrrrrrr\n" * 4)) == 0
    noise = np.array([PAINT["b"], PAINT["r"]], np.uint8)[np.random.default_rng(0).integers(0, 2, (60, 60))]
    assert value(dither, noise) < 0.03


def test_crisp_edges_lie_on_the_grid_and_blurred_ones_do_not():
    large = enlarged(random_sprite(), 500)  # no whole number of pixels a cell
    assert value(edge_crispness, large) > 0.99
    blurred = large.astype(float)
    for _ in range(6):
        blurred = (blurred + np.roll(blurred, 1, 0) + np.roll(blurred, 1, 1) + np.roll(blurred, -1, 0) + np.roll(blurred, -1, 1)) / 5
    assert value(edge_crispness, np.rint(blurred).astype(np.uint8)) < 0.7


def test_differences_do_not_wrap_around_in_8_bits():
    """From 10 to 250 is a step of 240, not of 240 in one direction and 16 in the other."""
    cells = np.where(np.random.default_rng(3).integers(0, 2, (24, 24, 1)) == 1, np.uint8(250), np.uint8(10)).repeat(3, axis=2)
    across, down = edge_crispness.edge_profiles(enlarged(cells, 512))
    falling, rising = edge_crispness.edge_profiles(enlarged(255 - cells, 512))
    assert np.array_equal(across, falling)
    assert np.array_equal(down, rising)
    one_edge = np.zeros((8, 8, 3), np.uint8)
    one_edge[:, 4:] = 255
    assert edge_crispness.edge_profiles(one_edge)[0].tolist() == [0, 0, 0, 8 * 3 * 255, 0, 0, 0]


def test_equal_blocks_are_a_perfect_grid():
    large = random_sprite().repeat(20, 0).repeat(20, 1)
    assert (value(grid_confidence, large), value(edge_crispness, large), value(mixed_cells, large)) == (1, 1, 0)


def test_at_native_scale_there_is_no_grid_to_look_at():
    for metric in (grid_confidence, edge_crispness, mixed_cells):
        assert isinstance(value(metric, random_sprite()), NotMeasurable)


def test_mixed_cells_are_those_with_two_colors_in_their_middle():
    pixels = enlarged(random_sprite(), 500)
    middles = [round((row + 0.5) * 500 / 24) for row in (2, 10, 20)]
    for y in middles:
        for x in middles:
            pixels[y - 5 : y, x - 5 : x + 5] = (255, 0, 255)
    assert value(mixed_cells, pixels) == pytest.approx(9 / 576)


def test_the_shortcut_for_spreads_agrees_with_converting_every_pixel():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    noise = rng.normal(0, 1, (480, 480, 3)) * rng.uniform(0.5, 6, (24, 24, 1)).repeat(20, 0).repeat(20, 1)
    pixels = np.rint(cells.repeat(20, 0).repeat(20, 1) + noise).clip(0, 255).astype(np.uint8)
    picture = Picture(pixels, PLAIN)
    assert picture.look.cells.scale is Scale.DETECTED
    samples = picture.look.cells.samples
    assert samples.shape == (3, 25, 24, 24)
    fast = mixed_cells._spreads(samples)
    lab = oklab(samples.reshape(3, 25, 576).transpose(2, 1, 0))
    exact = np.sqrt(((lab - lab.mean(axis=1, keepdims=True)) ** 2).sum(axis=2).mean(axis=1))
    clear = np.abs(exact - mixed_cells.MIXED_OKLAB) > 0.1 * mixed_cells.MIXED_OKLAB
    assert np.array_equal((fast > mixed_cells.MIXED_OKLAB)[clear], (exact > mixed_cells.MIXED_OKLAB)[clear])


def training(cells_of=range(20)):
    found = describe([TrainingImage(f"{seed}.png", random_sprite(seed), PLAIN) for seed in cells_of], None)
    assert found is not None
    return found


def test_a_copy_of_a_training_image_is_found_and_named():
    found = value(memorization, random_sprite(7), training())
    assert (found.value, found.extra["nearest"]) == (1, "7.png")
    grain = np.random.default_rng(0).integers(-1, 2, (24, 24, 3))
    noisy = (random_sprite(7).astype(int) + grain).clip(0, 255).astype(np.uint8)
    assert value(memorization, noisy, training()).extra["nearest"] == "7.png"


def test_a_new_picture_is_no_more_alike_than_training_images_are_to_each_other():
    known = training()
    band = known.bands["memorization"]
    assert band.n == 20
    assert band.high < 1, "no image is compared with itself"
    assert value(memorization, random_sprite(99), known).value <= band.high + 0.02


def test_other_sizes_are_not_compared():
    assert isinstance(value(memorization, random_sprite()[:16, :16].copy(), training()), NotMeasurable)


def test_colors_of_few_training_images_count_little():
    images = [random_sprite(seed) for seed in range(100)]
    images[0][0] = (255, 0, 255)
    known = describe([TrainingImage(f"{number}.png", cells, PLAIN) for number, cells in enumerate(images)], None)
    assert known is not None
    assert value(palette_adherence, random_sprite(200), known) == pytest.approx(1)
    assert value(palette_adherence, np.full((24, 24, 3), (255, 0, 255), np.uint8), known) == pytest.approx(0.2), (
        "1 of 100 images: 0.01 / 0.05"
    )
    assert value(palette_adherence, np.full((24, 24, 3), (0, 255, 255), np.uint8), known) == 0


def test_more_colors_off_the_grid_are_nearer_to_a_photograph():
    known = training()
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    assert value(photorealism, random_sprite(50), known) == 0
    assert value(photorealism, noise, known) > 10
    assert value(photorealism, np.full((24, 24, 3), 7, np.uint8), known) == 0, "fewer colors are no photograph"
