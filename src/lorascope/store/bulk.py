"""Many rows at once into PostgreSQL, through COPY: nearly as fast as the database can take them.

Rows that are all new, the usual case, go straight into the table. When one of them is there already, the COPY is undone and the rows
take a way around, over a table that nobody else sees; so do all rows of who is subject to row-level security.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import visitors
from sqlalchemy.types import JSON, Float, Text

from lorascope.store.escapes import ESCAPE
from lorascope.store.postgres import escaped_name, storable_json

_STAGED = "lorascope_staged"
_SAVEPOINT = "lorascope_copy"
_REFUSED = "lorascope_copy_refused"  # remembered with the connection: the next rows need not try
_UNIQUE_VIOLATION, _NOT_SUPPORTED = "23505", "0A000"


def upsert_many(
    connection: Connection, table: Table, key: Sequence[Any], rows: Sequence[dict[str, Any]], or_replace: Callable[[Any], Any]
) -> int:
    """Write rows; ``or_replace`` turns an INSERT into one that replaces what is there. Returns how many are new or changed."""
    if _copied(connection, table, rows):
        return len(rows)
    return _written_around(connection, table, _last_of_each(key, rows), or_replace)


def insert_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows that are all new."""
    if not _copied(connection, table, rows):
        _written_around(connection, table, rows, lambda insert: insert)


def _copied(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether the rows are in; False when one of them was there already, or row-level security forbids COPY."""
    if connection.info.get(_REFUSED):
        return False
    connection.exec_driver_sql(f"SAVEPOINT {_SAVEPOINT}")
    try:
        _copy(connection, table.name, [table.c[name] for name in rows[0]], rows)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state not in {_UNIQUE_VIOLATION, _NOT_SUPPORTED}:
            raise
        connection.info[_REFUSED] = state == _NOT_SUPPORTED
        connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        return False
    connection.exec_driver_sql(f"RELEASE SAVEPOINT {_SAVEPOINT}")
    return True


def _written_around(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], or_replace: Callable[[Any], Any]) -> int:
    names = list(rows[0])
    listed = ", ".join(names)
    connection.exec_driver_sql(f"CREATE TEMP TABLE {_STAGED} ON COMMIT DROP AS SELECT {listed} FROM {table.name} WITH NO DATA")  # noqa: S608
    _copy(connection, _STAGED, [table.c[name] for name in names], rows)
    staged = Table(_STAGED, MetaData(), *(Column(name, table.c[name].type) for name in names))
    insert = postgresql.insert(table).from_select(names, select(*(staged.c[name] for name in names)))
    changed = connection.execute(or_replace(insert)).rowcount
    connection.exec_driver_sql(f"DROP TABLE {_STAGED}")
    return changed


def _copy(connection: Connection, table_name: str, columns: Sequence[Column[Any]], rows: Sequence[dict[str, Any]]) -> None:
    """COPY rows into a table. Raises DBAPIError, as every other statement does."""
    import psycopg

    driver: Any = connection.connection.driver_connection
    listed = ", ".join(column.name for column in columns)
    prepared = [_storable(column, [row[column.name] for row in rows]) for column in columns]
    try:
        with driver.cursor() as cursor:
            _use_plain_dumpers(cursor)
            with cursor.copy(f"COPY {table_name} ({listed}) FROM STDIN") as copy:
                for row in zip(*prepared, strict=True):
                    copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError(f"COPY {table_name}", None, error, connection_invalidated=driver.closed) from error


def _use_plain_dumpers(cursor: Any) -> None:
    """The columns are made storable beforehand, all at once: the driver's own quick ways suffice for the values."""
    from psycopg.types.numeric import FloatDumper
    from psycopg.types.string import StrDumperUnknown

    cursor.adapters.register_dumper(str, StrDumperUnknown)
    cursor.adapters.register_dumper(float, FloatDumper)


def _storable(column: Column[Any], values: list[Any]) -> list[Any]:
    if isinstance(column.type, JSON):
        return [None if value is None else storable_json(value) for value in values]
    if isinstance(column.type, Text):
        text = "".join(filter(None, values))
        return [value and escaped_name(value) for value in values] if "\0" in text or ESCAPE in text else values
    if isinstance(column.type, Float):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - only NaN differs from itself
    return values


def _last_of_each(key: Sequence[Any], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One statement may not change a row twice: of rows with one key the last stays."""
    names = [part.name for element in key for part in visitors.iterate(element) if isinstance(part, Column)]
    return list({tuple(row[name] for name in names): row for row in rows}.values())
