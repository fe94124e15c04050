"""Copies a store row by row into an empty one, of the same or the other kind, and proves that nothing was lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, text

from lorascope.errors import AlreadyExists, OperationFailed
from lorascope.store.tables import metadata

BATCH_ROWS = 1000
Tell = Callable[[str, int], None]  # the table, and how many more of its rows are done


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows a table has, and a digest of all that is in them."""

    rows: int
    digest: str


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in metadata.tables.items()}


def copy_rows(source: Connection, target: Connection, where: str, tell: Tell) -> dict[str, int]:
    """Copy every row of every table, keys included; returns how many, by table.

    Raises:
        AlreadyExists: the target is not empty.
        OperationFailed: what is in the target differs from what was read; the caller's transaction must not be kept.
    """
    filled = [name for name, rows in row_counts(target).items() if rows]
    if filled:
        raise AlreadyExists(
            f"the store to copy into is not empty (it has {', '.join(filled)})",
            where=where,
            next_step="name a new one; nothing was changed",
        )
    copied = {table.name: _copy_table(source, target, table, tell) for table in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        _check(table, copied[table.name], fingerprint(target, table), where)
        if target.dialect.name == "postgresql":
            _count_on(target, table)
    return {name: found.rows for name, found in copied.items()}


def fingerprint(connection: Connection, table: Table) -> Fingerprint:
    """Of a table's rows, in order of their key. Equal in SQLite and PostgreSQL when the rows are equal to the last bit."""
    digest = _Digest()
    for batch in _batches(connection, table):
        digest.add(batch)
    return digest.fingerprint()


class _Digest:
    def __init__(self) -> None:
        self._rows, self._hashed = 0, hashlib.blake2b(digest_size=16)

    def add(self, batch: list[Row[Any]]) -> None:
        for row in batch:
            values = [value.hex() if isinstance(value, bytes) else value for value in row]
            self._hashed.update(json.dumps(values, sort_keys=True).encode() + b"\n")
        self._rows += len(batch)

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(self._rows, self._hashed.hexdigest())


def _copy_table(source: Connection, target: Connection, table: Table, tell: Tell) -> Fingerprint:
    digest = _Digest()
    for batch in _batches(source, table):
        digest.add(batch)
        rows: list[dict[str, Any]] = [dict(row._mapping) for row in batch]  # noqa: SLF001 - SQLAlchemy's public name for it
        if target.dialect.name == "postgresql":
            from lorascope.store.bulk import insert_many

            insert_many(target, table, rows)
        else:
            target.execute(insert(table), rows)
        tell(table.name, len(rows))
    return digest.fingerprint()


def _batches(connection: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    result = connection.execute(ordered, execution_options={"stream_results": True, "max_row_buffer": BATCH_ROWS})
    yield from (list(part) for part in result.partitions(BATCH_ROWS))


def _check(table: Table, read: Fingerprint, written: Fingerprint, where: str) -> None:
    if read != written:
        raise OperationFailed(
            f"{table.name}: {read.rows} rows were read and {written.rows} written, or their contents differ; nothing was kept",
            where=where,
            next_step="report this with lorascope --version: it must not happen",
        )


def _count_on(connection: Connection, table: Table) -> None:
    """Keys that count by themselves go on behind the copied ones."""
    key = table.autoincrement_column
    if key is None:
        return
    sequence: Mapping[str, str] = {"table": table.name, "key": key.name}
    highest = connection.execute(select(func.max(key))).scalar_one()
    if highest is not None:
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :key), :highest)"), {**sequence, "highest": highest})
