from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lorascope.analysis.table import NOT_STATED, UNSTATED, code_levels, settings_that_vary, tabulate
from lorascope.records.history import Outcome
from simulated_histories import METRIC, history, past, random_history, tried


def columns(found, name):
    return found.block(name).columns.round(4).tolist()


def test_ordered_levels_are_ranked_and_rates_lie_on_their_logarithm():
    found = tabulate(
        tried([(1, {"keep": 1, "learning_rate": 1e-5}), (2, {"keep": 2, "learning_rate": 1e-4}), (3, {"keep": 9, "learning_rate": 1e-3})]),
        METRIC,
    )
    assert columns(found, "keep") == [[-0.5], [0.0], [0.5]]
    uneven = tabulate(tried([(1, {"learning_rate": 1e-4}), (2, {"learning_rate": 2e-4}), (3, {"learning_rate": 1e-2})]), METRIC)
    assert uneven.block("learning_rate").columns[1, 0] - uneven.block("learning_rate").columns[0, 0] == pytest.approx(
        math.log(2) / math.log(100)
    )


def test_an_enum_is_one_block_and_two_values_weigh_as_much_as_a_boolean():
    found = tabulate(tried([(1, {"kind": "a", "on": False}), (2, {"kind": "b", "on": True}), (3, {"kind": "a", "on": False})]), METRIC)
    assert columns(found, "kind") == columns(found, "on")
    three = tabulate(tried([(1, {"kind": "a"}), (2, {"kind": "b"}), (3, {"kind": "c"})]), METRIC).block("kind")
    assert (three.columns.shape, three.ordered) == ((3, 3), False)


def test_off_is_a_stated_value_and_what_is_not_stated_is_unknown():
    found = tabulate(tried([(1, {"gamma": None}), (2, {"gamma": 5.0}), (3, {"other": 1}), (4, {"gamma": 1.0})]), METRIC)
    block = found.block("gamma")
    assert block.levels == (None, 1.0, 5.0)
    assert block.codes.tolist() == [0, 2, UNSTATED, 1]
    assert block.columns[2].tolist() == [0.0, 0.0]
    assert block.stated == 3


def test_true_and_1_are_one_value_only_where_nothing_else_stands_beside_them():
    assert code_levels([True, 1, 0, False])[0] == (False, True)
    assert code_levels([True, 1, 2])[0] == (True, 1, 2)
    assert code_levels([1, 1.0, math.nan, NOT_STATED])[1].tolist() == [0, 0, UNSTATED, UNSTATED]


def test_a_setting_with_one_stated_value_is_constant_and_the_seed_is_no_setting():
    found = tabulate(tried([(1, {"a": 1, "b": 1, "seed": 1}), (2, {"a": 1, "b": 2, "seed": 2}), (3, {"b": 2})]), METRIC)
    assert found.constant == {"a": 1}
    assert [block.name for block in found.blocks] == ["b"]


def test_numbers_are_centered_within_their_class_and_settings_that_only_differ_between_classes_are_named():
    found = tabulate(
        history(
            past("a", 1.0, {"x": 1, "gpu": "old"}, "one"),
            past("b", 2.0, {"x": 2, "gpu": "old"}, "one"),
            past("c", 11.0, {"x": 1, "gpu": "new"}, "two"),
            past("d", 12.0, {"x": 2, "gpu": "new"}, "two"),
        ),
        METRIC,
    )
    assert found.centered.tolist() == [-0.5, 0.5, -0.5, 0.5]
    assert found.between == ("gpu",)
    assert found.degrees == 2


def test_a_class_of_another_unit_or_version_or_without_a_common_contrast_is_left_out_and_named():
    runs = [past(f"a{index}", float(index), {"x": index % 2}, "one") for index in range(4)]
    other = [past(f"b{index}", float(index), {"x": index % 2}, "two") for index in range(2)]
    alone = past("c", 1.0, {"x": 1}, "three")
    stated = replace(
        history(*runs, *other), class_facts={"one": {"unit": "colors", "version": "1"}, "two": {"unit": "share", "version": "1"}}
    )
    assert tabulate(stated, METRIC).left_out == {
        f"b{index}": f"another unit of {METRIC} (share; most runs have colors)" for index in range(2)
    }
    assert set(tabulate(history(*runs, *other, alone), METRIC).left_out) == {"c"}


def test_a_class_whose_numbers_spread_very_differently_is_taken_for_another_unit():
    runs = [past(f"a{index}", float(index), {"x": index % 2}, "one") for index in range(6)]
    percent = [past(f"b{index}", 100.0 * index, {"x": index % 2}, "two") for index in range(4)]
    assert "another unit, perhaps" in tabulate(history(*runs, *percent), METRIC).left_out["b0"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_numbers_that_are_none_are_left_out_and_named(value):
    found = tabulate(history(past("a", 1.0, {"x": 1}), past("b", value, {"x": 2}), past("c", 2.0, {"x": 2})), METRIC)
    assert found.runs == ("a", "c")
    assert "b" in found.left_out


def test_text_of_which_every_run_has_its_own_carries_nothing_but_is_kept():
    found = tabulate(tried([(float(index), {"note": f"try {index}", "x": index % 2}) for index in range(40)]), METRIC)
    assert found.block("note").columns.shape[1] == 0
    many = tabulate(tried([(float(index), {"note": f"try {index % 20}"}) for index in range(60)]), METRIC)
    assert many.block("note").columns.shape[1] <= 12


def test_the_order_in_which_runs_were_recorded_changes_nothing():
    made = random_history(3, 30, classes=2)
    rng = np.random.default_rng(0)
    shuffled = replace(made, runs=tuple(made.runs[index] for index in rng.permutation(30)))
    first, second = tabulate(made, METRIC), tabulate(shuffled, METRIC)
    assert first.runs == second.runs
    assert all(np.array_equal(ours.columns, theirs.columns) for ours, theirs in zip(first.blocks, second.blocks, strict=True))


def test_settings_that_vary_are_listed_with_their_levels_whatever_was_measured():
    made = history(past("a", None, {"x": 2, "y": 1}), past("b", None, {"x": 1, "y": 1}), past("c", None, {"x": None}))
    assert settings_that_vary(made) == {"x": (None, 1, 2)}


def test_the_same_weights_under_two_names_count_once():
    one, two, three = (
        replace(past(name, 1.0, {"x": x}), outcomes={METRIC: Outcome(float(x), epoch=2)}, tensor_hashes={2: tensors})
        for name, x, tensors in [("a", 1, "same"), ("b", 1, "same"), ("c", 2, "other")]
    )
    assert tabulate(history(one, two, three), METRIC).left_out == {"b": "the same weights as a"}
