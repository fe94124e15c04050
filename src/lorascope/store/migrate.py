"""Brings a store to today's schema: a new one from nothing, an older one step by step, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text

from lorascope.errors import BadFile
from lorascope.store import views
from lorascope.store.tables import SCHEMA_VERSION

_SCRIPTS = Path(__file__).with_name("migrations")


def migrate(reading: Engine, writing: Engine, where: str) -> None:
    """Make the schema today's. Several processes may do this at once: one migrates, the others wait and find it done.

    Raises:
        BadFile: the store was written by a newer lorascope, or it is another program's database.
    """
    with reading.begin() as connection:
        if _version(connection, where) == SCHEMA_VERSION:
            return
    with writing.begin() as connection:
        if _version(connection, where) != SCHEMA_VERSION:
            _upgrade(connection)
            views.create(connection)


def _version(connection: Connection, where: str) -> str | None:
    """The store's schema version, None when it is empty."""
    names = {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))}
    if "alembic_version" not in names:
        if names:
            raise BadFile(
                f"this database belongs to another program (it has a table {min(names)!r})",
                where=where,
                next_step="name another file in LORASCOPE_STORE",
            )
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if version is not None and (not version.isdigit() or int(version) > int(SCHEMA_VERSION)):
        raise BadFile(
            f"the store was written by a newer lorascope (schema {version}; this one knows {SCHEMA_VERSION})",
            where=where,
            next_step="update lorascope: pip install --upgrade lorascope",
        )
    return None if version is None else str(version)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
