"""Where a store is: a file, memory, or a schema of a PostgreSQL database. The one place that reads a store's URL; passwords stay inside."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from lorascope.errors import BadParameter

DEFAULT_SCHEMA = "lorascope"
_PREFIX = "sqlite:///"
_IN_MEMORY = ("sqlite://", "sqlite:///:memory:")
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_KNOWN = "name an SQLite file, LORASCOPE_STORE=sqlite:///path/lab.db, or a database, postgresql://user@host/database"


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A file; None is a store in memory."""

    file: Path | None

    def __str__(self) -> str:
        return f"{_PREFIX}{self.file}" if self.file else _IN_MEMORY[0]


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A schema of a database. ``str()`` is for messages: it has no password."""

    url: URL = field(repr=False)
    schema: str

    def __str__(self) -> str:
        bare = URL.create("postgresql", self.url.username, None, self.url.host, self.url.port, self.url.database)
        return f"{bare.render_as_string()}?schema={self.schema}"


Address = SqliteAddress | PostgresAddress


def parse(url: str) -> Address:
    """What a store's URL names. ``postgresql://…?schema=NAME`` names another schema than ``lorascope``.

    Raises:
        BadParameter: the URL is of a kind we do not know.
    """
    if url in _IN_MEMORY:
        return SqliteAddress(None)
    if url.startswith(_PREFIX) and url != _PREFIX:
        return SqliteAddress(Path(url.removeprefix(_PREFIX)))
    scheme = url.partition(":")[0]  # the rest may hold a password
    if scheme not in _SCHEMES:
        raise BadParameter(f"a store at {scheme[:20]!r} cannot be used", next_step=_KNOWN)
    return _postgres(url)


def _postgres(url: str) -> PostgresAddress:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is not None and "@" in (parsed.host or ""):  # the rest of a password that has an @ itself
        parsed = None
    if parsed is None:  # raised here, so that no traceback carries the password
        what = "the store's address cannot be read (a password with @, / or : must be percent-encoded: @ is %40)"
        raise BadParameter(what, next_step="write postgresql://user:password@host:5432/database")
    schema = parsed.query.get("schema", DEFAULT_SCHEMA)
    if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        raise BadParameter(f"schema={schema!r} cannot be used", next_step="use lower-case letters, digits and _, such as ?schema=lorascope")
    if not parsed.database:
        raise BadParameter("the store's address names no database", next_step="write postgresql://user@host:5432/database")
    return PostgresAddress(parsed.set(drivername="postgresql+psycopg").difference_update_query(["schema"]), schema)
