"""Recipes that are no recipes: each is one clear error of the user's, never a traceback."""

import pytest

from lorascope.errors import BadFile, BadParameter, LorascopeError, MissingFile, UnknownParameter
from lorascope.jobs.read_recipe import read_recipe
from lorascope.jobs.read_suite import read_suite


def recipe(folder, text):
    path = folder / "recipe.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_sections_are_decoration(tmp_path):
    assert read_recipe(recipe(tmp_path, "seed = 1\n[network]\nnetwork_dim = 8\n")) == {"seed": 1, "network_dim": 8}


def test_a_byte_order_mark_does_no_harm(tmp_path):
    assert read_recipe(recipe(tmp_path, b"\xef\xbb\xbfseed = 1\n")) == {"seed": 1}


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("[a]\nseed = 1\n[b]\nseed = 2\n", BadFile, "seed is given twice"),
        ("a = " + "[" * 3000, BadFile, "nested too deeply|not TOML"),
        ("a = " + "[" * 3000 + "]" * 3000, BadFile, "nested too deeply"),
        ("[[a]]\nseed = 1\n[[a]]\nseed = 2\n", UnknownParameter, "a"),
        ("[network]\nnetwrok_dim = 8\n", UnknownParameter, r"network_dim.*line 2"),
        ("network_dim = 0\n", BadParameter, r"at least 1.*line 1"),
        ("network_dim = [8]\n", BadParameter, "whole number"),
        ("learning_rate = nan\n", BadParameter, "must be a number"),
        ('{"seed": 1}', BadFile, "not TOML"),
        ("seed = 1\n".encode("utf-16"), BadFile, "not UTF-8"),
        (b"#" * 1_000_001, BadFile, "larger than 1 MB"),
    ],
)
def test_what_is_no_recipe_says_why(tmp_path, text, kind, said):
    with pytest.raises(kind, match=said):
        read_recipe(recipe(tmp_path, text))


@pytest.mark.parametrize("read", [read_recipe, read_suite])
def test_what_cannot_be_read_says_why_once(tmp_path, read):
    with pytest.raises(MissingFile, match="cannot be read: Is a directory") as error:
        read(tmp_path)
    assert str(error.value).count(str(tmp_path)) == 1


def test_an_endless_file_ends(tmp_path):
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    for read in (read_recipe, read_suite):
        with pytest.raises(LorascopeError):
            read(tmp_path / "endless.toml")
