"""Finds the files that an import should look at: those named, and all in the folders named, but nothing outside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.importers.kohya_names import STATE
from lorascope.importers.kohya_state import STATE_FILE

FILES_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Found:
    """``named`` are the files named one by one, ``inside`` those found in folders, each once; ``notes`` say what was left out."""

    named: tuple[Path, ...]
    inside: tuple[Path, ...]
    notes: tuple[str, ...]


def find_files(paths: Sequence[Path]) -> Found:
    """The files under these paths, in order of their names, as absolute paths.

    Hidden files and folders are passed over, links are followed only within the folder that was named, and of a state folder of
    kohya's only ``train_state.json`` is looked at. A path that does not exist is among ``named``: whoever opens it will say so.
    """
    named: dict[Path, None] = {}
    inside: dict[Path, None] = {}
    notes: list[str] = []
    for path in (Path(os.path.abspath(each)) for each in paths):  # noqa: PTH100 - resolve() would follow links
        if not path.is_dir():
            named[path] = None
            continue
        for file in _walk(path, notes):
            if len(inside) >= FILES_LIMIT:
                notes.append(f"{path}: holds more than {FILES_LIMIT:,} files; the rest was left out (name the folders of the runs)")
                break
            inside[file] = None
    return Found(tuple(named), tuple(file for file in inside if file not in named), tuple(notes))


def _walk(top: Path, notes: list[str]) -> Iterator[Path]:
    """The files of a folder and of the folders in it."""
    root = top.resolve()
    unreadable: list[str] = []
    away = 0
    for folder, folders, files in os.walk(top, onerror=lambda error: unreadable.append(str(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = Path(folder)
        is_state = place.name.endswith(STATE)
        for name in sorted(files):
            path = place / name
            if name.startswith(".") or (is_state and name != STATE_FILE):
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):  # resolve() fails on a link to itself
                away += 1
                continue
            yield path
    if away:
        links = "1 link leads out of the folder and was" if away == 1 else f"{away} links lead out of the folder and were"
        notes.append(f"{top}: {links} not followed")
    notes += [f"{folder}: cannot be read" for folder in unreadable[:10]]
