"""From a store to files, through the job and the command line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.main import cli
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.gather_evidence import gather
from lorascope.jobs.read_dataset import read_dataset
from lorascope.jobs.report import ReportRequest, default_folder, write_report
from lorascope.settings import Settings
from lorascope.store import Store

ACCURACY = "background_color_accuracy"
CAPTIONS = {"dirty": ("a red lad, masterpiece", "a lad"), "clean": ("a red lad", "a lad")}


def write_dataset(folder, captions, parent=None):
    folder.mkdir()
    for number, caption in enumerate(captions):
        Image.new("RGB", (24, 24), (200, 30, 10 * number)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(caption, "utf-8")
    if parent:
        (folder / "lorascope-dataset.json").write_text(json.dumps({"parent": parent}), "utf-8")
    return read_dataset(folder)


@pytest.fixture
def lab(tmp_path, make):
    """A lab with two evaluated runs and their datasets."""
    settings = Settings.at(tmp_path / ".lorascope")
    settings.lab.mkdir()
    experiment = make()
    dirty = write_dataset(tmp_path / "dirty", CAPTIONS["dirty"])
    clean = write_dataset(tmp_path / "clean", CAPTIONS["clean"], parent=dirty.digest)
    with Store.open(settings.store_url, settings.blobs) as store:
        store.add_suite(experiment.evidence.suite)
        for data in experiment.images.values():
            store.put_blob(data)
        for run, dataset in zip(experiment.evidence.runs, (dirty, clean), strict=True):
            store.add_dataset(dataset)
            store.add_run(replace(run.run, dataset_digest=dataset.digest, finished_at=1_767_225_600.0, environment={"python": "3.11.1"}))
            store.add_checkpoints(run.checkpoints)
            store.add_evaluation(run.samples, run.scores)
    return settings


@pytest.fixture
def store(lab):
    with Store.open(lab.store_url, lab.blobs) as opened:
        yield opened


def test_everything_recorded_reaches_the_evidence(store):
    evidence = gather(store, ["dirty", "clean"])
    assert evidence.metric == ACCURACY
    assert evidence.suite.name == "backgrounds"
    assert [run.choice.metric for run in evidence.runs] == [ACCURACY, ACCURACY]
    assert [comparison.at for comparison in evidence.comparisons] == ["at the last epoch", "at each run's best epoch"]
    assert evidence.recorded_at == 1_767_225_600.0
    assert evidence.versions == {"python": "3.11.1"}


def test_captions_are_compared_from_the_older_version_to_the_newer_one_in_either_order(store):
    for names in (["dirty", "clean"], ["clean", "dirty"]):
        evidence = gather(store, names)
        assert [(repair.file, repair.before, repair.after) for repair in evidence.repairs] == [
            ("0.txt", "a red lad, masterpiece", "a red lad")
        ]
        assert evidence.repaired == 1


def test_a_single_cleaned_run_shows_its_repairs_too(store):
    assert gather(store, ["clean"]).repaired == 1
    assert gather(store, ["dirty"]).repaired is None


def test_a_dataset_whose_folder_has_changed_is_not_audited_in_its_name(store, tmp_path):
    assert gather(store, ["dirty"]).runs[0].dataset.findings is not None
    (tmp_path / "dirty" / "0.txt").write_text("another caption", "utf-8")
    assert gather(store, ["dirty"]).runs[0].dataset.findings is None


def test_an_unknown_metric_is_answered_with_the_nearest(store):
    with pytest.raises(NotFound) as caught:
        gather(store, ["dirty"], "background_colour_accuracy")
    assert caught.value.next_step == "did you mean background_color_accuracy?"


def test_the_same_run_twice_is_refused(store):
    with pytest.raises(BadParameter):
        gather(store, ["dirty", "dirty"])


def test_the_same_store_gives_the_same_files_to_the_byte(store, tmp_path):
    for place in ("one", "two"):
        write_report(store, ReportRequest(("dirty", "clean"), tmp_path / place))
    for name in ("report.md", "report.html", "grid.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["grid.png", "report.html", "report.md"]


def test_pictures_are_written_beside_the_markdown_on_request(store, tmp_path):
    written = write_report(store, ReportRequest(("dirty",), tmp_path / "out", with_pictures=True))
    assert len(list((tmp_path / "out" / "pictures").iterdir())) == written.pictures == 24
    linked = (tmp_path / "out" / "report.md").read_text("utf-8").partition("](pictures/")[2].partition(")")[0]
    assert (tmp_path / "out" / "pictures" / linked).is_file()


def test_a_lost_or_broken_picture_is_counted_and_its_place_kept(store, tmp_path):
    samples = store.samples("dirty")
    store.blob_path(samples[0].image_digest).unlink()
    broken = store.blob_path(samples[1].image_digest)
    broken.chmod(0o644)
    broken.write_bytes(b"\x89PNG\r\n broken")
    written = write_report(store, ReportRequest(("dirty",), tmp_path / "out"))
    assert written.missing_pictures == 2
    assert "picture not found" in written.html.read_text("utf-8")


def test_a_run_without_any_score_is_reported_as_such(store, tmp_path):
    store.add_run(replace(store.run("dirty"), name="bare"))
    written = write_report(store, ReportRequest(("bare",), tmp_path / "out"))
    assert written.grid is None
    assert "no checkpoint was measured" in written.markdown.read_text("utf-8")


def test_two_runs_of_which_one_has_no_scores_are_not_compared(store, tmp_path):
    store.add_run(replace(store.run("dirty"), name="bare"))
    written = write_report(store, ReportRequest(("dirty", "bare"), tmp_path / "out"))
    assert any("were not compared" in sentence for sentence in written.summary)


def test_a_metric_that_only_describes_is_still_reported(store):
    evidence = gather(store, ["dirty"], "unique_colors")
    assert evidence.note("unique_colors").unit == "colors"
    assert evidence.runs[0].choice.direction == "lower"  # as pick takes it, and says so
    assert any("describes" in note for note in evidence.runs[0].choice.notes)


def test_folders_are_named_safely_whatever_runs_are_called():
    assert str(default_folder(["a", "b c"])) == "report-a-b_c"
    assert str(default_folder(["../../etc"])) == "report-etc"
    assert str(default_folder(["\u05d0"])) == "report-run"


def test_the_command_writes_where_it_says(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["report", "dirty", "clean", "--out", "there", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["format"], answer["runs"], answer["metric"]) == (1, ["dirty", "clean"], ACCURACY)
    assert (tmp_path / answer["html"]).read_text("utf-8").startswith("<!doctype html>")


def test_the_command_prints_what_was_found_and_where_the_report_is(lab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["report", "clean"])
    assert "- clean: " in result.stdout
    assert "report-clean/report.html" in result.stdout.replace("\\", "/")
