"""Whether a picture file is all there, and the texts in it: read from its structure alone, never decoded.

A trainer's pictures are looked at while they are being written, and files from strangers may claim any size; so no pixel is touched.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from lorascope.errors import BadFile, MissingFile, UnfinishedFile

PNG, JPEG, RIFF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"
_JPEG_END, _WEBP = b"\xff\xd9", b"WEBP"
_MAX_CHUNKS = 100_000
_MAX_TEXT_BYTES = 64 * 1024
_MAX_TEXTS = 32
_CHUNK = struct.Struct(">I4s")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file that is all there; ``texts`` are the uncompressed text chunks of a PNG."""

    file_bytes: int
    texts: Mapping[str, str] = field(default_factory=dict)


def is_picture(head: bytes) -> bool:
    """Whether a file begins like a PNG, a JPEG or a WebP."""
    return head.startswith((PNG, JPEG)) or (head.startswith(RIFF) and head[8:12] == _WEBP)


def look_at_picture(path: Path) -> Picture:
    """Look whether a picture is all there.

    Raises:
        MissingFile: it is not there or cannot be read.
        UnfinishedFile: its end is not written yet, or was cut off.
        BadFile: it is no PNG, JPEG or WebP.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(12)
            if head.startswith(PNG):
                return Picture(size, _png_texts(file, size, path))
            if not is_picture(head):
                raise BadFile("this is no PNG, JPEG or WebP", where=str(path), next_step="look at the file")
            if not (_ends_as_jpeg(file, size) if head.startswith(JPEG) else size >= 8 + int.from_bytes(head[4:8], "little")):
                raise _unfinished(path)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    return Picture(size)


def _ends_as_jpeg(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - 2))
    return file.read(2) == _JPEG_END


def _png_texts(file: BinaryIO, size: int, path: Path) -> dict[str, str]:
    """The text chunks of a PNG, having gone from chunk to chunk up to its end."""
    texts: dict[str, str] = {}
    at = len(PNG)
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        header = file.read(_CHUNK.size)
        if len(header) < _CHUNK.size:
            raise _unfinished(path)
        length, kind = _CHUNK.unpack(header)
        at += _CHUNK.size + length + 4
        if at > size:
            raise _unfinished(path)
        if kind == b"IEND":
            return texts
        if kind in {b"tEXt", b"iTXt"} and length <= _MAX_TEXT_BYTES and len(texts) < _MAX_TEXTS:
            texts.update(_text(kind, file.read(length)))
    raise BadFile(f"a PNG of more than {_MAX_CHUNKS:,} chunks", where=str(path), next_step="look at the file")


def _text(kind: bytes, data: bytes) -> dict[str, str]:
    """One text chunk: Latin-1, or UTF-8 behind four more fields; a compressed one is left out."""
    key, _, rest = data.partition(b"\x00")
    if kind == b"tEXt":
        return {key.decode("latin-1"): rest.decode("latin-1")}
    if rest[:1] != b"\x00":
        return {}
    text = rest[2:].split(b"\x00", 2)[-1]
    return {key.decode("latin-1"): text.decode("utf-8", "replace")}


def _unfinished(path: Path) -> UnfinishedFile:
    return UnfinishedFile("the picture is not complete", where=str(path), next_step="wait until it is written, or delete it")
