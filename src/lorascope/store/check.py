"""Looks for what is wrong with a store: the file, references that lead nowhere, a schema that is not today's, views, rights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Dialect, inspect, select, text
from sqlalchemy.engine import Inspector
from sqlalchemy.types import TypeEngine

from lorascope.store import views
from lorascope.store.migrate import version_table
from lorascope.store.tables import caption_versions, metadata, prompt_test_images, training_runs


class Gravity(StrEnum):
    """``wrong``: mend it. ``note``: worth knowing; often meant so, such as images that were never copied here."""

    WRONG = "wrong"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found: what, and what to do about it."""

    gravity: Gravity
    check: str
    message: str
    next_step: str = ""


def check_database(connection: Connection) -> Iterator[Problem]:
    """What is wrong with the database itself."""
    if connection.dialect.name == "sqlite":
        yield from _integrity(connection)
    yield from _schema(connection)
    yield from _views(connection)
    if connection.dialect.name == "postgresql":
        yield from _security(connection)
    yield from _datasets(connection)


def image_digests(connection: Connection) -> list[str]:
    """The digests of all images that samples speak of."""
    return list(connection.execute(select(prompt_test_images.c.image_digest).distinct()).scalars())


def _wrong(check: str, message: str, next_step: str = "") -> Problem:
    return Problem(Gravity.WRONG, check, message, next_step)


def _integrity(connection: Connection) -> Iterator[Problem]:
    for (line,) in connection.execute(text("PRAGMA integrity_check(20)")):
        if line != "ok":
            yield _wrong("integrity", line, "restore a backup, or save what can be read: sqlite3 lab.db .recover")
    for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
        yield _wrong("references", f"row {row} of {table} belongs to a row of {parent} that is not there", "restore it from a backup")


def _schema(connection: Connection) -> Iterator[Problem]:
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for name, table in metadata.tables.items():
        if name not in there:
            yield _wrong("schema", f"the table {name} is missing", "restore it from a backup")
            continue
        wanted = {column.name: _kind(column.type, connection.dialect) for column in table.c}
        found = {column["name"]: _kind(column["type"], connection.dialect) for column in inspector.get_columns(name)}
        for column in wanted.keys() | found.keys():
            if wanted.get(column) != found.get(column):
                what = f"{name}.{column} is {found.get(column, 'missing')}, should be {wanted.get(column, 'absent')}"
                yield _wrong("schema", what, "undo the change, or copy the store: lorascope store copy")
        for missing in sorted(_indexes(connection, name) - _found_indexes(connection, inspector, name)):
            yield _wrong("schema", f"the index {missing} is missing", "copy the store: lorascope store copy")


def _indexes(connection: Connection, table: str) -> set[str]:
    return {str(index.name) for index in metadata.tables[table].indexes if connection.dialect.name == "postgresql" or not _gin(index)}


def _gin(index: Any) -> bool:
    return bool(index.dialect_options["postgresql"]["using"])


def _found_indexes(connection: Connection, inspector: Inspector, table: str) -> set[str]:
    if connection.dialect.name == "sqlite":  # the inspector leaves out indexes of expressions there
        names = text("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :name")
        return set(connection.execute(names, {"name": table}).scalars())
    return {str(index["name"]) for index in inspector.get_indexes(table)}


def _kind(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """A type's name, equal for the spellings a database has for one type."""
    name = kind.compile(dialect=dialect).partition(" ")[0]
    return {"FLOAT": "DOUBLE"}.get(name, name) if dialect.name == "postgresql" else name


def _views(connection: Connection) -> Iterator[Problem]:
    missing = set(views.view_names()) - set(inspect(connection).get_view_names())
    for name in sorted(missing):
        yield _wrong("views", f"the view {name} is missing", "lorascope store migrate")
    stored = connection.execute(select(version_table.c.views)).scalar_one()
    if not missing and stored != views.digest(connection.dialect.name):
        note = "the views follow an older catalogue of parameters than this lorascope's"
        yield Problem(Gravity.NOTE, "views", note, "lorascope store migrate")


def _security(connection: Connection) -> Iterator[Problem]:
    rows = text("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relrowsecurity")
    for name in sorted(set(connection.execute(rows).scalars()) & {*metadata.tables, version_table.name}):
        yield Problem(Gravity.NOTE, "rights", f"row-level security is off for {name}", "lorascope store sql --only-roles")


def _datasets(connection: Connection) -> Iterator[Problem]:
    known = select(caption_versions.c.digest)
    lost = select(training_runs.c.run_name).where(training_runs.c.dataset_digest.is_not(None), training_runs.c.dataset_digest.not_in(known))
    names = list(connection.execute(lost.order_by(training_runs.c.run_name)).scalars())
    if names:
        shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        yield Problem(Gravity.NOTE, "datasets", f"the dataset of {len(names)} runs is not in the store ({shown})")
