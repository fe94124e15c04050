"""Image files to pixels, and enlarged sprites back to one pixel a cell."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lorascope.errors import BadFile
from lorascope.jobs.read_pixels import load_pixels, native

SPRITE = np.arange(24 * 24 * 3, dtype=np.uint32).reshape(24, 24, 3).astype(np.uint8)


def claiming(width, height):
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_pixels_come_back_as_they_were(tmp_path):
    Image.fromarray(SPRITE).save(tmp_path / "a.png")
    pixels = load_pixels(tmp_path / "a.png")
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, SPRITE)


def test_a_palette_becomes_colors(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 210, 220])
    picture.putdata([0, 1])
    picture.save(tmp_path / "a.png")
    assert load_pixels(tmp_path / "a.png").tolist() == [[[10, 20, 30], [200, 210, 220]]]


def test_alpha_is_flattened_on_white(tmp_path):
    Image.fromarray(np.array([[[200, 0, 0, 255], [200, 0, 0, 0]]], np.uint8)).save(tmp_path / "a.png")
    assert load_pixels(tmp_path / "a.png").tolist() == [[[200, 0, 0], [255, 255, 255]]]


def test_sixteen_bits_become_eight(tmp_path):
    Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16)).save(tmp_path / "a.png")
    assert load_pixels(tmp_path / "a.png")[0, :, 0].tolist() == [0, 128, 255]


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    Image.new("RGB", (4, 2), (10, 20, 30)).save(tmp_path / "a.png", exif=exif)
    assert load_pixels(tmp_path / "a.png").shape == (4, 2, 3)


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (9_000, 9_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path, width, height):
    (tmp_path / "a.png").write_bytes(claiming(width, height))
    with pytest.raises(BadFile, match=r"million|too large") as error:
        load_pixels(tmp_path / "a.png")
    assert error.value.next_step


@pytest.mark.parametrize("data", [b"", b"hello, I am no image", b"\x89PNG\r\n\x1a\n", claiming(8, 8)[:40]])
def test_what_is_no_whole_image_is_a_bad_file(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(BadFile, match=r"not an image|broken or cut off"):
        load_pixels(tmp_path / "a.png")


def test_a_cut_off_image_is_a_bad_file(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:3000])
    with pytest.raises(BadFile, match="broken or cut off"):
        load_pixels(tmp_path / "a.png")


def test_a_missing_image_is_a_bad_file(tmp_path):
    with pytest.raises(BadFile, match="cannot be read"):
        load_pixels(tmp_path / "a.png")


@pytest.mark.parametrize("factor", [3, 8, 24])
def test_an_enlarged_sprite_comes_back(factor):
    large = SPRITE.repeat(factor, axis=0).repeat(factor, axis=1)
    assert np.array_equal(native(large), SPRITE)


def test_small_pictures_are_native():
    assert native(SPRITE) is SPRITE


def test_an_uncertain_scale_is_not_guessed():
    large = SPRITE.repeat(8, axis=0).repeat(8, axis=1).copy()
    large[5, 5] ^= 1
    assert native(large) is None


def test_a_picture_of_one_color_stays_at_least_eight_cells():
    flat = np.full((512, 512, 3), 7, np.uint8)
    small = native(flat)
    assert small is not None
    assert min(small.shape[:2]) >= 8
