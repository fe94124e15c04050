"""Following a training that another process writes: what is recorded is what an import of the finished folder gives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.watch import watch_command
from lorascope.errors import BadParameter, Busy, MissingFile
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_paths
from lorascope.jobs.watch import Ending, WatchRequest, WatchSummary, watch
from lorascope.records.run import RunStatus
from lorascope.store import Store, connect, patience

TRAINING = Path(__file__).with_name("kohya_training.py")


class Trainer:
    """Trainings in processes of their own, all of them ended with the test."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, folder: Path, **options: object) -> subprocess.Popen[bytes]:
        said = [f"{key}={value}" for key, value in options.items()]
        process = subprocess.Popen([sys.executable, str(TRAINING), str(folder), *said])
        self.processes.append(process)
        return process

    def run(self, folder: Path, **options: object) -> None:
        assert self.start(folder, **options).wait(60) == 0


@pytest.fixture(autouse=True)
def short_quiet(monkeypatch):
    """The trainings here are short, so what counts as quiet after a final file is shorter, too."""
    monkeypatch.setattr("lorascope.jobs.watch._QUIET_S", 0.5)


@pytest.fixture
def trainer():
    trainer = Trainer()
    yield trainer
    for process in trainer.processes:
        process.kill()
        process.wait()


@pytest.fixture
def store(tmp_path):
    (tmp_path / "lab").mkdir()
    with Store.open(f"sqlite:///{tmp_path / 'lab' / 'lab.db'}", tmp_path / "blobs") as store:
        yield store


class Diary:
    """A listener that writes down what it is told, and does something when it first hears some words."""

    def __init__(self, **on: Callable[[], None]) -> None:
        self.lines: list[str] = []
        self._on = {words.replace("_", " "): action for words, action in on.items()}

    def news(self, line: str) -> None:
        self.lines.append(line)
        for words in [words for words in self._on if words in line]:
            self._on.pop(words)()

    def standing(self, runs) -> None:
        pass

    def tells(self, words: str) -> bool:
        return any(words in line for line in self.lines)


def follow(store: Store, folder: Path, diary: Diary | None = None, **options) -> WatchSummary:
    request = WatchRequest(folder, **{"every_s": 0.05, "until_idle_s": 20.0, **options})
    return watch(store, request, diary or Diary())


def imported(folder: Path, tmp_path: Path) -> list[str]:
    """What an import of the folder into a store of its own would give."""
    with Store.open("sqlite://", tmp_path / "other blobs") as other:
        import_paths([folder], other)
        return list(export_runs(other))


