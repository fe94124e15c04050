"""init, import, export, runs and show as one types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.main import cli
from lorascope.errors import MissingFile, NotFound
from lorascope.records.run import Run, RunStatus
from lorascope.settings import Settings
from lorascope.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "caption_fix" / "caption_fix.jsonl"


def run(*arguments):
    """What a command prints. Errors come out as they are raised."""
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    run("init")
    return tmp_path


def open_store(folder):
    settings = Settings.find(folder)
    return Store.open(settings.store_url, settings.blobs)


def test_init_makes_a_lab_once_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "A new lab" in run("init")
    assert (tmp_path / ".lorascope" / "lab.db").is_file()
    assert "here already" in run("init")


def test_without_a_lab_one_is_told_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (("runs",), ("show", "a"), ("export",), ("import", str(EXAMPLE))):
        with pytest.raises(MissingFile) as caught:
            run(*command)
        assert "lorascope init" in caught.value.next_step


def test_import_says_what_came_in_and_the_second_time_that_nothing_is_new(lab):
    assert "new or changed: 2 runs, 2 suites, 12 checkpoints, 156 scores" in run("import", str(EXAMPLE))
    assert "nothing new" in run("import", str(EXAMPLE))
    answer = json.loads(run("import", str(EXAMPLE), "--json"))
    assert (answer["format"], answer["read"]["scores"], answer["changed"]["scores"]) == (1, 156, 0)


def test_export_gives_back_what_was_imported_to_the_screen_and_to_a_file(lab):
    run("import", str(EXAMPLE))
    assert run("export") == run("export", "--out", "-") == EXAMPLE.read_text("ascii")
    run("export", "--out", "copy.jsonl")
    assert (lab / "copy.jsonl").read_bytes() == EXAMPLE.read_bytes()
    run("export", "--run", "caption_fix_fresh", "--out", "fresh.jsonl")
    records = [json.loads(line) for line in (lab / "fresh.jsonl").read_text("ascii").splitlines()]
    assert {record["run"] for record in records if record["type"] == "score"} == {"caption_fix_fresh"}


def test_an_export_that_fails_leaves_the_file_as_it_was(lab):
    (lab / "copy.jsonl").write_text("precious")
    with pytest.raises(NotFound):
        run("export", "--run", "nobody", "--out", "copy.jsonl")
    assert sorted(path.name for path in lab.iterdir()) == [".lorascope", "copy.jsonl"]
    assert (lab / "copy.jsonl").read_text() == "precious"
    with pytest.raises(MissingFile):
        run("export", "--out", "nowhere/copy.jsonl")


def test_runs_shows_what_differs_and_hides_what_does_not(lab):
    assert "No runs yet" in run("runs")
    with open_store(lab) as store:
        store.add_run(Run("[red]small[/red]", "toy", RunStatus.FINISHED, {"network_dim": 8, "seed": 1, "flip_aug": True}, {"quality": 7}))
        store.add_run(Run("large", "toy", RunStatus.FAILED, {"network_dim": 64, "seed": 1, "flip_aug": 1}, started_at=1.7e9))
    table = run("runs")
    assert "network_dim" in table
    assert "flip_aug" in table, "true and 1 are not the same setting"
    assert "[red]small[/red]" in table
    assert "1 parameter that does not differ" in table
    answer = json.loads(run("runs", "--json"))
    assert [(each["name"], each["status"], each["parameters"]["network_dim"]) for each in answer["runs"]] == [
        ("large", "failed", 64),
        ("[red]small[/red]", "finished", 8),
    ]
    assert answer["runs"][1]["outcome"] == {"quality": 7}
    assert 0 < answer["runs"][0]["completeness"] < 1


def test_a_wide_table_is_whole_in_a_pipe(lab):
    with open_store(lab) as store:
        for name in ("a", "b"):
            store.add_run(Run(name * 100, "toy", RunStatus.FINISHED, {f"parameter_{number}": name for number in range(30)}))
    lines = run("runs").splitlines()
    assert lines[1].startswith("a" * 100 + "  finished")
    assert "22 more parameters differ: " in run("runs")


def test_show_has_everything_of_a_run(lab):
    run("import", str(EXAMPLE))
    text = run("show", "caption_fix")
    for expected in ("network_dim = 32", "checkpoints (10)", "unique_colors", "323.9", "time per epoch: missing"):
        assert expected in text
    answer = json.loads(run("show", "caption_fix", "--json"))
    assert answer["run"]["parameters"]["network_alpha"] == 16
    assert len(answer["checkpoints"]) == 10
    with pytest.raises(NotFound) as caught:
        run("show", "caption_fx")
    assert "did you mean caption_fix" in caught.value.next_step
