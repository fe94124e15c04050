"""Hypotheses in the store: kept whole, idempotent, and a verdict is not undone by the claim coming in again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.store import Store

CLAIM = Hypothesis(
    "dim_64_gives_photorealism",
    "network_dim of 64 and more gives photorealism",
    "taxonomy.md:30",
    claimed_n=3,
    metric="quality_score",
    direction="lower",
    threshold=5.0,
    prior=0.85,
    runs=("a", "not in the store"),
    extra={"said_as": "100% FAILURE RATE'; DROP TABLE hypotheses; --", "notes": [1, None]},
)


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def test_a_hypothesis_comes_back_as_it_was_put(store):
    bare = Hypothesis("bare", "it works", "me")
    assert store.put_hypotheses([CLAIM, bare]) == 2
    assert store.hypotheses() == [CLAIM, bare]


def test_the_same_again_changes_nothing(store):
    store.put_hypotheses([CLAIM])
    assert store.put_hypotheses([CLAIM, CLAIM]) == 0


def test_one_of_the_same_name_is_replaced(store):
    store.put_hypotheses([CLAIM])
    changed = replace(CLAIM, prior=0.2, runs=())
    assert store.put_hypotheses([changed]) == 1
    assert store.hypotheses() == [changed]


def test_an_open_claim_that_comes_in_again_does_not_undo_a_verdict(store):
    refuted = replace(CLAIM, verdict=Verdict.REFUTED)
    store.put_hypotheses([refuted])
    assert store.put_hypotheses([CLAIM]) == 0
    assert store.put_hypotheses([replace(CLAIM, prior=0.1)]) == 1
    assert store.hypotheses() == [replace(refuted, prior=0.1)]


def test_a_verdict_replaces_another(store):
    store.put_hypotheses([replace(CLAIM, verdict=Verdict.REFUTED)])
    store.put_hypotheses([replace(CLAIM, verdict=Verdict.UNDECIDED)])
    assert store.hypotheses()[0].verdict is Verdict.UNDECIDED


def test_they_stay_in_the_order_they_were_recorded_in(store):
    names = ["zebra", "apple", "mango"]
    store.put_hypotheses([Hypothesis(name, "s", "me") for name in names])
    store.put_hypotheses([Hypothesis("apple", "changed", "me")])
    assert [hypothesis.name for hypothesis in store.hypotheses()] == names


def _put_and_fail(store):
    with store.transaction():
        store.put_hypotheses([CLAIM])
        raise ZeroDivisionError


def test_after_an_error_none_is_kept(store):
    with pytest.raises(ZeroDivisionError):
        _put_and_fail(store)
    assert store.hypotheses() == []
