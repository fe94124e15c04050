"""Change files of a folder so that the change can be taken back, and so that a crash at any moment loses nothing.

First everything is prepared aside: a hard copy of each file as it is, and each file as it will be. When all of that is on the disk, one
rename says that the change has begun; then the new files take their places one by one; one rename says that it is done. Whoever finds
a change half made can finish it or take it back, since both versions of every file are there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.errors import MissingFile
from lorascope.jobs.folder_lock import locked
from lorascope.jobs.open_file import open_file
from lorascope.jobs.settle import settle
from lorascope.jobs.version_folder import DONE, MANIFEST, PARTIAL, UNDOING, UNFINISHED, VERSIONS, Change, FileChange, changes, leftovers

AFTER, BEFORE = "after", "before"


@dataclass(frozen=True, slots=True)
class Changed:
    """What was changed. ``refused`` tells of files left alone and why (file → reason); ``backup`` holds the files as they were."""

    files: tuple[str, ...]
    refused: Mapping[str, str]
    backup: Path | None


def digest_of(data: bytes) -> str:
    """BLAKE2b-128 of bytes, as hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def change_files(
    folder: Path,
    digest: str,
    files: Mapping[str, tuple[bytes, bytes]],
    record: Callable[[frozenset[str]], tuple[str, str, bytes]],
) -> Changed:
    """Replace files (name → bytes as they are now, bytes as they shall be), keeping what they were in the version ``digest``.

    Files that are links, or no longer what they are said to be, stay as they are. ``record`` is told which files will be changed
    and gives the digest of the new version, and name and bytes of the file that tells of it, which is written along.

    Raises:
        Busy: another process is changing the folder. MissingFile: it cannot be written to.
    """
    with locked(folder):
        earlier = changes(folder)
        place = _new_place(folder, digest)
        try:
            refused = {name: why for name, (now, _) in files.items() if (why := _why_not(folder / name, now))}
            going = {name: pair for name, pair in files.items() if name not in refused}
            if not going:
                return Changed((), refused, None)
            after, record_name, record_bytes = record(frozenset(going))
            staged = [_stage(folder, place, name, new) for name, (_, new) in going.items()]
            staged.append(_stage(folder, place, record_name, record_bytes))
            number = max((each.number for each in earlier), default=0) + 1
            change = Change(place, PARTIAL, number, digest, after, tuple(staged))
            (place / MANIFEST).write_text(change.manifest(), "utf-8")
            settle([*(place / BEFORE).iterdir(), *(place / AFTER).iterdir(), place / MANIFEST, place / BEFORE, place / AFTER, place])
            begun = _renamed(change, UNFINISHED)
        finally:
            shutil.rmtree(place, ignore_errors=True)  # renamed by now, unless something went wrong
            _remove_if_empty(folder / VERSIONS)
        refused |= finish(folder, begun)
        return Changed(tuple(name for name in going if name not in refused), refused, begun.place.with_name(_base(begun.place)))


def finish(folder: Path, change: Change) -> dict[str, str]:
    """Let the new files that still wait take their places. Returns those that somebody changed meanwhile; they stay as they are."""
    left: dict[str, str] = {}
    for each in change.files:
        waiting, target = change.place / AFTER / each.name, folder / each.name
        if waiting.is_symlink() or not waiting.is_file():
            continue
        now = file_digest_or_none(target)
        if now == each.before:
            waiting.replace(target)
        elif now != each.after:
            left[each.name] = "changed since it was read"
    settle([folder])
    done = _renamed(change, DONE)
    shutil.rmtree(done.place / AFTER, ignore_errors=True)
    return left


def take_back(folder: Path, change: Change) -> tuple[str, ...]:
    """Restore the files as they were before a change. Files that were changed since are kept aside first; returns their copies' folder."""
    undoing = change if change.state == UNDOING else _renamed(change, UNDOING)
    kept = _keep_changed(folder, undoing)
    for each in undoing.files:
        saved, target = undoing.place / BEFORE / each.name, folder / each.name
        if each.before is None:
            target.unlink(missing_ok=True)
        elif saved.is_file() and not saved.is_symlink() and file_digest_or_none(saved) == each.before:
            saved.replace(target)
    settle([folder])
    gone = _renamed(undoing, PARTIAL)
    shutil.rmtree(gone.place, ignore_errors=True)
    _remove_if_empty(folder / VERSIONS)
    return kept


