"""Image files to pixels: every kind of file, every kind of damage, and the same pixels from either decoder."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from lorascope.errors import BadFile
from lorascope.jobs import read_pixels
from lorascope.jobs.fast_png import decode_plain_png
from lorascope.jobs.read_pixels import MOST_PIXELS, load_pixels

SPRITE = np.arange(24 * 24 * 3, dtype=np.uint32).reshape(24, 24, 3).astype(np.uint8)


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width, height):
    """A PNG that claims a size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def with_chunk(pixels, kind, data):
    """A PNG with one chunk more, after its header."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    whole = file.getvalue()
    return whole[:33] + chunk(kind, data) + whole[33:]


def assert_whole_or_refused(path):
    """A bomb around a good picture may be ignored, or the file refused."""
    with suppress(BadFile):
        assert np.array_equal(load_pixels(path), SPRITE)


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


def test_a_cut_off_jpeg_is_a_bad_file(tmp_path):
    Image.fromarray(SPRITE.repeat(8, axis=0).repeat(8, axis=1)).save(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-900])
    with pytest.raises(BadFile, match="broken or cut off"):
        load_pixels(tmp_path / "a.jpg")


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.fromarray(np.full((4, 4, 3), level, np.uint8)) for level in (10, 200)]
    for name in ("a.png", "a.webp", "a.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
        assert np.abs(load_pixels(tmp_path / name).astype(int) - 10).max() <= 1


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (3, 2), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    pixels = load_pixels(tmp_path / "a.jpg")
    assert pixels.shape == (2, 3, 3)
    assert pixels[0, 0, 0] > 200
    assert pixels[0, 0, 1] < 60


@pytest.mark.parametrize(("kind", "body"), [(b"iCCP", b"name\0\0"), (b"zTXt", b"name\0\0"), (b"iTXt", b"name\0\1\0\0\0")])
def test_a_chunk_that_unpacks_to_half_a_gigabyte_does_no_harm(tmp_path, kind, body):
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 22)) for _ in range(128)) + packer.flush()
    (tmp_path / "a.png").write_bytes(with_chunk(SPRITE, kind, body + packed))
    tracemalloc.start()
    try:
        assert_whole_or_refused(tmp_path / "a.png")
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


def test_pixel_data_that_unpacks_far_beyond_the_picture_is_not_unpacked(tmp_path):
    packer = zlib.compressobj(9)
    rows = b"".join(b"\0" + SPRITE[row].tobytes() for row in range(24))
    packed = packer.compress(rows) + b"".join(packer.compress(bytes(1 << 22)) for _ in range(64)) + packer.flush()
    head = struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    assert_whole_or_refused(tmp_path / "a.png")


def pictures():
    """Name and bytes of a picture of every kind that both decoders may meet."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (33, 20, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "bespoke, pixel art " * 40)
    for name, picture, options in (
        ("rgb", Image.fromarray(noise), {}),
        ("one pixel", Image.fromarray(noise[:1, :1]), {}),
        ("uncompressed", Image.fromarray(noise), {"compress_level": 0}),
        ("text", Image.fromarray(noise), {"pnginfo": text}),
        ("transparent color", Image.fromarray(noise), {"transparency": tuple(noise[0, 0].tolist())}),
        ("turned", Image.fromarray(noise), {"exif": exif}),
        ("profile", Image.fromarray(noise), {"icc_profile": b"0" * 200}),
        ("resolution", Image.fromarray(noise), {"dpi": (300, 300)}),
        ("gray", Image.fromarray(noise[..., 0]), {}),
        ("alpha", Image.fromarray(rng.integers(0, 256, (9, 9, 4), np.uint8)), {}),
        ("palette", Image.fromarray(noise).quantize(16), {}),
        ("one bit", Image.fromarray(noise[..., 0] > 99), {}),
        ("sixteen bits", Image.fromarray(rng.integers(0, 65536, (9, 9), np.uint16)), {}),
    ):
        data = io.BytesIO()
        picture.save(data, "PNG", **options)
        yield name, data.getvalue()
    raw_profile = b"Raw profile type exif\0\nexif\n      34\n" + exif.tobytes().hex().encode()
    yield "turned by XMP", with_chunk(noise, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    yield "turned by text", with_chunk(noise, b"tEXt", raw_profile)
    yield "turned by plain XMP", with_chunk(noise, b"tEXt", b"XML:com.adobe.xmp\0" + xmp)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "JPEG", exif=exif)
    yield "JPEG", data.getvalue()


@pytest.mark.parametrize(("name", "data"), list(pictures()), ids=[name for name, _ in pictures()])
def test_the_fast_decoder_gives_the_pixels_that_pillow_gives(name, data):
    pytest.importorskip("kornia_rs")
    by_pillow = read_pixels._by_pillow(io.BytesIO(data))
    assert np.array_equal(load_pixels(io.BytesIO(data)), by_pillow)
    fast = decode_plain_png(io.BytesIO(data), MOST_PIXELS)
    assert (fast is not None) == (name in {"rgb", "one pixel", "uncompressed", "text", "resolution"})
    assert fast is None or np.array_equal(fast, by_pillow)


def test_the_fast_decoder_never_accepts_what_pillow_refuses():
    pytest.importorskip("kornia_rs")
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(file, "PNG")
    whole = file.getvalue()
    for _ in range(300):
        data = bytearray(whole)
        at = int(rng.integers(8, len(data)))
        match int(rng.integers(3)):
            case 0:
                data = data[:at]
            case 1:
                data[at] ^= 1 << int(rng.integers(8))
            case _:
                del data[at : at + 5]
        fast = decode_plain_png(io.BytesIO(data), MOST_PIXELS)
        if fast is not None:
            assert np.array_equal(fast, read_pixels._by_pillow(io.BytesIO(data)))


def test_the_decoder_leaves_a_large_picture_to_the_limit():
    assert decode_plain_png(io.BytesIO(claiming(9_000, 9_000)), MOST_PIXELS) is None
