"""Image files to pixels: refuses bombs before decoding. The same pixels come out whichever decoder is installed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lorascope.errors import BadFile
from lorascope.jobs.fast_png import decode_plain_png
from lorascope.jobs.open_file import open_file

MOST_PIXELS = 64_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")  # whatever the file's name: Pillow runs a program for others (EPS)
MOST_SCANS = 100  # of a progressive JPEG; about 10 are usual
_LARGEST_JPEG_BYTES = 256 * 1024 * 1024
_STRIP_PIXELS = 1_000_000


def load_pixels(path: Path | BinaryIO) -> NDArray[np.uint8]:
    """The pixels of an image file, (height, width, 3) uint8, upright (EXIF orientation applied), alpha flattened on white.

    The file may be an open one, or bytes in memory (io.BytesIO).

    Palettes, gray, CMYK and 16 bits per channel become 8-bit RGB; of an animation the first frame is taken.

    Raises:
        BadFile: not an image, cut off, or more than 64 million pixels (known from the header, before decoding).
    """
    try:
        if not isinstance(path, Path):
            return _decoded(path)
        with open_file(path) as file:
            if not os.fstat(file.fileno()).st_size:  # some of the system's own files say so too, and have no end
                raise _bad(path, "not an image")
            return _decoded(file)
    except _TooLargeError as error:
        raise _bad(path, str(error), "scale it down") from error
    except Image.DecompressionBombError as error:
        raise _bad(path, "far too large to decode", "scale it down") from error
    except UnidentifiedImageError as error:
        raise _bad(path, "not an image") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow's ways to say that a file is broken
        if isinstance(error, OSError) and error.errno is not None:
            raise _bad(path, f"cannot be read: {error.strerror}", "check the file and its permissions") from error
        raise _bad(path, "broken or cut off") from error


def pixel_count(path: Path) -> int:
    """How many pixels an image file says it has; 0 where it does not say, so that reading it tells why."""
    try:
        with (
            open_file(path) as file,
            warnings.catch_warnings(action="ignore"),
            Image.open(file, formats=FORMATS) as image,
        ):
            return image.width * image.height
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return 0


def _bad(path: Path | BinaryIO, what: str, next_step: str = "remove it from the dataset, or save it anew") -> BadFile:
    return BadFile(what, where=str(path) if isinstance(path, Path) else "", next_step=next_step)


class _TooLargeError(Exception):
    """Says how large a picture is that will not be decoded."""


def _decoded(file: BinaryIO) -> NDArray[np.uint8]:
    plain = decode_plain_png(file, MOST_PIXELS)
    if plain is not None:
        return plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit below says it in our words
        return _by_pillow(file)


def _by_pillow(file: BinaryIO) -> NDArray[np.uint8]:
    with Image.open(file, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise _TooLargeError(f"{width} x {height} pixels, more than {MOST_PIXELS // 1_000_000} million")
        if image.info.get("progressive") and _scans(file) > MOST_SCANS:
            raise SyntaxError
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
            return _gray(np.asarray(image.convert("I")))
        return _colors(image)


def _scans(file: BinaryIO) -> int:
    """How many times a progressive JPEG paints the whole picture: a small file may ask for it thousands of times."""
    file.seek(0)
    return file.read(_LARGEST_JPEG_BYTES).count(b"\xff\xda")


def _gray(levels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """8-bit RGB of gray levels of up to 16 bits."""
    shift = 8 if levels.max(initial=0) > 255 else 0
    pixels = np.empty((*levels.shape, 3), np.uint8)
    for rows in _strips(*levels.shape):
        pixels[rows] = (levels[rows] >> shift).clip(0, 255)[..., None]
    return pixels


def _colors(image: Image.Image) -> NDArray[np.uint8]:
    """8-bit RGB of a picture, strip by strip: whole copies of a large one would fill the memory."""
    width, height = image.size
    if width * height <= _STRIP_PIXELS:
        return np.asarray(_flattened(image).convert("RGB"))
    pixels = np.empty((height, width, 3), np.uint8)
    for rows in _strips(height, width):
        pixels[rows] = np.asarray(_flattened(image.crop((0, rows.start, width, rows.stop))).convert("RGB"))
    return pixels


def _flattened(image: Image.Image) -> Image.Image:
    """A picture on white, where it has transparent parts."""
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        colors = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", colors.size, (255, 255, 255, 255)), colors)
    return image


def _strips(height: int, width: int) -> Iterator[slice]:
    step = max(1, _STRIP_PIXELS // max(1, width))
    return (slice(top, min(top + step, height)) for top in range(0, height, step))
