"""Look at the pictures of a folder: several at a time, and only at those that changed since the last look."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import starmap
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.sight import see
from lorascope.errors import BadFile
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_pixels import MOST_PIXELS, load_pixels, pixel_count
from lorascope.jobs.sight_cache import Seen, SightCache, Stamp, stamp_of

MOST_THREADS = 8  # decoding leaves Python's lock, and so does most of NumPy
SMALL_BYTES = 20_000  # up to this mean size of the files, waiting for the lock costs more than several threads gain
TOGETHER_BYTES = 250_000  # of small pictures' pixels; they are decoded, then looked at: each code stays in the processor's cache
AHEAD = 4  # pictures per thread that may wait: memory stays flat however many there are


def look_at(folder: Path, pictures: Iterable[tuple[str, str]], cache: SightCache, progress: Progress) -> dict[str, Seen]:
    """What is seen in each picture, given as (name, digest of its bytes). Broken ones have a problem and no sight."""
    result: dict[str, Seen] = {}
    unknown: list[tuple[str, str, Stamp | None]] = []
    for name, digest in pictures:
        stamp = _stamp(folder, name)
        known = cache.recall(name, stamp) if stamp else None
        if known is None:
            unknown.append((name, digest, stamp))
        else:
            result[name] = known
            progress.advance()
    for (name, _, stamp), seen in zip(unknown, _in_threads(folder, unknown), strict=True):
        result[name] = seen
        if stamp is not None and _stamp(folder, name) == stamp:  # a file that changed meanwhile is looked at again next time
            cache.remember(name, stamp, seen)
        progress.advance()
    return result


def _in_threads(folder: Path, pictures: list[tuple[str, str, Stamp | None]]) -> Iterator[Seen]:
    """In order."""
    threads = min(MOST_THREADS, os.cpu_count() or 1, len(pictures))
    if threads < 2 or sum(stamp[0] for _, _, stamp in pictures if stamp) <= SMALL_BYTES * len(pictures):
        yield from _in_turn(folder, pictures)
        return
    waiting: deque[Future[Seen]] = deque()
    room = _Room()
    with ThreadPoolExecutor(threads) as pool:
        for name, digest, _ in pictures:
            waiting.append(pool.submit(_look, folder / name, digest, room))
            if len(waiting) > AHEAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _in_turn(folder: Path, pictures: list[tuple[str, str, Stamp | None]]) -> Iterator[Seen]:
    """In order, by one thread."""
    waiting: list[tuple[str, NDArray[np.uint8] | BadFile]] = []
    size = 0
    for name, digest, _ in pictures:
        decoded = _decoded(folder / name)
        waiting.append((digest, decoded))
        size += 0 if isinstance(decoded, BadFile) else decoded.size
        if size > TOGETHER_BYTES:
            yield from starmap(_seen, waiting)
            waiting, size = [], 0
    yield from starmap(_seen, waiting)


class _Room:
    """Lets several threads work at pictures of together at most 64 million pixels: a few large ones would fill the memory."""

    def __init__(self) -> None:
        self._free, self._changed = MOST_PIXELS, threading.Condition()

    @contextlib.contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for so many pixels, and hold it."""
        pixels = min(pixels, MOST_PIXELS)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


def _look(path: Path, digest: str, room: _Room) -> Seen:
    with room.taken(pixel_count(path)):
        return _seen(digest, _decoded(path))


def _decoded(path: Path) -> NDArray[np.uint8] | BadFile:
    try:
        return load_pixels(path)
    except BadFile as error:
        return error


def _seen(digest: str, decoded: NDArray[np.uint8] | BadFile) -> Seen:
    return Seen(digest, None, decoded.message) if isinstance(decoded, BadFile) else Seen(digest, see(decoded))


def _stamp(folder: Path, name: str) -> Stamp | None:
    try:
        return stamp_of(f"{folder}{os.sep}{name}")
    except OSError:
        return None
