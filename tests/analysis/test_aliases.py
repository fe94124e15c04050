from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from lorascope.analysis.effects.aliases import alias_groups, separability
from lorascope.analysis.effects.sums import Moments, moments
from lorascope.analysis.table import tabulate
from simulated_histories import METRIC, history, past, random_history, tried


def by_hand(table):
    """Pairs of settings that split the runs of every class alike, compared run by run."""
    found = set()
    for first, second in combinations(table.blocks, 2):
        same = [
            (first.codes[one] == first.codes[two]) == (second.codes[one] == second.codes[two])
            for one, two in combinations(range(len(table.runs)), 2)
            if table.group[one] == table.group[two]
        ]
        if all(same):
            found.add((first.name, second.name))
    return found


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("classes", [1, 2])
def test_exact_aliases_are_those_that_a_comparison_run_by_run_finds(seed, classes):
    table = tabulate(random_history(seed, 4 + seed % 5, classes=classes), METRIC)
    found = {pair for group in alias_groups(table) for pair in combinations(group, 2)}
    assert found == by_hand(table)


def test_names_and_kinds_of_values_do_not_matter_nor_what_is_not_stated_alike():
    rows = [
        (1, {"a": 1, "b": "x", "c": True}),
        (2, {"a": 5, "b": "y", "c": False}),
        (3, {"a": 1, "b": "x"}),
        (4, {"a": 9, "b": "z", "c": True}),
    ]
    assert alias_groups(tabulate(tried(rows), METRIC)) == (("a", "b"),)


def test_settings_that_changed_together_within_every_class_are_aliased_even_if_one_also_changed_between_classes():
    first = [past("a", 1, {"x": 1, "y": 1}, "one"), past("b", 2, {"x": 2, "y": 2}, "one")]
    made = history(*first, past("c", 1, {"x": 1, "y": 3}, "two"), past("d", 2, {"x": 2, "y": 4}, "two"))
    assert alias_groups(tabulate(made, METRIC)) == (("x", "y"),)


def test_a_setting_in_the_span_of_others_is_not_separable_and_an_inflated_one_has_its_vif():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(40, 3))
    columns = np.column_stack([columns, columns[:, 0] + columns[:, 1], columns[:, 2] + 0.1 * rng.normal(size=40)])
    columns -= columns.mean(axis=0)
    found = separability(Moments(columns.T @ columns, np.zeros(5), 0.0, 39, tuple(range(6))), "abcde")
    assert [found[name].separable for name in "abcde"] == [False, False, True, False, True]
    rest = columns[:, [0, 1, 4]]
    explained = rest @ np.linalg.lstsq(rest, columns[:, 2], rcond=None)[0]
    r_squared = 1 - ((columns[:, 2] - explained) ** 2).sum() / (columns[:, 2] ** 2).sum()
    assert found["c"].vif == pytest.approx(1 / (1 - r_squared))


def test_an_enum_is_separable_although_its_own_columns_add_up_to_a_constant():
    rows = [(float(index), {"kind": "abc"[index % 3], "x": index // 3 % 2}) for index in range(12)]
    table = tabulate(tried(rows), METRIC)
    assert all(found.separable for found in separability(moments(table), [block.name for block in table.blocks]).values())
