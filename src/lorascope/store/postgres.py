"""Opens a store on PostgreSQL: one schema of a database that may hold other programs' tables too.

Readers see one state (REPEATABLE READ). Writers wait for each other, as on SQLite: the first statement of a writing transaction takes
a lock of the whole store, so two writers never lose each other's work and never deadlock.
"""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from lorascope.errors import BadParameter, MissingExtra
from lorascope.store.address import PostgresAddress
from lorascope.store.escapes import ESCAPE, escaped, jsonb_text, jsonb_value, restored

WRITING = "lorascope_writing"
_BUSY_TIMEOUT_MS = 30_000
# A peer that vanished without a word (a power cut, a closed laptop) is noticed by both sides within about a minute.
_KEEPALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
_SETTINGS = (
    "SET tcp_keepalives_idle = 20",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    f"SET lock_timeout = {_BUSY_TIMEOUT_MS}",
    "SET timezone = 'UTC'",
    "SET extra_float_digits = 1",  # every digit of a float; some servers round by default
)


def connect_postgres(address: PostgresAddress) -> tuple[Engine, Engine]:
    """Engines for reading and for writing transactions; they share their connections.

    Raises:
        MissingExtra: psycopg is not installed.
    """
    engine = _engine(address, pool_pre_ping=True, pool_size=5, max_overflow=20)
    key = lock_key(address.schema, "writing")

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITING):
            driver: Any = connection.connection.driver_connection
            driver.read_only = None  # as the database is set: a provider switches a full one to read-only, and that must hold
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))

    event.listen(engine, "begin", begin)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reading, engine.execution_options(**{WRITING: True})


def connect_outside_transactions(address: PostgresAddress) -> Engine:
    """An engine whose every connection is new and whose every statement is its own transaction: for locks of a session."""
    return _engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def lock_key(schema: str, *what: str) -> int:
    """The number of an advisory lock: 64 bits of a digest of what it locks."""
    text = "\0".join(("lorascope", schema, *what)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


def _engine(address: PostgresAddress, **options: Any) -> Engine:
    name = f"lorascope process {os.getpid()} on {socket.gethostname()}"[:63]  # who holds a claim is read from it
    arguments = {"application_name": name, "connect_timeout": 10, "client_encoding": "utf8", **_KEEPALIVE}
    asked = {key: value for key, value in arguments.items() if key not in address.url.query}
    try:
        engine = create_engine(address.url, connect_args=asked, json_serializer=storable_json, json_deserializer=jsonb_value, **options)
    except ModuleNotFoundError as error:
        what = f"a store on PostgreSQL needs {error.name}, which is not installed"
        raise MissingExtra(what, next_step="pip install 'lorascope[postgres]'") from error

    def prepare(connection: Any, _record: object) -> None:
        _adapt(connection)
        before, connection.autocommit = connection.autocommit, True
        for setting in (*_SETTINGS, f'SET search_path = "{address.schema}"'):
            connection.execute(setting)
        connection.autocommit = before

    event.listen(engine, "connect", prepare)
    return engine


def _adapt(connection: Any) -> None:
    """Text may hold NUL, and NaN is stored as nothing, as SQLite does."""
    from psycopg.types.numeric import FloatDumper
    from psycopg.types.string import StrDumperUnknown, TextLoader

    class EscapingText(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(escaped_name(obj) if "\0" in obj or ESCAPE in obj else obj)

    class RestoringText(TextLoader):
        def load(self, data: Any) -> Any:
            text = super().load(data)
            return restored(text) if isinstance(text, str) and ESCAPE in text else text

    class FiniteOrNothing(FloatDumper):
        def dump(self, obj: float) -> Any:
            return None if obj != obj else super().dump(obj)  # noqa: PLR0124 - only NaN differs from itself

    connection.adapters.register_dumper(str, EscapingText)
    connection.adapters.register_loader("text", RestoringText)
    connection.adapters.register_dumper(float, FiniteOrNothing)


def storable_json(value: object) -> str:
    """JSON for a ``jsonb`` column. Raises BadParameter: the driver serializes late, where nobody would turn its error into ours."""
    try:
        return jsonb_text(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadParameter(f"a value cannot be stored: {error}") from error


def escaped_name(text: str) -> str:
    """Text as a column keeps it: half a surrogate pair is refused there, as on SQLite (only captions and other JSON may hold one)."""
    text.encode()
    return escaped(text)