def mend(folder: Path) -> str:
    """Bring a change that was interrupted to its end, and remove what was only prepared. Returns what was done, or an empty text.

    Raises:
        Busy: the change is being made now.
    """
    if not (leftovers(folder) or any(each.state for each in changes(folder))):
        _remove_if_empty(folder / VERSIONS)
        return ""
    said = []
    with locked(folder):
        for change in changes(folder):
            if change.state == UNFINISHED:
                left = finish(folder, change)
                said.append(
                    f"an interrupted change of {change.captions} files was finished"
                    + (f"; {len(left)} changed since and left" * bool(left))
                )
            elif change.state == UNDOING:
                take_back(folder, change)
                said.append(f"an interrupted undo of {change.captions} files was finished")
        for place in leftovers(folder):
            shutil.rmtree(place, ignore_errors=True)
        _remove_if_empty(folder / VERSIONS)
    return "; ".join(said)


def damaged(change: Change) -> tuple[str, ...]:
    """The files of a change whose kept copy is not there, or not what it was."""
    kept = {each.name: change.place / BEFORE / each.name for each in change.files if each.before is not None}
    return tuple(each.name for each in change.files if each.name in kept and file_digest_or_none(kept[each.name]) != each.before)


def changed_since(folder: Path, change: Change) -> tuple[str, ...]:
    """The files of a change that are neither what it made of them nor what they were before it."""
    return tuple(each.name for each in change.files if file_digest_or_none(folder / each.name) not in {each.after, each.before})


def file_digest_or_none(path: Path) -> str | None:
    """The digest of a file's bytes, None when it is not there; a link or anything else that is no file has a digest of its own kind."""
    if path.is_symlink():
        return "a link"
    try:
        with open_file(path) as file:
            return digest_of(file.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return "no file"


def _why_not(path: Path, expected: bytes) -> str:
    """Why a file is not to be changed here; an empty text when it may be."""
    if path.is_symlink():
        return "is a link, and what it leads to is not changed (--out copies it)"
    return "" if file_digest_or_none(path) == digest_of(expected) else "changed since it was read"


def _new_place(folder: Path, digest: str) -> Path:
    """A folder to prepare a change in. A version that is left for the second time gets a number behind its digest."""
    versions = folder / VERSIONS
    try:
        if versions.is_symlink():
            raise MissingFile("this must be a folder, not a link", where=str(versions), next_step="remove the link")
        versions.mkdir(exist_ok=True)
        taken = {_base(path) for path in versions.iterdir() if not path.name.endswith(PARTIAL)}
        number = 1
        while (name := digest if number == 1 else f"{digest}-{number}") in taken:
            number += 1
        place = versions / f"{name}{PARTIAL}"
        shutil.rmtree(place, ignore_errors=True)
        for inner in (place, place / BEFORE, place / AFTER):
            inner.mkdir()
    except OSError as error:
        _remove_if_empty(versions)
        next_step = "change who may write there, or write a copy: --out NEW_FOLDER"
        raise MissingFile(f"the files as they are cannot be kept: {error.strerror}", where=str(versions), next_step=next_step) from error
    return place


def _stage(folder: Path, place: Path, name: str, new: bytes) -> FileChange:
    """A hard copy of a file as it is, and the file as it will be, with the same rights."""
    source, waiting = folder / name, place / AFTER / name
    waiting.write_bytes(new)
    if not source.exists():
        return FileChange(name, None, digest_of(new))
    saved = place / BEFORE / name
    shutil.copy2(source, saved)
    shutil.copymode(source, waiting)
    owner = source.stat()
    for path in (saved, waiting):
        with suppress(OSError, AttributeError):  # only an administrator may give files away, and not everywhere
            os.chown(path, owner.st_uid, owner.st_gid)
    return FileChange(name, digest_of(saved.read_bytes()), digest_of(new))


def _keep_changed(folder: Path, change: Change) -> tuple[str, ...]:
    """Copy aside what an undo would lose."""
    names = [name for name in changed_since(folder, change) if (folder / name).is_file() or (folder / name).is_symlink()]
    if not names:
        return ()
    number = 1
    while (place := folder / VERSIONS / f"kept-{number}").exists():
        number += 1
    place.mkdir()
    for name in names:
        shutil.copy2(folder / name, place / name, follow_symlinks=False)
    settle([*(place / name for name in names if not (place / name).is_symlink()), place])
    return (str(place),)


def _renamed(change: Change, state: str) -> Change:
    place = change.place.with_name(_base(change.place) + state)
    change.place.rename(place)
    settle([place.parent])
    return replace(change, place=place, state=state)


def _base(place: Path) -> str:
    return place.name.partition(".")[0]


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
