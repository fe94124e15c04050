"""The background is where it is, whatever has happened to the picture, and has the kind it has."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import planted_pictures as planted
from lorascope.jobs.read_assets import demo_dataset, demo_plants
from lorascope.pixels.background import BackgroundKind, connected, find_background, ring
from lorascope.pixels.cells import to_cells
from lorascope.records.color import oklab_distance, parse_hex

TREATMENTS = {
    "as drawn": lambda cells, seed: cells,
    "enlarged": lambda cells, seed: planted.enlarged(cells, 512),
    "decoder": lambda cells, seed: planted.decoder_noise(planted.enlarged(cells, 512), seed),
    "JPEG 85": lambda cells, seed: planted.jpeg(planted.enlarged(cells, 512), 85),
}


def overlap(found, truth):
    return np.count_nonzero(found & truth) / np.count_nonzero(found | truth)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_the_masks_of_the_demo_sprites_are_right_to_two_percent(treatment):
    truth = json.loads(demo_plants().read_text("utf-8"))["captions"]
    overlaps = []
    for path in sorted(demo_dataset().glob("*.png"))[::17]:
        cells = np.asarray(Image.open(path).convert("RGB"))
        rgb = parse_hex(truth[path.stem]["codes"]["background"])
        found = find_background(to_cells(TREATMENTS[treatment](cells, 0)).rgb)
        overlaps.append(overlap(found.mask, (cells == np.array(rgb)).all(axis=-1)))
        assert found.kind is BackgroundKind.SOLID
        assert oklab_distance(found.rgb, rgb) < 0.01
    assert np.percentile(overlaps, 5) >= 0.98


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize("kind", planted.KINDS)
@pytest.mark.parametrize("wide", [False, True])
def test_every_kind_is_recognized_and_masked(kind, treatment, wide):
    if wide and kind == "complex":
        pytest.skip("a figure before a scene has no one background")
    for seed in range(3):
        drawn = planted.draw(seed, kind=kind, wide=wide)
        found = find_background(to_cells(TREATMENTS[treatment](drawn.pixels, seed)).rgb)
        assert found.kind == kind
        if kind != "complex":
            assert overlap(found.mask, drawn.mask) >= (0.98 if not wide else 0.8)
        if kind in {"solid", "split", "checkered"}:
            assert oklab_distance(sorted(found.colors), sorted(drawn.colors)).max() < 0.02


def test_a_pattern_tells_its_main_color_and_its_share():
    drawn = planted.draw(1, kind="split")
    found = find_background(drawn.pixels)
    assert found.rgb == found.colors[0]
    assert 0.25 <= found.ring_share < 0.9


def test_another_color_may_be_asked_for_among_the_rest_of_the_ring():
    drawn = planted.draw(1, kind="split")
    on_ring = ring(*drawn.mask.shape)
    first, second = (np.array(color, np.uint8) for color in find_background(drawn.pixels).colors)
    rest = on_ring & ~(drawn.pixels == first).all(axis=-1)
    found = find_background(drawn.pixels, among=rest)
    assert (found.rgb, found.kind, found.ring_share) == (tuple(second.tolist()), BackgroundKind.SOLID, 1.0)
    assert np.array_equal(found.mask, (drawn.pixels == second).all(axis=-1) & drawn.mask)


def test_what_the_figure_encloses_is_no_background():
    pixels = np.full((9, 9, 3), 200, np.uint8)
    pixels[2:7, 2:7] = 10
    pixels[4, 4] = 200
    assert not find_background(pixels).mask[4, 4]


def test_an_arm_is_a_dead_end_and_a_spiral_is_walked_to_its_end():
    maze = np.array([[letter == "." for letter in row] for row in (".######", ".#...#.", ".#.#.#.", ".#.#...", ".#.####", "...#..#")])
    seeds = np.zeros_like(maze)
    seeds[0, 0] = True
    expected = maze.copy()
    expected[5, 4:6] = False
    assert np.array_equal(connected(maze, seeds), expected)
    assert not connected(maze, np.zeros_like(maze)).any()


def test_connecting_is_what_a_flood_fill_does():
    rng = np.random.default_rng(0)
    for _ in range(30):
        allowed = rng.random((13, 17)) < 0.6
        seeds = rng.random((13, 17)) < 0.05
        reached, waiting = np.zeros_like(allowed), [tuple(place) for place in np.argwhere(seeds & allowed)]
        while waiting:
            y, x = waiting.pop()
            if 0 <= y < 13 and 0 <= x < 17 and allowed[y, x] and not reached[y, x]:
                reached[y, x] = True
                waiting += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        assert np.array_equal(connected(allowed, seeds), reached)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (8, 12000)])
def test_any_shape_has_a_background(shape):
    rng = np.random.default_rng(1)
    for pixels in (np.full((*shape, 3), 9, np.uint8), rng.integers(0, 256, (*shape, 3), np.uint8)):
        found = find_background(pixels)
        assert found.mask.shape == shape
        assert 0 < found.ring_share <= 1
    assert find_background(np.full((*shape, 3), 9, np.uint8)).mask.all()
