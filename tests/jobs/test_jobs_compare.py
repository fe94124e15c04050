from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.compare import compare_command
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.compare import answer, compare
from lorascope.jobs.import_runs import import_runs
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "caption_fix" / "caption_fix.jsonl"
METRIC = "background_color_accuracy"


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def fill(store, run, rows, metric=METRIC, **parameters):
    """Rows of values per epoch, one column per prompt."""
    store.import_runs([Run(run, "toy", RunStatus.IMPORTED, parameters)])
    store.add_scores([Score(run, e, f"p{c}", 1, metric, value) for e, row in enumerate(rows, start=1) for c, value in enumerate(row)])


DIRTY, CLEAN = [[0.5, 0.4, 0.3], [0.1, 0.2, 0.0]], [[0.6, 0.5, 0.5], [0.9, 1.0, 0.9]]


@pytest.fixture
def pair(store):
    fill(store, "dirty", DIRTY, network_dim=8, seed=1, shuffle_caption=True)
    fill(store, "clean", CLEAN, network_dim=8, seed=1, shuffle_caption=1, keep_tokens=2)
    return store


def test_settings_that_differ_are_listed_with_both_values(pair):
    assert answer(compare(pair, "dirty", "clean"))["different"] == {"keep_tokens": [None, 2], "shuffle_caption": [True, 1]}


def test_the_last_epochs_are_compared_second_run_minus_first(pair):
    (found,) = answer(compare(pair, "dirty", "clean"))["metrics"]
    assert (found["metric"], found["epochs"], found["n"]) == (METRIC, [2, 2], 3)
    assert found["difference"] == pytest.approx((0.8 + 0.8 + 0.9) / 3)
    assert found["low"] < found["difference"] < found["high"]
    assert found["p_value"] == 0.25
    assert found["detectable"] > 0


def test_epochs_can_be_named_or_each_runs_best(pair):
    assert compare(pair, "dirty", "clean", epochs="2:1").metrics[0].epochs == (2, 1)
    best = compare(pair, "dirty", "clean", epochs="best")
    assert best.metrics[0].epochs == (1, 2)
    assert any("flatter" in note for note in best.notes)


def test_several_changes_are_not_credited_to_one(pair):
    notes = compare(pair, "dirty", "clean").notes
    assert any("cannot be put down to any one of them" in note for note in notes)
    assert any("One training of each" in note for note in notes)


def test_a_run_compared_with_itself_differs_in_nothing(pair):
    found = compare(pair, "dirty", "dirty", epochs="1:2")
    assert found.different == {}
    assert found.metrics[0].paired.difference == pytest.approx(-0.3)


@pytest.mark.parametrize("other", [{"steps": 8}, {"prompts": (Prompt("p0", "another text"), Prompt("p1", "b"))}])
def test_pictures_of_another_text_or_protocol_are_not_compared(pair, other):
    suite = PromptSuite("one", (Prompt("p0", "a"), Prompt("p1", "b")), (1,), steps=30)
    pair.add_suite(suite)
    pair.add_suite(replace(suite, name="renamed", seeds=(1, 2)))
    pair.add_suite(replace(suite, name="other", **other))
    pair.add_samples([Sample("dirty", 1, "p0", 1, "a" * 32, extra={"suite": "one"})])
    pair.add_samples([Sample("clean", 1, "p0", 1, "a" * 32, extra={"suite": "renamed"})])
    assert compare(pair, "dirty", "clean").metrics[0].paired is not None
    pair.add_samples([Sample("clean", 1, "p0", 1, "a" * 32, extra={"suite": "other"})])
    with pytest.raises(BadParameter, match="whose texts or protocols differ"):
        compare(pair, "dirty", "clean")


def test_runs_without_a_common_prompt_have_no_difference(store):
    fill(store, "a", [[0.1, 0.2]])
    store.import_runs([Run("b", "toy", RunStatus.IMPORTED)])
    store.add_scores([Score("b", 1, "elsewhere", 1, METRIC, 0.5)])
    found = answer(compare(store, "a", "b"))
    assert (found["metrics"][0]["difference"], found["metrics"][0]["n"]) == (None, 0)
    assert any("share no prompt" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": "5:x"}, BadParameter, "epoch '5:x'"),
        ({"epochs": "1:7"}, NotFound, "at epoch 7"),
        ({"metrics": ("beauty",)}, NotFound, "no values of beauty"),
    ],
)
def test_what_is_not_there_or_not_understood_is_refused(pair, options, error, message):
    with pytest.raises(error, match=message):
        compare(pair, "dirty", "clean", **options)


def test_the_owners_two_epochs_are_undecided_on_old_and_on_fresh_prompts(store):
    import_runs([EXAMPLE], store)
    old = compare(store, "caption_fix", "caption_fix", metrics=("unique_colors",), epochs="5:8").metrics[0].paired
    fresh = compare(store, "caption_fix_fresh", "caption_fix_fresh", metrics=("unique_colors",), epochs="5:8").metrics[0].paired
    assert old.difference == pytest.approx(-22.29, abs=0.01)
    assert old.low < 0 < old.high
    assert old.p_value == pytest.approx(0.33, abs=0.01)
    assert fresh.difference == pytest.approx(-13, abs=0.5)
    assert (fresh.n, (fresh.high - fresh.low) / 2) == (8, pytest.approx(67.5, abs=0.1))


def test_the_command_prints_tables_and_fixed_json_keys(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as lab:
        fill(lab, "dirty", DIRTY, network_dim=8)
        fill(lab, "clean", CLEAN, network_dim=16)
    shown = CliRunner().invoke(compare_command, ["dirty", "clean"], catch_exceptions=False).output
    assert "network_dim" in shown
    assert METRIC in shown
    found = json.loads(CliRunner().invoke(compare_command, ["dirty", "clean", "--json"]).output)
    assert {"format", "runs", "different", "metrics"} <= set(found)
    assert {"metric", "difference", "low", "high", "p_value", "n", "detectable"} <= set(found["metrics"][0])


def test_three_runs_are_each_compared_with_the_first(store):
    for name, dim in (("a", 16), ("b", 32), ("c", 64)):
        fill(store, name, [[dim / 100, dim / 90, dim / 80]], network_dim=dim, network_alpha=16, seed=1)
    found = answer(compare(store, "a", "b", "c"))
    assert found["runs"] == ["a", "b", "c"]
    assert found["different"] == {"adapter_scale": [1.0, 0.5, 0.25], "network_dim": [16, 32, 64]}
    assert [(item["runs"], item["n"]) for item in found["metrics"]] == [(["a", "b"], 3), (["a", "c"], 3)]
    assert any("network_dim" in note and "adapter_scale" not in note for note in found["notes"])


def test_runs_without_scores_still_show_settings_and_reported_outcomes(store):
    store.import_runs([Run(name, "kohya", RunStatus.IMPORTED, {"network_dim": dim}, {"score": score}) for name, dim, score in RATED])
    found = answer(compare(store, "perfect", "wide"))
    assert (found["different"], found["outcomes"], found["metrics"]) == ({"network_dim": [32, 64]}, {"score": [9, 3]}, [])


RATED = (("perfect", 32, 9), ("wide", 64, 3))


def test_one_run_or_two_epochs_of_three_runs_are_refused(pair):
    with pytest.raises(BadParameter, match="cannot be compared"):
        compare(pair, "dirty")
    with pytest.raises(BadParameter, match="of 3 runs"):
        compare(pair, "dirty", "clean", "dirty", epochs="1:2")
