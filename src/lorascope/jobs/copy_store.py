"""Copy a store into another, or into one file as a backup: everything, compared at the end, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.jobs.progress import Progress
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows each table has, and how many files were copied (None: none were asked for)."""

    rows: Mapping[str, int]
    files: int | None = None

    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def copy_store(source: Store, target: Store, progress: Progress, *, with_files: bool = False) -> Copied:
    """Copy all rows, in one transaction, and the stored files if asked for.

    Raises:
        AlreadyExists: the target is not empty.
    """
    files = source.copy_blobs_to(target) if with_files else None  # first: rows must not speak of files that are not there yet
    progress.start("copy rows", sum(source.row_counts().values()))
    rows = source.copy_to(target, lambda table, count: progress.advance(count, table))
    progress.finish("counts and contents are equal")
    return Copied(rows, files)


def back_up_store(store: Store, file: Path, progress: Progress) -> Copied:
    """Write the store as one SQLite file, as it is at this moment, and compare.

    Raises:
        AlreadyExists: a file of that name is there; it is never replaced.
        MissingFile: its folder is not there.
    """
    rows: dict[str, int] = {}

    def tell(table: str, count: int) -> None:
        rows[table] = rows.get(table, 0) + count
        progress.advance(count, table)

    progress.start("back up rows", sum(store.row_counts().values()))
    store.back_up(file, tell)
    progress.finish("whole")
    return Copied(rows)
