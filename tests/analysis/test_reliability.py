from __future__ import annotations

import math
import random

import pytest
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from lorascope.analysis.ledger.reliability import brier, calibrate, log_score


def test_below_twenty_nothing_is_scored():
    found = calibrate([(0.85, False), (0.45, True), (0.55, True), (0.4, False), (0.3, False)])
    assert (found.n, found.came_true, found.brier, found.log_score, found.bins) == (5, 2, None, None, None)
    assert found.expected == pytest.approx(2.55)
    assert calibrate([]).n == 0


def test_a_sure_prediction_that_fails_costs_what_it_should():
    assert brier([(0.85, False)]) == pytest.approx(0.7225)
    assert log_score([(0.85, False)]) == pytest.approx(1.897, abs=1e-3)
    assert math.isfinite(log_score([(1.0, False)]))


def test_scores_are_those_of_scikit_learn():
    rng = random.Random(1)
    pairs = [(rng.random(), rng.random() < 0.5) for _ in range(60)]
    chances, outcomes = [p for p, _ in pairs], [held for _, held in pairs]
    found = calibrate(pairs)
    assert found.brier == pytest.approx(brier_score_loss(outcomes, chances))
    assert found.log_score == pytest.approx(sklearn_log_loss(outcomes, chances))
    assert sum(one.n for one in found.bins) == 60
    assert calibrate(pairs[::-1]) == found


def test_the_interval_of_a_bin_holds_a_calibrated_share():
    rng = random.Random(2)
    pairs = [(p, rng.random() < p) for p in (rng.choice([0.1, 0.3, 0.5, 0.7, 0.9]) for _ in range(2000))]
    assert all(one.share_low <= one.stated <= one.share_high for one in calibrate(pairs).bins)