def test_what_is_recorded_is_what_an_import_of_the_finished_folder_gives(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.start(folder)
    diary = Diary()
    summary = follow(store, folder, diary)
    assert summary.ending is Ending.FINAL_FILE
    assert [(run.run, run.number, run.step, run.samples) for run in summary.runs] == [("fox", 3, 15, 6)]
    assert diary.tells("waiting for a training to appear")
    assert diary.tells("fox: checkpoint of epoch 2 (fox-000002.safetensors")
    assert list(export_runs(store)) == imported(folder, tmp_path)


def test_each_file_is_recorded_while_the_training_goes_on(trainer, store, tmp_path):
    folder, seen = tmp_path / "out", list[tuple[RunStatus, list[int]]]()

    def look() -> None:
        with Store.open(f"sqlite:///{tmp_path / 'lab' / 'lab.db'}", tmp_path / "blobs") as another:
            seen.append((another.run("fox").status, [one.epoch for one in another.checkpoints("fox")]))

    trainer.start(folder, has_log=False, step_s=0.3)  # slow enough that no look of a busy machine sees two epochs
    follow(store, folder, Diary(checkpoint_of_epoch_2=look))
    assert seen == [(RunStatus.RUNNING, [1, 2])]
    assert store.run("fox").status is RunStatus.IMPORTED


def test_a_training_that_was_killed_ends_the_watch_of_its_process(trainer, store, tmp_path):
    folder = tmp_path / "out"
    process = trainer.start(folder, half_s=0.6)
    diary = Diary(checkpoint_of_epoch_2=process.kill)
    summary = follow(store, folder, diary, pid=process.pid)
    assert summary.ending is Ending.PROCESS_GONE
    assert [run.number for run in summary.runs] == [2]
    assert list(export_runs(store)) == imported(folder, tmp_path)


def test_a_file_that_was_never_finished_is_left_out_and_said(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.run(folder, has_log=False)
    whole = (folder / "fox.safetensors").read_bytes()
    (folder / "fox-000003.safetensors").write_bytes(whole[: len(whole) // 2])
    (folder / "fox.safetensors").unlink()
    summary = follow(store, folder, until_idle_s=0.3)
    assert summary.ending is Ending.IDLE
    assert [path.name for path in summary.imported.unfinished] == ["fox-000003.safetensors"]
    assert [one.epoch for one in store.checkpoints("fox")] == [1, 2]


@pytest.mark.slow
def test_a_watch_that_was_killed_goes_on_where_it_was(trainer, store, tmp_path):
    folder = tmp_path / "out"
    process = trainer.start(folder, epochs=5, step_s=0.05, half_s=0.2)
    watching = subprocess.Popen(
        [sys.executable, "-c", "from lorascope.cli.main import main; main()", "watch", str(folder), "--every", "0.05"],
        env={**os.environ, "LORASCOPE_STORE": f"sqlite:///{tmp_path / 'lab' / 'lab.db'}"}, cwd=_lab(tmp_path),
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert watching.stderr is not None
    while "checkpoint of epoch 2" not in (line := watching.stderr.readline()):
        assert line, "the watch ended too early"
    assert store.run("fox").status is RunStatus.RUNNING
    with pytest.raises(Busy, match="being worked on by process"):
        follow(store, folder)
    watching.send_signal(signal.SIGKILL)
    watching.communicate()
    assert store.run("fox").status is RunStatus.INTERRUPTED
    assert follow(store, folder, pid=process.pid).ending is Ending.PROCESS_GONE
    assert list(export_runs(store)) == imported(folder, tmp_path)


def _lab(tmp_path: Path) -> Path:
    """A lab whose blobs are those of the test's store."""
    lab = tmp_path / "lab" / ".lorascope"
    lab.mkdir()
    (lab / "settings.toml").write_text(f"blobs = {json.dumps(str(tmp_path / 'blobs'))}\n")
    return lab.parent


def test_checkpoints_that_the_trainer_deletes_stay_recorded_and_are_noted(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.start(folder, epochs=4, keep_last=1, has_log=False, step_s=0.3, half_s=0.1)  # no file goes before a busy machine looks
    diary = Diary()
    follow(store, folder, diary)
    recorded = store.checkpoints("fox")
    assert [one.epoch for one in recorded] == [1, 2, 3, 4]
    assert [one.extra.get("file_deleted", False) for one in recorded] == [True, True, False, False]
    assert [one.duration_s for one in recorded] == [None, 60.0, 60.0, 60.0]
    assert diary.tells("fox-000001.safetensors was deleted")
    assert not any(import_paths([folder], store).changed.values())


@pytest.mark.slow
def test_a_resumed_training_is_the_same_run(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.run(folder, epochs=3)
    (folder / "fox.safetensors").unlink()  # the first session was stopped before its end
    second = trainer.start(folder, first_epoch=3, epochs=4, session="2742", started_at=1_706_800_000.0)
    summary = follow(store, folder, pid=second.pid)
    assert [run.run for run in summary.runs] == ["fox"]
    assert [one.epoch for one in store.checkpoints("fox")] == [1, 2, 3, 4]
    assert list(export_runs(store)) == imported(folder, tmp_path)


def test_several_runs_in_one_folder_are_followed_until_the_last_one_ends(trainer, store, tmp_path):
    trainer.start(tmp_path / "out" / "owl", name="owl", session="99", has_log=False, epochs=5, step_s=0.1, started_at=1_706_800_000.0)
    while not list(tmp_path.glob("out/owl/*")):
        time.sleep(0.01)
    trainer.start(tmp_path / "out" / "fox", has_log=False)
    summary = follow(store, tmp_path / "out")
    assert summary.ending is Ending.FINAL_FILE
    assert [(run.run, run.number) for run in summary.runs] == [("fox", 3), ("owl", 5)]
    assert list(export_runs(store)) == imported(tmp_path / "out", tmp_path)


def test_an_old_training_in_the_folder_does_not_end_the_watch(trainer, store, tmp_path):
    trainer.run(tmp_path / "out" / "fox", has_log=False)
    yesterday = time.time() - 86_400
    for path in (tmp_path / "out").rglob("*"):
        os.utime(path, (yesterday, yesterday))
    diary = Diary(waiting_for_one=lambda: trainer.start(tmp_path / "out" / "owl", name="owl", session="99", has_log=False) and None)
    summary = follow(store, tmp_path / "out", diary)
    assert summary.ending is Ending.FINAL_FILE
    assert [run.run for run in summary.runs] == ["fox", "owl"]


def test_a_log_without_a_checkpoint_waits_for_its_name_and_a_given_name_is_used_at_once(trainer, store, tmp_path):
    trainer.run(tmp_path / "out", epochs=1)
    (tmp_path / "out" / "fox.safetensors").unlink()
    shutil.rmtree(tmp_path / "out" / "sample")
    diary = Diary()
    for path in tmp_path.glob("out/logs/*/*/*"):
        path.touch()
    follow(store, tmp_path / "out", diary, until_idle_s=3.0)
    assert diary.tells("recorded from the first checkpoint on")
    assert [run.name for run in store.runs()] == ["out"]  # the end is an import, which takes the folder's name
    with Store.open("sqlite://", tmp_path / "other") as other:
        follow(other, tmp_path / "out", name="my fox", until_idle_s=0.3)
        assert [run.name for run in other.runs()] == ["my fox"]


def test_one_look_is_an_import(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.run(folder)
    assert follow(store, folder, once=True).ending is Ending.ONCE
    assert list(export_runs(store)) == imported(folder, tmp_path)
    assert follow(store, folder, once=True).imported.changed["runs"] == 0


def test_ctrl_c_ends_the_watch_and_what_is_there_is_recorded(trainer, store, tmp_path):
    folder = tmp_path / "out"
    trainer.start(folder, epochs=50, has_log=False)

    def press() -> None:
        raise KeyboardInterrupt

    summary = follow(store, folder, Diary(checkpoint_of_epoch_2=press))
    assert summary.ending is Ending.INTERRUPTED
    assert store.run("fox").status is RunStatus.IMPORTED
    assert len(store.checkpoints("fox")) >= 2


def test_a_store_that_is_locked_is_waited_for_and_nothing_is_lost(trainer, store, tmp_path, monkeypatch):
    folder = tmp_path / "out"
    monkeypatch.setattr(connect, "_BUSY_TIMEOUT_MS", 50)
    with Store.open(f"sqlite:///{tmp_path / 'lab' / 'lab.db'}", tmp_path / "blobs") as hasty:
        locking = sqlite3.connect(tmp_path / "lab" / "lab.db", check_same_thread=False, isolation_level=None)
        unlock = threading.Timer(1.0, lambda: locking.execute("ROLLBACK"))

        def lock() -> None:
            locking.execute("BEGIN IMMEDIATE")
            unlock.start()

        trainer.start(folder, has_log=False)
        diary = Diary(sample_image=lock)
        assert follow(hasty, folder, diary).ending is Ending.FINAL_FILE
        unlock.join()
        locking.close()
        assert [diary.tells(words) for words in ("the store cannot be written to", "the store is back")] == [True, True]
        assert list(export_runs(hasty)) == imported(folder, tmp_path)


@pytest.mark.slow
def test_a_postgresql_that_was_stopped_is_waited_for_and_nothing_is_lost(trainer, own_postgres, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.2)
    folder = tmp_path / "out"
    with Store.open(own_postgres.url(own_postgres.new_database()), tmp_path / "blobs") as store:
        start = threading.Timer(6.0, own_postgres.start)  # long enough for a busy machine to notice

        def stop() -> None:
            own_postgres.stop()
            start.start()

        trainer.start(folder, epochs=4, half_s=0.2)
        diary = Diary(checkpoint_of_epoch_2=stop)
        assert follow(store, folder, diary).ending is Ending.FINAL_FILE
        start.join()
        assert diary.tells("the store is back")
        assert list(export_runs(store)) == imported(folder, tmp_path)


@pytest.mark.slow
def test_the_time_a_store_was_away_is_not_waited_ten_times_over(trainer, own_postgres, tmp_path):
    folder = tmp_path / "out"
    with Store.open(own_postgres.url(own_postgres.new_database()), tmp_path / "blobs") as store:
        start = threading.Timer(1.5, own_postgres.start)

        def stop() -> None:
            own_postgres.stop()
            start.start()

        trainer.start(folder, epochs=4, half_s=0.2)
        began = time.monotonic()
        assert follow(store, folder, Diary(checkpoint_of_epoch_2=stop)).ending is Ending.FINAL_FILE
        start.join()
        assert time.monotonic() - began < 12


def test_what_cannot_be_watched_is_refused(store, tmp_path):
    with pytest.raises(MissingFile, match="no process 4194999"):
        follow(store, tmp_path, pid=4_194_999)
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingFile, match="not a folder"):
        follow(store, tmp_path / "file")


def test_one_name_is_not_given_to_two_trainings(trainer, store, tmp_path):
    trainer.run(tmp_path / "out" / "fox", has_log=False)
    trainer.run(tmp_path / "out" / "owl", name="owl", session="99", has_log=False)
    with pytest.raises(BadParameter, match="there are 2"):
        follow(store, tmp_path / "out", name="both")


def test_the_command_prints_one_json_object(trainer, tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    trainer.run(tmp_path / "out", has_log=False)
    monkeypatch.chdir(_lab(tmp_path))
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    result = CliRunner().invoke(watch_command, [str(tmp_path / "out"), "--once", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["format"], answer["ending"]) == (1, "once")
    assert [(run["run"], run["number"], run["checkpoints"], run["loss"]) for run in answer["runs"]] == [("fox", 3, 3, None)]


def test_the_command_says_what_it_waits_for_and_why_it_ended(tmp_path, monkeypatch):
    (tmp_path / "lab").mkdir()
    monkeypatch.chdir(_lab(tmp_path))
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    result = CliRunner().invoke(watch_command, [str(tmp_path / "later"), "--every", "0.05", "--until-idle", "0.01"])
    assert result.exit_code == 0, result.output
    assert "waiting for a training to appear" in result.stderr
    assert "ended: nothing changed for a long time" in result.stdout
    assert "nothing was recorded" in result.stdout
