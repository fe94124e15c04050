"""Courses over checkpoints: named where the data name them, and noise where they do not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from lorascope.evaluation.course_words import course_sentences
from lorascope.evaluation.curve_shape import Course, curve_shape, shape_of, unimodal
from lorascope.evaluation.epoch_effects import Cells, fit
from lorascope.evaluation.metric import Direction

LEVELS = {
    "improving": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    "worsening": [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    "plateau": [0, 5, 7.5, 8.7, 9.4, 9.7, 9.8, 9.9, 10, 10],
    "overfit": [0, 2, 4, 6, 8, 9, 7, 5, 3, 1],
    "oscillation": [4, 6, 4, 6, 4, 6, 4, 6, 4, 6],
    "collapse": [6, 6, 6, 6, 6, 6, 1, 1, 1, 1],
}


def series(levels, prompts=8, noise=0.8, seed=1):
    rng = np.random.default_rng(seed)
    values = np.array(levels, float)[:, None] + rng.normal(0, 3, (1, prompts)) + rng.normal(0, noise, (len(levels), prompts))
    return Cells(tuple(range(1, len(levels) + 1)), tuple(f"p{n}" for n in range(prompts)), values, np.ones(values.shape, np.int64))


@pytest.mark.parametrize("name", LEVELS)
def test_a_clear_course_is_named_whichever_way_is_better(name):
    shape = shape_of(series(LEVELS[name]), Direction.HIGHER)
    assert (shape.name, shape.noise, shape.decided) == (name, False, True)
    assert sum(weight for _, weight in shape.weights) == pytest.approx(1)
    assert shape_of(series(-np.array(LEVELS[name])), Direction.LOWER).name == name


def test_equal_checkpoints_are_noise_and_say_what_could_have_been_seen():
    shape = shape_of(series([5.0] * 10, noise=3, seed=4), Direction.HIGHER)
    assert (shape.course, shape.noise, shape.decided) == (Course.FLAT, True, False)
    assert "noise" in course_sentences(shape, 2.5, "colors", "epochs")[0]
    assert "2.5 colors" in course_sentences(shape, 2.5, "colors", "epochs")[0]


def test_a_course_with_two_phases_needs_eight_checkpoints():
    seven = shape_of(series([0, 3, 6, 9, 6, 3, 0]), Direction.HIGHER)
    assert {course for course, _ in seven.weights} <= {Course.FLAT, Course.IMPROVING, Course.WORSENING}
    assert shape_of(series([0, 3, 6, 9, 9, 6, 3, 0]), Direction.HIGHER).course is Course.OVERFIT


@pytest.mark.parametrize("levels", [[1.0, 2.0, 3.0], [5.0]])
def test_fewer_than_four_checkpoints_have_no_course(levels):
    shape = shape_of(series(levels), Direction.HIGHER)
    assert (shape.course, shape.name) == (None, "none")
    assert "too few" in shape.reason


def test_values_without_any_spread_have_no_course():
    cells = Cells((1, 2, 3, 4), ("a", "b"), np.ones((4, 2)), np.ones((4, 2), np.int64))
    assert "cannot be told apart" in shape_of(cells, Direction.HIGHER).reason


def test_the_best_of_an_overfitted_run_is_where_it_turns():
    assert shape_of(series(LEVELS["overfit"], noise=0.3), Direction.HIGHER).turns_at == 6


def test_a_run_that_still_improves_at_the_end_says_so_per_step():
    cells = series(LEVELS["improving"])
    shape = shape_of(cells, Direction.HIGHER, at=[100.0 * n for n in range(1, 11)])
    assert shape.end.improving is True
    assert shape.end.slope == pytest.approx(0.01, abs=0.005)
    assert any("still improving" in said for said in course_sentences(shape, None, "", "steps"))
    assert shape_of(series(LEVELS["plateau"]), Direction.HIGHER).end.improving is None
    assert shape_of(series(LEVELS["overfit"]), Direction.HIGHER).end.improving is False


def test_positions_must_increase():
    with pytest.raises(ValueError, match="increasing"):
        curve_shape(fit(series([1, 2, 3, 4])), [1, 2, 2, 3], Direction.HIGHER)


def test_missing_values_do_not_hide_a_course():
    cells = series(LEVELS["improving"])
    values = cells.values.copy()
    values[0, :3] = values[5, 2:6] = np.nan
    holes = Cells(cells.epochs, cells.blocks, values, (~np.isnan(values)).astype(np.int64))
    assert shape_of(holes, Direction.HIGHER).course is Course.IMPROVING


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6), st.integers(0, 3))
def test_the_unimodal_fit_is_the_nearest_curve_with_one_turn(values, seed):
    y = np.array(values)
    weights = np.random.default_rng(seed).uniform(0.5, 2, len(y))
    fitted = unimodal(y, weights)
    peak = int(fitted.argmax())
    assert (np.diff(fitted[: peak + 1]) >= -1e-9).all()
    assert (np.diff(fitted[peak:]) <= 1e-9).all()
    best = min(_nearest(y, weights, turn) for turn in range(len(y)))
    assert (weights * (y - fitted) ** 2).sum() == pytest.approx(best, abs=1e-4)


def _nearest(y, weights, turn):
    """By brute force: a general optimizer under the order's constraints."""
    rules = [{"type": "ineq", "fun": lambda z, i=i, s=1 if i < turn else -1: s * (z[i + 1] - z[i])} for i in range(len(y) - 1)]
    return minimize(lambda z: (weights * (y - z) ** 2).sum(), np.full(len(y), y.mean()), constraints=rules, method="SLSQP").fun


def test_on_simulated_series_false_alarms_stay_rare_and_courses_are_found(simulate):
    named = [(series.shape, shape_of(series.cells, Direction.LOWER).name) for series in simulate(150, 32, 4, seed=31)]
    flat = [name for shape, name in named if shape == "flat"]
    assert np.mean([shape == name for shape, name in named]) >= 0.70
    assert np.mean([name != "flat" for name in flat]) <= 0.20  # 25 series: three of them are 12 %
    null = [shape_of(series.cells, Direction.LOWER).name for series in itertools.islice(simulate(100, 8, 1, seed=32, effect=0), 100)]
    assert np.mean([name != "flat" for name in null]) <= 0.08
