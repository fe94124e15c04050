"""A project's history as analyses read it: what is there, on equal terms, and nothing that is not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lorascope.jobs.read_history import read_history
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

METRIC = "beauty"


def a_run(name, **changes):
    return replace(Run(name, "kohya", RunStatus.FINISHED, {"network_dim": 8, "output_dir": "/x", "total_steps": 100}), **changes)


def scores(run, table, **extra):
    """``table``: epoch → prompt → value."""
    return [Score(run, epoch, prompt, 1, METRIC, value, extra=extra) for epoch, values in table.items() for prompt, value in values.items()]


@pytest.fixture(params=["file", "postgres"])
def store(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'lab.db'}" if request.param == "file" else request.getfixturevalue("postgres_url")
    with Store.open(url, tmp_path / "blobs") as opened:
        yield opened


def test_an_empty_store_has_an_empty_history(store):
    assert read_history(store).runs == ()


def test_names_places_and_derived_values_are_no_settings(store):
    store.add_run(a_run("a", base_model="sd15", dataset_digest="d1"))
    (past,) = read_history(store).runs
    assert past.settings == {"network_dim": 8, "base_model": "sd15", "dataset": "d1", "trainer": "kohya"}
    assert past.outcomes == {}


def test_a_run_stands_for_its_last_checkpoint_or_its_best(store):
    store.add_run(a_run("a"))
    store.add_scores(scores("a", {1: {"p": 3.0, "q": 5.0}, 2: {"p": 1.0, "q": 2.0}}, direction="higher", unit="points"))
    last, best = read_history(store).runs[0], read_history(store, chosen="best").runs[0]
    assert (last.outcomes[METRIC].value, last.outcomes[METRIC].epoch) == (1.5, 2)
    assert (best.outcomes[METRIC].value, best.outcomes[METRIC].epoch) == (4.0, 1)
    assert best.outcomes[METRIC].se == pytest.approx(1.0)
    assert read_history(store).facts(METRIC).unit == "points"
    assert read_history(store).facts(METRIC).direction == "higher"


def test_the_base_model_is_no_checkpoint_unless_it_was_saved(store):
    store.add_run(a_run("a"))
    store.add_scores(scores("a", {0: {"p": 9.0}, 1: {"p": 3.0}}))
    assert [one.epoch for one in read_history(store).runs[0].curves[METRIC]] == [1]
    store.add_checkpoint(Checkpoint("a", 0))
    assert [one.epoch for one in read_history(store).runs[0].curves[METRIC]] == [0, 1]


def test_an_epoch_that_lacks_a_hard_prompt_is_compared_on_equal_terms(store):
    store.add_run(a_run("a"))
    store.add_scores(scores("a", {1: {"easy": 10.0, "hard": 2.0}, 2: {"easy": 10.0, "hard": 2.0}, 3: {"easy": 10.0}}))
    assert [one.value for one in read_history(store).runs[0].curves[METRIC]] == [6.0, 6.0, 6.0]


def test_numbers_of_other_prompts_protocols_units_or_versions_are_of_other_classes(store):
    said = {"a": {}, "b": {}, "c": {"unit": "%"}, "d": {"version": 2}, "e": {}, "f": {}}
    prompts = {"e": ("p", "r")}
    for name, extra in said.items():
        store.add_run(a_run(name))
        store.add_scores(scores(name, {1: dict.fromkeys(prompts.get(name, ("p", "q")), 1.0)}, **extra))
    store.keep_foreign([({"type": "protocol", "run": "f", "guidance": 4}, 0)])
    classes = {past.name: past.classes[METRIC] for past in read_history(store).runs}
    assert classes["a"] == classes["b"]
    assert len(set(classes.values())) == 5


def test_what_is_given_for_the_whole_run_counts_where_nothing_was_measured(store):
    store.add_run(a_run("a", outcome={METRIC: 7.0, "style": None}))
    store.add_run(a_run("b", outcome={METRIC: 7.0}))
    store.add_scores(scores("b", {1: {"p": 3.0}}))
    assert [past.outcomes[METRIC].value for past in read_history(store).runs] == [7.0, 3.0]
    assert "style" not in read_history(store).runs[0].outcomes


def test_measurements_that_came_without_scores_are_read_too(store):
    store.add_run(a_run("a"))
    store.add_measurements([Measurement("a", 4, METRIC, "points", 5.5, 5.0, 6.0, 8, 8)])
    (past,) = read_history(store).runs
    assert (past.outcomes[METRIC].value, past.outcomes[METRIC].epoch) == (5.5, 4)
    assert read_history(store).facts(METRIC).unit == "points"


def test_only_the_metrics_asked_for_are_read(store):
    store.add_run(a_run("a", outcome={"x": 1.0, "y": 2.0}))
    assert set(read_history(store, ["x"]).runs[0].outcomes) == {"x"}


def test_records_about_runs_and_datasets_find_their_run(store):
    store.add_run(a_run("parent"))
    store.add_run(a_run("child", dataset_digest="d1"))
    store.keep_foreign(
        [
            ({"type": "parent", "run": "child", "parent": "parent"}, 0),
            ({"type": "finding", "dataset": "d1", "check": "typo", "count": 3, "images": 20}, 0),
            ({"type": "weights", "run": "child", "norm": 12.5, "nan_share": None}, 0),
            ({"type": "loss", "run": "child", "final": 0.1}, 0),
        ]
    )
    child, parent = read_history(store).runs  # neither has a start: by name
    assert (child.run.parent, child.findings, child.images) == ("parent", {"typo": 3}, 20)
    assert child.weights["norm"] == 12.5
    assert child.loss["final"] == 0.1
    assert parent.findings is None


def test_hours_come_from_epochs_else_from_start_and_end(store):
    store.add_run(a_run("a"))
    store.add_checkpoints([Checkpoint("a", 1, duration_s=1800.0), Checkpoint("a", 2, duration_s=1800.0)])
    store.add_run(a_run("b", started_at=0.0, finished_at=7200.0))
    store.add_run(a_run("c"))
    hours = {past.name: past.gpu_hours for past in read_history(store).runs}
    assert hours == {"a": 1.0, "b": 2.0, "c": None}


def test_a_loss_that_is_not_finite_is_told(store):
    store.add_run(a_run("a"))
    store.add_checkpoints([Checkpoint("a", 1, mean_loss=0.1), Checkpoint("a", 2, mean_loss=0.2)])
    assert {name: value for name, value in read_history(store).runs[0].loss.items() if math.isfinite(value)}
