"""Remember what was seen in pictures, so that auditing a folder again looks only at the pictures that changed.

One file per folder, in the user's cache: nothing is written beside the pictures. A picture counts as unchanged when its size,
times and inode are; a picture written within the last two seconds is not trusted, since a clock tick may hide a second change. What is
remembered is thrown away whenever the code that looks at pictures changes. A cache that is damaged, or cannot be written, costs time
and nothing else. The file is a plain NumPy archive, read without pickle.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lorascope
from lorascope.captions.sight import Sight
from lorascope.jobs.open_file import open_file
from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.records.color import Rgb, oklab

MOST_FOLDERS = 100  # remembered; the one used longest ago goes first
LARGEST_BYTES = 256_000_000
WRITING = ".writing-"
_TRUSTED_AFTER_S = 2.0
_UNFINISHED_AFTER_S = 3600.0
_SEEING = ("pixels", "captions/sight.py", "records/color.py", "jobs/read_pixels.py", "jobs/sight_cache.py")  # what decides what is seen

# what reading an archive that somebody else wrote may raise
_DAMAGES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture as it was when looked at: the digest of its bytes, what was seen, and why nothing was (empty when all is well)."""

    digest: str
    sight: Sight | None
    problem: str = ""


@dataclass(slots=True)
class SightCache:
    """What is remembered of one folder. ``file`` is None when nothing shall be kept."""

    file: Path | None
    folder: str = ""
    known: dict[str, tuple[Stamp, Seen]] = field(default_factory=dict)
    is_changed: bool = False

    @classmethod
    def of(cls, folder: Path, caches: Path | None) -> SightCache:
        """What is remembered of a folder; empty when there is nothing, or when it cannot be read."""
        if caches is None:
            return cls(None)
        place = hashlib.blake2b(os.fsencode(folder.resolve()), digest_size=16).hexdigest()
        file = caches / "sights" / f"{place}.npz"
        return cls(file, str(folder), _load(file))

    def recall(self, name: str, stamp: Stamp) -> Seen | None:
        """What is known of a file, if it is the same as then."""
        then, seen = self.known.get(name, (None, None))
        return seen if then == stamp else None

    def digest_of(self, name: str) -> str | None:
        """The digest of a file's bytes, if it is known and the file is the same as then."""
        then, seen = self.known.get(name, (None, None))
        return seen.digest if seen is not None and then == stamp_of(f"{self.folder}{os.sep}{name}") else None

    def remember(self, name: str, stamp: Stamp, seen: Seen) -> None:
        """Keep what was seen in a file."""
        self.known[name] = (stamp, seen)
        self.is_changed = True

    def save(self, names: Iterable[str]) -> None:
        """Write what is known of the files that are there now; without room or right to write, nothing is kept."""
        if self.file is None or not self.is_changed:
            return
        keep = {name: self.known[name] for name in names if name in self.known}
        young = time.time_ns() - int(_TRUSTED_AFTER_S * 1e9)
        keep = {name: kept for name, kept in keep.items() if max(kept[0][1], kept[0][2]) < young}
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            _save(self.file, keep)
            _forget_old(self.file.parent)


def stamp_of(path: str) -> Stamp:
    """What changes when a file does: size, time of change, time of change of its entry (both ns), inode."""
    about = os.stat(path)  # noqa: PTH116 - a Path would double the time, for every picture of a large folder
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


