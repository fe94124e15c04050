"""The migrations and the tables say the same, and stores of every released schema open."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import lorascope.store.migrations
from lorascope.errors import BadFile
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store
from lorascope.store.migrate import refresh, step_by_step, version_table
from lorascope.store.queries import Sort
from lorascope.store.tables import SCHEMA_VERSION

RELEASED = sorted((Path(__file__).parent / "released").glob("*.db"))


def open_store(file):
    return Store.open(f"sqlite:///{file}", file.parent / "blobs")


def schema_of(file):
    """What tells two schemas apart: every column with its type, and every index with its columns."""
    with sqlite3.connect(file) as connection:
        tables = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'lorascope_version'")
        ]
        columns = {table: list(connection.execute(f"PRAGMA table_info({table})")) for table in tables}
        keys = {table: list(connection.execute(f"PRAGMA foreign_key_list({table})")) for table in tables}
        indexes = {
            (table, unique, origin, tuple(row[1:3] for row in connection.execute(f"PRAGMA index_info({index})")))
            for table in tables
            for _, index, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})")
            if not index.startswith("ix_parameter_")  # made with the views
        }
        named = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
        named = {name for name in named if not name.startswith("ix_parameter_")}
    connection.close()
    return columns, keys, indexes, named


def test_a_new_store_an_old_one_and_one_made_step_by_step_have_one_schema(tmp_path):
    open_store(tmp_path / "new.db").close()
    shutil.copy(RELEASED[0], tmp_path / "old.db")
    open_store(tmp_path / "old.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'steps.db'}")
    with engine.begin() as connection:
        version_table.create(connection)
        step_by_step(connection)
        refresh(connection)
    engine.dispose()
    assert schema_of(tmp_path / "new.db") == schema_of(tmp_path / "old.db") == schema_of(tmp_path / "steps.db")


def test_the_program_knows_the_latest_migration():
    folder = Path(next(iter(lorascope.store.migrations.__path__)))
    assert ScriptDirectory(str(folder)).get_current_head() == SCHEMA_VERSION


def test_a_database_of_every_schema_is_kept():
    assert [file.stem for file in RELEASED] == [f"schema_{number:04}" for number in range(1, int(SCHEMA_VERSION) + 1)]


@pytest.mark.parametrize("released", RELEASED, ids=lambda file: file.stem)
def test_a_store_of_a_released_schema_opens_and_has_all_it_had(released, tmp_path):
    shutil.copy(released, tmp_path / "lab.db")
    with open_store(tmp_path / "lab.db") as store:
        run = store.run("first")
        assert (run.status, run.parameters, run.outcome) == (RunStatus.FINISHED, {"network_dim": 8, "my_own": "x"}, {"score": 9})
        assert [checkpoint.step for checkpoint in store.checkpoints("first")] == [10, 20]
        assert [score.value for score in store.scores("first")] == [12.5, None]
        assert store.dataset("sprites").items[0].caption == "a lad"
        assert store.suite("eight").prompts[0].expectations[0].rgb == (1, 255, 7)
        assert store.measurements("first")[0].mean == 12.5
        assert store.foreign_records() == [{"type": "note", "text": "kept"}]
        if released.stem >= "schema_0002":
            assert [(one.metric, one.steps, one.values[0]) for one in store.series("first")] == [("loss", (1, 2, 3), 0.5)]
            assert [one.claimed_n for one in store.hypotheses()] == [1]
        best = store.query_runs(sort=Sort("max.unique_colors"), columns=["max.unique_colors"])
        assert best[0].values == {"max.unique_colors": 12.5}, "numbers of before are found, too"
        store.add_run(Run("second", "toy", RunStatus.FINISHED))


def test_a_store_from_the_future_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "lab.db"
    open_store(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE lorascope_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadFile, match="newer lorascope") as caught:
        open_store(file)
    assert "update lorascope" in caught.value.next_step


@pytest.mark.parametrize("tables", [["photos"], ["alembic_version", "studies"], ["alembic_version"]], ids="+".join)
def test_another_programs_database_is_refused_and_left_alone(tmp_path, tables):
    """Alembic's own table proves nothing: Optuna and MLflow have it too."""
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (version_num TEXT)")
    connection.close()
    with pytest.raises(BadFile, match="another program"):
        open_store(file)
    with sqlite3.connect(file) as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == tables
    connection.close()


def test_the_first_schemas_version_table_is_replaced_by_our_own(tmp_path):
    shutil.copy(RELEASED[0], tmp_path / "lab.db")
    with open_store(tmp_path / "lab.db") as store:
        assert store.schema_before == "0001"
        assert [problem for problem in store.check() if problem.gravity == "wrong"] == []
    with sqlite3.connect(tmp_path / "lab.db") as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert connection.execute("SELECT version_num FROM lorascope_version").fetchall() == [(SCHEMA_VERSION,)]
    connection.close()
    assert "alembic_version" not in names


def test_parameters_that_the_catalogue_has_learned_since_move_to_their_group(tmp_path):
    shutil.copy(RELEASED[0], tmp_path / "lab.db")
    with sqlite3.connect(tmp_path / "lab.db") as connection:
        connection.execute("""UPDATE training_runs SET all_parameters = '{"other": {"network_dim": 8, "my_own": "x"}}'""")
    connection.close()
    with open_store(tmp_path / "lab.db") as store:
        assert store.run("first").parameters == {"network_dim": 8, "my_own": "x"}
    with sqlite3.connect(tmp_path / "lab.db") as connection:
        assert connection.execute("SELECT network_dim FROM v_training_comparison").fetchall() == [(8,)]
    connection.close()
