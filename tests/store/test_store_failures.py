"""What goes wrong with the disk or the file is said in a line, and leaves the store whole."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess

import pytest

from lorascope.errors import BadFile, BadParameter, Busy, MissingFile, OperationFailed
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store
from lorascope.store import connect as connecting


def open_store(folder):
    return Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs")


def fill(store):
    """Write until the disk says no; returns how many epochs were acknowledged."""
    store.add_run(Run("first", "toy", RunStatus.FINISHED))
    for epoch in range(10_000):
        try:
            store.add_scores([Score("first", epoch, f"{'long prompt ' * 20}{number}", number, "colors", 1.0) for number in range(50)])
        except OperationFailed as error:
            return epoch, error
    pytest.fail("the disk never was full")


def check_whole(folder, acknowledged):
    with open_store(folder) as store:
        epochs = [score.epoch for score in store.scores("first")]
    assert epochs == sorted(list(range(acknowledged)) * 50)
    connection = sqlite3.connect(folder / "lab.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "lab", folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_said_and_what_was_acknowledged_is_kept(small_disk):
    with open_store(small_disk) as store:
        acknowledged, error = fill(store)
        assert acknowledged > 0
        assert "full" in str(error)
        assert "free some space" in error.next_step
    check_whole(small_disk, acknowledged)


def test_a_blob_that_does_not_fit_leaves_nothing_behind(small_disk):
    with open_store(small_disk) as store:
        with pytest.raises(OSError, match="No space left"):
            store.put_blob(os.urandom(2_000_000))
        assert [path for path in (small_disk / "blobs").rglob("*") if path.is_file()] == []


def test_a_file_that_may_not_grow_is_said_and_what_was_acknowledged_is_kept(tmp_path):
    with open_store(tmp_path) as store:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, before[1]))
        try:
            acknowledged, error = fill(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert acknowledged > 0
        assert "quota" in error.next_step or "free some space" in error.next_step
    check_whole(tmp_path, acknowledged)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "lab.db").write_bytes(b"a diary\n" * 1000)
    with pytest.raises(BadFile, match="not a lorascope store"):
        open_store(tmp_path)
    assert (tmp_path / "lab.db").read_bytes() == b"a diary\n" * 1000


def test_a_damaged_store_is_said(tmp_path):
    with open_store(tmp_path) as store:
        store.add_run(Run("first", "toy", RunStatus.FINISHED))
        store.add_scores([Score("first", 1, f"prompt {number}", number, "colors", 1.0) for number in range(2000)])
    data = bytearray((tmp_path / "lab.db").read_bytes())
    data[20_000:] = os.urandom(len(data) - 20_000)
    (tmp_path / "lab.db").write_bytes(data)
    with pytest.raises(OperationFailed, match="damaged"), open_store(tmp_path) as store:
        store.scores("first")


@pytest.mark.parametrize("damage", [(b"CREATE TABLE", b"CREATE T\xbaBLE"), (b'"colors":32}', b'"colors":32 '), (b"a_name", b"a_n\xbame")])
def test_damage_inside_a_text_is_said(tmp_path, damage):
    with open_store(tmp_path) as store:
        store.add_run(Run("a_name", "toy", RunStatus.FINISHED, parameters={"colors": 32}))
    data = (tmp_path / "lab.db").read_bytes()
    assert damage[0] in data
    (tmp_path / "lab.db").write_bytes(data.replace(*damage))
    with pytest.raises(OperationFailed, match="damaged"), open_store(tmp_path) as store:
        store.runs()


def test_an_address_whose_password_has_an_unescaped_at_is_refused_without_showing_it(tmp_path):
    with pytest.raises(BadParameter, match="percent-encoded") as caught:
        Store.open("postgresql://me:sec@ret@localhost/lab", tmp_path)
    assert "ret@" not in f"{caught.value} {caught.value.next_step}"


def test_a_store_in_a_folder_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(MissingFile, match="folder does not exist"):
        open_store(tmp_path / "nowhere")


def test_a_folder_in_the_place_of_the_store_is_said(tmp_path):
    (tmp_path / "lab.db").mkdir()
    with pytest.raises(MissingFile, match="cannot be opened"):
        open_store(tmp_path)


@pytest.mark.parametrize("url", ["mysql://host/lab", "lab.db", "sqlite:///", ""])
def test_a_store_of_an_unknown_kind_is_refused(url, tmp_path):
    with pytest.raises(BadParameter, match="cannot be used") as caught:
        Store.open(url, tmp_path)
    assert "sqlite:///" in caught.value.next_step


def test_a_writer_that_never_ends_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 50)
    with open_store(tmp_path) as store:
        blocker = sqlite3.connect(tmp_path / "lab.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="another process is writing"):
            store.add_run(Run("first", "toy", RunStatus.FINISHED))
        blocker.execute("ROLLBACK")
        blocker.close()
        store.add_run(Run("first", "toy", RunStatus.FINISHED))


def test_a_path_may_hold_what_means_something_in_a_url(tmp_path):
    folder = tmp_path / "why? #1 100%25"
    folder.mkdir()
    Store.open(f"sqlite:///{folder / 'lab.db'}", tmp_path / "blobs").close()
    assert (folder / "lab.db").is_file()
    assert list(tmp_path.iterdir()) == [folder]
