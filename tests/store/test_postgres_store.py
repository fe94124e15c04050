"""What is special about a store on PostgreSQL: who shares the database, who holds a run, what is said when something is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import traceback

import pytest

from lorascope.errors import BadFile, BadParameter, Busy, LorascopeError, MissingFile, OperationFailed
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.settings import Settings
from lorascope.store import Store, patience

PREAMBLE = """
import sys, time
from pathlib import Path
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

url, folder, me = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
print("loaded", flush=True)
while (folder / "wait").exists():
    time.sleep(0.0005)
store = Store.open(url, folder / "blobs")
"""


def start(url, folder, me, script):
    command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(script), url, str(folder), me]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(processes):
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


def a_store(url, tmp_path):
    return Store.open(url, tmp_path / "blobs")


class TestSharing:
    def test_other_programs_tables_and_their_version_table_stay_untouched(self, postgres, tmp_path):
        name = postgres.new_database()
        postgres.sql("CREATE TABLE public.alembic_version (version_num text)", name)
        postgres.sql("CREATE TABLE public.training_runs (theirs text)", name)
        with a_store(postgres.url(name), tmp_path) as store:
            store.add_run(Run("first", "toy", RunStatus.FINISHED))
        assert postgres.sql("SELECT * FROM public.alembic_version", name) == []
        assert postgres.sql("SELECT * FROM public.training_runs", name) == []
        assert postgres.sql("SELECT run_name FROM lorascope.training_runs", name) == [("first",)]

    def test_two_stores_live_in_one_database_under_two_schemas(self, postgres, tmp_path):
        name = postgres.new_database()
        with a_store(postgres.url(name), tmp_path) as one, a_store(postgres.url(name, schema="other"), tmp_path) as other:
            one.add_run(Run("first", "toy", RunStatus.RUNNING))
            assert other.runs() == []
            other.add_run(Run("first", "toy", RunStatus.RUNNING))
            assert one.run("first").status is RunStatus.RUNNING

    def test_a_schema_with_other_programs_tables_may_be_shared_as_long_as_no_name_is_taken(self, postgres, tmp_path):
        name = postgres.new_database()
        postgres.sql("CREATE TABLE public.photos (id int)", name)
        a_store(postgres.url(name, schema="public"), tmp_path).close()
        assert postgres.sql("SELECT count(*) FROM public.training_runs", name) == [(0,)]
        taken = postgres.new_database()
        postgres.sql("CREATE TABLE public.epoch_results (id int)", taken)
        with pytest.raises(BadFile, match=r"another program .*epoch_results") as caught:
            a_store(postgres.url(taken, schema="public"), tmp_path)
        assert "?schema=" in caught.value.next_step
        assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", taken) == [(1,)]

    def test_a_store_from_the_future_is_refused(self, postgres, postgres_url, tmp_path):
        postgres.sql("UPDATE lorascope.lorascope_version SET version_num = '9999'", postgres.databases[-1])
        with pytest.raises(BadFile, match="newer lorascope"):
            a_store(postgres_url, tmp_path)

    def test_a_new_store_may_be_opened_by_many_at_once(self, postgres, tmp_path):
        url = postgres.url(postgres.new_database())
        (tmp_path / "wait").touch()
        openers = [start(url, tmp_path, str(number), "store.add_run(Run(me, 'toy', RunStatus.FINISHED))") for number in range(4)]
        for opener in openers:
            opener.stdout.readline()
        (tmp_path / "wait").unlink()
        finish(openers)
        with a_store(url, tmp_path) as store:
            assert sorted(run.name for run in store.runs()) == ["0", "1", "2", "3"]


class TestWhoWorksOnARun:
    def test_two_processes_cannot_work_on_one_run_and_a_dead_one_is_seen_at_once(self, postgres_url, tmp_path):
        script = "store.add_run(Run(me, 'toy', RunStatus.RUNNING)); print('ready', flush=True); time.sleep(60)"
        process = start(postgres_url, tmp_path, "mine", script)
        assert [process.stdout.readline() for _ in range(2)] == ["loaded\n", "ready\n"]
        with a_store(postgres_url, tmp_path) as store:
            assert store.run("mine").status is RunStatus.RUNNING
            with pytest.raises(Busy, match=f"'mine' is being worked on by process {process.pid} on"):
                store.claim_run("mine")
            with pytest.raises(Busy):
                store.update_run(Run("mine", "toy", RunStatus.FAILED))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            started = time.monotonic()
            while store.run("mine").status is not RunStatus.INTERRUPTED:
                assert time.monotonic() < started + 2
            store.claim_run("mine")

    def test_two_stores_of_one_process_cannot_either(self, postgres_url, tmp_path):
        with a_store(postgres_url, tmp_path) as one, a_store(postgres_url, tmp_path) as other:
            one.add_run(Run("mine", "toy", RunStatus.RUNNING))
            with pytest.raises(Busy, match=f"process {os.getpid()}"):
                other.claim_run("mine")
            one.release_run("mine")
            other.claim_run("mine")

    @pytest.mark.parametrize("writers", [2, pytest.param(8, marks=pytest.mark.slow)])
    def test_several_writers_lose_nothing(self, postgres_url, tmp_path, writers):
        with a_store(postgres_url, tmp_path) as store:
            store.add_run(Run("shared", "toy", RunStatus.FINISHED))
            names = [f"writer {number}" for number in range(writers)]
            script = """
                store.add_run(Run(me, "toy", RunStatus.FINISHED))
                for number in range(25):
                    store.add_checkpoint(Checkpoint(me, number))
                    store.add_scores([Score("shared", 1, f"prompt {prompt}", number, me, 1.0) for prompt in range(10)])
                    store.add_measurements([Measurement("shared", 1, f"{me} {number}", "", 1.0, None, None, 8, 8)])  # read, then written
            """
            finish([start(postgres_url, tmp_path, name, script) for name in names])
            assert [len(store.checkpoints(name)) for name in names] == [25] * writers
            assert len(store.measurements("shared")) == 25 * writers
            assert [len(store.scores("shared", name)) for name in names] == [250] * writers

    def test_a_reader_sees_one_state_while_another_process_writes(self, postgres_url, tmp_path):
        with a_store(postgres_url, tmp_path) as store, a_store(postgres_url, tmp_path) as other, store.snapshot():
            before = store.runs()
            other.add_run(Run("new", "toy", RunStatus.FINISHED))
            assert store.runs() == before == []


class TestWhatIsSaid:
    @pytest.fixture
    def said(self, tmp_path):
        """The error of opening a URL; the password is nowhere in it, nor in its traceback."""

        def of(url):
            with pytest.raises(LorascopeError) as caught:
                a_store(url, tmp_path)
            shown = "".join(traceback.format_exception(caught.value)) + caught.value.next_step
            for secret in ("pass:w@rd/?", "pass%3Aw%40rd%2F%3F", "w@rd", "secret"):
                assert secret not in shown
            return caught.value

        return of

    def test_a_wrong_password(self, postgres, said):
        error = said(postgres.url("postgres").replace("pass%3A", "secret"))
        assert isinstance(error, BadFile)
        assert "does not know this user and password" in str(error)
        assert "postgresql://owner@127.0.0.1" in str(error)

    def test_a_database_that_does_not_exist(self, postgres, said):
        error = said(postgres.url("nowhere"))
        assert isinstance(error, MissingFile)
        assert "createdb" in error.next_step

    def test_no_server_there(self, postgres, said):
        error = said(postgres.url("postgres").replace(f":{postgres.port}/", ":1/"))
        assert isinstance(error, OperationFailed)
        assert "cannot be reached" in str(error)

    def test_an_address_that_cannot_be_read(self, said):
        for url in ("postgresql://me:secret@host:port/lab", "postgresql://me:secret@host", "postgresql://me:secret@host/lab?schema=a b"):
            assert isinstance(said(url), BadParameter)

    def test_a_user_without_rights(self, postgres, postgres_url, said):
        name = postgres.databases[-1]
        postgres.sql("DO $$ BEGIN CREATE ROLE stranger LOGIN PASSWORD 'pass:w@rd/?'; EXCEPTION WHEN duplicate_object THEN END $$")
        error = said(postgres.url(name, "stranger"))
        assert isinstance(error, BadFile)
        assert "may not do that" in str(error)
        assert "lorascope store sql" in error.next_step
        assert "may not do that" in str(said(postgres.url(name, "stranger", schema="new")))

    def test_a_database_with_another_encoding(self, postgres, said):
        name = "latin"
        postgres.sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
        assert "needs UTF8" in str(said(postgres.url(name)))

    def test_a_writer_that_never_ends(self, postgres, postgres_url, tmp_path, monkeypatch):
        monkeypatch.setattr("lorascope.store.postgres._SETTINGS", ("SET lock_timeout = 50",))
        with a_store(postgres_url, tmp_path) as store, a_store(postgres_url, tmp_path) as other, other.transaction():
            other.add_run(Run("theirs", "toy", RunStatus.FINISHED))
            with pytest.raises(Busy, match="another process is writing"):
                store.add_run(Run("ours", "toy", RunStatus.FINISHED))

    def test_a_database_that_may_only_be_read(self, postgres, postgres_url, tmp_path):
        with a_store(postgres_url, tmp_path) as store:
            store.add_run(Run("first", "toy", RunStatus.FINISHED))
        postgres.sql(f"ALTER DATABASE {postgres.databases[-1]} SET default_transaction_read_only = on")
        with a_store(postgres_url, tmp_path) as store:
            assert [run.name for run in store.runs()] == ["first"]
            with pytest.raises(BadFile, match="read-only"):
                store.add_run(Run("second", "toy", RunStatus.FINISHED))

    def test_settings_do_not_show_a_password(self, tmp_path):
        assert "secret" not in repr(Settings(tmp_path, "postgresql://me:secret@host/lab", tmp_path))


SQL = "x'); DROP TABLE training_runs; --"


@pytest.mark.parametrize("text", [SQL, "%s %(a)s %%", ":name", "{}[]$1", "a\0b", "␛0000", "\\", "e'\\x00"])
def test_any_text_is_only_text(postgres_url, tmp_path, text):
    with a_store(postgres_url, tmp_path) as store:
        run = Run(text, text, RunStatus.RUNNING, {text: text}, parent=text, reason=text, extra={text: [text]})
        store.add_run(run)
        assert store.run(text) == run
        scores = [Score(text, 1, f"{text}{number}", number, text, 1.0, reason=text) for number in range(5)]
        store.add_scores(scores)
        assert store.scores(text, text) == sorted(scores, key=lambda score: score.prompt)


@pytest.mark.slow
class TestRestart:
    def test_a_writer_waits_for_a_restarted_server_and_loses_nothing(self, own_postgres, tmp_path):
        url = own_postgres.url(own_postgres.new_database())
        script = """
            store.add_run(Run(me, "toy", RunStatus.RUNNING))
            for number in range(1, 100_000):
                store.add_checkpoint(Checkpoint(me, number))
                print(number, flush=True)
        """
        writer = start(url, tmp_path, "mine", script)
        for _ in range(3):
            acknowledged = [writer.stdout.readline() for _ in range(60)][-1]
            own_postgres.stop()
            time.sleep(0.3)
            own_postgres.start()
        acknowledged = [writer.stdout.readline() for _ in range(60)][-1]
        with a_store(url, tmp_path) as store:
            assert store.run("mine").status is RunStatus.RUNNING, "the claim was renewed"
            epochs = [checkpoint.epoch for checkpoint in store.checkpoints("mine")]
            assert epochs[: int(acknowledged)] == list(range(1, int(acknowledged) + 1))
            writer.kill()
            _, errors = writer.communicate()
            assert errors == ""

    def test_a_transaction_cut_short_is_done_again_by_its_method_but_not_behind_the_callers_back(self, own_postgres, tmp_path):
        name = own_postgres.new_database()
        with a_store(own_postgres.url(name), tmp_path) as store:
            store.add_run(Run("first", "toy", RunStatus.FINISHED))
            end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            own_postgres.sql(end_all, parameters=[name])
            store.add_checkpoint(Checkpoint("first", 1))

            def cut_short():
                with store.transaction():
                    store.add_checkpoint(Checkpoint("first", 2))
                    own_postgres.sql(end_all, parameters=[name])
                    store.add_checkpoint(Checkpoint("first", 3))

            with pytest.raises(OperationFailed, match="nothing half-written was kept"):
                cut_short()
            assert [checkpoint.epoch for checkpoint in store.checkpoints("first")] == [1]

    def test_a_server_that_stays_away_is_said(self, own_postgres, tmp_path, monkeypatch):
        monkeypatch.setattr(patience, "PATIENCE_S", 0.3)
        with a_store(own_postgres.url(own_postgres.new_database()), tmp_path) as store:
            own_postgres.stop()
            try:
                with pytest.raises(OperationFailed, match="could not be reached"):
                    store.runs()
            finally:
                own_postgres.start()
            assert store.runs() == []
