from __future__ import annotations

import pytest
from scipy import stats

from lorascope.analysis.effects.interactions import asked_interactions, interaction
from lorascope.analysis.effects.splitting import best_row
from lorascope.analysis.table import tabulate
from simulated_histories import METRIC, tried


def ask(rows, first="network_dim", second="network_alpha"):
    table = tabulate(tried(rows), METRIC)
    return interaction(table, first, second, best_row(table, "higher"))


def test_the_empty_cell_is_named_with_the_run_that_fills_it():
    rows = [
        (9, {"network_dim": 32, "network_alpha": 16}),
        (3, {"network_dim": 64, "network_alpha": 16}),
        (7, {"network_dim": 32, "network_alpha": 8}),
    ]
    found = ask(rows)
    assert found.cells == (1, 1, 0, 1)
    assert found.estimate is None
    assert "not estimable: no run has network_dim 64 with network_alpha 8" in found.note
    assert (found.base, found.filling_run) == ("run000", {"network_dim": 64, "network_alpha": 8})


def test_a_setting_that_never_varied_leaves_two_cells_empty():
    found = ask([(9, {"network_dim": 32, "network_alpha": 16}), (3, {"network_dim": 64, "network_alpha": 16})])
    assert sum(count == 0 for count in found.cells) == 2
    assert found.filling_run["network_alpha"] == 32


def test_four_filled_cells_give_the_difference_of_differences_with_its_interval():
    rows = [
        (value + noise, {"network_dim": dim, "network_alpha": alpha, "seed": seed})
        for dim, alpha, value in [(32, 8, 5.0), (32, 16, 6.0), (64, 8, 5.0), (64, 16, 9.0)]
        for seed, noise in enumerate([-0.1, 0.1])
    ]
    found = ask(rows)
    assert found.cells == (2, 2, 2, 2)
    assert found.estimate == pytest.approx(3.0)
    half = stats.t(4).ppf(0.975) * (8 * 0.01 / 4) ** 0.5 * (4 / 2) ** 0.5
    assert found.estimate_high - found.estimate == pytest.approx(half)
    assert "alone" in found.note


def test_when_other_settings_changed_too_it_is_an_association():
    rows = [
        (float(dim * alpha + index), {"network_dim": dim, "network_alpha": alpha, "other": index})
        for index, (dim, alpha) in enumerate([(32, 8), (32, 16), (64, 8), (64, 16), (32, 8), (64, 16)])
    ]
    assert ask(rows).note.startswith("an association")


def test_only_questions_about_stated_settings_are_asked():
    table = tabulate(tried([(1, {"x": 1}), (2, {"x": 2})]), METRIC)
    assert asked_interactions(table, 0) == ()
    assert interaction(table, "x", "nothing", 0) is None
