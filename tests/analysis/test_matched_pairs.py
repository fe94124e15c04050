from __future__ import annotations

from itertools import combinations

import pytest

from lorascope.analysis.effects.matched_pairs import ablation_graph, configuration_tokens, count_pairs, pair_up, twin_groups
from lorascope.analysis.replicates import replicate_noise
from lorascope.analysis.table import tabulate
from simulated_histories import METRIC, history, past, random_history, tried


def by_hand(made, table):
    """Pairs of runs of one class with the settings they differ in, from the histories themselves; unknown is never equal."""
    found = {}
    rows = sorted(made.runs, key=lambda past: past.name)
    for one, two in combinations(rows, 2):
        if one.classes != two.classes:
            continue
        names = {name for name in {*one.settings, *two.settings} - {"seed"} if one.settings.get(name, "?") != two.settings.get(name, "?")}
        if all(name in one.settings and name in two.settings for name in names):
            found[one.name, two.name] = tuple(sorted(names))
    return found


@pytest.mark.parametrize("seed", range(25))
def test_pairs_and_edges_are_those_that_a_comparison_of_all_runs_finds(seed):
    made = random_history(seed, 25, classes=1 + seed % 2)
    table = tabulate(made, METRIC)
    expected = by_hand(made, table)
    assert {(edge.first, edge.second): edge.settings for edge in ablation_graph(table)} == {
        pair: names for pair, names in expected.items() if 1 <= len(names) <= 3
    }
    tokens = configuration_tokens(table)
    for block in table.blocks:
        groups = twin_groups(block, tokens)
        listed = {tuple(sorted(pair)) for pair in pair_up(table, block, groups).pairs}
        assert listed == {pair for pair, names in expected.items() if names == (block.name,)}
        assert count_pairs(block, groups) == len(listed)


def test_what_one_run_does_not_state_may_differ_so_the_two_are_no_pair():
    rows = [(1, {"x": 1, "y": 1, "z": 1}), (2, {"x": 2, "y": 1, "z": 1}), (3, {"x": 3, "y": 1})]
    table = tabulate(tried(rows), METRIC)
    found = pair_up(table, table.block("x"), twin_groups(table.block("x"), configuration_tokens(table)))
    assert found.pairs == (("run000", "run001"),)


def test_a_run_that_states_next_to_nothing_has_no_twin():
    full = {f"s{index}": 1 for index in range(8)}
    made = history(past("a", 1, {"x": 1, **full}), past("b", 2, {"x": 2, **full}), past("c", 3, {"x": 1}), past("d", 4, {"x": 2}))
    table = tabulate(made, METRIC)
    assert pair_up(table, table.block("x"), twin_groups(table.block("x"), configuration_tokens(table))).pairs == (("a", "b"),)


def test_the_estimate_is_the_change_per_step_up_with_the_noise_of_replicates():
    made = tried(
        [(10, {"x": 1, "y": 1}), (14, {"x": 2, "y": 1}), (20, {"x": 1, "y": 2}), (26, {"x": 2, "y": 2}), (21, {"x": 1, "y": 2, "seed": 9})]
    )
    table, noise = tabulate(made, METRIC), replicate_noise(made, METRIC)
    block = table.block("x")
    groups = twin_groups(block, configuration_tokens(table))
    alone, known = pair_up(table, block, groups), pair_up(table, block, groups, noise)
    # two pairs of (1, 2): weights 1/2 and 2/3 of a step squared
    assert known.estimate == pytest.approx((4 / 2 + 5.5 * 2 / 3) / (1 / 2 + 2 / 3))
    assert known.estimate == alone.estimate
    assert known.high - known.estimate == pytest.approx(2.570582 * noise.shrunk_sd / (1 / 2 + 2 / 3) ** 0.5, rel=1e-6)


def test_one_pair_without_replicates_has_a_difference_and_no_interval():
    table = tabulate(tried([(10, {"x": 1, "y": 1}), (14, {"x": 2, "y": 1})]), METRIC)
    found = pair_up(table, table.block("x"), twin_groups(table.block("x"), configuration_tokens(table)))
    assert (found.estimate, found.low, found.count) == (4, None, 1)


def test_pairs_that_all_differ_by_the_same_show_no_noise_and_so_no_interval():
    rows = [(10.0 * y + 0.1 * x, {"x": x, "y": y}) for y in range(4) for x in (1, 2)]
    table = tabulate(tried(rows), METRIC)
    found = pair_up(table, table.block("x"), twin_groups(table.block("x"), configuration_tokens(table)))
    assert (round(found.estimate, 9), found.low, found.high, found.count) == (0.1, None, None, 4)
