"""ai-toolkit's LoRA files and its log database."""

from __future__ import annotations

import json
import math
import sqlite3
import stat

import pytest
from tiny_lora import SCHEMA, log, open_log, save, save_kohya_layout

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.importer import HEAD_BYTES
from lorascope.importers.loss_log import LOSS_LOG
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.records.run import CountedIn


def metadata(step=500, **more):
    software = {"name": "ai-toolkit", "repo": "https://github.com/ostris/ai-toolkit", "version": "0.7.18"}
    told = {"software": software, "training_info": {"step": step, "epoch": 9}, "name": "cat", "ss_output_name": "cat", "format": "pt"}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in {**told, **more}.items()}


def read(path):
    (part,) = WEIGHTS_FILE.read(path)
    (evidence,) = part.evidence
    return evidence


def test_a_numbered_file_is_a_step_of_the_training_it_names(tmp_path):
    evidence = read(save_kohya_layout(tmp_path / "cat" / "cat_000000500.safetensors", metadata(sshs_model_hash="ab" * 32)))
    assert (evidence.trainer, evidence.training, evidence.folder) == ("ai-toolkit", "cat", tmp_path / "cat")
    checkpoint = evidence.checkpoint
    assert (checkpoint.number, checkpoint.step, checkpoint.counted_in, checkpoint.is_final) == (500, 500, CountedIn.STEPS, False)
    assert checkpoint.tensor_hash == "ab" * 32
    assert checkpoint.kept["training_info"] == {"step": 500, "epoch": 9}
    assert evidence.kept["software"]["version"] == "0.7.18"
    assert evidence.parameters == {"network_dim": 4}
    assert evidence.notes == ()


def test_the_file_without_a_number_is_the_final_one_and_its_metadata_say_the_step(tmp_path):
    checkpoint = read(save_kohya_layout(tmp_path / "cat" / "cat.safetensors", metadata(2000))).checkpoint
    assert (checkpoint.number, checkpoint.is_final) == (2000, True)


def test_older_versions_wrote_the_next_step_which_is_no_contradiction(tmp_path):
    assert read(save_kohya_layout(tmp_path / "cat_000000500.safetensors", metadata(501))).notes == ()
    assert "the name counts" in read(save_kohya_layout(tmp_path / "cat_000000500.safetensors", metadata(700))).notes[0]


def test_files_without_alpha_have_alpha_equal_to_the_rank_and_a_note_says_so(tmp_path):
    evidence = read(save(tmp_path / "cat_000000500.safetensors", metadata(), rank=16))
    assert evidence.parameters == {"network_dim": 16, "network_alpha": 16.0}
    assert "alpha = rank" in evidence.notes[0]


@pytest.mark.parametrize(
    "told",
    [
        {"training_info": "[" * 9999},
        {"training_info": '{"step": -1}'},
        {"training_info": '{"step": 1e400}'},
        {"name": '["x"]', "ss_output_name": ""},
    ],
)
def test_metadata_made_to_confuse_are_kept_and_the_name_counts(tmp_path, told):
    evidence = read(save_kohya_layout(tmp_path / "cat_000000500.safetensors", metadata(**told)))
    assert (evidence.training, evidence.checkpoint.number) == ("cat", 500)


@pytest.fixture
def database(tmp_path):
    """A finished log: three steps."""
    path = tmp_path / "cat" / "loss_log.db"
    connection = open_log(path)
    for step in range(3):
        log(connection, step, loss=0.5 / (step + 1), learning_rate=1e-4)
    connection.close()
    return path


def read_log(path):
    assert LOSS_LOG.recognizes(path.read_bytes()[:HEAD_BYTES], path)
    (part,) = LOSS_LOG.read(path)
    (evidence,) = part.evidence
    return evidence


def test_the_log_becomes_one_series_a_metric(database):
    evidence = read_log(database)
    assert (evidence.trainer, evidence.folder) == ("ai-toolkit", database.parent)
    rate, loss = evidence.series
    assert (loss.metric, loss.steps, loss.values) == ("loss", (0, 1, 2), (0.5, 0.25, 0.5 / 3))
    assert (rate.metric, rate.times) == ("learning_rate", (1.7e9, 1.7e9 + 1, 1.7e9 + 2))


