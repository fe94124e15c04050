"""Bring back the captions of a folder as they were before its last cleaning in place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadFile, MissingFile, NotFound, UserError
from lorascope.jobs.change_in_place import changed_since, damaged, take_back
from lorascope.jobs.folder_lock import locked
from lorascope.jobs.lineage import read_lineage
from lorascope.jobs.version_folder import UNDOING, Change, changes
from lorascope.reports.wording import counted, one_line

_SHOWN = 5  # names in a message


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did. ``digest`` is the version that is back; ``files`` were restored; ``kept`` holds what would have been lost.

    ``interrupted`` is True when the change had never been finished; ``left`` is how many earlier changes can still be taken back.
    """

    folder: Path
    digest: str
    files: tuple[str, ...]
    kept: tuple[str, ...]
    interrupted: bool
    left: int


def undo(folder: Path, *, force: bool = False) -> Undone:
    """Restore the files that the last change in place replaced, byte by byte. Half-made changes are taken back as well.

    ``force`` also restores files that somebody changed since; these are copied aside first.

    Raises:
        MissingFile: no such folder. NotFound: nothing was changed in place here. UserError: files were changed since.
        BadFile: a kept file is damaged. Busy: the folder is being changed.
    """
    if not folder.is_dir():
        raise MissingFile("no such folder", where=str(folder), next_step="check the path")
    with locked(folder):
        made = changes(folder)
        if not made:
            raise _nothing(folder)
        last = made[-1]
        _refuse_damaged(last)
        changed = changed_since(folder, last)
        if changed and not force and last.state != UNDOING:
            raise UserError(
                f"{counted(len(changed), 'file')} changed since the cleaning: {_shown(changed)}",
                where=str(folder),
                next_step="keep them as they are, or restore all with --force (what they say now is copied aside first)",
            )
        kept = take_back(folder, last)
    return Undone(folder, last.before, tuple(each.name for each in last.files), kept, bool(last.state), len(made) - 1)


def _refuse_damaged(change: Change) -> None:
    """Refuse to begin what could not be ended: a kept file is gone or altered, and its file is no longer what it was."""
    if change.state == UNDOING:  # some are back in their places already
        return
    lost = damaged(change)
    if lost:
        raise BadFile(
            f"{counted(len(lost), 'kept file')} cannot be restored: {_shown(lost)}",
            where=str(change.place),
            next_step="bring them back from a backup; nothing was changed",
        )


def _shown(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(one_line(name) for name in names[:_SHOWN]) + more


def _nothing(folder: Path) -> NotFound:
    lineage = read_lineage(folder)
    if lineage and lineage.original:
        original = folder / lineage.original
        place = original.resolve() if original.is_dir() else lineage.original
        return NotFound(
            f"this folder is a repaired copy; the original was not changed: {place}",
            where=str(folder),
            next_step="use the original, and delete this copy where it is not wanted",
        )
    return NotFound(
        "nothing was changed in place here", where=str(folder), next_step=f"what is known of it: lorascope datasets history {folder}"
    )
