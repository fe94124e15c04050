"""List the images and captions under a folder as a stream, in one fixed order, without holding their names in memory.

A folder of a million files is sorted in runs of a few thousand names that go to a temporary file, and the runs are merged while they
are read: the order is that of the names' bytes without their extension, folder by folder, and an image and its caption meet.
"""

# Names are bytes here, since not all of them are text.
# ruff: noqa: PTH114, PTH116, PTH118, PTH122

from __future__ import annotations

import heapq
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from lorascope.errors import MissingFile
from lorascope.jobs.read_dataset import IMAGE_EXTENSIONS

NAMES_IN_MEMORY = 100_000  # of one folder; beyond it, runs on disk


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it was when it was listed. ``name`` is relative to the folder that was listed, in the system's bytes."""

    name: bytes
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Pair:
    """An image with its caption; one of them may be missing."""

    image: FoundFile | None
    caption: FoundFile | None


def list_pairs(folder: str, caption_extension: str = ".txt") -> Iterator[Pair]:
    """Every image and every caption under a folder, those in it first, then folder after folder.

    Links to files are followed, links to folders are not: a loop of links would never end. Names that begin with a dot are left out, and
    files that are neither.

    Raises:
        MissingFile: the folder cannot be listed.
    """
    root = os.fsencode(folder)
    waiting = [b""]
    while waiting:
        inner = waiting.pop()
        folders: list[bytes] = []
        for stem, files in _by_stem(root, inner, folders, os.fsencode(caption_extension)):
            yield from _pairs(root, inner, stem, files, os.fsencode(caption_extension))
        waiting += sorted(folders, reverse=True)


def count_images(folder: str) -> int:
    """How many files with an image's name lie under a folder."""
    count, waiting = 0, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as listing:  # who lists it to measure will say what is wrong
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    waiting += [] if entry.name.startswith(".") else [entry.path]
                else:
                    count += os.path.splitext(entry.name)[1].lower() in IMAGE_EXTENSIONS
    return count


def _by_stem(root: bytes, inner: bytes, folders: list[bytes], caption: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """The files of one folder by their stems, in order; the folders in it are added to ``folders``."""
    group: list[bytes] = []
    last: bytes | None = None
    for key in _sorted(_keys(root, inner, folders, caption)):
        stem, _, extension = key.rpartition(b"/")  # no name holds a slash or a zero, so the two parts cannot be mistaken
        if stem != last:
            if last is not None:
                yield last, group
            group, last = [], stem
        group.append(extension)
    if last is not None:
        yield last, group


def _keys(root: bytes, inner: bytes, folders: list[bytes], caption: bytes) -> Iterator[bytes]:
    wanted = {*(os.fsencode(extension) for extension in IMAGE_EXTENSIONS)}
    try:
        with os.scandir(os.path.join(root, inner) if inner else root) as listing:
            for entry in listing:
                if entry.name.startswith(b"."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(os.path.join(inner, entry.name))
                    continue
                stem, extension = os.path.splitext(entry.name)
                if extension.lower() in wanted or extension == caption:
                    yield stem + b"/" + extension
    except OSError as error:
        where = os.fsdecode(os.path.join(root, inner)) if inner else os.fsdecode(root)
        raise MissingFile(f"cannot be listed: {error.strerror}", where=where, next_step="check the path and its permissions") from error


def _sorted(keys: Iterator[bytes]) -> Iterator[bytes]:
    """Sort any number of keys with few of them in memory."""
    runs: list[BinaryIO] = []
    try:
        while run := _few(keys):
            run.sort()
            if len(run) < NAMES_IN_MEMORY and not runs:
                yield from run
                return
            runs.append(_spilled(run))
        yield from heapq.merge(*(_read(run) for run in runs))
    finally:
        for file in runs:
            file.close()


def _few(keys: Iterator[bytes]) -> list[bytes]:
    run = []
    for key in keys:
        run.append(key)
        if len(run) == NAMES_IN_MEMORY:
            break
    return run


def _spilled(run: list[bytes]) -> BinaryIO:
    file = tempfile.TemporaryFile(prefix="lorascope-")  # noqa: SIM115 - closed when the runs are merged
    for key in run:
        file.write(key + b"\0")  # names may hold line ends, but no zero
    file.seek(0)
    return file


def _read(file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while block := file.read(1 << 14):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole


def _pairs(root: bytes, inner: bytes, stem: bytes, extensions: list[bytes], caption: bytes) -> Iterator[Pair]:
    images = [extension for extension in extensions if extension.lower() != caption.lower() and extension != caption]
    text = _found(root, os.path.join(inner, stem + caption)) if caption in extensions else None
    for extension in images:
        image = _found(root, os.path.join(inner, stem + extension))
        if image is not None:
            yield Pair(image, text)
    if not images and text is not None:
        yield Pair(None, text)


def _found(root: bytes, name: bytes) -> FoundFile | None:
    """None for what is gone, or is a pipe, a device or a link to a folder; a link to nowhere is found with size -1."""
    try:
        seen = os.stat(os.path.join(root, name))
    except FileNotFoundError:
        return FoundFile(name, -1, 0) if os.path.islink(os.path.join(root, name)) else None
    except OSError:
        return FoundFile(name, -1, 0)
    return FoundFile(name, seen.st_size, seen.st_mtime_ns) if stat.S_ISREG(seen.st_mode) else None
