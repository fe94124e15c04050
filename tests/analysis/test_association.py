from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from lorascope.analysis.effects.association import associate, false_discovery_rates, kendall_tau_b, rank_within
from lorascope.analysis.table import tabulate
from simulated_histories import METRIC, history, past, random_history, tried


def named(found, name):
    return next(one for one in found if one.name == name)


def test_the_share_of_an_ordered_setting_is_spearmans_rho_squared_and_tau_is_kendalls():
    made = random_history(1, 40, effects={"number_0": 2.0})
    table = tabulate(made, METRIC)
    for one in associate(table):
        block = table.block(one.name)
        if block.ordered:
            assert one.share == pytest.approx(stats.spearmanr(block.codes, table.y).statistic ** 2)
            assert one.rho == pytest.approx(stats.spearmanr(block.codes, table.y).statistic)
            assert one.tau_b == pytest.approx(stats.kendalltau(block.codes, table.y).statistic)


def test_the_share_of_an_enum_is_eta_squared_of_the_ranks_as_in_kruskal_and_wallis():
    rng = np.random.default_rng(2)
    table = tabulate(tried([(float(rng.normal()), {"kind": "abc"[index % 3]}) for index in range(40)]), METRIC)
    block = table.block("kind")
    statistic = stats.kruskal(*(table.y[block.codes == code] for code in range(3))).statistic
    assert named(associate(table), "kind").share == pytest.approx(statistic / 39)


def test_below_nine_runs_p_is_exact():
    rows = [(float(value), {"x": level}) for value, level in zip([3, 1, 4, 1.5, 9, 2.6], [1, 1, 2, 2, 3, 3], strict=True)]
    table = tabulate(tried(rows), METRIC)
    found = named(associate(table), "x")
    ranks, levels = stats.rankdata(table.y), table.block("x").codes
    seen = [stats.pearsonr(order, stats.rankdata(levels)).statistic ** 2 for order in permutations(ranks)]
    assert found.p_value == pytest.approx(np.mean([value >= found.share - 1e-9 for value in seen]))


def test_permutations_stay_within_their_class():
    """Only two runs can be exchanged with each other, so no p below a half is possible."""
    runs = [
        past("a", 1.0, {"x": 1}, "one"),
        past("b", 9.0, {"x": 2}, "one"),
        past("c", 5.0, {"x": 1}, "two"),
        past("d", 5.0, {"x": 1}, "two"),
    ]
    table = tabulate(history(*runs), METRIC)
    assert set(table.runs) == {"a", "b"}  # class two shares no contrast
    three = [*runs[:2], past("c", 5.0, {"x": 1}, "two"), past("d", 7.0, {"x": 2}, "two")]
    assert named(associate(tabulate(history(*three), METRIC)), "x").p_value == pytest.approx(0.5)


def test_p_values_are_uniform_where_nothing_matters():
    p_values = [one.p_value for seed in range(30) for one in associate(tabulate(random_history(seed, 30), METRIC), seed=seed)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.04)


def test_many_runs_get_the_score_test_which_agrees_with_permutations(monkeypatch):
    table = tabulate(random_history(7, 400, effects={"number_1": 0.3}), METRIC)
    drawn = associate(table)
    monkeypatch.setattr("lorascope.analysis.effects.association.SCORE_TEST_FROM", 100)
    scored = associate(table)
    assert [one.p_value for one in scored] == pytest.approx([one.p_value for one in drawn], abs=0.04)


def test_q_values_are_benjamini_and_hochbergs():
    p_values = np.random.default_rng(0).random(45)
    assert false_discovery_rates(p_values) == pytest.approx(stats.false_discovery_control(p_values))


def test_the_interval_of_a_rank_correlation_is_scipys_bca():
    rng = np.random.default_rng(5)
    rows = [(float(level + rng.normal()), {"x": int(level)}) for level in rng.integers(0, 6, size=60)]
    table = tabulate(tried(rows), METRIC)
    found = named(associate(table), "x")
    columns = (rank_within(table.block("x").codes.astype(float), table.group), rank_within(table.y, table.group))
    expected = stats.bootstrap(
        columns, lambda a, b: stats.pearsonr(a, b).statistic, paired=True, vectorized=False, n_resamples=2000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.03)
    assert named(associate(tabulate(tried(rows[:14]), METRIC)), "x").low is None


def test_ties_and_missing_values_have_ranks():
    group = np.zeros(5, np.int64)
    assert rank_within(np.array([2.0, 1.0, 2.0, np.nan, 9.0]), group).tolist() == [0.0, -1.5, 0.0, 0.0, 1.5]
    assert kendall_tau_b(np.array([1.0, 1.0]), np.array([1.0, 2.0])) is None


def test_renaming_the_values_of_an_enum_and_monotone_changes_of_the_metric_change_nothing():
    made = random_history(8, 30)
    renamed = {"a": "z", "b": "q", "c": "m"}
    other = replace(
        made,
        runs=tuple(
            replace(
                run,
                settings={name: renamed.get(value, value) if isinstance(value, str) else value for name, value in run.settings.items()},
                outcomes={METRIC: replace(run.outcomes[METRIC], value=float(np.exp(run.outcomes[METRIC].value)))},
            )
            for run in made.runs
        ),
    )
    first, second = associate(tabulate(made, METRIC)), associate(tabulate(other, METRIC))
    assert [one.share for one in second] == pytest.approx([one.share for one in first])
    assert [one.p_value for one in second] == [one.p_value for one in first]


def test_fewer_than_three_runs_or_one_number_have_no_association():
    assert associate(tabulate(tried([(1, {"x": 1}), (2, {"x": 2})]), METRIC)) == ()
    flat = associate(tabulate(tried([(5, {"x": 1}), (5, {"x": 2}), (5, {"x": 1})]), METRIC))
    assert [(one.share, one.p_value) for one in flat] == [(0.0, 1.0)]
