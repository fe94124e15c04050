"""A script records its run: what is kept, how it ends, and that nothing ends the training."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
import warnings

import pytest

import lorascope
from lorascope.errors import AlreadyExists, BadParameter, Busy, MissingFile, NotFound
from lorascope.jobs import log_run
from lorascope.jobs.move_journal import close_shared
from lorascope.records.run import RunStatus


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    yield tmp_path
    close_shared(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs")


@pytest.fixture
def opened(lab):
    with lorascope.open() as found:
        yield found


def points(opened, run, metric="loss"):
    series = opened.series(run, metric)
    return list(zip(series.steps, series.values, strict=True))


class TestRecording:
    def test_a_run_is_recorded_with_its_parameters_points_and_end(self, opened):
        with lorascope.start_run("first", parameters={"rank": 16, "adam": {"beta": 0.9}}, base_model="sd15") as run:
            run.log({"loss": 0.5, "lr": 1e-4}, step=10)
            run.log(loss=0.25, step=20)
        found = opened.run("first")
        assert (found.status, found.parameters, found.base_model) == (RunStatus.FINISHED, {"network_dim": 16, "adam.beta": 0.9}, "sd15")
        assert found.environment["python"]
        assert points(opened, "first") == [(10, 0.5), (20, 0.25)]
        assert points(opened, "first", "lr") == [(10, 1e-4)]

    def test_points_are_there_for_a_reader_at_once(self, opened):
        with lorascope.start_run("first") as run:
            time.sleep(0.1)
            run.log({"loss": 1.0})
            with pytest.raises(NotFound):
                opened.series("nobody", "loss")
            give_up_at = time.monotonic() + 20
            while opened.runs("name = 'first'", frame=None) == [] and time.monotonic() < give_up_at:
                time.sleep(0.05)
            run.log({"loss": 2.0})
            assert points(opened, "first") == [(1, 1.0), (2, 2.0)]
            assert opened.run("first").status is RunStatus.RUNNING

    def test_an_error_marks_the_run_failed_with_its_reason(self, opened):
        with pytest.raises(ValueError, match="out of memory"), lorascope.start_run("first"):
            raise ValueError("out of memory")
        assert (opened.run("first").status, opened.run("first").reason) == (RunStatus.FAILED, "ValueError: out of memory")

    def test_a_step_comes_from_the_epoch_or_from_counting(self, opened):
        with lorascope.start_run("first") as run:
            run.log(loss=1)
            run.log(loss=2)
            run.log(loss=3, epoch=7)
            run.log(loss=4, epoch=0.5)
            run.log(loss=5, step=20, epoch=2)
        assert points(opened, "first") == [(1, 1), (2, 2), (7, 3), (8, 4), (20, 5)]
        assert points(opened, "first", "epoch") == [(8, 0.5), (20, 2)]

    def test_what_is_not_finite_is_kept_as_it_is(self, opened):
        with lorascope.start_run("first") as run:
            for value in (math.nan, math.inf, -math.inf):
                run.log(loss=value)
        assert repr([value for _, value in points(opened, "first")]) == "[nan, inf, -inf]"

    def test_a_clock_that_goes_back_does_no_harm(self, opened, monkeypatch):
        with lorascope.start_run("first") as run:
            run.log(loss=1)
            monkeypatch.setattr(log_run.time, "time_ns", lambda: 10**15)
            run.log(loss=2)
        assert opened.series("first", "loss").times[1] == 10**6
        assert points(opened, "first") == [(1, 1), (2, 2)]

    def test_a_checkpoint_and_an_image_belong_to_the_run(self, opened, lab):
        (lab / "first.safetensors").write_bytes(b"weights")
        with lorascope.start_run("first") as run:
            run.checkpoint("first.safetensors", epoch=3, step=30, mean_loss=0.5)
            run.log_image(b"png", prompt="green", epoch=3, seed=1)
        checkpoint = opened.checkpoints("first")[0]
        assert (checkpoint.epoch, checkpoint.step, checkpoint.file_bytes, checkpoint.mean_loss) == (3, 30, 7, 0.5)
        sample = opened._store.samples("first")[0]
        assert (sample.prompt, sample.seed, opened._store.blob_path(sample.image_digest).read_bytes()) == ("green", 1, b"png")

    def test_a_checkpoint_known_only_by_its_step_is_counted_in_steps(self, opened, lab, capsys):
        with lorascope.start_run("first") as run:
            run.checkpoint("gone.safetensors", step=500)
        assert (opened.checkpoints("first")[0].epoch, opened.run("first").counted_in) == (500, "steps")
        assert "cannot be read" in capsys.readouterr().err

    def test_a_run_goes_on_where_it_stopped(self, opened):
        with lorascope.start_run("first", parameters={"a": 1}) as run:
            run.log(loss=1, step=5)
        with lorascope.start_run("first", parameters={"b": 2}, resume=True) as run:
            run.log(loss=2)
        assert points(opened, "first") == [(5, 1), (6, 2)]
        assert opened.run("first").parameters == {"a": 1, "b": 2}

    def test_a_run_without_a_name_gets_one(self, opened):
        with lorascope.start_run() as run:
            run.log(loss=1)
        assert points(opened, run.name) == [(1, 1)]


class TestMistakes:
    def test_a_name_that_is_taken_is_refused_at_once(self, lab):
        lorascope.start_run("first").finish()
        with pytest.raises(AlreadyExists, match="first"):
            lorascope.start_run("first")

    def test_two_processes_cannot_record_one_run(self, lab):
        with lorascope.start_run("first"), pytest.raises(Busy, match="first"):
            lorascope.start_run("first", resume=True)

    @pytest.mark.parametrize("name", ["../up", "-x", "a/b"])
    def test_a_name_that_is_no_file_name_is_refused(self, lab, name):
        with pytest.raises(BadParameter):
            lorascope.start_run(name)

    def test_without_a_lab_it_says_how_to_make_one(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("LORASCOPE_STORE", raising=False)
        with pytest.raises(MissingFile) as caught:
            lorascope.start_run("first")
        assert "lorascope init" in caught.value.next_step

    def test_what_is_no_number_is_left_out_and_said_once(self, opened, capsys):
        with lorascope.start_run("first") as run:
            for _ in range(3):
                run.log({"loss": 1, "note": "fine", "list": [1, 2], "none": None}, step="x")
        assert points(opened, "first") == [(1, 1), (2, 1), (3, 1)]
        assert capsys.readouterr().err.count("note is no number") == 1

    def test_logging_after_the_end_is_said_once_and_harmless(self, opened, capsys):
        run = lorascope.start_run("first")
        run.finish()
        for _ in range(3):
            run.log(loss=1)
        run.finish()
        assert capsys.readouterr().err.count("has ended") == 1

    def test_numbers_of_torch_and_numpy_are_numbers(self, opened):
        torch = pytest.importorskip("torch")
        numpy = pytest.importorskip("numpy")
        with warnings.catch_warnings(), lorascope.start_run("first") as run:
            warnings.simplefilter("error")
            run.log(loss=torch.ones(1, requires_grad=True), step=numpy.int64(3))
            run.log(loss=numpy.float32(0.5), step=torch.tensor(4))
            run.log(loss=torch.ones(2), step=5)
        assert points(opened, "first") == [(3, 1.0), (4, 0.5)]


class TestTrouble:
    def test_a_locked_database_does_not_hold_up_the_training(self, lab, opened, monkeypatch, capsys):
        monkeypatch.setattr(log_run, "_PATIENCE_S", 0.5)
        lock = sqlite3.connect(lab / ".lorascope" / "lab.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with lorascope.start_run("first") as run:
            for _ in range(100):
                run.log(loss=1)
            assert time.monotonic() - began < 2
        assert "taken in when the lab is next opened" in capsys.readouterr().err
        lock.execute("ROLLBACK")
        lock.close()
        give_up_at = time.monotonic() + 40
        while len(opened.runs(frame=None)) == 0 and time.monotonic() < give_up_at:
            opened._store._not_before_s = 0.0
            time.sleep(0.05)
        assert len(points(opened, "first")) == 100
        assert opened.run("first").status is RunStatus.FINISHED

    def test_a_forked_child_does_not_record(self, opened, capfd):
        with lorascope.start_run("first") as run:
            run.log(loss=1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0:
                run.log(loss=2)
                run.finish()
                os._exit(0)
            os.waitpid(child, 0)
            run.log(loss=3)
        assert points(opened, "first") == [(1, 1), (2, 3)]


def script(lab, text, **options):
    command = [sys.executable, "-c", "import lorascope\n" + textwrap.dedent(text)]
    return subprocess.run(command, cwd=lab, capture_output=True, text=True, check=False, timeout=60, **options)


class TestScripts:
    def test_a_script_that_ends_without_saying_so_has_finished(self, lab, opened):
        assert script(lab, "lorascope.start_run('first').log(loss=1)").returncode == 0
        assert opened.run("first").status is RunStatus.FINISHED

    def test_a_script_that_crashes_has_failed(self, lab, opened):
        assert script(lab, "run = lorascope.start_run('first')\nrun.log(loss=1)\nraise RuntimeError('out of memory')").returncode == 1
        assert (opened.run("first").status, opened.run("first").reason) == (RunStatus.FAILED, "RuntimeError: out of memory")

    def test_a_script_that_is_killed_was_interrupted_and_loses_nothing(self, lab, opened):
        killed = script(lab, "run = lorascope.start_run('first')\nrun.log(loss=1)\nimport os\nos.kill(os.getpid(), 9)")
        assert killed.returncode == -signal.SIGKILL
        assert opened.run("first").status is RunStatus.INTERRUPTED
        assert points(opened, "first") == [(1, 1)]

    def test_importing_and_logging_load_no_database(self, lab):
        text = """
        import sys
        assert not {"sqlalchemy", "numpy", "lorascope.jobs", "sqlite3"} & set(sys.modules)
        from lorascope.jobs import move_journal
        move_journal.Mover.start = lambda self, describe: None
        run = lorascope.start_run('first')
        run.log(loss=1)
        print("sqlalchemy" in sys.modules, flush=True)
        import os
        os._exit(0)
        """
        assert script(lab, text).stdout.strip() == "False"


class TestPostgres:
    """The journal lies in the lab here, the claim in the database."""

    def test_a_run_is_recorded_resumed_and_not_recorded_twice(self, lab, postgres_url):
        with lorascope.start_run("first", parameters={"rank": 16}, store=postgres_url) as run:
            run.log(loss=1)
            with pytest.raises(Busy):
                lorascope.start_run("first", store=postgres_url, resume=True)
        with pytest.raises(AlreadyExists):
            lorascope.start_run("first", store=postgres_url)
        with lorascope.start_run("first", store=postgres_url, resume=True) as run:
            run.log(loss=2)
        with lorascope.open(postgres_url) as opened:
            assert points(opened, "first") == [(1, 1), (2, 2)]
            assert opened.run("first").status is RunStatus.FINISHED
            assert opened.runs("network_dim = 16", "-max.loss", ["max.loss"]).to_dicts() == [{"name": "first", "max.loss": 2.0}]
            assert opened.runs()["last.loss"].to_list() == [2.0]
        close_shared(postgres_url, lab / ".lorascope" / "blobs")

    def test_a_script_that_is_killed_loses_nothing(self, lab, postgres_url):
        text = f"""
        run = lorascope.start_run('first', store={postgres_url!r})
        import os, time
        for step in range(30):
            run.log(loss=step, step=step)
            time.sleep(0.05)
        os.kill(os.getpid(), 9)
        """
        assert script(lab, text).returncode == -signal.SIGKILL
        with lorascope.open(postgres_url) as opened:
            assert points(opened, "first") == [(step, step) for step in range(30)]
            assert opened.run("first").status is RunStatus.INTERRUPTED
        assert list((lab / ".lorascope" / "journals").glob("*.journal")) == []

    def test_a_database_that_is_away_does_not_hold_up_the_training(self, lab, monkeypatch, capsys):
        monkeypatch.setattr(log_run, "_PATIENCE_S", 0.5)
        nowhere = "postgresql://me:secret@127.0.0.1:1/lab"
        with lorascope.start_run("first", store=nowhere) as run:
            run.log(loss=1)
        said = capsys.readouterr().err
        assert "does not answer" in said
        assert "secret" not in said
        assert len(list((lab / ".lorascope" / "journals").glob("*.journal"))) == 1
