"""Row-level security with real roles: who reads, who writes, who sees nothing, and that views open no way around."""

from __future__ import annotations

import json

import pytest

from lorascope.errors import BadFile, BadParameter
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store
from lorascope.store.roles import Roles
from lorascope.store.sql import ddl, role_statements
from lorascope.store.tables import metadata
from lorascope.store.views import view_names

NAMES = Roles(viewer="studio_viewer", editor="studio_editor", signed_in="authenticated")
EVERYTHING = (*metadata.tables, *view_names())


@pytest.fixture(scope="module")
def lab(postgres, migrated, tmp_path_factory):
    """A database with a store in it, the two roles, and a person in each; ``anna`` views, ``emil`` edits, ``nobody`` may log in."""
    name = postgres.new_database(migrated)
    for role in ("authenticated", "anon"):
        postgres.sql(f"CREATE ROLE {role} NOLOGIN")
    postgres.sql(role_statements("lorascope", NAMES), name)
    for person, member_of in (("anna", "studio_viewer"), ("emil", "studio_editor"), ("outsider", None)):
        postgres.sql(f"CREATE ROLE {person} LOGIN PASSWORD 'pass:w@rd/?'")
        if member_of:
            postgres.sql(f"GRANT {member_of} TO {person}")
    with Store.open(postgres.url(name), tmp_path_factory.mktemp("lab")) as store:
        store.add_run(Run("first", "toy", RunStatus.FINISHED, {"network_dim": 8}))
        store.add_scores([Score("first", 1, "a", number, "colors", 1.0) for number in range(9)])
    return name


def opened(postgres, lab, person, tmp_path):
    return Store.open(postgres.url(lab, person), tmp_path / "blobs")


def test_a_viewer_reads_everything_and_writes_nothing(postgres, lab, tmp_path):
    with opened(postgres, lab, "anna", tmp_path) as store:
        assert [run.name for run in store.runs()] == ["first"]
        assert len(store.scores("first")) == 9
        assert store.check() == []
        with pytest.raises(BadFile, match="may not do that"):
            store.add_run(Run("hers", "toy", RunStatus.FINISHED))
    for table in metadata.tables:
        assert_forbidden(postgres, lab, "anna", f"DELETE FROM lorascope.{table}")
    for name in EVERYTHING:
        postgres.sql(f"SELECT * FROM lorascope.{name}", lab, "anna")


def test_an_editor_reads_and_writes(postgres, lab, tmp_path):
    with opened(postgres, lab, "emil", tmp_path) as store:
        run = Run("his", "toy", RunStatus.RUNNING)
        store.add_run(run)
        store.add_scores([Score("his", 1, "a", number, "colors", 1.0) for number in range(9)])
        assert store.add_scores([Score("his", 1, "a", number, "colors", number) for number in range(9)]) == 8
        store.update_run(run.finished(1.0))
        assert store.run("his") == run.finished(1.0)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE lorascope.training_runs",
        "ALTER TABLE lorascope.training_runs DROP COLUMN reason",
        "ALTER TABLE lorascope.training_runs DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE lorascope.mine (id int)",
        "TRUNCATE lorascope.training_runs CASCADE",
        "UPDATE lorascope.lorascope_version SET version_num = '9999'",
        "CREATE POLICY mine ON lorascope.training_runs USING (true)",
        "GRANT studio_editor TO anna",
    ],
)
@pytest.mark.parametrize("person", ["anna", "emil"])
def test_neither_may_change_the_schema_or_the_rights(postgres, lab, person, statement):
    assert_forbidden(postgres, lab, person, statement)


@pytest.mark.parametrize("name", EVERYTHING)
def test_others_see_nothing(postgres, lab, name):
    assert_forbidden(postgres, lab, "outsider", f"SELECT * FROM lorascope.{name}")


@pytest.mark.parametrize("name", EVERYTHING)
def test_whoever_was_granted_a_table_or_view_but_has_no_policy_sees_no_row(postgres, lab, name):
    """As Supabase grants everything in the schema public to everybody; and a view shows its reader no more than the tables do."""
    grant = "GRANT USAGE ON SCHEMA lorascope TO anon; GRANT SELECT ON ALL TABLES IN SCHEMA lorascope TO anon; SET ROLE anon"
    assert as_role(postgres, lab, f"{grant}; SELECT * FROM lorascope.{name}") == []


@pytest.mark.parametrize(
    ("claim", "reads", "writes"), [("viewer", True, False), ("editor", True, True), ("other", False, False), (None, False, False)]
)
def test_signed_in_users_are_what_their_token_says(postgres, lab, claim, reads, writes):
    token = json.dumps(
        {"role": "authenticated", "app_metadata": {"lorascope": claim} if claim else {}, "user_metadata": {"lorascope": "editor"}}
    )
    become = f"SET ROLE authenticated; SET request.jwt.claims = '{token}';"
    names = as_role(postgres, lab, f"{become} SELECT run_name FROM lorascope.v_training_comparison WHERE run_name = 'first'")
    assert bool(names) == reads
    changed = as_role(postgres, lab, f"{become} UPDATE lorascope.training_runs SET reason = '' WHERE run_name = 'first' RETURNING 1")
    assert bool(changed) == writes


def test_every_table_is_hidden_from_the_start(postgres, lab):
    rows = postgres.sql(
        "SELECT relname, relrowsecurity FROM pg_class WHERE relnamespace = 'lorascope'::regnamespace AND relkind = 'r'", lab
    )
    assert len(rows) == len(metadata.tables) + 1
    assert all(secured for _, secured in rows)


def test_the_roles_may_be_given_again_and_a_migration_keeps_them(postgres, lab, tmp_path):
    postgres.sql(role_statements("lorascope", NAMES), lab)
    postgres.sql("UPDATE lorascope.lorascope_version SET views = 'older'", lab)
    with Store.open(postgres.url(lab), tmp_path) as store:
        assert store.refresh_views()
    for person in ("anna", "emil"):
        assert len(postgres.sql("SELECT * FROM lorascope.v_training_comparison WHERE run_name = 'first'", lab, person)) == 1


def test_a_role_with_a_strange_name_is_refused():
    with pytest.raises(BadParameter):
        Roles(viewer='x"; DROP TABLE training_runs; --')


def test_the_schema_with_roles_can_be_made_twice_in_one_server(postgres):
    for _ in range(2):
        postgres.sql(ddl("postgresql", with_roles=NAMES), postgres.new_database())


def assert_forbidden(postgres, database, person, statement):
    import psycopg

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.sql(statement, database, person)


def as_role(postgres, database, script):
    """The rows of a script's last statement; nothing it does is kept."""
    import psycopg

    with psycopg.connect(**postgres.where(database)) as connection:
        cursor = connection.execute(script)
        while cursor.nextset():
            pass
        rows = cursor.fetchall()
        connection.rollback()
    return rows
