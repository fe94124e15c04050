from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.epoch_effects import Cells, fit
from lorascope.evaluation.joint_choice import Judged, by_metric, choose_jointly, draw_jointly
from lorascope.evaluation.metric import Direction


def judged(metric, rows, direction=Direction.LOWER, **more):
    values = np.array(rows, float)
    epochs = tuple(range(1, len(rows) + 1))
    return Judged(
        metric, direction, Cells(epochs, tuple(f"p{n}" for n in range(values.shape[1])), values, np.ones(values.shape, int)), **more
    )


NOISE = np.random.default_rng(5).normal(0, 1, (3, 8))
COLORS = judged("colors", np.array([[100], [50], [75]]) + 4 * NOISE)
RIGHT = judged("right", [[1] * 8, [0] * 7 + [1], [1] * 7 + [0]], Direction.HIGHER, yes_or_no=True)


def chosen(members, condition=lambda levels: True):
    draws = draw_jointly(members)
    feasible = np.broadcast_to(condition(by_metric(draws)), draws[0].levels.shape)
    return choose_jointly(draws, feasible, (1, 2, 3))


def test_without_conditions_the_probabilities_are_those_of_the_single_metric():
    alone = choose(fit(COLORS.cells), Direction.LOWER)
    for row, candidate in zip(chosen([COLORS]).epochs, alone.candidates, strict=True):
        assert row.p_best_feasible == pytest.approx(candidate.p_best, abs=0.02)


def test_the_best_of_those_that_meet_a_condition_is_not_the_best_of_all():
    choice = chosen([COLORS, RIGHT], lambda levels: levels["right"] >= 0.6)
    assert [row.p_feasible > 0.5 for row in choice.epochs] == [True, False, True]
    assert max(choice.epochs, key=lambda row: row.p_best_feasible).epoch == 3
    assert sum(row.p_best_feasible for row in choice.epochs) == pytest.approx(1 - choice.p_none)


def test_nothing_feasible_is_an_answer():
    choice = chosen([COLORS, RIGHT], lambda levels: levels["right"] >= 1.5)
    assert choice.p_none == 1
    assert [row.p_best_feasible for row in choice.epochs] == [0, 0, 0]


def test_three_of_three_do_not_show_nine_of_ten():
    three = judged("right", [[1, 1, 1], [1, 1, 0]], Direction.HIGHER, yes_or_no=True)
    (draws,) = draw_jointly([three])
    assert (draws.levels[:, 0] > 0.9).mean() == pytest.approx(0.344, abs=0.03), "uniform prior: 1 - 0.9^4"


def test_the_level_carries_the_uncertainty_of_its_prompts():
    spread = judged("colors", np.array([[100], [50]]) + np.array([[0, 40, -40, 80]]) + NOISE[:2, :4])
    (draws,) = draw_jointly([spread])
    assert draws.levels[:, 0].std() > 10 * draws.differences[:, 0].std()


def test_pareto_leaves_out_what_another_beats_in_everything():
    worse = judged("also", np.array([[9], [1], [5]]) + 0.1 * NOISE)
    assert [row.p_pareto > 0.5 for row in chosen([COLORS, worse]).epochs] == [False, True, False]


def test_one_value_per_checkpoint_cannot_be_weighed():
    assert draw_jointly([judged("colors", [[1.0], [2.0]])]) is None


def test_the_same_seed_gives_the_same_draws():
    first, second = (draw_jointly([COLORS, RIGHT], seed=3) for _ in range(2))
    assert all((a.levels == b.levels).all() for a, b in zip(first, second, strict=True))
