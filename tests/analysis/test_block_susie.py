from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lorascope.analysis.effects.block_susie import SCALES, block_susie, prior_null
from lorascope.analysis.effects.sums import Moments, moments
from lorascope.analysis.table import tabulate
from simulated_histories import METRIC, random_history


def products(columns, y, offsets):
    columns, y = columns - columns.mean(axis=0), y - y.mean()
    return Moments(columns.T @ columns, columns.T @ y, float(y @ y), len(y) - 1, tuple(offsets))


def marginal(columns, y, scale, prior_square):
    """The log of the multivariate t density of y under b ~ N(0, scale² σ²), σ² integrated out: straight from the definition."""
    columns, y = columns - columns.mean(axis=0), y - y.mean()
    basis = np.linalg.qr(np.column_stack([np.ones(len(y)), np.eye(len(y))[:, 1:]]))[0][:, 1:]  # orthonormal contrasts
    covariance = np.eye(len(y) - 1) + scale**2 * basis.T @ columns @ columns.T @ basis
    contrast = basis.T @ y
    quadratic = contrast @ np.linalg.solve(covariance, contrast)
    return -0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * (3 + len(y) - 1) * np.log(prior_square + quadratic)


def test_one_effect_is_the_posterior_over_blocks_computed_by_brute_force():
    rng = np.random.default_rng(1)
    columns, offsets = rng.normal(size=(14, 6)), (0, 1, 3, 6)
    y = columns[:, 1] * 2 + rng.normal(size=14)
    square = 0.5 * float(((y - y.mean()) ** 2).sum()) / 13
    none = prior_null(3, 1)
    logs = {(-1, 0.0): np.log(none) + marginal(columns[:, :0], y, 0.0, square)}
    for index, (first, last) in enumerate(pairwise(offsets)):
        for scale in SCALES:
            logs[index, scale] = np.log((1 - none) / 3 / 4) + marginal(columns[:, first:last], y, scale, square)
    top = max(logs.values())
    mass = {key: np.exp(value - top) for key, value in logs.items()}
    total = sum(mass.values())
    found = block_susie(products(columns, y, offsets), effects=1)
    for index in range(3):
        assert found.alpha[0, index] == pytest.approx(sum(value for key, value in mass.items() if key[0] == index) / total, rel=1e-9)
    assert found.null[0] == pytest.approx(mass[-1, 0.0] / total, rel=1e-9)


def test_the_posterior_mean_of_one_effect_is_that_of_bayesian_regression():
    rng = np.random.default_rng(2)
    columns = rng.normal(size=(30, 2))
    y = columns @ [3.0, -2.0] + rng.normal(size=30)
    found = block_susie(products(columns, y, (0, 2)), effects=1)
    centered = columns - columns.mean(axis=0)
    expected = np.linalg.solve(centered.T @ centered, centered.T @ (y - y.mean()))
    assert found.coefficients == pytest.approx(expected, rel=0.05)
    assert found.pip[0] > 0.999


def test_effects_are_found_in_blocks_of_one_column_as_in_the_sum_of_single_effects():
    """n = 400, four effects among 60 columns in correlated groups: every one is found, and its neighbor in the group is not."""
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(400, 20)).repeat(3, axis=1)
    columns = 0.8 * shared + 0.6 * rng.normal(size=(400, 60))
    truth = [0, 10, 31, 50]
    y = columns[:, truth].sum(axis=1) + rng.normal(size=400)
    found = block_susie(products(columns, y, range(61)))
    assert found.converged
    assert set(np.flatnonzero(found.pip > 0.9).tolist()) == set(truth)
    assert found.coefficients[truth] == pytest.approx(np.ones(4), abs=0.25)
    assert (found.null < 0.1).sum() == 4  # the fifth effect finds nothing left
    assert found.noise == pytest.approx(1.0, abs=0.1)


def test_two_equal_columns_share_their_effect_and_neither_gets_it():
    rng = np.random.default_rng(4)
    columns = rng.normal(size=(60, 5))
    columns[:, 3] = columns[:, 0]
    y = 2 * columns[:, 0] + rng.normal(size=60)
    found = block_susie(products(columns, y, range(6)))
    assert found.alpha[0, 0] == pytest.approx(found.alpha[0, 3])
    assert found.alpha[0, [0, 3]].sum() > 0.99


def test_shifting_and_scaling_the_outcome_changes_no_probability():
    made = random_history(5, 40, effects={"number_0": 3.0})
    data = moments(tabulate(made, METRIC))
    scaled = replace(data, xy=data.xy * -7.0, yy=data.yy * 49.0)
    first, second = block_susie(data), block_susie(scaled)
    assert second.pip == pytest.approx(first.pip, abs=1e-9)
    assert second.coefficients == pytest.approx(-7.0 * first.coefficients, rel=1e-6, abs=1e-9)


def test_nothing_to_explain_or_nothing_to_explain_it_with_has_an_answer():
    assert block_susie(Moments(np.zeros((0, 0)), np.zeros(0), 0.0, 0, (0,))).pip.tolist() == []
    assert block_susie(Moments(np.eye(2), np.zeros(2), 0.0, 5, (0, 1, 2))).pip.tolist() == [0.0, 0.0]
    assert block_susie(Moments(np.zeros((2, 2)), np.zeros(2), 3.0, 5, (0, 1, 2))).pip.max() <= 0.5


def test_pure_noise_is_seldom_called_an_effect():
    calls = sum(bool((block_susie(moments(tabulate(random_history(seed, 20), METRIC))).pip >= 0.5).any()) for seed in range(100))
    assert calls <= 5
