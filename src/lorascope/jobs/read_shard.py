"""A shard to batches of rows, for measuring. Nothing is written to disk, and no name in an archive is taken for a path."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa

from lorascope.errors import BadFile
from lorascope.jobs.list_files import FoundFile
from lorascope.jobs.measure_batch import NO_IMAGE
from lorascope.jobs.open_file import open_caption, open_file
from lorascope.jobs.read_dataset import IMAGE_EXTENSIONS, LARGEST_CAPTION_BYTES
from lorascope.jobs.read_parquet import parquet_rows
from lorascope.jobs.shards import Shard, ShardKind, Source, open_remote

ROWS_PER_BATCH = 256
TEXTS_PER_BATCH = 16_384
BYTES_PER_BATCH = 64_000_000
LARGEST_IMAGE_BYTES = 256_000_000
_LARGEST_HEADER_BYTES = 1_000_000  # of an archive: longer ones hold no name
INPUT = pa.schema(
    [
        ("key", pa.string()),
        ("image", pa.large_binary()),
        ("caption", pa.large_binary()),
        ("image_problem", pa.string()),
        ("caption_problem", pa.string()),
    ]
)


@dataclass(slots=True)
class Row:
    """One picture with its caption, as bytes, or why there are none."""

    key: str
    image: bytes | None = None
    caption: bytes | None = None
    image_problem: str | None = None
    caption_problem: str | None = None

    @property
    def size_bytes(self) -> int:
        """What it holds in memory."""
        return len(self.image or b"") + len(self.caption or b"")


@dataclass(slots=True)
class Reading:
    """A shard that is being read: its ``problem`` is known once its batches are through, empty when all of it could be read."""

    source: Source
    shard: Shard
    text_only: bool = False
    problem: str = ""
    skipped: int = field(default=0)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The shard's rows in their order. What follows a break in an archive is lost; ``problem`` then says so."""
        if self.shard.kind is ShardKind.PARQUET:
            yield from self._parquet()
            return
        rows = self._tar() if self.shard.kind is ShardKind.TAR else self._files()
        yield from _batched(rows, TEXTS_PER_BATCH if self.text_only else ROWS_PER_BATCH)

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        with _opened(self.source, self.shard.path) as file:
            try:
                size = TEXTS_PER_BATCH if self.text_only else ROWS_PER_BATCH
                yield from parquet_rows(file, self.source, self.shard.name, rows=size, text_only=self.text_only)
            except (pa.ArrowInvalid, OSError) as error:
                self.problem = f"not a readable Parquet file: {str(error).splitlines()[0][:200]}"

    def _files(self) -> Iterator[Row]:
        files = open_remote(self.source)[0] if self.source.is_remote else None
        for pair in self.shard.pairs:
            seen = pair.image or pair.caption
            assert seen is not None
            row = Row(seen.name.decode("utf-8", "backslashreplace"))
            if pair.image is None:
                row.image_problem = NO_IMAGE
            elif not self.text_only:
                row.image, row.image_problem = _content(files, self.shard.path, pair.image, LARGEST_IMAGE_BYTES)
            if pair.caption is not None:
                row.caption, row.caption_problem = _content(files, self.shard.path, pair.caption, LARGEST_CAPTION_BYTES, open_caption)
            yield row

    def _tar(self) -> Iterator[Row]:
        with _opened(self.source, self.shard.path) as file:
            try:
                with tarfile.open(fileobj=_Modest(file), mode="r:") as archive:
                    yield from self._members(archive)
            except (tarfile.TarError, EOFError, BadFile) as error:
                self.problem = f"the archive is broken or cut off: {error}"

    def _members(self, archive: tarfile.TarFile) -> Iterator[Row]:
        """Neighbors of one key (the name up to the first dot of its last part) are one row, as in WebDataset."""
        row: Row | None = None
        stem = ""
        while (member := archive.next()) is not None:
            vars(archive)["members"] = []  # it would remember every one
            folder, _, name = member.name.rpartition("/")
            key, dot, extension = name.partition(".")
            kind = f".{extension.lower()}"
            if not member.isreg() or member.issparse() or not dot or not key:
                self.skipped += 0 if member.isdir() else 1
                continue
            if kind not in IMAGE_EXTENSIONS and kind != self.source.caption_extension.lower():
                continue
            if row is None or stem != f"{folder}/{key}":
                if row is not None:
                    yield row
                row, stem = Row(_plain(f"{folder}/{key}" if folder else key)), f"{folder}/{key}"
                row.image_problem = NO_IMAGE
            if kind == self.source.caption_extension.lower():
                row.caption, row.caption_problem = _member(archive, member, LARGEST_CAPTION_BYTES)
            else:
                row.image_problem = None
                if not self.text_only:
                    row.image, row.image_problem = _member(archive, member, LARGEST_IMAGE_BYTES)
        if row is not None:
            yield row


def _plain(name: str) -> str:
    """A name as it can be stored: bytes that are no UTF-8 are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _batched(rows: Iterator[Row], most: int) -> Iterator[pa.RecordBatch]:
    held: list[Row] = []
    size = 0
    for row in rows:
        held.append(row)
        size += row.size_bytes
        if len(held) >= most or size >= BYTES_PER_BATCH:
            yield _batch(held)
            held, size = [], 0
    if held:
        yield _batch(held)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    arrays = [pa.array([getattr(row, name) for row in rows], kind) for name, kind in zip(INPUT.names, INPUT.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=INPUT)


def _opened(source: Source, path: str) -> Any:
    if source.is_remote:
        return open_remote(source)[0].open(path, "rb")
    return open_file(path)


def _content(
    files: Any, root: str, file: FoundFile, most: int, opening: Callable[[bytes], BinaryIO] = open_file
) -> tuple[bytes | None, str | None]:
    """A file's bytes, or why there are none: too many, unreadable, or other than they were when the folder was listed."""
    if file.size_bytes > most:
        return None, f"larger than {most // 1000} kB"
    try:
        if files is not None:
            data = files.cat_file(f"{root}/{file.name.decode()}")
            return (data, None) if len(data) == file.size_bytes else (None, "changed while it was measured")
        path = os.fsencode(root) + b"/" + file.name
        with opening(path) as opened:
            data = opened.read(most + 1)
            after = os.fstat(opened.fileno())
    except FileNotFoundError:
        return None, "gone since the folder was listed" if file.size_bytes >= 0 else "a link that leads nowhere"
    except OSError as error:
        return None, f"cannot be read: {error.strerror or type(error).__name__}"
    if (after.st_size, after.st_mtime_ns) != (file.size_bytes, file.modified_ns) or len(data) != file.size_bytes:
        return None, "changed while it was measured"
    return data, None


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> tuple[bytes | None, str | None]:
    if member.size > most:
        return None, f"larger than {most // 1000} kB"
    opened = archive.extractfile(member)
    return (opened.read(), None) if opened is not None else (None, "not a file")


class _Modest(io.RawIOBase):
    """An archive's file that hands out no more at once than a member may have: a forged header must not fill the memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes."""
        if not 0 <= size <= LARGEST_IMAGE_BYTES:
            raise BadFile(f"a header claims {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go there."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is."""
        return True
