from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.default_metric import default_metric
from lorascope.evaluation.epoch_effects import fit, tabulate
from lorascope.evaluation.needed_images import needed_images, noise_parts
from lorascope.evaluation.purposes import find_purpose, purposes_of
from lorascope.records.prompt import Expectation, Prompt, Trait
from lorascope.records.sample import Score

GREEN = Prompt(
    "lad",
    "a lad, bright green background",
    (Expectation("background", "bright green", (1, 255, 7)), Expectation("hair", "brown", (9, 9, 9))),
)
SHADES = Prompt(
    "cool",
    "a lady, blue background",
    (Expectation("background", "blue", (0, 0, 255)),),
    traits=(Trait("sunglasses"), Trait("beard", present=False)),
)
SPLIT = Prompt("split", "split background, lime green hair")
ALL = (GREEN, SHADES, SPLIT)


@pytest.mark.parametrize("asked", ["green background", "best for green backgrounds", "Bright Green", "GREEN"])
def test_a_purpose_is_found_by_what_prompts_expect(asked):
    found = find_purpose(asked, ALL)
    assert (found.prompts, found.features, found.by_text) == (("lad",), ("background",), False)


def test_a_color_of_one_thing_is_not_the_color_of_another():
    assert find_purpose("green hair", ALL).prompts == ("split",)
    assert find_purpose("green hair", ALL).by_text
    assert find_purpose("brown background", ALL) is None


def test_things_can_be_asked_for_and_their_absence_cannot():
    assert find_purpose("sunglasses", ALL).things
    assert find_purpose("beard", ALL) is None


@pytest.mark.parametrize("nothing", ["", "the best", "!!"])
def test_a_purpose_without_words_is_none(nothing):
    assert find_purpose(nothing, ALL) is None


def test_purposes_are_listed_with_their_prompts():
    assert purposes_of(ALL) == {
        "blue background": ("cool",), "bright green background": ("lad",), "brown hair": ("lad",), "sunglasses": ("cool",),
    }  # fmt: skip


def of(metric, value=1.0, **extra):
    return Score("r", 1, "p", 1, metric, value, extra=extra)


def test_the_metric_that_checks_the_purpose_is_chosen_and_said():
    measured = [of("unique_colors"), of("feature_color_accuracy"), of("background_color_accuracy")]
    assert default_metric(measured)[0] == "background_color_accuracy"
    assert default_metric(measured, find_purpose("brown hair", ALL))[0] == "feature_color_accuracy"
    assert default_metric([of("unique_colors"), of("symmetry")])[0] == "symmetry"
    assert default_metric([of("unique_colors"), of("some_distance")])[0] == "some_distance"
    metric, why = default_metric([of("unique_colors")])
    assert (metric, "none that judges" in why) == ("unique_colors", True)
    assert default_metric([of("symmetry", None)]) is None


def simulated(prompts, seeds, between, within, rng):
    scores = []
    for prompt in range(prompts):
        for epoch in range(1, 11):
            shift = rng.normal(0, between)
            scores += [Score("r", epoch, f"p{prompt}", s, "m", 5 + shift + rng.normal(0, within)) for s in range(seeds)]
    return scores


def test_the_noise_splits_into_prompts_and_images_where_seeds_show_it():
    scores = simulated(40, 4, 0.12, 0.2, np.random.default_rng(1))
    cells = tabulate(scores, "m")
    noise = noise_parts(scores, cells, fit(cells))
    assert not noise.assumed
    assert noise.prompt**0.5 == pytest.approx(0.12, rel=0.2)
    assert noise.image**0.5 == pytest.approx(0.2, rel=0.1)


def test_one_image_per_prompt_assumes_the_split_and_keeps_the_sum():
    scores = simulated(40, 1, 0.12, 0.2, np.random.default_rng(2))
    cells = tabulate(scores, "m")
    effects = fit(cells)
    noise = noise_parts(scores, cells, effects)
    assert noise.assumed
    assert noise.prompt + noise.image == pytest.approx(effects.noise_variance)


def test_the_table_is_that_of_the_power_formula():
    noise = noise_parts(
        [],
        tabulate(simulated(8, 1, 0.12, 0.2, np.random.default_rng(3)), "m"),
        fit(tabulate(simulated(8, 1, 0.12, 0.2, np.random.default_rng(3)), "m")),
    )
    rows = {(row.prompts, row.seeds): row for row in needed_images(noise)}
    assert rows[8, 4].images == 32
    assert rows[32, 1].detectable < rows[8, 4].detectable, "prompts help before seeds"
    assert rows[32, 1].detectable == pytest.approx(2.8016 * (2 * (noise.prompt + noise.image) / 32) ** 0.5, rel=1e-3)
