"""The whole schema as SQL, for people who make a store by pasting it: into Supabase's SQL editor, psql, or the sqlite3 shell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import create_mock_engine
from sqlalchemy.schema import DDLElement

from lorascope.errors import MissingExtra
from lorascope.store import roles, views
from lorascope.store.address import DEFAULT_SCHEMA
from lorascope.store.migrate import version_table
from lorascope.store.roles import Roles
from lorascope.store.tables import SCHEMA_VERSION, metadata

DIALECTS = ("postgresql", "sqlite")
_QUIET = ("SET LOCAL client_min_messages = warning",)  # what is dropped if it exists need not be named when it does not


def ddl(dialect: str, *, schema: str = DEFAULT_SCHEMA, with_roles: Roles | None = None) -> str:
    """One transaction that makes an empty store of today's schema; with the roles' rights, if named (PostgreSQL only)."""
    made = _tables(dialect)
    row = f"'{SCHEMA_VERSION}', '{views.digest(dialect)}'"
    made += [*views.statements(dialect), f"INSERT INTO {version_table.name} (version_num, views) VALUES ({row})"]  # noqa: S608
    if dialect == "postgresql":
        made = [*_QUIET, f'CREATE SCHEMA IF NOT EXISTS "{schema}"', f'SET LOCAL search_path = "{schema}"', *made, *roles.security()]
        made += roles.statements(schema, with_roles) if with_roles else []
    return _script(f"A lorascope store, schema {SCHEMA_VERSION}, for {dialect}.", made)


def role_statements(schema: str, names: Roles) -> str:
    """One transaction that gives two roles their rights in a store that is there; run again, it changes nothing."""
    made = [*_QUIET, f'SET LOCAL search_path = "{schema}"', *roles.security(), *roles.statements(schema, names)]
    return _script(f"Roles for the lorascope store in the schema {schema}.", made)


def _tables(dialect: str) -> list[str]:
    made: list[str] = []

    def keep(statement: DDLElement, *_: Any, **__: Any) -> None:
        made.append(str(statement.compile(dialect=engine.dialect)).strip())

    executor: Callable[..., None] = keep
    try:
        engine = create_mock_engine("postgresql+psycopg://" if dialect == "postgresql" else "sqlite://", executor)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"this needs {error.name}, which is not installed", next_step="pip install 'lorascope[postgres]'") from error
    metadata.create_all(engine, checkfirst=False)
    version_table.create(engine, checkfirst=False)
    return made


def _script(title: str, statements: Iterable[str]) -> str:
    lines = "".join(f"{statement.expandtabs(4)};\n" for statement in statements)
    return f"-- {title} All of it, or after an error nothing.\nBEGIN;\n{lines}COMMIT;\n"
