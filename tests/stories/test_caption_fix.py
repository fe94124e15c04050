"""The story of the demo, small: audit, clean, train two runs, evaluate, pick, compare, report; for real, on a dozen sprites."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

from lorascope.evaluation.metrics import METRICS
from lorascope.jobs.audit import audit
from lorascope.jobs.begin import begin
from lorascope.jobs.clean import clean
from lorascope.jobs.compare import compare
from lorascope.jobs.evaluate import EvaluateRequest, evaluate
from lorascope.jobs.pick import answer, pick
from lorascope.jobs.read_assets import demo_base_model, demo_dataset
from lorascope.jobs.read_suite import read_suite
from lorascope.jobs.report import ReportRequest, write_report
from lorascope.jobs.train import TrainRequest, train
from lorascope.jobs.training_set import beside_training
from lorascope.records.run import RunStatus
from lorascope.settings import Settings
from lorascope.store import Store

RECIPE = {"max_train_epochs": 2, "network_dim": 4, "network_alpha": 4.0, "conv_dim": 2, "conv_alpha": 2.0}


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Settings:
    """A lab in which both runs have been trained and evaluated."""
    home = tmp_path_factory.mktemp("lab")
    settings = Settings.at(home / ".lorascope")
    begin(settings.lab, settings.store_url, settings.blobs)
    (home / "as_found").mkdir()
    for path in sorted(demo_dataset().iterdir())[:24]:
        shutil.copy(path, home / "as_found")
    clean(home / "as_found", home / "repaired", include_ask=True, trigger="bespoke")
    suite = read_suite(None)
    suite = replace(suite, prompts=suite.prompts[:3], seeds=(1, 2), steps=3)
    with Store.open(settings.store_url, settings.blobs) as store:
        for name in ("as_found", "repaired"):
            train(store, TrainRequest(name, home / name, demo_base_model(), home / "out" / name, RECIPE))
            evaluate(store, EvaluateRequest(name, suite))
    return settings


@pytest.fixture
def store(lab):
    with Store.open(lab.store_url, lab.blobs) as opened:
        yield opened


def test_cleaning_leaves_fewer_findings_and_the_original_as_it_was(lab):
    home = lab.lab.parent
    before, after = audit(home / "as_found", trigger="bespoke"), audit(home / "repaired", trigger="bespoke")
    assert 0 <= len(after.findings) < len(before.findings) / 4
    for path in (home / "as_found").iterdir():
        assert path.read_bytes() == (demo_dataset() / path.name).read_bytes()


def test_everything_about_a_run_is_recorded(store):
    run = store.run("repaired")
    assert run.status is RunStatus.FINISHED
    assert run.parameters["network_dim"] == 4
    assert run.parameters["learning_rate"] == 3e-3, "the preset's values are recorded too"
    assert run.environment["versions"]["torch"]
    assert store.dataset(run.dataset_digest).name == "repaired"
    checkpoints = store.checkpoints("repaired")
    assert [(c.epoch, c.step, c.samples_seen) for c in checkpoints] == [(1, 3, 12), (2, 6, 24)]
    assert all(Path(c.file).stat().st_size == c.file_bytes for c in checkpoints)
    assert all(len(c.extra["step_losses"]) == 3 for c in checkpoints)


def test_every_checkpoint_and_the_base_have_every_picture_and_score(store):
    for run in ("as_found", "repaired"):
        samples = store.samples(run)
        assert sorted({s.epoch for s in samples}) == [0, 1, 2]
        assert len(samples) == 3 * 3 * 2
        scores = store.scores(run)
        assert len(scores) == len(samples) * len({s.metric for s in scores}) == 18 * len(METRICS)
        assert all(s.value in {0, 1} or s.reason for s in scores if s.metric == "background_color_accuracy")
        assert all(s.value is not None or s.reason for s in scores)


def test_the_training_images_bands_are_kept_with_the_run_and_shown_beside_the_numbers(store):
    beside = {one.measured.metric: one for one in beside_training(store, "repaired")}
    assert {one.measured.epoch for one in beside.values()} == {2}
    assert beside["palette_size"].band.n == 12
    assert beside["palette_size"].place == "above", "a toy model's pictures are noisy"
    assert beside["background_color_accuracy"].band is None, "a share of pictures has no band"
    assert answer(pick(store, "repaired", "palette_size"))["band"]["n"] == 12


def test_the_base_draws_the_same_pictures_in_both_runs(store):
    drawn = [{(s.prompt, s.seed): s.image_digest for s in store.samples(run, 0)} for run in ("as_found", "repaired")]
    assert drawn[0] == drawn[1]


def test_evaluating_again_draws_nothing(lab, store):
    suite = store.suite("sprites-8")
    assert evaluate(store, EvaluateRequest("repaired", suite)) == 0


def test_pick_compare_and_report_answer_from_the_store(lab, store, tmp_path):
    choice = pick(store, "repaired", "background_color_accuracy")
    assert [c.measured.epoch for c in choice.checkpoints] == [1, 2]
    assert sum(c.p_best for c in choice.checkpoints) == pytest.approx(1)
    comparison = compare(store, "as_found", "repaired")
    assert set(comparison.different) == {"dataset_digest"} or not comparison.different
    written = [write_report(store, ReportRequest(("as_found", "repaired"), tmp_path / name)) for name in ("one", "two")]
    page = written[0].html.read_text("utf-8")
    assert "data:image/png;base64," in page
    assert "<script" not in page
    assert "beside its training images" in page
    first, second = (report.html.read_bytes() for report in written)
    assert first == second


def test_a_name_is_used_once(lab, store):
    from lorascope.errors import AlreadyExists

    home = lab.lab.parent
    with pytest.raises(AlreadyExists):
        train(store, TrainRequest("repaired", home / "repaired", demo_base_model(), home / "other", RECIPE))


def test_the_file_names_its_run_for_other_tools(store):
    from safetensors import safe_open

    last = store.checkpoints("repaired")[-1]
    with safe_open(last.file, "pt") as file:
        facts = file.metadata()
    assert facts["ss_output_name"] == "repaired"
    assert json.loads(facts["ss_tag_frequency"])["1_repaired"]["bespoke"] == 12
