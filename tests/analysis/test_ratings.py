"""Ratings from 0 to 10: raters with known level, scale and drift, and repeated ratings beside statsmodels' variance components."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from lorascope.analysis.ratings.scores import Rating, adjust, icc


def rated(rng, rater, *, offset=0.0, scale=1.0, drift=0.0, noise=0.5, n=80, repeats=0):
    """Ratings of eight checkpoints of quality 3 to 6.5 on ten prompts, in random order."""
    found = []
    for position in range(1, n + 1):
        epoch, prompt = rng.randrange(8), rng.randrange(10)
        value = 5 + scale * (epoch / 2 - 1.75 + rng.gauss(0, noise)) + offset + drift * position / 100
        found.append(Rating(rater, ("run", epoch), f"p{prompt}", (epoch, prompt), value, position))
    return found


def test_one_rater_without_drift_is_taken_as_he_is():
    ratings = [Rating("anna", ("run", epoch), "p", epoch, value, epoch) for epoch, value in enumerate([3.0, 7.0, 5.0], 1)]
    assert adjust(ratings).values == (3.0, 7.0, 5.0)
    assert not adjust(ratings).adjusted


def test_a_strict_rater_and_a_lenient_one_agree_once_their_level_is_taken_out():
    rng = random.Random(1)
    ratings = rated(rng, "lenient", offset=1.0) + rated(rng, "strict", offset=-1.0)
    found = adjust(ratings)
    offsets = {facts.rater: facts.offset for facts in found.raters}
    assert offsets["lenient"].low < 1.0 < offsets["lenient"].high
    assert offsets["strict"].value == pytest.approx(-offsets["lenient"].value)
    means = {
        rater: fmean(value for value, rating in zip(found.values, ratings, strict=True) if rating.rater == rater)
        for rater in ("lenient", "strict")
    }
    assert abs(means["lenient"] - means["strict"]) < 0.6  # they were 2 apart; what is left is which pictures each happened to see


def test_raters_who_share_no_checkpoint_are_not_called_strict_or_lenient():
    one = [Rating("a", ("run", 1), "p", 1, value, at) for at, value in enumerate([3.0, 4.0, 5.0], 1)]
    other = [Rating("b", ("run", 2), "q", 2, value, at) for at, value in enumerate([7.0, 8.0, 9.0], 1)]
    assert [facts.offset for facts in adjust(one + other).raters] == [None, None]


def test_a_rater_who_uses_half_of_the_scale_is_stretched():
    rng = random.Random(2)
    facts = {facts.rater: facts for facts in adjust(rated(rng, "wide", scale=1.4) + rated(rng, "narrow", scale=0.6)).raters}
    assert facts["wide"].scale > 1.2
    assert facts["narrow"].scale < 0.8


def test_a_drift_over_the_session_is_found_and_taken_out():
    rng = random.Random(3)
    found = adjust(rated(rng, "tired", drift=-3.0, n=100))
    (facts,) = found.raters
    assert facts.drift.low < -3.0 < facts.drift.high < 0
    assert found.adjusted


def test_intervals_of_level_and_drift_hold_the_truth():
    rng, inside = random.Random(4), 0
    for _ in range(150):
        facts = {one.rater: one for one in adjust(rated(rng, "a", offset=0.5, drift=1.0) + rated(rng, "b", offset=-0.5)).raters}
        # the offset is at the middle of a session, where half of the drift has happened: for both raters 0 at their own center
        inside += facts["a"].drift.low <= 1.0 <= facts["a"].drift.high
    assert 0.90 <= inside / 150 <= 0.99


def test_repeated_ratings_show_how_consistent_a_rater_is():
    ratings = [Rating("a", ("r", 1), "p", 1, 4.0, 1), Rating("a", ("r", 1), "p", 1, 6.0, 9), Rating("a", ("r", 2), "p", 2, 5.0, 2)]
    (facts,) = adjust(ratings).raters
    assert facts.repeats == 1
    assert facts.repeat_sd == pytest.approx(2**0.5)
    assert facts.icc is None  # one repetition says nothing of a correlation


def test_the_intraclass_correlation_is_that_of_the_textbook():
    """By hand: pairs 9 8, 6 7, 8 8, 7 5, 10 9, 4 6: between 26.42 / 5, within 5.5 / 6."""
    found = icc([(9, 8), (6, 7), (8, 8), (7, 5), (10, 9), (4, 6)])
    between, within = sum(2 * (mean - 7.25) ** 2 for mean in (8.5, 6.5, 8, 6, 9.5, 5)) / 5, (0.5 + 0.5 + 0 + 2 + 0.5 + 2) / 6
    assert found.value == pytest.approx((between - within) / (between + within))
    assert found.low < found.value < found.high < 1


def test_repetitions_that_are_all_exact_are_no_proof_of_perfection():
    assert icc([(1, 1), (5, 5), (9, 9)]) is None


def test_the_interval_of_the_correlation_holds_the_truth():
    rng, inside = random.Random(5), 0
    for _ in range(400):
        groups = []
        for _ in range(20):
            level = rng.gauss(5, 1.5)
            groups.append((level + rng.gauss(0, 1.0), level + rng.gauss(0, 1.0)))
        found = icc(groups)
        inside += found.low <= 1.5**2 / (1.5**2 + 1) <= found.high
    assert 0.93 <= inside / 400 <= 0.98


def test_ratings_of_unknown_position_do_not_move_the_middle_that_a_drift_turns_about():
    rng = random.Random(3)
    known = rated(rng, "tired", drift=-3.0, n=100)
    unknown = [Rating("tired", one.checkpoint, one.prompt, one.image, one.value) for one in rated(rng, "tired", n=100)]
    found = adjust(known + unknown)
    assert found.raters[0].drift.high < 0
    moved = [value - one.value for one, value in zip(known, found.values, strict=False) if 0 < value < 10]
    assert abs(fmean(moved)) < 0.05
