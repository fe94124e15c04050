"""Name a file by its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lorascope.jobs.open_file import open_file


def file_digest(path: Path) -> str:
    """BLAKE2b-128 of a file's bytes, as hex; the file is read in pieces.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    digest = hashlib.blake2b(digest_size=16)
    with open_file(path) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
