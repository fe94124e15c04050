"""Brings a store to today's schema: a new one from nothing, an older one step by step, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, Text, delete, insert, select, text, update

from lorascope.errors import BadFile, MissingFile, OperationFailed
from lorascope.parameters.catalogue import flat, grouped
from lorascope.store import roles, views
from lorascope.store.address import Address, PostgresAddress, SqliteAddress
from lorascope.store.connect import is_read_only
from lorascope.store.tables import SCHEMA_VERSION, metadata, training_runs

_SCRIPTS = Path(__file__).with_name("migrations")
_FIRST_VERSION_TABLE = "alembic_version"  # of stores made before schema 0002
_OLDEST_POSTGRES = 15  # the first whose views can respect the rights of who reads them

# ``views`` is the digest of the views and indexes of parameters, which follow the catalogue.
version_table = Table(
    "lorascope_version", MetaData(), Column("version_num", String(32), primary_key=True), Column("views", Text, nullable=True)
)


def migrate(reading: Engine, writing: Engine, address: Address, *, must_exist: bool = False) -> str | None:
    """Make the schema today's; returns the version the store had, None when it was made now.

    Several processes may do this at once: one migrates, the others wait and find it done.

    Raises:
        BadFile: the store was written by a newer lorascope, or it is another program's database.
        MissingFile: there is none, and it must exist.
    """
    absent = MissingFile("there is no store", where=str(address), next_step="check the name; lorascope init makes a store")
    if must_exist and isinstance(address, SqliteAddress) and address.file and not address.file.is_file():
        raise absent  # opening it would make the file
    with reading.begin() as connection:
        before = _version(connection, address)
        if before == SCHEMA_VERSION:
            return before
    if must_exist and before is None:
        raise absent
    if isinstance(address, SqliteAddress) and address.file and is_read_only(address.file):
        what = f"the store is read-only, and of an older lorascope (schema {before}; this one reads {SCHEMA_VERSION})"
        raise BadFile(what, where=str(address), next_step="copy it to a folder that may be written, and open the copy")
    with writing.begin() as connection:
        if _version(connection, address) != SCHEMA_VERSION:
            _upgrade(connection, address)
            refresh(connection)
    return before


def refresh(connection: Connection) -> bool:
    """Make the views, the indexes of parameters and the groups of stored parameters those of today's catalogue; False if they were."""
    today = views.digest(connection.dialect.name)
    if connection.execute(select(version_table.c.views)).scalar_one() == today:
        return False
    views.create(connection)
    for run_id, parameters in connection.execute(select(training_runs.c.run_id, training_runs.c.all_parameters)).all():
        if (today_grouped := grouped(flat(parameters))) != parameters:
            connection.execute(update(training_runs).where(training_runs.c.run_id == run_id).values(all_parameters=today_grouped))
    if connection.dialect.name == "postgresql":
        roles.protect(connection)
    connection.execute(update(version_table).values(views=today))
    return True


def _version(connection: Connection, address: Address) -> str | None:
    """The store's schema version, None when there is no store yet."""
    names = _names(connection, address)
    if version_table.name in names:
        found = version_table.name
    elif isinstance(address, SqliteAddress) and {_FIRST_VERSION_TABLE, training_runs.name} <= names:
        found = _FIRST_VERSION_TABLE
    else:
        _refuse_others(names, address)
        return None
    qualified = f'"{address.schema}".{found}' if isinstance(address, PostgresAddress) else found
    version = connection.execute(text(f"SELECT version_num FROM {qualified}")).scalar_one_or_none()  # noqa: S608 - our own names
    if version is not None and (not version.isdigit() or int(version) > int(SCHEMA_VERSION)):
        raise BadFile(
            f"the store was written by a newer lorascope (schema {version}; this one knows {SCHEMA_VERSION})",
            where=str(address),
            next_step="update lorascope: pip install --upgrade lorascope",
        )
    return None if version is None else str(version)


def _names(connection: Connection, address: Address) -> set[str]:
    """The tables and views that are there."""
    if isinstance(address, SqliteAddress):
        return {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))}
    in_schema = text(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = :schema AND relkind <> 'i'"
    )
    return set(connection.execute(in_schema, {"schema": address.schema}).scalars())


def _refuse_others(names: set[str], address: Address) -> None:
    """A file belongs to one program; a schema may hold tables of several, as long as their names differ."""
    if isinstance(address, PostgresAddress):
        names = names & {*metadata.tables, *views.view_names()}
    if names:
        where = "name another schema, ?schema=NAME," if isinstance(address, PostgresAddress) else "name another file"
        raise BadFile(
            f"this database belongs to another program (it has a table {min(names)!r})",
            where=str(address),
            next_step=f"{where} in LORASCOPE_STORE",
        )


def _upgrade(connection: Connection, address: Address) -> None:
    if isinstance(address, PostgresAddress):
        _make_schema(connection, address)
    if _version(connection, address) is None:  # made at once, without Alembic: the tests hold both ways against each other
        metadata.create_all(connection)
        version_table.create(connection, checkfirst=True)
        connection.execute(delete(version_table))
        connection.execute(insert(version_table).values(version_num=SCHEMA_VERSION))
        return
    if version_table.name not in _names(connection, address):
        version_table.create(connection)
        connection.execute(text("INSERT INTO lorascope_version (version_num) SELECT version_num FROM alembic_version"))
        connection.execute(text("DROP TABLE alembic_version"))
    step_by_step(connection)


def step_by_step(connection: Connection) -> None:
    """Run the migrations that the version table does not name yet."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = version_table.name
    command.upgrade(config, "head")


def _make_schema(connection: Connection, address: PostgresAddress) -> None:
    number = connection.execute(text("SHOW server_version_num")).scalar_one()
    if int(number) < _OLDEST_POSTGRES * 10_000:
        what = f"this is PostgreSQL {int(number) // 10_000}; a store needs {_OLDEST_POSTGRES} or newer"
        raise OperationFailed(what, where=str(address), next_step="update the server")
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        what = f"the database's encoding is {encoding}; a store needs UTF8"
        raise OperationFailed(what, where=str(address), next_step="make another one: createdb --encoding UTF8 --template template0 NAME")
    # "IF NOT EXISTS" asks for the right to make schemas even when there is nothing to make
    known = connection.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": address.schema}).first()
    if not known:
        connection.execute(text(f'CREATE SCHEMA "{address.schema}"'))
