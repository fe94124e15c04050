from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.analysis.ledger.belief import after_test, entropy, expected_information, updated, verdict_of, worth
from lorascope.records.hypothesis import Verdict

EXPERIMENTS = {"A": 0.85, "B": 0.45, "C": 0.55, "D": 0.40, "E": 0.30}
SHARES = st.floats(0.001, 0.999)


def by_enumeration(prior, power, level=0.05):
    """Expected drop in entropy, outcome by outcome."""
    finds = prior * power + (1 - prior) * level
    return (
        entropy(prior)
        - finds * entropy(after_test(prior, power, level, found=True))
        - (1 - finds) * entropy(after_test(prior, power, level, found=False))
    )


@given(SHARES, SHARES, SHARES)
def test_expected_information_is_the_expected_drop_in_entropy(prior, power, level):
    assert expected_information(prior, power, level) == pytest.approx(max(0.0, by_enumeration(prior, power, level)), abs=1e-9)


def test_the_experiment_called_most_urgent_teaches_least():
    bits = {name: expected_information(prior, 0.8) for name, prior in EXPERIMENTS.items()}
    assert {name: round(found, 2) for name, found in bits.items()} == {"A": 0.24, "B": 0.48, "C": 0.47, "D": 0.47, "E": 0.43}
    assert sorted(bits, key=bits.get) == sorted(EXPERIMENTS, key=lambda name: by_enumeration(EXPERIMENTS[name], 0.8))
    assert min(bits, key=bits.get) == "A"
    assert all(0.04 <= round(expected_information(prior, 0.3), 2) <= 0.09 for prior in EXPERIMENTS.values())


def test_what_is_certain_teaches_nothing():
    assert expected_information(1.0, 0.8) == expected_information(0.0, 0.8) == 0
    assert expected_information(0.5, 0.05) == pytest.approx(0)
    assert worth(0.5, 2, 4) == 0.25
    assert worth(0.5, 1, 0) == math.inf


@given(SHARES, st.floats(1e-6, 1e6))
def test_odds_are_multiplied_by_the_bayes_factor(prior, factor):
    posterior = updated(prior, factor)
    assert posterior / (1 - posterior) == pytest.approx(prior / (1 - prior) * factor, rel=1e-3)


def test_certainty_cannot_be_moved():
    assert updated(1.0, 1e-9) == 1
    assert updated(0.0, 1e9) == 0


def test_strong_numbers_decide_either_way():
    assert verdict_of(0.5, 100, exploratory=False).verdict is Verdict.SUPPORTED
    assert verdict_of(0.5, 0.01, exploratory=False).verdict is Verdict.REFUTED
    assert verdict_of(0.5, 5, exploratory=False).verdict is Verdict.UNDECIDED


def test_a_strong_opinion_does_not_confirm_itself():
    said = verdict_of(0.97, 2, exploratory=False)
    assert said.posterior > 0.95
    assert said.verdict is Verdict.UNDECIDED
    assert "2.0 times" in said.reason
    against = verdict_of(0.01, 30, exploratory=False)
    assert against.verdict is Verdict.UNDECIDED
    assert "not strong enough" in against.reason


def test_numbers_that_were_seen_before_can_refute_but_not_support():
    seen = verdict_of(0.5, 1000, exploratory=True)
    assert (seen.verdict, "test it on new ones" in seen.reason) == (Verdict.UNDECIDED, True)
    assert verdict_of(0.5, 0.001, exploratory=True).verdict is Verdict.REFUTED


def test_an_obstacle_or_too_few_data_leave_it_undecided():
    assert verdict_of(0.5, 1000, obstacles=["confounded", "one run"], exploratory=False).reason == "confounded; one run"
    early = verdict_of(0.5, 1000, planned_n=38, n=12, exploratory=False)
    assert (early.verdict, early.reason) == (Verdict.UNDECIDED, "12 of the 38 that were declared beforehand; 26 more to come")
