"""What lies in a folder right now, and what changed since the last look: sizes and times only, so that a look is cheap.

By polling, not by the system's notices: those do not come from network folders, where rented GPUs put their files. The files are
those that ``find_files`` finds for an import: no hidden ones, of a state folder only its train_state.json, no links out of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.importers.kohya_names import STATE
from lorascope.importers.kohya_state import STATE_FILE

_MAX_DEPTH = 12
_MAX_FILES = 200_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size and time of change (nanoseconds since the epoch). Equal stamps: nothing was written."""

    file_bytes: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Look:
    """The files under a folder, by path. ``is_partial``: there were more, or deeper ones, than are looked at."""

    files: Mapping[str, Stamp]
    is_partial: bool = False


def look_into(folder: Path) -> Look:
    """The files under a folder. One that is not there (yet) is an empty one; links to folders are not followed."""
    files: dict[str, Stamp] = {}
    top = os.path.realpath(folder)
    waiting = [(os.path.abspath(folder), 0)]  # noqa: PTH100 - resolve() would follow links, and an import does not
    is_partial = False
    while waiting:
        path, depth = waiting.pop()
        try:
            with os.scandir(path) as entries:
                is_state = path.endswith(STATE)
                for entry in entries:
                    if entry.name.startswith(".") or (is_state and entry.name != STATE_FILE):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _MAX_DEPTH:
                            waiting.append((entry.path, depth + 1))
                        is_partial |= depth >= _MAX_DEPTH
                        continue
                    _take(entry, files, top)
        except OSError:  # it went away while we looked, or may not be read: nothing to see there now
            continue
        if len(files) >= _MAX_FILES:
            return Look(files, is_partial=True)
    return Look(files, is_partial)


def _take(entry: os.DirEntry[str], files: dict[str, Stamp], top: str) -> None:
    try:
        leads_out = entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(top)
        if not leads_out and entry.is_file():
            status = entry.stat()
            files[entry.path] = Stamp(status.st_size, status.st_mtime_ns)
    except OSError:  # deleted between the listing and the look
        return