def test_a_log_that_is_being_written_is_read_with_its_latest_steps_and_left_alone(tmp_path):
    path = tmp_path / "loss_log.db"
    writer = open_log(path)
    for step in range(3):
        log(writer, step, loss=float(step))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert "loss_log.db-wal" in before
    assert read_log(path).series[0].steps == (0, 1, 2)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    log(writer, 3, loss=3.0)  # the writer was not disturbed
    assert read_log(path).series[0].steps == (0, 1, 2, 3)
    writer.close()


def test_a_log_whose_writer_was_killed_is_read_and_left_alone(tmp_path, tmp_path_factory):
    writer = open_log(tmp_path / "loss_log.db")
    log(writer, 0, loss=1.0)
    copied = tmp_path_factory.mktemp("copied")
    for name in ("loss_log.db", "loss_log.db-wal"):  # without -shm, as after a copy
        (copied / name).write_bytes((tmp_path / name).read_bytes())
    writer.close()
    assert read_log(copied / "loss_log.db").series[0].values == (1.0,)
    assert sorted(file.name for file in copied.iterdir()) == ["loss_log.db", "loss_log.db-wal"]


def test_a_finished_log_in_a_folder_that_cannot_be_written_is_read(database):
    database.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert len(read_log(database).series) == 2
        assert [file.name for file in database.parent.iterdir()] == ["loss_log.db"]
    finally:
        database.parent.chmod(stat.S_IRWXU)


def test_what_sqlite_cannot_hold_is_read_as_nan_and_texts_are_kept(tmp_path):
    path = tmp_path / "loss_log.db"
    connection = open_log(path)
    log(connection, 0, loss=math.nan, phase="warm-up")
    connection.close()
    evidence = read_log(path)
    (loss,) = evidence.series
    assert math.isnan(loss.values[0])
    assert "1 of 1 values of 'loss' are empty" in evidence.notes[0]
    assert evidence.kept == {"logged texts of phase": [[0, "warm-up"]]}


def test_sql_in_a_name_is_only_a_name(tmp_path):
    path = tmp_path / "loss_log.db"
    connection = open_log(path)
    log(connection, 0, **{"loss'; DROP TABLE metrics; --": 1.0})
    connection.close()
    assert read_log(path).series[0].metric == "loss'; DROP TABLE metrics; --"


def hostile(path, script):
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE users (name TEXT)",
        "CREATE TABLE steps (step INTEGER, wall_time REAL); CREATE TABLE metrics (step INTEGER, key TEXT)",
        SCHEMA + "DROP TABLE metrics; CREATE VIEW metrics AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS step, 'loss' AS key, 1.0 AS value_real, NULL AS value_text FROM n",
        SCHEMA + "DROP TABLE metrics; CREATE TABLE metrics (step INTEGER, key TEXT, value_text TEXT,"
        " value_real REAL GENERATED ALWAYS AS (length(zeroblob(1000000))) VIRTUAL)",
    ],
)
def test_the_database_of_another_program_is_refused_in_our_words(tmp_path, script):
    with pytest.raises(BadFile, match="another program's"):
        list(LOSS_LOG.read(hostile(tmp_path / "loss_log.db", script)))


def test_rows_of_strange_kinds_are_left_out_with_a_note(tmp_path):
    rows = "INSERT INTO metrics VALUES (1, 'loss', 'abc', NULL), (2, 'loss', x'00', NULL), (3, x'00', 1.0, NULL), (4, 'loss', 0.5, NULL)"
    evidence = read_log(hostile(tmp_path / "loss_log.db", SCHEMA + rows))
    assert evidence.series[0].steps == (4,)
    assert math.isnan(evidence.series[0].times[0])  # no row in steps
    assert "3 rows are not what ai-toolkit writes" in evidence.notes[0]


def test_a_damaged_or_missing_file_is_refused_in_our_words(tmp_path, database):
    whole = database.read_bytes()
    for broken in (whole[:100], whole[:5000], whole[:4096] + b"\xff" * 9000, b"SQLite format 3\0" + b"A" * 5000):
        path = tmp_path / "loss_log.db"
        path.write_bytes(broken)
        with pytest.raises(BadFile) as caught:
            list(LOSS_LOG.read(path))
        assert str(path) in caught.value.where
    with pytest.raises(MissingFile):
        list(LOSS_LOG.read(tmp_path / "no" / "loss_log.db"))
