from __future__ import annotations

from dataclasses import replace

import pytest

from lorascope.analysis.replicates import assumed_noise, replicate_noise
from lorascope.records.history import Outcome
from simulated_histories import METRIC, history, past, tried


def test_runs_equal_in_everything_but_the_seed_show_what_chance_does():
    found = replicate_noise(
        tried([(10, {"x": 1, "seed": 1}), (12, {"x": 1, "seed": 2}), (30, {"x": 2}), (36, {"x": 2}), (50, {"x": 3})]), METRIC
    )
    assert found.groups == (("run000", "run001"), ("run002", "run003"))
    assert (found.df, found.sd) == (2, pytest.approx(((1 + 1 + 9 + 9) / 2) ** 0.5))
    level = (10 + 12 + 30 + 36 + 50) / 5
    assert found.shrunk_sd == pytest.approx(((20 + 4 * (0.04 * level) ** 2) / 6) ** 0.5)
    assert found.shrunk_df == 6


def test_another_class_or_one_more_setting_is_no_replicate():
    made = history(
        past("a", 1.0, {"x": 1}, "one"), past("b", 2.0, {"x": 1}, "two"), past("c", 3.0, {"x": 1, "y": 1}, "one"), past("d", 3.0, {})
    )
    assert replicate_noise(made, METRIC) is None
    assert assumed_noise(made, METRIC) == pytest.approx(0.04 * 9 / 4)


def test_the_same_seed_or_the_same_weights_show_nothing_about_another_seed():
    assert replicate_noise(tried([(10, {"x": 1, "seed": 5}), (12, {"x": 1, "seed": 5})]), METRIC) is None
    one, two = (
        replace(past(name, 1.0, {"x": 1}), outcomes={METRIC: Outcome(value, epoch=3)}, tensor_hashes={3: "same"})
        for name, value in (("a", 1.0), ("b", 2.0))
    )
    assert replicate_noise(history(one, two), METRIC) is None


def test_without_numbers_there_is_no_noise_to_speak_of():
    assert replicate_noise(history(), METRIC) is None
    assert assumed_noise(history(past("a", float("nan"), {"x": 1})), METRIC) is None
