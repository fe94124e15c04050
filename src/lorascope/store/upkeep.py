"""The part of ``Store`` that keeps the store itself well: copies, backups, checks, views."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from lorascope.errors import NotFound
from lorascope.store import backup, check, copying, migrate
from lorascope.store.address import Address, SqliteAddress
from lorascope.store.blobs import Blobs
from lorascope.store.check import Gravity, Problem
from lorascope.store.copying import Fingerprint, Tell
from lorascope.store.tables import metadata


class UpkeepDoor(ABC):
    """What ``Store`` does for itself."""

    address: Address
    schema_before: str | None = None  # the schema it had before it was opened; None: it was made then
    _blobs: Blobs

    @classmethod
    @abstractmethod
    def open(cls, url: str, blobs: Path) -> Self:
        """Another store of this kind."""

    @abstractmethod
    def close(self) -> None:
        """Give back the connections."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]:
        """A transaction that reads."""

    def refresh_views(self) -> bool:
        """Make the views and the groups of parameters those of today's catalogue. Returns whether they were others."""
        with self._write() as connection:
            return migrate.refresh(connection)

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self._read() as connection:
            return copying.row_counts(connection)

    def fingerprints(self) -> dict[str, Fingerprint]:
        """What tells this store's contents from another's, by table."""
        with self._read() as connection:
            return {name: copying.fingerprint(connection, table) for name, table in metadata.tables.items()}

    def copy_to(self, target: UpkeepDoor, tell: Tell) -> dict[str, int]:
        """Copy everything but the blobs into an empty store, in one transaction, and compare. Returns how many rows, by table.

        Raises:
            AlreadyExists: the target is not empty.
        """
        with self._read() as source, target._write() as into:
            return copying.copy_rows(source, into, str(target.address), tell)

    def copy_blobs_to(self, target: UpkeepDoor) -> int:
        """Copy the stored files that the other store lacks. Returns how many there are. Damaged ones keep their own digest there."""
        files = sorted(self._blobs.folder.glob("[0-9a-f][0-9a-f]/*"))
        for file in files:
            target._blobs.put(file)
        return len(files)

    def check(self) -> list[Problem]:
        """What is wrong with the store, and what is worth knowing about it; the gravest first."""
        with self._read() as connection:
            found = list(check.check_database(connection))
            images = check.image_digests(connection)
        damage = "its bytes changed: restore it from a backup"
        found += [Problem(Gravity.WRONG, "files", f"the stored file {digest} is damaged", damage) for digest in self._blobs.damaged()]
        missing = sum(not self._has_blob(digest) for digest in images)
        if missing:
            note = f"{missing} of {len(images)} images that samples speak of are not stored here ({self._blobs.folder})"
            found.append(Problem(Gravity.NOTE, "files", note))
        return sorted(found, key=lambda problem: (problem.gravity is not Gravity.WRONG, problem.check, problem.message))

    def _has_blob(self, digest: str) -> bool:
        try:
            self._blobs.path(digest)
        except NotFound:
            return False
        return True

    def back_up(self, file: Path, tell: Tell) -> None:
        """Write a copy as one SQLite file, as the store is at this moment. Whole or not there.

        Raises:
            AlreadyExists: a file of that name is there; it is never replaced.
            MissingFile: its folder is not there.
        """
        with backup.new_file(file) as unfinished:
            if isinstance(self.address, SqliteAddress):
                with self._read() as connection:
                    backup.copy_sqlite(connection, unfinished)
                    for name, rows in copying.row_counts(connection).items():
                        tell(name, rows)
                return
            with closing(self.open(f"sqlite:///{unfinished}", self._blobs.folder)) as target:
                self.copy_to(target, tell)
