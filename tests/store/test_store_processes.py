"""Several processes on one store, and processes that die: nothing acknowledged is lost, nobody overwrites anybody."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from lorascope.errors import Busy
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

PREAMBLE = """
import sys, time
from pathlib import Path
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

folder, me = Path(sys.argv[1]), sys.argv[2]
while (folder / "wait").exists():
    time.sleep(0.0001)
store = Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs")
"""


def start(folder, me, script):
    command = [sys.executable, "-c", PREAMBLE + textwrap.dedent(script), str(folder), me]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def open_store(folder):
    return Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs")


@pytest.mark.parametrize("acknowledged_epochs", [1, 7, 40])
def test_what_was_acknowledged_survives_a_kill(tmp_path, acknowledged_epochs):
    process = start(
        tmp_path,
        "trained",
        """
        store.add_run(Run(me, "toy", RunStatus.RUNNING, {"network_dim": 32}))
        for epoch in range(1, 10_000):
            store.add_checkpoint(Checkpoint(me, epoch, step=epoch * 10))
            store.add_scores([Score(me, epoch, f"prompt {number}", number, "colors", float(epoch)) for number in range(8)])
            print(store.put_blob(b"picture %d" % epoch), epoch, flush=True)
        """,
    )
    lines = [process.stdout.readline() for _ in range(acknowledged_epochs)]
    os.kill(process.pid, signal.SIGKILL)
    lines += process.communicate()[0].splitlines()
    blobs, epochs = zip(*(line.split() for line in lines if line.strip()), strict=True)
    with open_store(tmp_path) as store:
        assert store.run("trained").status is RunStatus.INTERRUPTED
        assert [checkpoint.step for checkpoint in store.checkpoints("trained")][: len(epochs)] == [int(epoch) * 10 for epoch in epochs]
        scored = [score.epoch for score in store.scores("trained")]
        assert all(scored.count(int(epoch)) == 8 for epoch in epochs)
        assert set(map(scored.count, scored)) == {8}, "a transaction was torn"
        assert all(store.blob_path(blob).is_file() for blob in blobs)
        assert store.damaged_blobs() == []
    connection = sqlite3.connect(tmp_path / "lab.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_several_writers_lose_nothing(tmp_path, count):
    names = [f"writer {number}" for number in range(count)]
    open_store(tmp_path).close()
    script = """
        store.add_run(Run(me, "toy", RunStatus.FINISHED))
        shared = [Score("shared", 1, f"prompt {number}", number, me, 1.0) for number in range(40)]
        for number in range(40):
            store.add_checkpoint(Checkpoint(me, number))
            store.add_scores([shared[number]])
    """
    with open_store(tmp_path) as store:
        store.add_run(Run("shared", "toy", RunStatus.FINISHED))
        writers = [start(tmp_path, name, script) for name in names]
        for writer in writers:
            _, errors = writer.communicate(timeout=60)
            assert writer.returncode == 0, errors
        for name in names:
            assert len(store.checkpoints(name)) == 40
            assert len(store.scores("shared", name)) == 40


def test_a_new_store_may_be_opened_by_many_at_once(tmp_path):
    (tmp_path / "wait").touch()
    openers = [start(tmp_path, str(number), "store.add_run(Run(me, 'toy', RunStatus.FINISHED))") for number in range(6)]
    time.sleep(1.5)  # until all have loaded the program and wait at the door
    (tmp_path / "wait").unlink()
    for opener in openers:
        _, errors = opener.communicate(timeout=60)
        assert opener.returncode == 0, errors
    with open_store(tmp_path) as store:
        assert sorted(run.name for run in store.runs()) == ["0", "1", "2", "3", "4", "5"]


def test_two_processes_cannot_work_on_the_same_run_and_the_message_says_who_does(tmp_path):
    process = start(tmp_path, "mine", "store.add_run(Run(me, 'toy', RunStatus.RUNNING)); print('ready', flush=True); time.sleep(60)")
    process.stdout.readline()
    with open_store(tmp_path) as store:
        assert store.run("mine").status is RunStatus.RUNNING
        with pytest.raises(Busy, match=f"process {process.pid} on"):
            store.claim_run("mine")
        with pytest.raises(Busy):
            store.update_run(Run("mine", "toy", RunStatus.FAILED))
        store.add_run(Run("yours", "toy", RunStatus.RUNNING))
        process.kill()
        process.communicate()
        assert store.run("mine").status is RunStatus.INTERRUPTED
        store.claim_run("mine")
    with open_store(tmp_path) as store:
        assert store.run("yours").status is RunStatus.INTERRUPTED


def test_a_reader_sees_one_state_while_another_process_writes(tmp_path):
    with open_store(tmp_path) as store, store.snapshot():
        before = store.runs()
        writer = start(tmp_path, "new", "store.add_run(Run(me, 'toy', RunStatus.FINISHED))")
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
        assert store.runs() == before
    with open_store(tmp_path) as store:
        assert [run.name for run in store.runs()] == ["new"]


def test_opening_waits_for_another_first_opener(tmp_path):
    """SQLite itself gives up at once when the log's kind is switched while somebody else is about to write."""
    first = sqlite3.connect(tmp_path / "lab.db", isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")
    later = threading.Timer(0.2, first.rollback)
    later.start()
    open_store(tmp_path).close()
    later.join()
    first.close()
