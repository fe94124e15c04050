"""A store that may only be read opens for reading, and says clearly that it cannot be written."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

SCRIPT = """
import json, os, sys
from pathlib import Path
from lorascope.errors import LorascopeError
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

def use(url):
    said = {}
    try:
        with Store.open(url, Path(sys.argv[2])) as store:
            said["runs"] = [[run.name, run.status] for run in store.runs()]
            store.check()
            store.add_run(Run("second", "toy", RunStatus.FINISHED))
    except LorascopeError as error:
        said["error"], said["next"], said["kind"] = str(error), error.next_step, type(error).__name__
    return said

use("sqlite://")  # loads all that is needed: the program itself may lie where only root reads
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(json.dumps(use(sys.argv[1])))
"""


def as_reader(folder):
    """What a user without the right to write finds in a store."""
    command = [sys.executable, "-c", SCRIPT, f"sqlite:///{folder / 'lab.db'}", str(folder / "blobs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path):
    """A folder with a store that everybody may read."""
    for parent in (tmp_path, *tmp_path.parents[:3]):  # with several test processes each has a folder of its own
        parent.chmod(parent.stat().st_mode | 0o755)
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
        store.add_run(Run("first", "toy", RunStatus.FINISHED))
    yield tmp_path
    tmp_path.chmod(0o755)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)], ids=["both", "file", "folder"])
def test_it_opens_for_reading_and_a_write_is_refused(folder, file_mode, folder_mode):
    (folder / "lab.db").chmod(file_mode)
    folder.chmod(folder_mode)
    before = (folder / "lab.db").read_bytes()
    said = as_reader(folder)
    assert said["runs"] == [["first", "finished"]]
    assert (said["kind"], said["error"]) == ("BadFile", f"the store is read-only (sqlite:///{folder / 'lab.db'})")
    assert "writable" in said["next"]
    assert (folder / "lab.db").read_bytes() == before


def test_while_its_owner_writes_a_reader_sees_what_is_saved(folder):
    folder.chmod(0o555)
    with Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs") if os.geteuid() == 0 else pytest.skip("needs two users") as store:
        store.add_run(Run("third", "toy", RunStatus.FINISHED))
        assert (folder / "lab.db-wal").stat().st_size > 0
        for path in folder.glob("lab.db*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        said = as_reader(folder)
    assert [name for name, _ in said["runs"]] == ["first", "third"]
    assert "read-only" in said["error"]


def test_an_old_one_cannot_be_migrated_and_says_so(folder, request):
    old = request.path.parent / "released" / "schema_0001.db"
    (folder / "lab.db").unlink()
    shutil.copy(old, folder / "lab.db")
    (folder / "lab.db").chmod(0o444)
    folder.chmod(0o555)
    said = as_reader(folder)
    assert "read-only, and of an older lorascope (schema 0001" in said["error"]
    assert "copy it" in said["next"]
    connection = sqlite3.connect(f"file:{folder / 'lab.db'}?mode=ro&immutable=1", uri=True)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    connection.close()
