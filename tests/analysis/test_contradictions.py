from __future__ import annotations

from lorascope.analysis.ledger.contradictions import contradictions, enters
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.plan import plan_of


def plan(name, direction="higher", metric="accuracy", threshold=0.1, **extra):
    return plan_of(Hypothesis(name, "…", "a person", metric=metric, direction=direction, threshold=threshold, extra=extra))


UP = {"keep_tokens": [1, 3]}


def pairs(*plans):
    return [(one.first, one.second) for one in contradictions(plans)]


def test_the_same_change_cannot_help_and_hurt():
    assert pairs(plan("helps", change=UP), plan("hurts", "lower", change=UP)) == [("helps", "hurts")]
    assert pairs(plan("helps", change=UP), plan("too", change=UP)) == []
    assert pairs(plan("helps", change=UP), plan("other", "lower", metric="variety", change=UP)) == []


def test_the_way_back_is_the_same_change_turned_round():
    assert pairs(plan("helps", change=UP), plan("back helps", change={"keep_tokens": [3, 1]})) == [("helps", "back helps")]
    assert pairs(plan("helps", change=UP), plan("back hurts", "lower", change={"keep_tokens": [3, 1]})) == []


def test_a_plan_that_runs_into_a_rule_is_named():
    rule = plan("rule", "lower", rule="network_dim > 32", threshold=5)
    into = plan("plan", change={"network_dim": [32, 64]})
    assert pairs(rule, into) == [("plan", "rule")]
    assert pairs(rule, plan("away", change={"network_dim": [64, 32]})) == []
    assert pairs(rule, plan("agrees", "lower", change={"network_dim": [32, 64]})) == []


def test_a_rule_about_more_than_the_change_says_nothing_of_it():
    assert enters("network_dim > 32", {"network_dim": (32, 64)})
    assert not enters("network_dim > 32 and keep_tokens = 1", {"network_dim": (32, 64)})
    assert not enters("this is (no condition", {"network_dim": (32, 64)})


def test_claims_may_name_what_they_contradict():
    first = plan("first", contradicts=["second", "unknown", "first"])
    assert pairs(first, plan("second")) == [("first", "second")]


def test_a_version_that_was_replaced_no_longer_contradicts():
    assert pairs(plan("old", change=UP), plan("new", "lower", change=UP, replaces="old")) == []


def test_whole_numbers_and_the_same_with_a_point_are_one_value():
    assert pairs(plan("helps", change=UP), plan("hurts", "lower", change={"keep_tokens": [1.0, 3.0]})) == [("helps", "hurts")]
    assert pairs(plan("on", change={"flip": [False, True]}), plan("one", "lower", change={"flip": [0, 1]})) == []
