"""Opens the database. What was acknowledged survives a kill: write-ahead log, full sync, one immediate transaction per write."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from lorascope.errors import BadParameter, MissingFile

_PREFIX = "sqlite:///"
_BUSY_TIMEOUT_MS = 30_000
IMMEDIATE = "lorascope_immediate"


def database_file(url: str) -> Path | None:
    """The file a store's URL names; None for a store in memory.

    Raises:
        BadParameter: the URL is of another kind.
    """
    if url in {"sqlite://", "sqlite:///:memory:"}:
        return None
    if not url.startswith(_PREFIX) or not url.removeprefix(_PREFIX):
        scheme = url.partition(":")[0]  # the rest may hold a password
        what = "PostgreSQL is not there yet" if scheme.startswith("postgres") else f"a store at {scheme[:20]!r} cannot be used"
        raise BadParameter(what, next_step="name an SQLite file: LORASCOPE_STORE=sqlite:///path/lab.db")
    return Path(url.removeprefix(_PREFIX))


def connect(url: str) -> Engine:
    """An engine for this URL. Reading transactions see one state; writing ones (option ``IMMEDIATE``) wait for each other.

    Raises:
        BadParameter: the URL is of a kind we do not know.
        MissingFile: the folder of the file does not exist.
    """
    file = database_file(url)
    if file is not None and not file.parent.is_dir():
        raise MissingFile("the store's folder does not exist", where=str(file.parent), next_step="make a lab: lorascope init")
    options: dict[str, Any] = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}} if file is None else {}
    address = URL.create("sqlite", database=str(file) if file else ":memory:")  # a path may hold ? and #, which mean something in a URL
    engine = create_engine(address, json_serializer=json_text, json_deserializer=json.loads, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def json_text(value: object) -> str:
    """JSON as it is stored: compact, keys in order, ASCII (so that any text of a caption survives); no NaN, no infinity."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"), sort_keys=True)


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
