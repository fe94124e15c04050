from __future__ import annotations

import pytest
from scipy.stats import binomtest

from lorascope.analysis.ledger.rule_ladder import Rung, always_needs, lower_bound, misses_that_refute, standing, word_for


def test_three_of_three_agree_with_a_rate_of_37_percent():
    found = standing(3, 3, 0, 4)
    assert (found.interval.low, found.interval.high) == (pytest.approx(0.292, abs=1e-3), 1.0)
    assert lower_bound(3, 3) == pytest.approx(0.368, abs=1e-3)
    assert found.rung is Rung.UNSEPARATED
    assert found.word == "3 of 3"


def test_two_of_two_are_an_anecdote():
    found = standing(2, 2, 0, 3, claimed=0.9)
    assert found.rung is Rung.ANECDOTE
    assert found.interval.low == pytest.approx(0.158, abs=1e-3)


def test_always_takes_29_of_29_and_mostly_5_of_5():
    assert [word_for(n, n) for n in (4, 5, 28, 29)] == ["4 of 4", "mostly", "mostly", "always"]
    assert always_needs(3, 3) == 26
    assert always_needs(29, 29) == 0
    assert word_for(60, 61) == "always"


@pytest.mark.parametrize(("hits", "count"), [(3, 3), (5, 8), (28, 29), (0, 4)])
def test_the_exact_bound_is_scipys(hits, count):
    theirs = binomtest(hits, count, alternative="greater").proportion_ci(0.95, "exact").low
    assert lower_bound(hits, count) == pytest.approx(theirs)


def test_a_rule_climbs_by_evidence_of_another_kind():
    assert standing(8, 8, 0, 8).rung is Rung.PATTERN
    assert standing(8, 8, 0, 8, matched=1, seeds=1).rung is Rung.SUPPORTED
    assert standing(8, 8, 0, 8, matched=2, seeds=2).rung is Rung.SUPPORTED
    assert standing(8, 8, 0, 8, matched=2, seeds=1, registered=True).rung is Rung.SUPPORTED
    assert standing(8, 8, 0, 8, matched=2, seeds=2, registered=True).rung is Rung.CONFIRMED
    assert standing(8, 8, 0, 8, matched=3, matched_against=1, seeds=4, registered=True).rung is Rung.SUPPORTED
    assert standing(8, 8, 0, 8, matched=1, matched_against=1, seeds=2).rung is Rung.PATTERN


def test_counterexamples_scope_a_claim_and_enough_of_them_refute_it():
    assert standing(11, 12, 0, 12, claimed=0.9).rung is Rung.SCOPED
    assert standing(6, 12, 0, 12, claimed=0.9).rung is Rung.REFUTED
    assert standing(11, 12, 0, 12, claimed=0.9).counterexamples == 1


def test_what_would_bring_a_rule_down_is_said_in_runs():
    misses = misses_that_refute(3, 3, 0.9)
    assert standing(3, 3 + misses, 0, 4, claimed=0.9).rung is Rung.REFUTED
    assert standing(3, 3 + misses - 1, 0, 4, claimed=0.9).rung is not Rung.REFUTED


def test_without_other_runs_nothing_is_separated():
    found = standing(9, 9, 0, 0)
    assert (found.rung, found.others) == (Rung.UNSEPARATED, None)


def test_large_projects_are_no_trouble():
    assert always_needs(500, 1000) > 3000
    assert misses_that_refute(100_000, 100_000, 0.9) > 10_000
