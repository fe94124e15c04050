"""``lorascope store``: what each command prints, with which exit code, and that no password is among it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from lorascope.cli.main import main
from lorascope.records.run import Run, RunStatus
from lorascope.settings import Settings
from lorascope.store import Store

RELEASED = Path(__file__).parents[1] / "store" / "released"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab with one run, and its folder as the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    (tmp_path / ".lorascope").mkdir()
    settings = Settings.find()
    with Store.open(settings.store_url, settings.blobs) as store:
        store.add_run(Run("first", "toy", RunStatus.FINISHED, {"network_dim": 8}))
        store.put_blob(b"a picture")
    return settings


@pytest.fixture
def lorascope(monkeypatch, capsys):
    """Run the real entry point: (exit code, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lorascope", "store", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


def test_the_sql_is_one_script(lorascope):
    code, out, _ = lorascope("sql", "--roles", "--viewer", "seer", "--signed-in", "authenticated")
    assert code == 0
    assert out.startswith("-- A lorascope store")
    assert out.rstrip().endswith("COMMIT;")
    assert 'TO "seer"' in out
    code, out, _ = lorascope("sql", "--dialect", "sqlite")
    sqlite3.connect(":memory:").executescript(out)
    assert lorascope("sql", "--dialect", "sqlite", "--roles")[0] == 2
    assert lorascope("sql", "--viewer", "x y", "--only-roles")[0] == 2


def test_migrating_says_what_was_done(lab, lorascope, tmp_path):
    assert lorascope("migrate")[1].splitlines()[1:] == [
        "schema 0002: nothing to do",
        "views and groups of parameters follow today's catalogue: nothing to do",
    ]
    shutil.copy(RELEASED / "schema_0001.db", tmp_path / "old.db")
    code, out, _ = lorascope("migrate", "old.db")
    assert (code, out.splitlines()[1]) == (0, "schema 0001 became 0002")


@pytest.mark.parametrize("command", ["migrate", "check"])
def test_a_store_that_is_not_there_is_not_made(lab, lorascope, tmp_path, command):
    code, _, err = lorascope(command, "typo.db")
    assert code == 2
    assert "there is no store" in err
    assert not (tmp_path / "typo.db").exists()


def test_copying_to_postgresql_and_back(lab, lorascope, postgres, tmp_path):
    url = postgres.url(postgres.new_database())
    code, out, err = lorascope("copy", ".", url, "--blobs", lab.blobs, "there")
    assert (code, "every table compared" in out) == (0, True)
    assert "pass" not in (out + err).replace(str(tmp_path), "")
    code, out, err = lorascope("copy", ".", url)
    assert code == 2
    assert "not empty" in err
    assert "pass" not in (out + err).replace(str(tmp_path), "")
    code, out, _ = lorascope("copy", url, "back.db", "--json")
    assert code == 0
    assert json.loads(out)["rows"]["training_runs"] == 1
    with Store.open("sqlite:///back.db", Path("there")) as back:
        assert back.run("first").parameters == {"network_dim": 8}
        assert back.damaged_blobs() == []
    assert len(list(Path("there").glob("*/*"))) == 1


def test_the_lab_itself_may_be_on_postgresql(lab, lorascope, postgres_url, monkeypatch, tmp_path):
    monkeypatch.setenv("LORASCOPE_STORE", postgres_url)
    code, out, _ = lorascope("check", "--json")
    found = json.loads(out)
    assert (code, found["format"], found["wrong"], found["rows"]) == (0, 1, 0, 0)
    assert found["store"].startswith("postgresql://owner@127.0.0.1")
    assert "pass" not in out
    assert lorascope("backup", "backup.db")[0] == 0
    assert (tmp_path / "backup.db").is_file()


def test_a_backup_is_a_store_and_never_replaces_a_file(lab, lorascope):
    assert lorascope("backup", "backup.db")[0] == 0
    code, out, err = lorascope("backup", "backup.db")
    assert (code, out) == (2, "")
    assert "there is a file of this name" in err
    assert lorascope("check", "backup.db")[0] == 0


def test_checking_ends_with_1_when_something_is_wrong(lab, lorascope):
    assert lorascope("check")[:2] == (0, f"store {lab.store_url}: 1 row\nnothing is wrong\n")
    next(lab.blobs.glob("*/*")).write_bytes(b"another picture")
    code, out, _ = lorascope("check")
    assert code == 1
    assert "wrong (files)" in out
    assert out.endswith("1 thing is wrong\n")
    code, out, _ = lorascope("check", "--json")
    assert (code, json.loads(out)["problems"][0]["gravity"]) == (1, "wrong")
