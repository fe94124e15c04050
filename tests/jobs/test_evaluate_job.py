"""Pictures that would mix with others, or be of another file, are refused before any is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile
from lorascope.jobs.evaluate import EvaluateRequest, evaluate
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.read_assets import demo_base_model
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

SUITE = PromptSuite("one", (Prompt("lad", "a lad"),), seeds=(1,), steps=1, width_px=24, height_px=24)


@pytest.fixture
def store(tmp_path):
    """A run with a checkpoint whose file is there."""
    file = tmp_path / "run.safetensors"
    file.write_bytes(b"what was recorded")
    with Store.open("sqlite://", tmp_path / "blobs") as opened:
        opened.add_run(Run("run", "toy", RunStatus.FINISHED, environment={"base_model_folder": str(demo_base_model())}))
        opened.add_checkpoint(Checkpoint("run", 1, file=str(file), digest=file_digest(file)))
        yield opened


def test_a_suite_that_cannot_be_drawn_leaves_no_trace(store):
    with pytest.raises(BadParameter, match="24 x 24"):
        evaluate(store, EvaluateRequest("run", replace(SUITE, width_px=23)))
    assert store.suites() == []
    assert store.samples("run") == []


@pytest.mark.parametrize("change", ["replaced", "deleted", "a folder now"])
def test_a_checkpoint_that_is_not_the_one_recorded_is_refused(store, change):
    file = Path(store.checkpoints("run")[0].file)
    file.unlink()
    if change == "replaced":
        file.write_bytes(b"another file")
    elif change == "a folder now":
        file.mkdir()
    with pytest.raises(BadFile if change == "replaced" else MissingFile, match=r"the file of epoch 1 of run run is (not the one|gone)"):
        evaluate(store, EvaluateRequest("run", SUITE))
    assert {sample.epoch for sample in store.samples("run")} == {0}, "the base model was drawn before"


@pytest.mark.parametrize(
    "other",
    [replace(SUITE, name="two", prompts=(Prompt("lad", "a lady"),)), replace(SUITE, name="two", steps=2), replace(SUITE, steps=2)],
    ids=["other text", "other protocol", "other suite of the same name"],
)
def test_pictures_of_another_text_or_protocol_do_not_pass_for_these(store, other):
    with pytest.raises(BadFile):  # the checkpoint's bytes are no LoRA; the base model is drawn before
        evaluate(store, EvaluateRequest("run", SUITE))
    with pytest.raises((BadParameter, AlreadyExists)):
        evaluate(store, EvaluateRequest("run", other))
    assert [sample.extra["suite"] for sample in store.samples("run")] == ["one"]


def test_a_broken_checkpoint_does_not_keep_the_others_from_being_drawn(store, tmp_path):
    broken = tmp_path / "second.safetensors"
    broken.write_bytes(b"no LoRA either")
    store.add_checkpoint(Checkpoint("run", 2, file=str(broken)))
    with pytest.raises(BadFile, match="2 of 3 checkpoints could not be drawn"):
        evaluate(store, EvaluateRequest("run", SUITE))
    assert {sample.epoch for sample in store.samples("run")} == {0}


def test_pictures_drawn_before_a_metric_existed_are_measured_by_it_later(store, monkeypatch):
    from lorascope.evaluation.metrics import METRICS
    from lorascope.jobs import evaluate as job

    monkeypatch.setattr(job, "METRICS", METRICS[1:])
    with pytest.raises(BadFile):
        evaluate(store, EvaluateRequest("run", SUITE))
    assert METRICS[0].name not in store.metrics("run")
    monkeypatch.undo()
    with pytest.raises(BadFile):
        evaluate(store, EvaluateRequest("run", SUITE))
    assert len(store.samples("run")) == 1
    assert len(store.scores("run", METRICS[0].name)) == 1


def test_pictures_are_measured_anew_when_a_rule_has_changed(store, monkeypatch):
    from lorascope.evaluation import metrics
    from lorascope.jobs import evaluate as job

    with pytest.raises(BadFile):
        evaluate(store, EvaluateRequest("run", SUITE))
    before = store.scores("run", "unique_colors")
    newer = tuple(replace(metric, version=7) if metric.name == "unique_colors" else metric for metric in metrics.METRICS)
    monkeypatch.setattr(job, "METRICS", newer)
    monkeypatch.setattr(metrics, "METRICS", newer)
    with pytest.raises(BadFile):
        evaluate(store, EvaluateRequest("run", SUITE))
    (after,) = store.scores("run", "unique_colors")
    assert [score.extra.get("version") for score in before] == [None]
    assert after.extra["version"] == 7
    assert len(store.samples("run")) == 1, "nothing is drawn anew"


def test_a_run_of_another_trainer_is_refused_with_what_to_do_instead(store):
    store.add_run(Run("theirs", "kohya", RunStatus.FINISHED))
    store.add_checkpoint(Checkpoint("theirs", 1, file="theirs.safetensors"))
    with pytest.raises(BadParameter, match="trained with kohya") as caught:
        evaluate(store, EvaluateRequest("theirs", SUITE))
    assert "lorascope import" in caught.value.next_step
    assert store.suites() == []
