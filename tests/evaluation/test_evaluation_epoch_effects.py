from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.epoch_effects import Cells, fit, tabulate
from lorascope.records.sample import Score


def cells(rows, by_seed=False):
    """Rows of values per epoch; None is missing."""
    values = np.array([[np.nan if value is None else value for value in row] for row in rows], float)
    names = tuple("abcdefgh"[: values.shape[1]])
    return Cells(tuple(range(1, len(rows) + 1)), names, values, (~np.isnan(values)).astype(np.int64), by_seed)


def test_scores_are_averaged_over_seeds_per_epoch_and_prompt():
    scores = [Score("r", 2, "a", 1, "m", 4.0), Score("r", 2, "a", 2, "m", 6.0), Score("r", 1, "b", 1, "m", 1.0)]
    table = tabulate([*scores, Score("r", 1, "a", 1, "m", None), Score("r", 1, "a", 1, "other", 9.0)], "m")
    assert (table.epochs, table.blocks) == ((1, 2), ("a", "b"))
    assert table.of_epoch(2) == [5.0]
    assert table.of_epoch(1) == [1.0]
    assert table.images.tolist() == [[0, 1], [2, 0]]


def test_one_prompt_with_several_seeds_is_compared_by_seed():
    table = tabulate([Score("r", epoch, "a", seed, "m", float(epoch + seed)) for epoch in (1, 2) for seed in (1, 2, 3)], "m")
    assert table.by_seed
    assert table.values.shape == (2, 3)


def test_balanced_data_give_the_textbook_analysis_of_variance():
    values = np.random.default_rng(0).normal(0, 1, (5, 8)) + np.arange(8) * 3 + np.arange(5)[:, None]
    found = fit(cells(values.tolist()))
    residual = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
    mean_square = (residual**2).sum() / (4 * 7)
    assert found.noise_df == 28
    assert found.noise_variance == pytest.approx(mean_square)
    assert found.level + found.effects == pytest.approx(values.mean(1))
    f_value = 8 * values.mean(1).var(ddof=1) / mean_square
    assert found.p_value == pytest.approx(_f_survival(f_value, 4, 28))


def _f_survival(value, first, second):
    from scipy.special import betainc

    return betainc(second / 2, first / 2, second / (second + first * value))


def test_an_epoch_that_lacks_the_easy_prompt_is_not_punished():
    # Prompt b scores 10 higher than a everywhere; epoch 2 was measured on a only, and is 1 better there.
    found = fit(cells([[0.0, 10.0], [1.0, None], [0.0, 10.0]]))
    levels = found.level + found.effects
    assert levels[1] - levels[0] == pytest.approx(1)


def test_epochs_without_a_common_prompt_are_left_out():
    found = fit(cells([[1.0, 2.0, None], [2.0, 3.5, None], [None, None, 9.0]]))
    assert found.epochs == (1, 2)


def test_one_value_per_epoch_leaves_the_noise_unknown():
    found = fit(cells([[1.0], [2.0]]))
    assert found.noise_variance is None
    assert found.p_value is None


def test_constant_data_have_no_spread_and_no_test():
    found = fit(cells([[0.7, 0.7, 0.7], [0.7, 0.7, 0.7]]))
    assert found.within_variance == 0
    assert found.p_value is None


def test_no_values_at_all_are_refused():
    with pytest.raises(ValueError, match="no values"):
        fit(tabulate([], "m"))


def test_without_any_effect_the_test_fires_in_about_five_percent(simulate):
    p_values = np.array([fit(series.cells).p_value for series in simulate(2000, 8, 1, seed=5, effect=0)])
    assert 0.04 <= (p_values < 0.05).mean() <= 0.06
