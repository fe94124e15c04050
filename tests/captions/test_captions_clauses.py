"""The grammar: clauses, codes, and what codes and color words are said of."""

from __future__ import annotations

import pytest

from lorascope.captions.clauses import ClauseKind, read_caption
from lorascope.captions.features import background_feature, coded_features


def clauses(text):
    return [clause.text for clause in read_caption(text).clauses]


def test_commas_inside_parentheses_do_not_split():
    assert clauses("hair (#c06148, #a76857), (red, gold and white) hat") == ["hair (#c06148, #a76857)", "(red, gold and white) hat"]


def test_an_unbalanced_parenthesis_swallows_nothing():
    assert clauses("highlights( with, red hair, smiling") == ["highlights( with", "red hair", "smiling"]
    assert clauses("eyes (blue, skin (tan), smiling") == ["eyes (blue", "skin (tan)", "smiling"]
    assert clauses("a), b") == ["a)", "b"]


def test_empty_clauses_vanish():
    assert clauses(" a ,, b , \n") == ["a", "b"]
    assert clauses("") == []


def test_palette_lists_are_told_from_words():
    kinds = [clause.kind for clause in read_caption("smiling, palette: #03dc73, #7e351a, hat").clauses]
    assert kinds == [ClauseKind.WORDS, ClauseKind.PALETTE, ClauseKind.CODES, ClauseKind.WORDS]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("hair (#7e351a)", ["#7e351a"]),
        ("hair #ABC", ["#aabbcc"]),
        ("hair (#7e351aff)", ["#7e351a"]),
        ("issue #12345, #7e351ax, #abcd", []),
    ],
)
def test_codes_are_three_six_or_eight_hex_digits(text, codes):
    assert [code.color for code in read_caption(text).codes] == codes


def test_a_code_is_said_of_the_word_before_it():
    caption = read_caption("long brown hair (#7e351a, #03dc73), wearing a hat (#aa1122) today, #112233")
    assert [(code.noun, code.listed) for code in caption.codes] == [("hair", False), ("hair", False), ("hat", False), ("", True)]


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("bespoke, bright green background", "bright green"),
        ("bespoke, bright green solid background (#03dc73)", "bright green"),
        ("bespoke, solid grey-green background", "grey-green"),
        ("a woman with brown hair on a very dark blue background", "very dark blue"),
        ("brown hair and green background", "green"),
        ("The background is pale pink.", "pale pink"),
        ("background: orange", "orange"),
        ("red hat, plain background", None),
        ("split red and green background", None),
        ("red and green background", None),
        ("green checkered background", None),
        ("green background, later a red background", None),
        ("gray hair (#888888) background", None),
        ("smiling", None),
    ],
)
def test_the_backgrounds_color_words(text, color):
    feature = background_feature(read_caption(text))
    claim = feature.color if feature else None
    assert (claim.text if claim else None) == color
    if claim:
        assert text[claim.start : claim.end] == color


def test_every_coded_thing_has_its_own_words():
    features = coded_features(read_caption("long brown hair (#7e351a), gold earrings, dark red scarf (#801010)"))
    assert [(feature.noun, feature.color.text) for feature in features] == [("hair", "brown"), ("scarf", "dark red")]


@pytest.mark.parametrize(
    ("text", "qualified"), [("muddy green background", True), ("solid dark green background", False), ("green background", False)]
)
def test_a_color_with_a_foreign_word_is_meant_loosely(text, qualified):
    feature = background_feature(read_caption(text))
    assert feature is not None
    assert feature.color is not None
    assert feature.color.qualified is qualified
