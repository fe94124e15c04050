from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.analysis.effects.impact import impact
from lorascope.parameters.catalogue import find, known
from lorascope.records.effect import Claim
from simulated_histories import METRIC, history, past, random_history, tried
from simulated_projects import METRIC as SCORE
from simulated_projects import World, project


def named(found, name):
    return next(effect for effect in found.effects if effect.name == name)


def test_a_strong_effect_in_many_runs_matters_with_its_size():
    found = impact(random_history(1, 60, effects={"number_0": 6.0}), METRIC)
    effect = named(found, "number_0")
    assert effect.claim is Claim.MATTERS
    assert effect.low < 6 < effect.high
    assert found.effects[0].name == "number_0"
    assert not found.exploratory


def test_settings_that_always_changed_together_share_a_set_and_a_run_that_splits_them():
    rows = [(float(10 * (index % 2)), {"a": index % 2, "b": "xy"[index % 2], "c": index // 2 % 2}) for index in range(16)]
    found = impact(tried(rows), METRIC)
    assert (named(found, "a").claim, named(found, "a").aliased_with) == (Claim.ALIASED, ("b",))
    assert named(found, "b").claim is Claim.ALIASED
    pair = next(one for one in found.sets if one.kind == "aliased")
    assert pair.members == ("a", "b")
    assert pair.probability > 0.9
    assert len(pair.splitting_run) == 1
    assert pair.base == "run001"  # the best
    assert set(pair.splitting_run.values()) <= {0, "x"}


@pytest.mark.parametrize("seed", range(12))
def test_aliases_are_never_split_and_every_one_has_its_run(seed):
    found = impact(random_history(seed, 8 + seed, effects={"number_0": 4.0}), METRIC)
    for effect in found.effects:
        if effect.claim is Claim.ALIASED:
            group = {effect.name, *effect.aliased_with}
            for one in found.sets:
                assert not group & set(one.members) or group <= set(one.members)
            assert any(effect.name in one.members and one.splitting_run for one in found.sets)


def test_the_splitting_run_is_a_configuration_that_was_not_run_and_that_the_catalogue_allows():
    for seed in range(1, 12):
        made = project(seed, 12).history
        configurations = [{name: value for name, value in run.settings.items() if name != "seed"} for run in made.runs]
        for one in impact(made, SCORE).sets:
            if not one.splitting_run:
                continue
            base = made.find(one.base).settings
            proposed = {name: value for name, value in {**base, **one.splitting_run}.items() if name != "seed"}
            assert proposed not in configurations
            for name, value in one.splitting_run.items():
                assert not known(name) or find(name).parse(value) == value


def test_below_twelve_runs_nothing_matters_without_a_pair():
    claimed = [
        effect
        for seed in range(1, 60)
        for effect in impact(project(seed, 10).history, SCORE).effects
        if effect.claim is Claim.MATTERS
    ]  # fmt: skip
    assert all(effect.matched.pairs for effect in claimed)


def test_a_rank_with_one_alpha_is_two_things_and_the_run_that_separates_them_is_named():
    rows = [
        (9.0 - (dim > 32) * 6 + 0.1 * (index % 3), {"network_dim": dim, "network_alpha": 16})
        for index, dim in enumerate([32, 64, 128, 32, 64] * 4)
    ]
    found = impact(tried(rows), METRIC)
    scale = next(one for one in found.sets if one.kind == "scale")
    assert scale.members == ("network_dim", "adapter_scale")
    assert scale.splitting_run == {"network_dim": 64, "network_alpha": 32}
    assert "cannot be told apart" in scale.why
    assert named(found, "network_dim").aliased_with == ("adapter_scale",)


def test_a_setting_that_changed_only_with_the_measurement_is_aliased_with_it():
    runs = [past(f"a{index}", float(index), {"x": index % 2, "gpu": 1}, "one") for index in range(4)]
    runs += [past(f"b{index}", float(index), {"x": index % 2, "gpu": 2}, "two") for index in range(4)]
    found = impact(history(*runs), METRIC)
    assert (named(found, "gpu").claim, named(found, "gpu").aliased_with) == (Claim.ALIASED, ("evaluation protocol",))
    assert any(one.members == ("gpu", "evaluation protocol") and one.splitting_run for one in found.sets)


def test_the_same_runs_in_another_order_have_the_same_answer():
    made = random_history(4, 25, effects={"flag_0": 3.0}, classes=2)
    shuffled = replace(made, runs=tuple(made.runs[index] for index in np.random.default_rng(1).permutation(25)))
    assert impact(shuffled, METRIC) == impact(made, METRIC)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([-3.0, 0.5, 1000.0]), st.sampled_from([0.0, -50.0, 1e4]))
def test_another_unit_or_level_changes_no_probability(seed, factor, offset):
    made = random_history(seed, 20, effects={"number_1": 4.0})
    other = replace(
        made,
        runs=tuple(
            replace(run, outcomes={METRIC: replace(run.outcomes[METRIC], value=run.outcomes[METRIC].value * factor + offset)})
            for run in made.runs
        ),
    )
    first = {effect.name: effect for effect in impact(made, METRIC).effects}
    for effect in impact(other, METRIC).effects:
        assert effect.probability == pytest.approx(first[effect.name].probability, abs=1e-5)
        assert effect.q_value == pytest.approx(first[effect.name].q_value)
        assert effect.claim is first[effect.name].claim
        if effect.estimate is not None:
            assert effect.estimate == pytest.approx(first[effect.name].estimate * factor, rel=1e-3)


def test_other_words_for_the_values_of_an_enum_change_nothing_that_is_claimed():
    made = random_history(6, 40, effects={"kind_0": 4.0})
    words = {"a": "z", "b": "y", "c": "x"}
    renamed = replace(
        made,
        runs=tuple(
            replace(
                run, settings={name: words.get(value, value) if isinstance(value, str) else value for name, value in run.settings.items()}
            )
            for run in made.runs
        ),
    )
    first = {effect.name: (effect.claim, round(effect.probability, 6)) for effect in impact(made, METRIC).effects}
    assert {effect.name: (effect.claim, round(effect.probability, 6)) for effect in impact(renamed, METRIC).effects} == first


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (history(), "No run has a number"),
        (tried([(1.0, {"x": 1})]), "One run"),
        (tried([(1.0, {"x": 1}), (2.0, {"x": 1}), (3.0, {"x": 1})]), "No setting varies"),
        (tried([(1.0, {}), (2.0, {})]), "No setting varies"),
        (tried([(5.0, {"x": 1}), (5.0, {"x": 2}), (5.0, {"x": 3})]), "the same in all 3 runs"),
        (tried([(math.nan, {"x": 1}), (math.inf, {"x": 2})]), "left out"),
        (tried([(1.0, {"x": 1}), (2.0, {"y": 1})]), "No setting varies"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_claimed(made, said):
    found = impact(made, METRIC)
    assert said in " ".join(found.notes)
    assert not any(effect.claim is Claim.MATTERS for effect in found.effects)


def test_runs_with_nothing_in_common_have_an_answer():
    found = impact(tried([(float(index), {f"own_{index}": index, "shared": index}) for index in range(6)]), METRIC)
    assert not any(effect.claim is Claim.MATTERS for effect in found.effects)


def test_strange_values_do_no_harm():
    rows = [
        (1.0, {"x": math.nan, "y": 10**400, "z": "a" * 10_000}),
        (2.0, {"x": 1.0, "y": -1, "z": ""}),
        (3.0, {"x": math.inf, "y": None, "z": "b"}),
    ]
    assert impact(tried(rows), METRIC).runs == 3


@pytest.mark.slow
@pytest.mark.parametrize("runs", [7, 10, 20, 50])
def test_in_projects_without_an_effect_at_most_one_in_twenty_has_a_claim(runs):
    calls = [
        any(effect.claim is Claim.MATTERS for effect in impact(project(seed, runs, world=World.NO_EFFECT).history, SCORE).effects)
        for seed in range(501, 601)
    ]
    assert np.mean(calls) <= 0.05


@pytest.mark.slow
def test_claims_at_fifty_runs_are_mostly_right_and_sets_hold_a_cause():
    right = wrong = held = sets = 0
    for seed in range(601, 661):
        made = project(seed, 50, world=World.ORDINARY)
        found = impact(made.history, SCORE)
        claimed = [effect.name in made.causes for effect in found.effects if effect.claim is Claim.MATTERS]
        right, wrong = right + sum(claimed), wrong + len(claimed) - sum(claimed)
        credible = [one for one in found.sets if one.kind == "credible"]
        held, sets = held + sum(bool(made.causes & set(one.members)) for one in credible), sets + len(credible)
    assert wrong / (right + wrong) <= 0.15
    assert held / sets >= 0.9


@pytest.mark.parametrize("alpha", [16, 1e308, 10**400, 0.5], ids=["16", "float", "whole", "half"])
@pytest.mark.parametrize(
    "ranks", [(0.5, 0.25), (1e308, 1e-300), (10**400, 8), (-(10**400), 10**400)], ids=["below 1", "floats", "whole", "both"]
)
def test_ranks_and_alphas_that_no_training_has_are_no_crash(ranks, alpha):
    rows = [(0.1 * at, {"network_dim": ranks[at % 2], "network_alpha": alpha, "huge": 10**400, "z": at % 3}) for at in range(6)]
    assert impact(tried(rows), METRIC).runs == 6


def test_what_changed_with_the_evaluation_is_told_alike_in_whatever_order_it_was_recorded():
    runs = [past(f"r{at}", 0.1 * at, {"x": at % 2, "y": 5 - at // 2}, f"class{at // 2}") for at in range(6)]
    first, second = (impact(history(*order), METRIC) for order in (runs, runs[::-1]))
    assert first.effects == second.effects
    assert first.sets == second.sets
    assert next(effect for effect in first.effects if effect.name == "y").levels == (3, 4, 5)
