"""Votes between two: against a brute-force maximum, statsmodels, a published table, and simulated votes with known strengths."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from lorascope.analysis.ratings.bradley_terry import FIRST, SECOND, TIE, Comparison, bradley_terry

WIDE = 1e4  # a prior so wide that it does nothing

# Wins of the first, ties and losses of four teams, each pair in both orders: small, invented, with every outcome.
TABLE = {
    ("a", "b"): (6, 2, 1), ("a", "c"): (5, 3, 2), ("a", "d"): (7, 1, 1), ("b", "c"): (3, 4, 3),
    ("b", "d"): (5, 2, 2), ("c", "d"): (4, 3, 2), ("b", "a"): (2, 2, 5), ("c", "a"): (3, 2, 4),
    ("d", "a"): (1, 2, 6), ("c", "b"): (4, 3, 3), ("d", "b"): (2, 3, 4), ("d", "c"): (3, 2, 5),
}  # fmt: skip


def votes_of(table):
    return [
        Comparison(first, second, outcome, f"p{number % 6}")
        for (first, second), counts in table.items()
        for outcome, count in zip((FIRST, TIE, SECOND), counts, strict=True)
        for number in range(count)
    ]


def weight_loglik(strengths, bias, tie, votes):
    """The model in its textbook form: weights of the three outcomes, written once more and slowly."""
    total = 0.0
    for vote in votes:
        first, second = math.exp(strengths[vote.first] + bias / 2), math.exp(strengths[vote.second] - bias / 2)
        both = tie * math.exp((strengths[vote.first] + strengths[vote.second]) / 2)
        total += math.log({FIRST: first, SECOND: second, TIE: both}[vote.outcome] / (first + second + both))
    return total


def test_the_maximum_is_the_one_that_a_blind_search_finds():
    votes = votes_of(TABLE)
    names = ["a", "b", "c", "d"]

    def loss(at):
        strengths = dict(zip(names, at[:4], strict=True))
        penalty = sum(value**2 for value in at[:4]) / (2 * 2.0**2) + at[4] ** 2 / 2 + ((at[5] + 0.7) / 1.5) ** 2 / 2
        return penalty - weight_loglik(strengths, at[4], math.exp(at[5]), votes)

    found = minimize(loss, np.zeros(6), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 20000, "maxfev": 20000}).x
    fitted = bradley_terry(votes)
    assert [one.strength for one in fitted.items] == pytest.approx(list(found[:4] - found[:4].mean()), abs=1e-4)
    assert fitted.bias[0] == pytest.approx(found[4], abs=1e-4)
    assert fitted.tie_share == pytest.approx(math.exp(found[5]) / (2 + math.exp(found[5])), abs=1e-4)


def test_without_ties_it_is_the_logistic_regression_of_statsmodels():
    sm = pytest.importorskip("statsmodels.api")
    wins = {pair: (first, 0, second) for pair, (first, _, second) in TABLE.items()}
    votes = [Comparison(vote.first, vote.second, vote.outcome) for vote in votes_of(wins)]
    names = ["b", "c", "d"]
    design = np.array([[(vote.first == name) - (vote.second == name) for name in names] for vote in votes], float)
    outcome = np.array([vote.outcome == FIRST for vote in votes], float)
    fit = sm.Logit(outcome, np.column_stack([design, np.ones(len(votes))])).fit(disp=0)
    fitted = bradley_terry(votes, strength_sd=WIDE)
    ours = {one.item: one.strength for one in fitted.items}
    # the bias keeps its prior, and a tie stays possible though none was seen: both are hardly felt
    assert [ours[name] - ours["a"] for name in names] == pytest.approx(list(fit.params[:3]), rel=0.025)
    assert fitted.bias[0] == pytest.approx(fit.params[3], rel=0.1)
    covariance = np.asarray(fit.cov_params())[:3, :3]
    center = np.eye(4)[:, 1:] - 1 / 4
    half = 1.959964 * np.sqrt(np.diag(center @ covariance @ center.T))
    assert [one.high - one.strength for one in fitted.items] == pytest.approx(list(half), rel=0.03)


def test_who_won_every_vote_is_strong_but_not_infinitely():
    fitted = bradley_terry([Comparison("a", "b", FIRST)] * 6 + [Comparison("b", "a", SECOND)] * 6)
    best = fitted.items[0]
    assert best.item == "a"
    assert 0 < best.low < best.strength < 3
    assert best.p_best > 0.97


def test_things_that_never_met_are_in_groups_of_their_own():
    fitted = bradley_terry([Comparison("a", "b", FIRST), Comparison("b", "c", TIE), Comparison("x", "y", SECOND)])
    assert fitted.groups == 2
    assert {one.item: one.group for one in fitted.items} == {"a": 0, "b": 0, "c": 0, "x": 1, "y": 1}
    assert fitted.difference("a", "x") is None
    assert fitted.difference("a", "c") > 0
    assert sum(one.p_best for one in fitted.items) == pytest.approx(2)  # one best in each group


def test_a_preference_for_the_first_place_is_found_and_taken_out():
    votes = [Comparison("a", "b", FIRST)] * 30 + [Comparison("b", "a", FIRST)] * 30 + [Comparison("a", "b", SECOND)] * 8
    votes += [Comparison("b", "a", SECOND)] * 8
    fitted = bradley_terry(votes)
    assert fitted.bias[1] > 0
    assert fitted.difference("a", "b") == pytest.approx(0, abs=1e-9)


def test_no_votes_give_no_answer():
    assert bradley_terry([]) is None


def test_the_order_of_votes_and_names_does_not_matter():
    votes = votes_of(TABLE)
    shuffled = votes[::-1]
    one, other = bradley_terry(votes), bradley_terry(shuffled)
    assert [round(item.strength, 9) for item in one.items] == [round(item.strength, 9) for item in other.items]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.integers(0, 2)), min_size=1, max_size=30))
def test_any_votes_give_finite_numbers_that_turn_around_when_votes_do(raw):
    votes = [Comparison(first, second, outcome) for first, second, outcome in raw if first != second]
    fitted = bradley_terry(votes)
    if fitted is None:
        return
    assert all(math.isfinite(one.low) and one.low <= one.strength <= one.high for one in fitted.items)
    turned = bradley_terry([Comparison(vote.first, vote.second, (SECOND, FIRST, TIE)[vote.outcome]) for vote in votes])
    assert [one.strength for one in turned.items] == pytest.approx([-one.strength for one in fitted.items], abs=1e-6)


def simulate(rng, strengths, prompts, votes, prompt_sd):
    """Votes of people who see a checkpoint's quality and how well it happens to suit the prompt."""
    names = list(strengths)
    suits = {(name, prompt): rng.gauss(0, prompt_sd) for name in names for prompt in range(prompts)}
    found = []
    for _ in range(votes):
        prompt = rng.randrange(prompts)
        one, other = rng.sample(names, 2)
        gap = strengths[one] + suits[one, prompt] - strengths[other] - suits[other, prompt]
        weights = [math.exp(gap / 2 + 0.1), math.exp(-gap / 2 - 0.1), 0.6]
        found.append(Comparison(one, other, rng.choices([FIRST, SECOND, TIE], weights)[0], f"p{prompt}"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("prompt_sd", "least"), [(0.0, 0.93), (0.6, 0.88)])
def test_intervals_hold_the_truth(prompt_sd, least):
    """95 % intervals; with prompts that suit one checkpoint more than another the spread over 12 prompts is all there is to see."""
    rng, inside, total = random.Random(11), 0, 0
    truth = {"a": 0.6, "b": 0.2, "c": -0.1, "d": -0.7}
    for _ in range(250):
        for one in bradley_terry(simulate(rng, truth, 12, 120, prompt_sd)).items:
            inside += one.low <= truth[one.item] <= one.high
            total += 1
    assert least <= inside / total <= 0.995
