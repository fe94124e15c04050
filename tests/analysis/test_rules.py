from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from scipy.stats import false_discovery_control, hypergeom

from lorascope.analysis.effects.association import false_discovery_rates
from lorascope.analysis.ledger.rule_literals import Literal, literals_of, with_products
from lorascope.analysis.ledger.rule_pairs import rule_pairs
from lorascope.analysis.ledger.rules import mid_p_values, search

ALPHA_16 = [with_products({"network_dim": dim, "network_alpha": 16}) for dim in (64, 128, 64, 32, 32, 16, 32)]


def table(support, hits, others, other_hits):
    return float(mid_p_values(*(np.array([count]) for count in (support, hits, others, other_hits)))[0])


def test_rules_that_hold_for_the_same_runs_are_listed_together():
    found = search(ALPHA_16, [True, True, True, False, False, False, False]).found[0]
    words = {str(literal) for (literal,) in found.rules}
    assert words == {"network_dim > 32", "`network_dim*network_alpha` > 512", "network_alpha/network_dim < 0.5"}
    assert (found.support, found.hits, found.others, found.other_hits) == (3, 3, 4, 0)
    assert found.members == (0, 1, 2)


def test_three_runs_that_differ_tell_them_apart():
    more = [with_products({"network_dim": dim, "network_alpha": alpha}) for dim, alpha in ((64, 32), (32, 8), (16, 64))]
    found = search(ALPHA_16 + more, [True, True, True, False, False, False, False, True, False, False])
    assert [str(literal) for (literal,) in found.found[0].rules] == ["network_dim > 32"]


def brute(settings, outcomes, least=3):
    """Every rule, one by one: set of runs inside and outside → counts."""
    literals, _ = literals_of(settings)
    found = {}
    for first, second in itertools.combinations_with_replacement(literals, 2):
        told = [at for at, run in enumerate(settings) if first.holds(run) is not None and second.holds(run) is not None]
        inside = frozenset(at for at in told if first.holds(settings[at]) and second.holds(settings[at]))
        outside = frozenset(told) - inside
        if len(inside) >= least and outside:
            counts = (len(inside), sum(outcomes[at] for at in inside), len(outside), sum(outcomes[at] for at in outside))
            found[inside, outside] = counts
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_search_finds_what_trying_one_by_one_finds(seed):
    rng = random.Random(seed)
    values = {"a": [1, 2, 4], "b": [True, False], "c": ["x", "y", "z"], "d": [0.1, None]}
    settings = [{name: rng.choice(levels) for name, levels in values.items()} for _ in range(14)]
    outcomes = [rng.random() < 0.5 for _ in settings]
    expected = brute(settings, outcomes)
    result = search(settings, outcomes, most_found=10_000, most_rules=10_000)
    assert result.tried == len(expected)
    for one in result.found:
        counts = (one.support, one.hits, one.others, one.other_hits)
        assert expected[frozenset(one.members), frozenset(one.outside)] == counts
        for rule in one.rules:
            assert all(literal.holds(settings[at]) for literal in rule for at in one.members)
    positive = [counts for counts in expected.values() if counts[1] * counts[2] > counts[3] * counts[0]]
    assert len(result.found) == len(positive)


def test_the_order_of_the_runs_does_not_matter():
    rng = random.Random(7)
    settings = [{"a": rng.randint(1, 4), "b": rng.random() < 0.5} for _ in range(20)]
    outcomes = [run["a"] > 2 for run in settings]
    order = list(range(20))
    rng.shuffle(order)
    first = search(settings, outcomes)
    second = search([settings[at] for at in order], [outcomes[at] for at in order])
    assert [(one.rules, one.q_value) for one in first.found] == [(one.rules, one.q_value) for one in second.found]
    assert str(first.found[0].rules[0][0]) == "a > 2"


