"""The printed SQL makes the same store as the program does."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess

import pytest

from lorascope.records.run import Run, RunStatus
from lorascope.store import Store, views
from lorascope.store.sql import ddl
from lorascope.store.tables import SCHEMA_VERSION

_COLUMNS = """
SELECT table_name, column_name, ordinal_position, data_type, is_nullable, collation_name, column_default
FROM information_schema.columns WHERE table_schema = 'lorascope'
"""
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'lorascope'"
_CONSTRAINTS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'lorascope'::regnamespace"
)
_VIEWS = "SELECT viewname, definition FROM pg_views WHERE schemaname = 'lorascope'"
_OPTIONS = "SELECT relname, relkind, reloptions, relrowsecurity FROM pg_class WHERE relnamespace = 'lorascope'::regnamespace"
_VERSION = "SELECT * FROM lorascope.lorascope_version"


def schema_of(postgres, database):
    return {
        query: sorted(postgres.sql(query, database), key=repr) for query in (_COLUMNS, _INDEXES, _CONSTRAINTS, _VIEWS, _OPTIONS, _VERSION)
    }


def test_pasted_into_an_empty_database_it_is_the_store_that_the_program_makes(postgres, migrated, tmp_path):
    name = postgres.new_database()
    postgres.sql(ddl("postgresql"), name)
    pasted = schema_of(postgres, name)
    assert pasted == schema_of(postgres, migrated)
    with Store.open(postgres.url(name), tmp_path / "blobs") as store:
        assert store.schema_before == SCHEMA_VERSION, "nothing had to be migrated"
        assert store.check() == []
        store.add_run(Run("first", "toy", RunStatus.FINISHED))
    assert schema_of(postgres, name) == pasted


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")
def test_psql_takes_it_with_roles_and_under_another_schema(postgres, tmp_path):
    from lorascope.store.roles import Roles

    name = postgres.new_database()
    script = ddl("postgresql", schema="studio", with_roles=Roles("some_viewer", "some_editor"))
    command = ["psql", "--quiet", "--set", "ON_ERROR_STOP=1", postgres.url(name)]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Store.open(postgres.url(name, schema="studio"), tmp_path / "blobs") as store:
        assert (store.schema_before, store.check()) == (SCHEMA_VERSION, [])


def test_pasted_a_second_time_it_changes_nothing(postgres, migrated):
    import psycopg

    name = postgres.new_database(migrated)
    before = schema_of(postgres, name)
    with pytest.raises(psycopg.errors.DuplicateTable):
        postgres.sql(ddl("postgresql"), name)
    assert schema_of(postgres, name) == before


def test_sqlite_takes_it_too(tmp_path):
    with sqlite3.connect(tmp_path / "pasted.db") as connection:
        connection.executescript(ddl("sqlite"))
    connection.close()
    Store.open(f"sqlite:///{tmp_path / 'migrated.db'}", tmp_path / "blobs").close()
    with Store.open(f"sqlite:///{tmp_path / 'pasted.db'}", tmp_path / "blobs") as store:
        assert (store.schema_before, store.check()) == (SCHEMA_VERSION, [])
        assert sorted(views.view_names()) == sorted(names_of(tmp_path / "pasted.db", "view"))
    assert sorted(names_of(tmp_path / "pasted.db", "index")) == sorted(names_of(tmp_path / "migrated.db", "index"))


def names_of(file, kind):
    with sqlite3.connect(file) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", [kind])]
    connection.close()
    return names
