"""Recipes: kohya's names in TOML, checked at the door."""

from __future__ import annotations

import pytest

from lorascope.errors import BadFile, BadParameter, MissingFile, UnknownParameter
from lorascope.jobs.read_recipe import read_recipe


def recipe(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, "utf-8")
    return path


def test_sections_are_decoration(tmp_path):
    path = recipe(tmp_path, "seed = 3\n[network_arguments]\nnetwork_dim = 32\nnetwork_alpha = 16\n[anything]\nshuffle_caption = true\n")
    assert read_recipe(path) == {"seed": 3, "network_dim": 32, "network_alpha": 16.0, "shuffle_caption": True}


def test_a_mistyped_name_is_refused_with_its_line_and_the_nearest_names(tmp_path):
    with pytest.raises(UnknownParameter, match="network_dim") as caught:
        read_recipe(recipe(tmp_path, "seed = 3\n\n[a]\nnetwrok_dim = 32\n"))
    assert caught.value.where.endswith("line 4")


def test_a_value_out_of_range_is_refused_with_its_line(tmp_path):
    with pytest.raises(BadParameter) as caught:
        read_recipe(recipe(tmp_path, "keep_tokens = -1\n"))
    assert caught.value.where.endswith("line 1")


@pytest.mark.parametrize(("text", "error"), [("seed = ", BadFile), ("seed = 1\nseed = 2", BadFile)])
def test_what_is_not_toml_is_said(tmp_path, text, error):
    with pytest.raises(error):
        read_recipe(recipe(tmp_path, text))


def test_a_recipe_that_is_not_there_is_said(tmp_path):
    with pytest.raises(MissingFile):
        read_recipe(tmp_path / "none.toml")
