"""A consistent copy of a store as one SQLite file, made while others work. Whole or not there; it never replaces a file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from lorascope.errors import AlreadyExists, MissingFile, OperationFailed


@contextmanager
def new_file(file: Path) -> Iterator[Path]:
    """A place to write a file that gets its name only when it is whole and on the disk.

    Raises:
        AlreadyExists: a file of that name is there.
        MissingFile: its folder is not there.
    """
    _refuse(file)
    if not file.parent.is_dir():
        raise MissingFile("no such folder", where=str(file.parent), next_step="make it, or name another place")
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=file.parent))
    try:
        unfinished = folder / file.name
        yield unfinished
        descriptor = os.open(unfinished, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        try:
            os.link(unfinished, file)  # unlike a rename, never replaces what is there
        except FileExistsError:
            _refuse(file)
        except OSError:  # a file system without hard links
            _refuse(file)
            unfinished.rename(file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_sqlite(connection: Connection, file: Path) -> None:
    """A copy of an SQLite store as this transaction sees it, checked."""
    driver: Any = connection.connection.driver_connection
    with closing(sqlite3.connect(file)) as target:
        driver.backup(target)
    with closing(sqlite3.connect(file)) as target:
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete by itself
        found = [line for (line,) in target.execute("PRAGMA integrity_check(5)")]
    if found != ["ok"]:
        raise OperationFailed(f"the store is damaged: {found[0]}", where=str(file), next_step="see what is wrong: lorascope store check")


def _refuse(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise AlreadyExists("there is a file of this name", where=str(file), next_step="name another; a backup never replaces a file")
