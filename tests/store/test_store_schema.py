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
from lorascope.records.sample import Score
from lorascope.store import Store
from lorascope.store.tables import SCHEMA_VERSION, metadata

RELEASED = sorted((Path(__file__).parent / "released").glob("*.db"))


def open_store(file):
    return Store.open(f"sqlite:///{file}", file.parent / "blobs")


def schema_of(file):
    """What tells two schemas apart: every column with its type, and every index with its columns."""
    with sqlite3.connect(file) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'alembic%'")]
        columns = {table: list(connection.execute(f"PRAGMA table_info({table})")) for table in tables}
        keys = {table: list(connection.execute(f"PRAGMA foreign_key_list({table})")) for table in tables}
        indexes = {
            (table, unique, origin, tuple(row[1:3] for row in connection.execute(f"PRAGMA index_info({index})")))
            for table in tables
            for _, index, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})")
        }
        named = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")}
    connection.close()
    return columns, keys, indexes, named


def test_the_migrations_lead_to_the_tables_the_program_knows(tmp_path):
    open_store(tmp_path / "migrated.db").close()
    engine = create_engine(f"sqlite:///{tmp_path / 'created.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema_of(tmp_path / "migrated.db") == schema_of(tmp_path / "created.db")


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
        store.add_run(Run("second", "toy", RunStatus.FINISHED))


def test_a_store_from_the_future_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "lab.db"
    open_store(file).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadFile, match="newer lorascope") as caught:
        open_store(file)
    assert "update lorascope" in caught.value.next_step


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "photos.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE photos (id INTEGER)")
    connection.close()
    with pytest.raises(BadFile, match="another program"):
        open_store(file)
    with sqlite3.connect(file) as connection:
        assert [row[0] for row in connection.execute("SELECT name FROM sqlite_master")] == ["photos"]
    connection.close()


def test_the_views_answer_what_their_names_ask(tmp_path):
    with open_store(tmp_path / "lab.db") as store:
        store.add_run(Run("first", "toy", RunStatus.FINISHED, {"network_dim": 32, "keep_tokens": 1}))
        values = {(1, "a", 1): 10.0, (1, "a", 2): 20.0, (1, "b", 1): 5.0, (2, "a", 1): 4.0, (2, "b", 1): None}
        store.add_scores([Score("first", epoch, prompt, seed, "colors", value) for (epoch, prompt, seed), value in values.items()])
    with sqlite3.connect(tmp_path / "lab.db") as connection:
        progression = list(
            connection.execute("SELECT epoch, mean, prompts, images, change FROM v_epoch_metrics_progression ORDER BY epoch")
        )
        comparison = connection.execute(
            "SELECT run_name, network_dim, keep_tokens, conv_dim, checkpoints FROM v_training_comparison"
        ).fetchall()
        by_category = connection.execute("SELECT all_parameters ->> '$.architecture.network_dim' FROM training_runs").fetchone()
    connection.close()
    assert progression == [(1, 10.0, 2, 3, None), (2, 4.0, 1, 1, -6.0)]
    assert comparison == [("first", 32, 1, None, 0)]
    assert by_category == (32,)
