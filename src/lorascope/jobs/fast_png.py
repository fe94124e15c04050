"""Decode the plainest PNG files with kornia-rs, where it is installed: three to ten times as fast as Pillow, to the same pixels.

Plain means 8-bit RGB, not interlaced, with nothing in the file that could change what is seen or grow when unpacked: no transparency,
orientation (eXIf, XMP, raw profiles), animation, color profile or compressed text. All else is left to Pillow.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from functools import cache
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">I4sIIBBBBB")
_HARMLESS = frozenset({b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"pHYs", b"bKGD", b"tIME", b"tEXt"})
_MOST_BYTES = 256 * 1024 * 1024


def decode_plain_png(file: BinaryIO, most_pixels: int) -> NDArray[np.uint8] | None:
    """(height, width, 3) uint8 of an open file; None, with the file at its start again, where Pillow has to look."""
    decoder = _decoder()
    if decoder is None:
        return None
    head = file.read(8 + _HEADER.size)
    size = _plain_size(head)
    if size is not None and size[0] * size[1] <= most_pixels:
        data = head + file.read() if file.seek(0, io.SEEK_END) <= _MOST_BYTES and file.seek(len(head)) else b""
        if _is_plain(data):
            with suppress(Exception):  # it raises Exception itself, nothing narrower; Pillow then says what is wrong
                pixels: NDArray[np.uint8] = np.asarray(decoder(data, size, "rgb"))
                return pixels
    file.seek(0)
    return None


@cache
def _decoder() -> Any:
    try:
        from kornia_rs.io import decode_image_png_u8
    except ImportError:
        return None
    return decode_image_png_u8


def _plain_size(head: bytes) -> tuple[int, int] | None:
    if len(head) < 8 + _HEADER.size or not head.startswith(_SIGNATURE):
        return None
    length, kind, width, height, depth, colors, _, _, interlace = _HEADER.unpack_from(head, 8)
    plain = (length, kind, depth, colors, interlace) == (13, b"IHDR", 8, 2, 0) and width and height
    return (height, width) if plain else None


def _is_plain(data: bytes) -> bool:
    """Whether every chunk is a harmless one. Text may carry an orientation too, under these keys."""
    at = 8 + 25
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind not in _HARMLESS or (kind == b"tEXt" and data[at + 8 : at + 11] in {b"XML", b"Raw", b"xmp"}):
            return False
        if kind == b"IEND":
            return True
        at += 12 + length
    return False
