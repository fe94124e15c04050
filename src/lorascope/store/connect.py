"""Opens the database. What was acknowledged survives a kill: write-ahead log, full sync, one immediate transaction per write."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from lorascope.errors import MissingFile
from lorascope.store.address import Address, PostgresAddress
from lorascope.store.escapes import json_text

_BUSY_TIMEOUT_MS = 30_000
IMMEDIATE = "lorascope_immediate"


def connect(address: Address) -> tuple[Engine, Engine]:
    """Engines for reading and for writing. Reading transactions see one state; writing ones wait for each other.

    A file that may not be written opens for reading only.

    Raises:
        MissingFile: the folder of the file does not exist.
        MissingExtra: the database is PostgreSQL, and psycopg is not installed.
    """
    if isinstance(address, PostgresAddress):
        from lorascope.store.postgres import connect_postgres

        return connect_postgres(address)
    reading = _connect_sqlite(address.file)
    return reading, reading.execution_options(**{IMMEDIATE: True})


def is_read_only(file: Path) -> bool:
    """Whether this store can be read but not written: SQLite must write beside a database, also to read it."""
    return file.is_file() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _connect_sqlite(file: Path | None) -> Engine:
    options: dict[str, Any] = {"json_serializer": json_text, "json_deserializer": json.loads}
    if file is None:
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    elif not file.parent.is_dir():
        raise MissingFile("the store's folder does not exist", where=str(file.parent), next_step="make a lab: lorascope init")
    read_only = file is not None and is_read_only(file)
    if file is not None and read_only:
        options["creator"] = lambda: sqlite3.connect(_read_only_uri(file), uri=True)
    # not as text: a path may hold ? and #, which mean something in a URL
    engine = create_engine(URL.create("sqlite", database=str(file) if file else ":memory:"), **options)
    event.listen(engine, "connect", _prepare_reading if read_only else _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _read_only_uri(file: Path) -> str:
    """Without a log beside it nobody has the file open, and it can be read as it is; with one, its readers share the log."""
    log = file.with_name(f"{file.name}-wal")
    return f"file:{quote(str(file))}?mode=ro{'' if log.exists() else '&immutable=1'}"


def _prepare_reading(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Without this the driver opens transactions by itself, late, and a read followed by a write can fail at once.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """The switch needs the file to itself and does not wait for it: several first openers at once must try again."""
    give_up_at = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(IMMEDIATE) else "BEGIN")