@cache
def seeing_version() -> str:
    """Names the code that looks at pictures: a digest of its source."""
    digest = hashlib.blake2b(digest_size=16)
    package = Path(lorascope.__file__).parent
    for part in _SEEING:
        files = sorted((package / part).glob("*.py")) if (package / part).is_dir() else [package / part]
        for file in files:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _save(file: Path, known: Mapping[str, tuple[Stamp, Seen]]) -> None:
    rows, palettes, shares, behind, cells = [], [], [], [], []
    for name, (stamp, seen) in known.items():
        row: dict[str, object] = {"name": name, "stamp": stamp, "digest": seen.digest, "problem": seen.problem}
        if seen.sight is not None:
            sight = seen.sight
            row["sight"] = {
                "background": sight.background,
                "blur": sight.blur,
                "kind": sight.kind and sight.kind.value,
                "background_colors": sight.background_colors,
                "scale": sight.scale.value,
                "colors": len(sight.palette),
                "is_shared_out": sight.shares is not None and sight.behind is not None,
                "cells": None if sight.cells is None else sight.cells.shape,
            }
            palettes.append(sight.palette.reshape(-1))
            if sight.shares is not None and sight.behind is not None:
                shares.append(sight.shares)
                behind.append(sight.behind)
            if sight.cells is not None:
                cells.append(sight.cells.reshape(-1))
        rows.append(row)
    head = json.dumps({"version": seeing_version(), "rows": rows}).encode("ascii")
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(
                out,
                head=np.frombuffer(head, np.uint8),
                palettes=_joined(palettes, np.dtype(np.uint8)),
                shares=_joined(shares, np.dtype(np.float64)),
                behind=_joined(behind, np.dtype(np.float64)),
                cells=_joined(cells, np.dtype(np.uint8)),
            )
        Path(temporary).replace(file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _joined(arrays: Sequence[NDArray[np.generic]], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)


def _load(file: Path) -> dict[str, tuple[Stamp, Seen]]:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            return {}
        with open_file(file) as opened, np.load(opened, allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > LARGEST_BYTES:  # ours are not compressed
                return {}
            arrays = {name: archive[name] for name in ("head", "palettes", "shares", "behind", "cells")}
        head = json.loads(arrays["head"].tobytes())
        if head["version"] != seeing_version():
            return {}
        return _unpacked(head["rows"], arrays)
    except _DAMAGES:  # not there, or not what we wrote: look again
        return {}


def _unpacked(rows: list[dict[str, object]], arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, tuple[Stamp, Seen]]:
    known: dict[str, tuple[Stamp, Seen]] = {}
    labs = oklab(arrays["palettes"].reshape(-1, 3))
    palettes = arrays["palettes"].astype(np.uint8, copy=False).reshape(-1, 3)
    shares, behind = arrays["shares"].reshape(-1), arrays["behind"].reshape(-1)
    color = share = cell = 0
    for row in rows:
        about, sight = row.get("sight"), None
        if isinstance(about, dict):
            colors = int(about["colors"])
            shape = tuple(about["cells"]) if about["cells"] else (0, 0, 3)
            size = int(np.prod(shape))
            shared = colors if about["is_shared_out"] else 0
            if min(colors, *shape) < 0 or color + colors > len(palettes) or share + shared > min(map(len, (shares, behind))):
                raise ValueError
            sight = Sight(
                background=_rgb(about["background"]),
                palette=palettes[color : color + colors],
                palette_lab=labs[color : color + colors],
                blur=float(about["blur"]),
                kind=BackgroundKind(about["kind"]) if about["kind"] else None,
                background_colors=tuple(rgb for one in about["background_colors"] if (rgb := _rgb(one))),
                shares=shares[share : share + shared].astype(np.float64, copy=False) if shared else None,
                behind=behind[share : share + shared].astype(np.float64, copy=False) if shared else None,
                scale=Scale(about["scale"]),
                cells=arrays["cells"][cell : cell + size].astype(np.uint8, copy=False).reshape(shape) if about["cells"] else None,
            )
            color, share, cell = color + colors, share + shared, cell + size
        size_bytes, changed, entered, inode = (int(part) for part in _list(row["stamp"]))
        known[str(row["name"])] = ((size_bytes, changed, entered, inode), Seen(str(row["digest"]), sight, str(row["problem"])))
    return known


def _rgb(value: object) -> Rgb | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    return int(value[0]), int(value[1]), int(value[2])


def _forget_old(folder: Path) -> None:
    forget_unfinished(folder)
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[MOST_FOLDERS:]:
        file.unlink(missing_ok=True)


def forget_unfinished(folder: Path) -> None:
    """Remove what processes left that ended while they wrote here: an hour is more than any of them needs."""
    for path in folder.glob(f"{WRITING}*"):
        if path.lstat().st_mtime < time.time() - _UNFINISHED_AFTER_S:
            path.unlink(missing_ok=True)


def _list(value: object) -> list[int]:
    return value if isinstance(value, list) else []
