"""Color words against colors: agree, unsure, conflict; the best word; modifiers."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.jobs.read_assets import color_names
from lorascope.records.color import parse_hex
from lorascope.records.color_names import BASIC_TERMS, Agreement, ColorPhrase, read_phrase, skin_agreement

NAMES = color_names()

# What people wrote about a color and what cannot be meant: a regression list, not an unbiased sample.
AGREEING = [
    ("bright green", "#03dc73"), ("green", "#6ae745"), ("olive green", "#95a259"), ("brown", "#8f5d3d"), ("sage/grey-green", "#93ac92"),
    ("gray", "#888a8c"), ("white", "#f0f0ee"), ("black", "#1a191c"), ("teal", "#149696"), ("navy", "#14213d"), ("blonde", "#e6c87a"),
    ("grey", "#93ac92"), ("pink", "#f286b8"), ("golden", "#ffd700"), ("turquoise", "#30d5c8"), ("burgundy", "#6e0f1f"),
]  # fmt: skip
CONFLICTING = [
    ("bright green", "#e50bb4"), ("brown", "#0083ef"), ("green", "#8f2d3d"), ("yellow", "#2961ca"), ("white", "#cc2028"),
    ("gray", "#cc2028"), ("black", "#f0f0ee"), ("red", "#03dc73"), ("blue", "#f6d83a"), ("pink", "#30a646"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code"), AGREEING)
def test_a_word_that_people_use_for_a_color_does_not_conflict(words, code):
    phrase = read_phrase(words)
    assert phrase is not None
    assert NAMES.agreement(phrase, parse_hex(code)) is not Agreement.CONFLICT


@pytest.mark.parametrize(("words", "code"), CONFLICTING)
def test_a_word_for_another_color_conflicts(words, code):
    phrase = read_phrase(words)
    assert phrase is not None
    assert NAMES.agreement(phrase, parse_hex(code)) is Agreement.CONFLICT


@pytest.mark.parametrize("term", BASIC_TERMS)
def test_every_basic_word_is_the_best_for_the_middle_of_its_own_colors(term):
    middle = NAMES.medians[term]
    assert min(BASIC_TERMS, key=lambda other: np.linalg.norm(np.subtract(NAMES.medians[other], middle))) == term


def test_the_best_word_of_a_vocabulary_comes_first():
    assert NAMES.best_terms(parse_hex("#2961ca"), ["green", "blue", "red"])[0] == "blue"
    assert NAMES.best_terms(parse_hex("#0c8fa4"))[0] == "teal"


def test_alternatives_agree_when_one_of_them_does():
    blue = parse_hex("#2961ca")
    assert NAMES.agreement(ColorPhrase(("red", "blue")), blue) is Agreement.AGREE
    assert NAMES.agreement(ColorPhrase(("red",)), blue) is Agreement.CONFLICT


def test_modifiers_are_held_against_the_plain_color():
    olive = parse_hex("#95a259")
    assert NAMES.broken_modifiers(ColorPhrase(("green",), ("bright",)), olive) == ("bright",)
    assert NAMES.broken_modifiers(ColorPhrase(("blue",), ("light",)), parse_hex("#a5d8ff")) == ()
    assert NAMES.broken_modifiers(ColorPhrase(("blue",), ("dark",)), parse_hex("#a5d8ff")) == ("dark",)


@pytest.mark.parametrize("words", ["checkered brick", "", "bright", "dark wood"])
def test_words_that_say_no_color_are_no_phrase(words):
    assert read_phrase(words) is None


def test_many_colors_are_judged_as_each_alone():
    colors = np.random.default_rng(0).integers(0, 256, (6, 7, 3), np.uint8)
    for words in ("green", "blue/grey", "greenish gray", "olive", "dark red"):
        phrase = read_phrase(words)
        assert phrase is not None
        verdicts, distances = NAMES.agreements(phrase, colors), NAMES.distances(phrase, colors)
        assert verdicts.shape == distances.shape == (6, 7)
        for place in np.ndindex(6, 7):
            rgb = tuple(colors[place].tolist())
            assert verdicts[place] == NAMES.agreement(phrase, rgb)
            assert distances[place] == pytest.approx(NAMES.distance(phrase, rgb))


def test_a_tinted_gray_may_have_some_color_but_not_any():
    tinted, plain = read_phrase("greeny grey"), read_phrase("grey")
    assert NAMES.agreement(tinted, parse_hex("#7ea07a")) is Agreement.UNSURE
    assert NAMES.agreement(plain, parse_hex("#7ea07a")) is Agreement.CONFLICT
    assert NAMES.agreement(tinted, parse_hex("#15b01a")) is Agreement.CONFLICT


@pytest.mark.parametrize(
    ("word", "code", "verdict"),
    [("tan", "#eac393", "agree"), ("dark", "#8d5524", "agree"), ("light", "#ffdbac", "agree"), ("brown", "#cb9e6e", "agree"),
     ("light", "#8d5524", "conflict"), ("dark", "#ffdbac", "conflict"), ("medium", "#eab084", "agree"), ("green", "#eab084", None)],
)  # fmt: skip
def test_words_for_skin_say_how_light_it_is(word, code, verdict):
    assert skin_agreement(word, parse_hex(code)) == verdict
