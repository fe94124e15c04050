from __future__ import annotations

import json

import pytest

from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.find_rules import find_rules
from lorascope.jobs.ledger_answer import rules_answer
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def fill(store, rows):
    """Rows of (name, quality, settings)."""
    store.import_runs([Run(name, "toy", RunStatus.IMPORTED, settings, {"quality": value}) for name, value, settings in rows])


def project(count=8, alpha=16):
    return [(f"{dim}_{at}", 3.0 if dim == 64 else 8.0, {"network_dim": dim, "network_alpha": alpha, "seed": at, "lr": 1e-4 * (1 + at % 4)})
            for dim in (32, 64) for at in range(count)]  # fmt: skip


def test_a_rule_is_found_with_its_rivals_its_pairs_and_what_would_bring_it_down(store):
    fill(store, project())
    found = rules_answer(find_rules(store, "quality", "< 5"))
    assert (found["format"], found["runs"], found["bad"]) == (1, 16, 8)
    first = found["rules"][0]
    assert set(first["rules"]) == {"network_dim > 32", "`network_dim*network_alpha` > 512", "network_alpha/network_dim < 0.5"}
    assert (first["support"], first["bad"], first["others"], first["others_bad"]) == (8, 8, 8, 0)
    assert first["low"] == pytest.approx(0.631, abs=1e-3)
    assert first["standing"] == "supported"
    assert first["matched_pairs"]
    assert first["q_value"] < 0.01
    assert first["word"] == "mostly"
    assert int(first["falsified_by"].split()[0]) > 0
    assert "tell them apart" in " ".join(found["notes"])


def test_what_was_registered_before_can_be_confirmed(store):
    registered = {"rule": "network_dim > 32", "registered_at": 1.0}
    store.put_hypotheses([Hypothesis("rule", "…", "", metric="quality", direction="lower", threshold=5.0, extra=registered)])
    fill(store, project())
    assert find_rules(store, "quality", "< 5").rules[0].standing.rung == "confirmed"


def test_three_against_four_is_no_pattern_yet(store):
    rows = [(f"big{at}", 3.0, {"network_dim": 64 + at}) for at in range(3)] + [
        (f"small{at}", 9.0, {"network_dim": 32 - at}) for at in range(4)
    ]
    fill(store, rows)
    found = find_rules(store, "quality", "< 5", everything=True)
    (rule,) = [one for one in found.rules if (one.found.support, one.found.hits, one.found.others) == (3, 3, 4)]
    assert (rule.standing.rung, rule.standing.word) == ("not separated", "3 of 3")


def test_nothing_to_tell_apart_is_said(store):
    fill(store, [("a", 9.0, {"x": 1}), ("b", 8.0, {"x": 2})])
    assert "none of the 2 runs came out bad" in find_rules(store, "quality", "< 5").notes[0]
    assert "all of the 2 runs came out bad" in find_rules(store, "quality", ">= 5").notes[0]
    fill(store, [("c", 1.0, {"x": 3})])
    assert "nothing to try" in find_rules(store, "quality", "< 5").notes[0]
    fill(store, [(f"same{at}", float(at % 2 * 9), {"x": at % 3}) for at in range(12)])
    assert "than luck explains" in find_rules(store, "quality", "< 5").notes[0]


def test_what_cannot_be_read_is_refused(store):
    with pytest.raises(NotFound, match="no run has a number of quality"):
        find_rules(store, "quality", "< 5")
    for wrong in ("5", "< x", "< 5 or > 6", "", "< 1e", "== 3", "< nan"):
        with pytest.raises(BadParameter, match="cannot be read"):
            find_rules(store, "quality", wrong)


def test_the_answer_does_not_depend_on_the_order_of_the_runs(tmp_path):
    answers = []
    for at, rows in enumerate((project(), project()[::-1])):
        with Store.open("sqlite://", tmp_path / str(at)) as store:
            fill(store, rows)
            answers.append(json.dumps(rules_answer(find_rules(store, "quality", "< 5", everything=True))))
    assert answers[0] == answers[1]
