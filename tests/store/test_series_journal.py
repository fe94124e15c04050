"""The journal keeps what was appended, and the store takes it in once, whatever was torn, full or killed in between."""

from __future__ import annotations

import math
import os
import resource
import signal

import pytest

from lorascope.records.run import RunStatus
from lorascope.store import Store
from lorascope.store.claims import FileClaims
from lorascope.store.journal import JournalReader, JournalWriter, journal_file, packed_event, packed_step, step_shape

BEGIN = {
    "event": "begin",
    "run": {"name": "first", "trainer": "script", "parameters": {"network_dim": 8}, "started_at": 1.5},
    "process": {"pid": 1},
}
END = packed_event({"event": "end", "status": "finished", "at": 9.0})


@pytest.fixture
def lab(tmp_path):
    return f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs"


@pytest.fixture
def file(tmp_path):
    return journal_file(tmp_path / "lab.db-journals", "first")


def step(number, *values, key=0):
    return packed_step(step_shape(len(values)), key, number, 1000 * number, values)


def written(file, *records):
    writer = JournalWriter(file, BEGIN)
    for record in (packed_event({"names": ["loss", "lr"]}), *records):
        assert writer.append(record)
    writer.close()


def losses(store):
    return [(one.metric, one.steps, one.values, one.times) for one in store.series("first")]


def test_a_journal_left_behind_is_taken_in_when_the_store_is_opened(lab, file):
    written(file, step(1, 0.5, 1e-4), step(2, math.nan, 1e-4), END)
    with Store.open(*lab) as store:
        run = store.run("first")
        assert (run.status, run.parameters, run.finished_at) == (RunStatus.FINISHED, {"network_dim": 8}, 9.0)
        assert repr(losses(store)) == repr([("loss", (1, 2), (0.5, math.nan), (1.0, 2.0)), ("lr", (1, 2), (1e-4, 1e-4), (1.0, 2.0))])
    assert not file.exists()


def test_a_run_that_did_not_say_how_it_ended_was_interrupted(lab, file):
    written(file, step(1, 0.5, 1e-4))
    with Store.open(*lab) as store:
        assert store.run("first").status is RunStatus.INTERRUPTED


@pytest.mark.parametrize("torn_bytes", [1, 4, 5, 20, 38, 39])
def test_a_record_that_a_kill_tore_is_left_out_and_all_before_it_are_kept(lab, file, torn_bytes):
    written(file, step(1, 0.5, 1e-4), step(2, 0.25, 1e-4))
    os.truncate(file, file.stat().st_size - torn_bytes)
    with Store.open(*lab) as store:
        assert losses(store)[0][1] == (1,)


def test_the_writer_goes_on_behind_what_was_torn(lab, file):
    written(file, step(1, 0.5, 1e-4), step(2, 0.25, 1e-4))
    os.truncate(file, file.stat().st_size - 7)
    writer = JournalWriter(file, BEGIN | {"resume": True})
    assert writer.names == {("loss", "lr"): 0}
    writer.append(step(3, 0.1, 1e-4))
    writer.close()
    with Store.open(*lab) as store:
        assert losses(store)[0][1:3] == ((1, 3), (0.5, 0.1))


def test_taking_goes_on_where_the_store_says(lab, file, tmp_path):
    claims = FileClaims(tmp_path / "lab.db-claims")
    with Store.open(*lab) as store:
        claims.claim("first")
        written(file, step(1, 0.5, 1e-4))
        for _ in range(2):
            with JournalReader.open(file) as reader:
                store.take_journal(reader)
        assert losses(store)[0][1] == (1,)
        writer = JournalWriter(file, BEGIN)
        writer.append(step(2, 0.5, 1e-4))
        assert losses(store)[0][1] == (1, 2), "a reader sees the steps of a run that is logging"
        assert file.exists(), "and leaves its journal alone"
        writer.close()
        claims.close()
        assert store.run("first").status is RunStatus.INTERRUPTED
        assert losses(store)[0][1] == (1, 2)
        assert not file.exists()


def test_damage_in_the_middle_keeps_what_is_before_it_and_the_file(lab, file):
    written(file, step(1, 0.5, 1e-4), step(2, 0.25, 1e-4), step(3, 0.25, 1e-4))
    bytes_ = bytearray(file.read_bytes())
    bytes_[-60] ^= 1
    file.write_bytes(bytes_)
    with Store.open(*lab) as store:
        assert losses(store)[0][1] == (1,)
    assert file.with_suffix(".damaged").exists()
    assert not file.exists()


def test_another_run_of_that_name_is_not_overwritten(lab, file):
    written(file, step(1, 0.5, 1e-4), END)
    with Store.open(*lab) as store:
        written(file, step(7, 0.5, 1e-4), END)
        assert [run.name for run in store.runs()] == ["first", "first (2)"]
        assert [store.series(name)[0].steps for name in ("first", "first (2)")] == [(1,), (7,)]


@pytest.mark.parametrize("content", [b"", b"LSJ1", b"garbage" * 9, b"LSJ1" + bytes(16) + b"\x01\xff\xff\xff\xff"])
def test_a_file_that_is_no_journal_is_left_alone(lab, file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    with Store.open(*lab) as store:
        assert store.runs() == []
    assert file.read_bytes() == content


def test_a_record_that_does_not_fit_leaves_nothing_behind(file):
    writer = JournalWriter(file, BEGIN)
    kept = file.stat().st_size
    limits, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kept + 10, limits[1]))
    try:
        assert not writer.append(b"x" * 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert file.stat().st_size == kept
    assert writer.append(b"x" * 30)
    writer.close()
