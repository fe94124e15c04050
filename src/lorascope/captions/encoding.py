"""Caption bytes to text and back: lenient enough for an audit, exact enough to write the same bytes again."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a caption's bytes were read. ``mark`` is its byte-order mark, if any."""

    codec: str = "utf-8"
    mark: bytes = b""

    @property
    def plain(self) -> bool:
        """Whether it is what every trainer expects: UTF-8 without a mark."""
        return self.codec == "utf-8" and not self.mark

    def offsets(self, text: str, characters: Iterable[int]) -> dict[int, int]:
        """Where characters of the text stand in the file's bytes: character offset → byte offset. The text is gone through once.

        >>> Encoding("utf-8", b"\\xef\\xbb\\xbf").offsets("café, red", [0, 4])
        {0: 3, 4: 8}
        """
        found, before, at = {}, 0, len(self.mark)
        for place in sorted(set(characters)):
            at += len(text[before:place].encode(self.codec, "surrogatepass" if self.codec.startswith("utf") else "strict"))
            found[place], before = at, place
        return found

    def encode(self, text: str) -> bytes:
        """The bytes of a text in this encoding, mark included."""
        return self.mark + text.encode(self.codec)


def decode(data: bytes) -> tuple[str, Encoding]:
    """The text of a caption file and how it was read. Never fails: what is not UTF-8 is read as cp1252, or else as latin-1.

    >>> decode("é".encode("cp1252"))
    ('é', Encoding(codec='cp1252', mark=b''))
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            text = _decoded(data[len(mark) :], codec)
            if text is not None:
                return text, Encoding(codec, mark)
    for codec in (_unmarked_utf16(data), "utf-8", "cp1252"):
        text = _decoded(data, codec) if codec else None
        if text is not None:
            return text, Encoding(codec or "")
    return data.decode("latin-1"), Encoding("latin-1")


def _unmarked_utf16(data: bytes) -> str:
    """UTF-16 without a mark shows as a zero in every other byte of plain text."""
    if len(data) < 4 or len(data) % 2:
        return ""
    for codec, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if zeros.count(0) >= 0.9 * len(zeros):
            return codec
    return ""


def _decoded(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None
