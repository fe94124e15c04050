"""A project imported in parts, in any order, twice, or from where it was moved to, is recorded as it would be as a whole."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from tensorboardX import SummaryWriter

from lorascope.cli.main import cli
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.find_files import find_files
from lorascope.jobs.import_runs import import_paths
from lorascope.jobs.watch_folder import look_into
from lorascope.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))
from kohya_folder import STARTED_AT, Made, make_folder, save_lora


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path / ".blobs") as opened:
        yield opened


def project(folder, monkeypatch):
    """Epochs, steps, a prompt file, pictures, a configuration, a log beside them, and a LoRA of unknown origin."""
    out = make_folder(folder / "out" / "fox", Made(save_every_n_steps=4, with_states=True))
    (out / "prompt.txt").write_text("a red fox --n blurry --d 1\na fox at night --d 2\n")
    (out / "config_lora-20240131-120000.toml").write_text('output_name = "fox"\nnetwork_module = "networks.lora"\nnetwork_dim = 4\n')
    (out / "sample").mkdir()
    for epoch in (1, 2, 3):
        for position in (0, 1):
            name = f"fox_e{epoch:06d}_{position:02d}_2024013111300{epoch}_{position + 1}.png"
            Image.new("RGB", (4, 4), (epoch, position, 0)).save(out / "sample" / name)
    log(folder / "logs" / "20240131112000" / "network_train", STARTED_AT + 1, range(1, 6), monkeypatch)
    save_lora(folder / "downloads" / "style.safetensors", {}, value=7.0)
    return folder


def log(folder, began_at, steps, monkeypatch):
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: began_at)
        writer = SummaryWriter(str(folder))
        for step in steps:
            writer.add_scalar("loss/current", 1 / step, step, walltime=began_at + step)
        writer.close()


def test_any_order_of_files_gives_the_record_of_the_whole(store, tmp_path, monkeypatch):
    folder = project(tmp_path / "project", monkeypatch)
    import_paths([folder], store)
    files = list(find_files([folder]).inside)
    (log_file,) = folder.rglob("events*")
    for seed in range(6):
        # prompts or a state before all else are of no training yet, which is said; a log alone does not say what it is called
        first = next(folder.rglob("fox-000002.safetensors" if seed % 2 else "*_e000002_00_*"))
        rest = [file for file in files if file not in {first, log_file}]
        order = [first, *random.Random(seed).sample(rest, len(rest)), log_file]
        with Store.open("sqlite://", tmp_path / ".blobs") as one_by_one:
            for file in order:
                import_paths([file], one_by_one)
            assert sorted(export_runs(one_by_one)) == sorted(export_runs(store)), seed


def test_a_later_log_is_added_to_the_one_before_whatever_came_in_between(store, tmp_path, monkeypatch):
    out = make_folder(tmp_path / "out", Made())
    log(out / "logs" / "20240131112000" / "network_train", STARTED_AT + 1, range(1, 6), monkeypatch)
    import_paths([out], store)
    import_paths([out / "fox-000001.safetensors"], store)
    log(out / "logs" / "20240131113000" / "network_train", STARTED_AT + 100, range(6, 9), monkeypatch)
    import_paths([out / "logs" / "20240131113000"], store)
    (series,) = store.series("fox")
    assert series.steps == tuple(range(1, 9))


def test_a_part_imported_many_times_is_remembered_once(store, tmp_path, monkeypatch):
    folder = project(tmp_path / "project", monkeypatch)
    picture, log_file = next(folder.rglob("*e000002_01*")), next(folder.rglob("events*"))
    for part in (picture, log_file, folder / "out" / "fox" / "fox.safetensors", folder, *[folder / "out"] * 4):
        import_paths([part], store)
    for run in store.runs():
        files = [source["file"] for source in run.extra["sources"]]
        assert len(files) == len(set(files)), run.name
    assert len(store.samples("fox")) == 6


def test_parts_that_turn_out_to_be_one_training_are_said(store, tmp_path, monkeypatch):
    folder = project(tmp_path / "project", monkeypatch)
    import_paths([folder / "out" / "fox" / "sample"], store)
    import_paths([folder / "logs"], store)
    summary = import_paths([folder], store)
    assert [note for note in summary.notes if "project, of which a part was imported alone, is the same training" in note]
    assert ([run.name for run in summary.runs], store.series("fox")[0].steps) == (["fox", "style"], (1, 2, 3, 4, 5))


def test_a_moved_folder_is_recorded_as_if_it_had_always_been_there(store, tmp_path, monkeypatch):
    folder = project(tmp_path / "here", monkeypatch)
    import_paths([folder], store)
    folder = folder.rename(tmp_path / "there")
    import_paths([folder], store)
    with Store.open("sqlite://", tmp_path / ".blobs") as fresh:
        import_paths([folder], fresh)
        assert sorted(export_runs(store)) == sorted(export_runs(fresh))
    assert not any(import_paths([folder], store).changed.values())


def test_a_link_to_itself_is_passed_over(store, tmp_path):
    out = make_folder(tmp_path / "out", Made())
    (out / "self").symlink_to("self")
    assert [run.name for run in import_paths([out], store).runs] == ["fox"]
    assert str(out / "self") not in look_into(out).files


def test_a_bad_file_of_records_in_a_folder_stops_no_other(store, tmp_path):
    (tmp_path / "a.csv").write_text("run,epoch,loss\nfox,1,0.5\n")  # the run is in a file that comes later
    (tmp_path / "b.csv").write_text("run,epoch,loss\nnobody,1,0.5\n")
    (tmp_path / "c.jsonl").write_text(
        '{"type": "lorascope", "format": 1}\n' + json.dumps({"type": "run", "name": "fox", "trainer": "x"}) + "\n"
    )
    summary = import_paths([tmp_path], store)
    assert [run.name for run in store.runs()] == ["fox"]
    assert [path.name for path in summary.failed] == ["b.csv"]


# As one types it


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(cli, ["init"], catch_exceptions=False)
    return tmp_path


def say(*arguments):
    return CliRunner().invoke(cli, ["import", *arguments]).stdout


def test_many_files_left_out_are_counted_not_listed(lab):
    make_folder(lab / "out", Made())
    for number in range(30):
        (lab / "out" / f"prompts{number}.txt").write_text("a fox --d 1\n")
        (lab / "out" / f"bad{number}.safetensors").write_bytes(b"x" * 50)
    (lab / "alone").mkdir()
    for number in range(30):
        (lab / "alone" / f"prompts{number}.txt").write_text("a fox --d 1\n")
    text = say("out", "alone")
    assert len(text.splitlines()) < 40
    assert "… 20 more left out (all of them: --json)" in text
    assert "more notes (all of them: --json)" in text


def test_a_name_neither_begins_a_line_nor_runs_in_a_shell(lab):
    save_lora(lab / "x.safetensors", {"ss_output_name": "a\nnew or changed: 9 runs $(touch pwned)"})
    lines = say("x.safetensors").splitlines()
    assert not [line for line in lines if line.startswith("new or changed: 9")]
    assert lines[-1].startswith("next: lorascope show 'a\\nnew")


def test_nothing_read_is_not_called_nothing_new(lab):
    (lab / "x.safetensors").write_bytes(b"x" * 50)
    assert "the store had all of it" not in say("x.safetensors")
