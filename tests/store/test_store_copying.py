"""A copy has every row to the last bit, whatever it is copied from and to; a backup is whole or not there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy import select

from lorascope.errors import AlreadyExists, MissingFile, OperationFailed
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest
from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.records.series import Series
from lorascope.store import Store, copying
from lorascope.store.tables import metadata

ITEMS = (DatasetItem("a.png", "00" * 16, "a.txt", "a lad\0with a \ud800 broken ␛ caption"), DatasetItem("b.png", "11" * 16, None, None))
RUN = Run(
    "first % 'of' all",
    "toy",
    RunStatus.FINISHED,
    {
        "network_dim": 32,
        "network_alpha": 16.0,
        "big": 1e22,
        "whole": 10**22,
        "tiny": 5e-324,
        "zero": -0.0,
        "odd\0key": "漢字 🎨\0",
        "none": None,
    },
    outcome={"score": 9, "other": None},
    started_at=1_700_000_000.123456,
    extra={"nested": [[{}], [], {"z": 1, "aa": [True, 1, 1.0]}]},
)


def nothing(table, count):
    """Tell nobody."""


def fill(store):
    """Something in every table."""
    store.add_run(RUN)
    store.add_run(Run("second", "toy", RunStatus.RUNNING, parent=RUN.name, reason="\0"))
    store.add_dataset(Dataset("sprites", "data", ITEMS, dataset_digest(ITEMS), orphans=("c.txt",), extra={"by": "me"}))
    store.add_suite(
        PromptSuite("eight", (Prompt("green", "on green", (Expectation("background", "green", (1, 255, 7)),)),), seeds=(1, 2**63 - 1))
    )
    store.add_checkpoints([Checkpoint(RUN.name, epoch, step=2**40, mean_loss=0.1 + 0.2, extra={"x": [1.0]}) for epoch in range(3)])
    store.add_measurements([Measurement(RUN.name, 1, "colors", "colors", 12.5, None, None, 8, 32)])
    store.add_samples([Sample(RUN.name, 1, "green", seed, "aa" * 16) for seed in (None, 0, -1)])
    store.add_scores([Score(RUN.name, 1, "green", seed, "colors", 1 / (seed + 3)) for seed in range(1200)])
    store.add_scores([Score(RUN.name, 2, "green", None, "colors", None, reason="black\0image")])
    store.keep_foreign([({"type": "note", "text": "\0 \udfff"}, 0), ({"type": "note", "text": "\0 \udfff"}, 1)])
    store.put_hypotheses([Hypothesis("dim", "more is better", "me", prior=0.85, verdict=Verdict.REFUTED, runs=(RUN.name,))])
    store.put_series([Series(RUN.name, "loss", (1, 2, 3), (0.5, float("inf"), float("nan")), (1.5, 2.5, 3.5))])


def rows(store):
    """Every row of every table, with the kinds of values."""
    with store._read() as connection:
        return {
            name: [
                [(type(value), value) for value in row] for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for name, table in metadata.tables.items()
        }


@pytest.fixture
def here(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
        fill(store)
        yield store


def test_there_and_back_again_loses_nothing(here, postgres_url, tmp_path):
    before = rows(here)
    assert all(before.values()), "every table has something to lose"
    with (
        Store.open(postgres_url, tmp_path / "there") as there,
        Store.open(f"sqlite:///{tmp_path / 'back.db'}", tmp_path / "back") as back,
    ):
        counts = here.copy_to(there, nothing)
        assert counts == {name: len(found) for name, found in before.items()}
        assert rows(there) == before
        there.copy_to(back, nothing)
        assert repr(rows(back)) == repr(before), "also the sign of zero"
        assert here.fingerprints() == there.fingerprints() == back.fingerprints()
        for store in (there, back):
            assert store.run(RUN.name) == RUN
            assert store.dataset("sprites").items == ITEMS


def test_keys_go_on_behind_the_copied_ones(here, postgres_url, tmp_path):
    with Store.open(postgres_url, tmp_path / "there") as there:
        here.copy_to(there, nothing)
        for store in (here, there):
            store.add_run(Run("third", "toy", RunStatus.FINISHED))
            store.add_scores([Score("third", 1, "green", seed, "colors", 1.0) for seed in range(10)])
        assert rows(there)["prompt_test_results"] == rows(here)["prompt_test_results"]


def test_a_store_with_something_in_it_is_no_target(here, postgres_url, tmp_path):
    with Store.open(postgres_url, tmp_path / "there") as there:
        there.add_run(Run("mine", "toy", RunStatus.FINISHED))
        before = rows(there)
        with pytest.raises(AlreadyExists, match="not empty") as caught:
            here.copy_to(there, nothing)
        assert "pass" not in f"{caught.value}"
        assert rows(there) == before


def test_what_arrives_changed_is_noticed_and_not_kept(here, postgres, postgres_url, tmp_path):
    """A trigger in the target changes one score on its way in."""
    database = postgres.databases[-1]
    postgres.sql(
        "CREATE FUNCTION lorascope.spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.value = NEW.value + 1e-9; RETURN NEW; END'",
        database,
    )
    when = "BEFORE INSERT ON lorascope.prompt_test_results FOR EACH ROW WHEN (NEW.seed = 777)"
    postgres.sql(f"CREATE TRIGGER spoil {when} EXECUTE FUNCTION lorascope.spoil()", database)
    with Store.open(postgres_url, tmp_path / "there") as there:
        with pytest.raises(OperationFailed, match="prompt_test_results"):
            here.copy_to(there, nothing)
        assert there.runs() == []


def test_after_an_error_half_way_nothing_is_kept(here, postgres_url, tmp_path):
    def stop(table, count):
        if table == "prompt_test_results":
            raise KeyboardInterrupt

    with Store.open(postgres_url, tmp_path / "there") as there:
        with pytest.raises(KeyboardInterrupt):
            here.copy_to(there, stop)
        assert sum(there.row_counts().values()) == 0


def test_files_are_copied_too(here, tmp_path):
    digest = here.put_blob(b"a picture")
    with Store.open("sqlite://", tmp_path / "there") as there:
        assert here.copy_blobs_to(there) == 1
        assert there.blob_path(digest).read_bytes() == b"a picture"


class TestBackup:
    def test_it_is_a_store_like_the_one_it_was_made_of_while_somebody_writes(self, here, tmp_path):
        file = tmp_path / "backup.db"
        with Store.open(str(here.address), tmp_path / "blobs") as other:
            assert here.transaction is not other.transaction
            here.back_up(file, nothing)
            other.add_run(Run("later", "toy", RunStatus.FINISHED))
        with Store.open(f"sqlite:///{file}", tmp_path / "blobs") as copy:
            assert "later" not in {run.name for run in copy.runs()}
            assert copy.fingerprints()["prompt_test_results"] == here.fingerprints()["prompt_test_results"]
            assert copy.check() == copy.check()
        assert not list(tmp_path.glob(".new-*"))

    def test_of_postgresql_it_is_an_sqlite_file(self, here, postgres_url, tmp_path):
        with Store.open(postgres_url, tmp_path / "there") as there:
            here.copy_to(there, nothing)
            there.back_up(tmp_path / "backup.db", nothing)
        assert sorted(path.name for path in tmp_path.glob("*backup*")) == ["backup.db"]
        with Store.open(f"sqlite:///{tmp_path / 'backup.db'}", tmp_path / "blobs") as copy:
            assert copy.fingerprints() == here.fingerprints()

    def test_it_never_replaces_a_file(self, here, tmp_path):
        (tmp_path / "diary").write_text("dear diary")
        with pytest.raises(AlreadyExists):
            here.back_up(tmp_path / "diary", nothing)
        assert (tmp_path / "diary").read_text() == "dear diary"
        with pytest.raises(MissingFile):
            here.back_up(tmp_path / "nowhere" / "backup.db", nothing)

    def test_one_that_fails_leaves_nothing(self, here, tmp_path, monkeypatch):
        def fail(table, count):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            here.back_up(tmp_path / "backup.db", fail)
        assert not list(tmp_path.glob("*backup*"))
        assert not list(tmp_path.glob(".new-*"))

    def test_a_damaged_store_makes_no_backup(self, here, tmp_path):
        here.close()
        data = bytearray((tmp_path / "lab.db").read_bytes())
        data[60_000:64_000] = bytes(4_000)
        (tmp_path / "lab.db").write_bytes(data)
        with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store, pytest.raises(OperationFailed, match="damaged"):
            store.back_up(tmp_path / "backup.db", nothing)
        assert not (tmp_path / "backup.db").exists()


class TestCheck:
    def test_nothing_is_wrong_with_a_store_as_it_is_made(self, tmp_path, postgres_url):
        for url in (f"sqlite:///{tmp_path / 'new.db'}", postgres_url):
            with Store.open(url, tmp_path / "blobs") as store:
                assert store.check() == []

    def test_images_and_datasets_that_are_elsewhere_are_noted_and_damaged_files_wrong(self, here):
        here.import_runs([replace(RUN, name="lost", dataset_digest="ff" * 16)])
        path = here.blob_path(here.put_blob(b"a picture"))
        path.write_bytes(b"another one")
        found = [(problem.gravity.value, problem.check) for problem in here.check()]
        assert found == [("wrong", "files"), ("note", "datasets"), ("note", "files")]

    @pytest.mark.parametrize(
        ("damage", "check", "message"),
        [
            ("DROP VIEW v_training_comparison", "views", "v_training_comparison is missing"),
            ("DROP INDEX uq_prompt_test_results", "schema", "uq_prompt_test_results is missing"),
            ("ALTER TABLE training_runs DROP COLUMN reason", "schema", "training_runs.reason"),
            ("ALTER TABLE epoch_results ADD COLUMN mine TEXT", "schema", "epoch_results.mine is TEXT, should be absent"),
            ("DROP TABLE foreign_records", "schema", "foreign_records is missing"),
            ("PRAGMA foreign_keys = OFF; DELETE FROM training_runs WHERE run_name = 'second'", None, ""),
            ("PRAGMA foreign_keys = OFF; DELETE FROM training_runs", "references", "belongs to a row of training_runs"),
        ],
    )
    def test_what_was_done_to_it_behind_our_back_is_wrong(self, here, tmp_path, damage, check, message):
        here.close()
        with sqlite3.connect(tmp_path / "lab.db") as connection:
            connection.executescript("DROP VIEW v_training_comparison;" * ("COLUMN reason" in damage) + damage)
        connection.close()
        with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
            wrong = [problem for problem in store.check() if problem.gravity == "wrong" and problem.check == (check or problem.check)]
        assert bool(wrong) == bool(check)
        assert not check or any(message in problem.message for problem in wrong)


def test_fingerprints_tell_apart_what_looks_alike(tmp_path):
    found = set()
    for number, value in enumerate((1, 1.0, True, "1", None, -0.0, 0.0)):
        with Store.open(f"sqlite:///{tmp_path / f'{number}.db'}", tmp_path / "blobs") as store:
            store.add_run(Run("first", "toy", RunStatus.FINISHED, {"my_own": value}))
            found.add(store.fingerprints()["training_runs"].digest)
    assert len(found) == 7
    assert copying.BATCH_ROWS < 1200, "the copies above take several batches"
