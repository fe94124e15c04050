"""What is seen in sprites, photographs and illustrations, and what is left unsaid."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import planted_pictures as planted
from lorascope.captions.sight import Sight, see
from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.pixels.look import Look
from lorascope.records.color import oklab, oklab_distance

SPRITE = planted.draw(4)


@pytest.mark.parametrize(
    ("pixels", "scale"),
    [
        (SPRITE.pixels, Scale.NATIVE),
        (SPRITE.pixels.repeat(20, axis=0).repeat(20, axis=1), Scale.EXACT),
        (planted.decoder_noise(planted.enlarged(SPRITE.pixels, 512), 0), Scale.DETECTED),
    ],
)
def test_a_sprite_is_seen_the_same_at_every_size(pixels, scale):
    sight = see(pixels)
    assert (sight.scale, sight.kind, sight.cells.shape) == (scale, BackgroundKind.SOLID, SPRITE.pixels.shape)
    assert oklab_distance(sight.background, SPRITE.colors[0]) < 0.01
    assert sight.shares.sum() == pytest.approx(1)
    assert (sight.shares * sight.behind).sum() == pytest.approx(SPRITE.mask.mean(), abs=0.01)


def test_a_photograph_has_colors_but_no_cells_and_no_background():
    sight = see(planted.photo_like(0))
    assert (sight.scale, sight.background, sight.kind, sight.behind) == (Scale.NONE, None, None, None)
    assert sight.blur > 0
    assert sight.shares.sum() == pytest.approx(1)
    assert len(sight.palette) == len(sight.palette_lab) == len(sight.shares)


def test_an_illustration_before_one_color_has_a_background():
    pixels = np.full((400, 300, 3), (200, 30, 40), np.uint8)
    y, x = np.mgrid[:400, :300]
    pixels[np.hypot(y - 220, x - 150) < 90] = (20, 60, 200)
    sight = see(pixels)
    assert (sight.scale, sight.kind, sight.background) == (Scale.NONE, BackgroundKind.SOLID, (200, 30, 40))


def test_patterns_are_seen_with_their_colors():
    sight = see(planted.draw(0, kind="checkered").pixels)
    assert (sight.kind, sight.background, len(sight.background_colors)) == (BackgroundKind.CHECKERED, None, 2)


def test_the_nearest_color_of_a_photograph_is_near():
    photo = planted.photo_like(1)
    sight = see(photo)
    for rgb in photo.reshape(-1, 3)[:: 512 * 37].tolist():
        assert sight.nearest(tuple(rgb))[1] <= 0.04 + sight.blur


def test_known_colors_make_a_sight_too():
    sight = Sight.of_colors([(1, 2, 3), (250, 250, 250)], (1, 2, 3))
    assert sight.background_code == "#010203"
    assert sight.nearest((255, 255, 255))[0] == (250, 250, 250)
    assert np.array_equal(sight.palette_lab, oklab(sight.palette))


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (2, 2), (3, 300), (65, 64), (40, 4000)])
@pytest.mark.parametrize("declared", [None, 24])
def test_any_picture_can_be_looked_at(shape, declared):
    rng = np.random.default_rng(0)
    for pixels in (np.zeros((*shape, 3), np.uint8), rng.integers(0, 256, (*shape, 3), np.uint8)):
        pixels.flags.writeable = False
        sight = see(pixels, declared)
        assert sight.shares.sum() == pytest.approx(1)
        assert Look(pixels, declared).foreground.shape == sight.cells.shape[:2]


def test_a_sight_is_small():
    assert len(pickle.dumps(see(planted.photo_like(2)))) < 2_000_000
    assert len(pickle.dumps(see(planted.decoder_noise(planted.enlarged(SPRITE.pixels, 512), 0)))) < 40_000
