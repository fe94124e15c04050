"""Two trainings as two settings: replicates, protocols, units, twins; and what could have been seen is always said."""

from __future__ import annotations

import pytest

from lorascope.jobs.compare import answer, compare
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

METRIC = "some_error"


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def fill(store, run, values, metric=METRIC, extra=None, **parameters):
    store.import_runs([Run(run, "toy", RunStatus.IMPORTED, parameters)])
    store.add_scores([Score(run, 1, f"p{n}", 1, metric, value, extra=extra or {}) for n, value in enumerate(values)])


FIRST, SECOND = [5.0, 5.2, 4.9, 5.1, 5.0, 4.8], [4.0, 4.3, 3.8, 4.0, 4.1, 3.9]


def test_without_replicates_a_plain_sentence_says_what_is_unknown(store):
    fill(store, "a", FIRST, network_dim=8, seed=1)
    fill(store, "b", SECOND, network_dim=16, seed=1)
    found = answer(compare(store, "a", "b"))
    assert any("One training of each" in note and "that noise is unknown" in note for note in found["notes"])
    (metric,) = found["metrics"]
    assert (metric["settings"]["assumed"], metric["settings"]["low"]) == (True, None)
    assert metric["high"] < 0


def test_with_replicates_the_difference_of_settings_carries_their_noise(store):
    fill(store, "a", FIRST, network_dim=8, seed=1)
    fill(store, "a2", [value + 2 for value in FIRST], network_dim=8, seed=2)
    fill(store, "b", SECOND, network_dim=16, seed=1)
    found = answer(compare(store, "a", "b"))
    settings = found["metrics"][0]["settings"]
    assert (settings["assumed"], settings["replicates"]) == (False, [["a", "a2"]])
    assert settings["low"] < 0 < settings["high"], "one training of each does not show it"
    assert found["metrics"][0]["high"] < 0, "the two files do differ"
    assert settings["trainings_per_arm"] > 1
    assert any("R = " in note and "with that noise" in note for note in found["notes"])


def test_what_could_have_been_seen_is_said_of_decided_differences_too(store):
    fill(store, "a", FIRST)
    fill(store, "b", SECOND)
    found = compare(store, "a", "b")
    assert found.metrics[0].paired.p_value < 0.05
    assert any("6 prompts show differences from" in note and "undecided" not in note for note in found.notes)


def test_other_protocols_are_not_compared(store):
    for run, guidance in (("a", 7.5), ("b", 5)):
        fill(store, run, FIRST)
        store.keep_foreign([({"type": "protocol", "run": run, "guidance": guidance, "steps": 30}, 0)])
    found = answer(compare(store, "a", "b"))
    assert found["metrics"][0]["difference"] is None
    assert "guidance 7.5 and 5" in found["metrics"][0]["refused"]
    assert any("not compared" in note for note in found["notes"])


@pytest.mark.parametrize("key", ["unit", "version"])
def test_other_units_or_rules_are_not_compared(store, key):
    fill(store, "a", FIRST, extra={key: 1})
    fill(store, "b", SECOND, extra={key: 2})
    assert "changed its unit or the version" in answer(compare(store, "a", "b"))["metrics"][0]["refused"]


def test_the_same_weights_differ_by_noise_alone(store):
    fill(store, "a", FIRST)
    store.add_scores([Score("a", 2, f"p{n}", 1, METRIC, value) for n, value in enumerate(SECOND)])
    store.add_checkpoints([Checkpoint("a", epoch, tensor_hash="ab" * 32) for epoch in (1, 2)])
    found = answer(compare(store, "a", "a", epochs="1:2"))
    assert found["metrics"][0]["same_weights"] is True
    assert any("noise alone" in note for note in found["notes"])


def test_yes_and_no_is_tested_exactly_and_says_so(store):
    fill(store, "a", [0.0] * 20, metric="right_error")
    fill(store, "b", [1.0] * 8 + [0.0] * 12, metric="right_error")
    (metric,) = answer(compare(store, "a", "b"))["metrics"]
    assert (metric["test"], metric["p_value"]) == ("McNemar's exact test", pytest.approx(2 / 2**8))
