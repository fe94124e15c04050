"""Image files to pixels: refuses bombs before decoding, and brings upscaled sprites back to one pixel a cell."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from lorascope.errors import BadFile

MOST_PIXELS = 64_000_000
NATIVE_SIDE_PX = 64  # pictures up to this size are taken as they are
LEAST_NATIVE_SIDE_PX = 8


def load_pixels(path: Path) -> NDArray[np.uint8]:
    """The pixels of an image file, (height, width, 3) uint8, upright (EXIF orientation applied), alpha flattened on white.

    Palettes, gray, CMYK and 16 bits per channel become 8-bit RGB; of an animation the first frame is taken.

    Raises:
        BadFile: not an image, cut off, or more than 64 million pixels (known from the header, before decoding).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit below says it in our words
            return _decoded(path)
    except Image.DecompressionBombError as error:
        raise _bad(path, "far too large to decode", "scale it down") from error
    except UnidentifiedImageError as error:
        raise _bad(path, "not an image") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow's ways to say that a file is broken
        if isinstance(error, OSError) and error.errno is not None:
            raise _bad(path, f"cannot be read: {error.strerror}", "check the file and its permissions") from error
        raise _bad(path, "broken or cut off") from error


def _bad(path: Path, what: str, next_step: str = "remove it from the dataset, or save it anew") -> BadFile:
    return BadFile(what, where=str(path), next_step=next_step)


def _decoded(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise _bad(path, f"{width} x {height} pixels, more than {MOST_PIXELS // 1_000_000} million", "scale it down")
        upright = ImageOps.exif_transpose(image)
        if upright.mode in {"I", "F"} or upright.mode.startswith("I;16"):
            levels = np.asarray(upright.convert("I"), np.int64)
            gray = (levels >> 8 if levels.max(initial=0) > 255 else levels).clip(0, 255).astype(np.uint8)
            return np.repeat(gray[..., None], 3, axis=2)
        if upright.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in upright.info:
            colors = upright.convert("RGBA")
            white = Image.new("RGBA", colors.size, (255, 255, 255, 255))
            upright = Image.alpha_composite(white, colors)
        return np.asarray(upright.convert("RGB"))


def native(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The picture with one pixel a cell, or None when its scale is not certain.

    Pictures up to 64 pixels a side are native already. Larger ones are certain only when they consist of equal square blocks:
    enlarged by a whole number, without smoothing, and stored without loss.
    """
    height, width = pixels.shape[:2]
    if max(height, width) <= NATIVE_SIDE_PX:
        return pixels
    common = math.gcd(height, width)
    for factor in range(common, 1, -1):
        if common % factor or min(height, width) // factor < LEAST_NATIVE_SIDE_PX:
            continue
        small = pixels[::factor, ::factor]
        if np.array_equal(np.repeat(np.repeat(small, factor, axis=0), factor, axis=1), pixels):
            return small
    return None
