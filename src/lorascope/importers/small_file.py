"""Reads a small text file that should be small: what is larger is not what it says it is."""

from __future__ import annotations

from pathlib import Path

from lorascope.errors import BadFile, MissingFile

_MOST_BYTES = 1_000_000


def small_text(path: Path) -> str:
    """The text of a file.

    Raises:
        MissingFile: it is not there or cannot be read.
        BadFile: it is too large, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if len(content) > _MOST_BYTES:
        raise BadFile(f"is larger than {_MOST_BYTES:,} bytes", where=str(path), next_step="check that this is the right file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile("is not UTF-8 text", where=f"{path}:{line}", next_step="save it as UTF-8") from error