def test_projects_without_an_effect_seldom_give_a_rule():
    rng = random.Random(11)
    named = 0
    for _ in range(100):
        settings = [{name: rng.choice([1, 2, 3]) for name in "abcdef"} for _ in range(20)]
        outcomes = [rng.random() < 0.5 for _ in settings]
        named += any(one.q_value <= 0.1 for one in search(settings, outcomes).found)
    assert named / 100 <= 0.10


def test_mid_p_is_all_less_probable_tables_and_half_of_the_equal_ones():
    for support, hits, others, other_hits in ((3, 3, 4, 0), (5, 2, 9, 7), (6, 3, 6, 3), (4, 0, 30, 12)):
        total, good = support + others, hits + other_hits
        chances = {k: hypergeom.pmf(k, total, good, support) for k in range(max(0, good - others), min(support, good) + 1)}
        seen = chances[hits]
        expected = sum(p for p in chances.values() if p < seen * (1 - 1e-7)) + 0.5 * sum(
            p for p in chances.values() if abs(p / seen - 1) < 1e-7
        )
        assert table(support, hits, others, other_hits) == pytest.approx(expected)


def test_many_runs_use_the_normal_approximation():
    assert table(2000, 1000, 2990, 1400) == pytest.approx(table(2010, 1005, 3000, 1405), rel=0.2)


def test_false_discovery_rates_are_scipys():
    p_values = np.array([0.001, 0.2, 0.03, 0.03, 0.9])
    assert false_discovery_rates(p_values) == pytest.approx(false_discovery_control(p_values))


def test_nothing_to_try_is_an_answer():
    assert search([], []).tried == 0
    assert search([{"a": 1}], [True]).found == ()
    assert search([{"a": 1}] * 9, [True, False] * 4 + [True]).found == ()
    assert search([{"a": at} for at in range(3)], [True, False, True]).found == ()
    assert search([{"a": float("nan")}, {"a": 1.0}, {"a": float("inf")}, {"a": 2}] * 2, [True, False] * 4).tried >= 0


def test_settings_with_very_many_levels_are_thinned():
    settings = [{"a": at, "b": at % 2} for at in range(100)]
    result = search(settings, [at > 60 for at in range(100)])
    assert result.thinned == ("a",)
    assert result.found[0].hits > 30


def test_literals_read_back_as_conditions():
    assert str(Literal("optimizer_type", "=", "it's")) == "optimizer_type = 'it''s'"
    assert str(Literal("color_aug", "=", True)) == "color_aug = true"
    assert Literal("a", "=", True).holds({"a": 1}) is False
    assert Literal("a", ">", 1).holds({"a": "text"}) is None
    assert Literal("a", ">", 1).holds({}) is None


def test_pairs_differ_in_what_the_rule_speaks_of_and_the_seed_only():
    settings = [
        {"dim": 64, "lr": 1e-4, "seed": 1},
        {"dim": 32, "lr": 1e-4, "seed": 2},
        {"dim": 32, "lr": 5e-5, "seed": 1},
        {"dim": 64, "lr": 5e-5, "seed": 3},
    ]
    found = rule_pairs([0, 3], [1, 2], settings, [True, False, True, False], {"dim"})
    assert (found.agree, found.against, found.seeds) == (((0, 1),), ((3, 2),), 2)
    assert rule_pairs([0], [1, 2], settings, [True, False, False, False], {"dim", "lr"}).agree == ((0, 1), (0, 2))


def test_a_rule_at_a_third_is_written_with_all_its_digits():
    settings = [with_products({"network_dim": dim, "network_alpha": 16}) for dim in (16, 32, 48, 64)]
    quotients = [one for one in literals_of(settings)[0] if one.name == "network_alpha/network_dim" and one.operator == ">"]
    (literal,) = (one for one in quotients if 0.3 < one.value < 0.4)
    limit = float(str(literal).split(" > ")[1])
    assert [of_run["network_alpha/network_dim"] > limit for of_run in settings] == [literal.holds(of_run) for of_run in settings]


def test_a_setting_beyond_all_numbers_is_no_number():
    assert with_products({"network_dim": 10**400, "network_alpha": 1}) == {"network_dim": 10**400, "network_alpha": 1}
