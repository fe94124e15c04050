"""Where a dataset that was changed in place keeps what it was before: ``.lorascope-versions`` in its folder.

::

    .lorascope-versions/
        <digest of the version before>/          one change that was made
            version.json                         which files, their digests before and after, the change's number
            before/0001.txt ...                  hard copies of the changed files as they were
            after/                               new files that wait to take their places (only while it is made)
        <digest>.partial                         being prepared, or left over: nothing of the folder was touched
        <digest>.unfinished                      some files have taken their places, others have not
        <digest>.undoing                         some files are back, others are not
        kept-1/ ...                              files that an undo would have lost

The state is in the folder's name, because renaming is the one step that a crash cannot cut in two.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from lorascope.errors import BadFile

VERSIONS = ".lorascope-versions"
PARTIAL, UNFINISHED, UNDOING, DONE = ".partial", ".unfinished", ".undoing", ""
MANIFEST = "version.json"
LARGEST_MANIFEST_BYTES = 100_000_000
_NAME = re.compile(r"[0-9a-f]{8,64}(?:-\d+)?")
_DIGEST = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a change; ``before`` and ``after`` are BLAKE2b-128 of its bytes. ``before`` is None where there was no file."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was made in place. ``place`` is its folder, ``state`` that folder's ending; ``number`` counts from 1."""

    place: Path
    state: str
    number: int
    before: str
    after: str
    files: tuple[FileChange, ...]

    @property
    def captions(self) -> int:
        """How many files it changed, its own record aside."""
        return sum(not each.name.endswith(".json") for each in self.files)

    def manifest(self) -> str:
        """The text of its ``version.json``."""
        files = [asdict(each) for each in self.files]
        return json.dumps({"format": 1, "number": self.number, "before": self.before, "after": self.after, "files": files}, indent=1) + "\n"


def is_half_changed(folder: Path) -> bool:
    """Whether a change in this folder was begun and neither finished nor taken back: its files are of two versions."""
    return any(path.name.endswith((UNFINISHED, UNDOING)) for path in _inside(folder))


def changes(folder: Path) -> tuple[Change, ...]:
    """All changes made in this folder that can be taken back, the oldest first.

    Raises:
        BadFile: a record of a change is not what lorascope writes.
    """
    states = (DONE, UNFINISHED, UNDOING)
    found = [_read(path) for path in _inside(folder) if _NAME.fullmatch(_parts(path)[0]) and _parts(path)[1] in states]
    return tuple(sorted(found, key=lambda change: change.number))


def leftovers(folder: Path) -> tuple[Path, ...]:
    """What a process left that ended while it prepared a change."""
    return tuple(path for path in _inside(folder) if path.name.endswith(PARTIAL))


def _inside(folder: Path) -> Iterator[Path]:
    """The folders in the folder of versions. A link is not followed: what it leads to is not ours."""
    versions = folder / VERSIONS
    if versions.is_symlink() or not versions.is_dir():
        return
    yield from sorted(path for path in versions.iterdir() if path.is_dir() and not path.is_symlink())


def _parts(place: Path) -> tuple[str, str]:
    """A change's name and its state."""
    base, dot, state = place.name.partition(".")
    return base, dot + state


def _read(place: Path) -> Change:
    """A change from its folder, every name and digest checked: the folder may have come from anywhere."""
    path = place / MANIFEST
    state = _parts(place)[1]
    wrong = BadFile(
        "the record of a change is damaged",
        where=str(path),
        next_step=f"the files as they were lie in {place / 'before'}; move the folder away",
    )
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > LARGEST_MANIFEST_BYTES:
            raise wrong
        said = json.loads(path.read_text("utf-8"))
        files = tuple(FileChange(each["name"], each["before"], each["after"]) for each in said["files"])
        change = Change(place, state, said["number"], said["before"], said["after"], files)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise wrong from error
    digests = [change.before, change.after, *(each.after for each in files), *(each.before for each in files if each.before is not None)]
    right = all(_is_digest(each) for each in digests) and isinstance(change.number, int)
    if not right or not all(is_plain_name(each.name) for each in files):
        raise wrong
    return change


def _is_digest(said: object) -> bool:
    return isinstance(said, str) and bool(_DIGEST.fullmatch(said))


def is_plain_name(name: object) -> bool:
    """Whether it names a file in the folder itself: no way up, no way down, nothing hidden."""
    return isinstance(name, str) and bool(name) and not name.startswith(".") and "\0" not in name and Path(name).name == name
