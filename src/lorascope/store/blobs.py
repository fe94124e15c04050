"""Content-addressed files: images and the like, named by the BLAKE2b-128 of their bytes, ``ab/cdef…``. Whole or not there."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lorascope.errors import MissingFile, NotFound

_DIGEST = re.compile(r"[0-9a-f]{32}")
_CHUNK_BYTES = 1 << 20


class Blobs:
    """A folder of content-addressed files. Putting the same bytes twice stores them once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | Path) -> str:
        """Store bytes, or a copy of a file, and return the digest. When this returns, the bytes are on the disk.

        Raises:
            MissingFile: the file is not there or cannot be read.
        """
        if isinstance(content, bytes):
            return self._put(iter([content]))
        try:
            source = content.open("rb")
        except OSError as error:
            raise MissingFile(f"cannot be read: {error.strerror}", where=str(content)) from error
        with source:
            return self._put(_chunks(source))

    def _put(self, chunks: Iterator[bytes]) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        hashed, size = hashlib.blake2b(digest_size=16), 0
        descriptor, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
        unfinished = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    hashed.update(chunk)
                    size += file.write(chunk)
                target = self._file(hashed.hexdigest())
                if target.is_file() and target.stat().st_size == size:
                    return hashed.hexdigest()
                file.flush()
                os.fsync(file.fileno())
            target.parent.mkdir(exist_ok=True)
            unfinished.chmod(0o644)  # mkstemp makes files that only their owner can read
            unfinished.replace(target)
            _sync_folder(target.parent)
        finally:
            unfinished.unlink(missing_ok=True)
        return hashed.hexdigest()

    def path(self, digest: str) -> Path:
        """Where a blob lies.

        Raises:
            NotFound: it is not stored, or this is no digest.
        """
        if not _DIGEST.fullmatch(digest) or not self._file(digest).is_file():
            raise NotFound(f"no file {digest!r} in the store", where=str(self.folder))
        return self._file(digest)

    def damaged(self) -> list[str]:
        """The digests of stored files whose bytes are no longer what their name says."""
        found = []
        for file in sorted(self.folder.glob("[0-9a-f][0-9a-f]/*")):
            hashed = hashlib.blake2b(digest_size=16)
            with file.open("rb") as content:
                for chunk in _chunks(content):
                    hashed.update(chunk)
            name = file.parent.name + file.name
            if hashed.hexdigest() != name:
                found.append(name)
        return found

    def _file(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _sync_folder(folder: Path) -> None:
    """A renamed file survives a power cut only once its folder is on the disk too."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
