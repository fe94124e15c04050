"""Read a small text file that somebody wrote by hand."""

from __future__ import annotations

from pathlib import Path

from lorascope.errors import BadFile, MissingFile

LARGEST_BYTES = 1_000_000


def read_text(path: Path, what: str) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark; ``what`` it is ("recipe") is said in errors.

    Raises:
        MissingFile: it is not there or cannot be read. BadFile: it is larger than 1 MB, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise MissingFile(f"the {what} cannot be read: {error.strerror}", where=str(path), next_step="name a TOML file") from error
    if len(data) > LARGEST_BYTES:
        raise BadFile(f"larger than {LARGEST_BYTES // 1_000_000} MB: no {what}", where=str(path), next_step="name a TOML file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"the {what} is not UTF-8 text (byte {error.start + 1})", where=str(path), next_step="save it as UTF-8") from error
