"""What is said of what: hair, eyes, clothing, the background; in tags, in prose and with codes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.captions.clauses import read_caption
from lorascope.captions.features import background_feature, coded_features, features, pattern_claim


def said(text):
    """Each thing with its colors and the other words said of it."""
    return [(f.noun, [claim.text for claim in f.colors], f.modifiers) for f in features(read_caption(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blue_hair, long_hair, closed_eyes", [("hair", ["blue"], ()), ("hair", [], ("long",)), ("eyes", [], ("closed",))]),
        ("(blue_hair:1.2), [red eyes]", [("hair", ["blue"], ()), ("eyes", ["red"], ())]),
        ("hair that is brown", [("hair", ["brown"], ())]),
        ("Her eyes are green and her lips are dark red.", [("eyes", ["green"], ()), ("lips", ["dark red"], ())]),
        ("she has long brown hair and green eyes", [("hair", ["brown"], ("long",)), ("eyes", ["green"], ())]),
        ("A woman with long, brown hair smiles.", [("hair", ["brown"], ("long",))]),
        ("red and gold jacket", [("jacket", ["red", "gold"], ())]),
        ("hair (red gold and white)", [("hair", ["red gold", "white"], ())]),
        ("blue or green eyes", [("eyes", ["blue or green"], ())]),
        ("background: bright green", [("background", ["bright green"], ())]),
        ("a blue-eyed, red-haired girl", [("eyes", ["blue"], ()), ("hair", ["red"], ())]),
        ("medium dark skin tone, light skinned", [("skin", [], ("medium", "dark")), ("skin", [], ("light",))]),
        (
            "an eye, a lip, a pair of glasses and sunglasses",
            [("eyes", [], ()), ("lips", [], ()), ("glasses", [], ()), ("sunglasses", [], ())],
        ),
        ("hair_ribbon, eye shadow", [("ribbon", [], ("hair",))]),
        ("red hair clip", [("clip", ["red"], ("hair",))]),
        ("wearing a dark green leather jacket", [("jacket", ["dark green"], ("leather",))]),
        ("holding a red apple", [("apple", ["red"], ())]),
        ("A big red ball rolls away.", [("ball", ["red"], ("big",))]),
        ("gray hair (#888888) background", [("hair", ["gray"], ()), ("background", [], ())]),
        ("smiling, looking at viewer", []),
        ("hair", [("hair", [], ())]),
        ("", []),
    ],
)
def test_what_is_said_of_what(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "bare"),
    [("hair", True), ("brown hair", False), ("long hair", False), ("hair (#7e351a)", False), ("his hair, smiling", True)],
)
def test_a_thing_of_which_nothing_is_said_is_bare(text, bare):
    (feature,) = features(read_caption(text))
    assert feature.bare is bare


@pytest.mark.parametrize(
    ("text", "noun", "color"),
    [
        ("eyes in #03dc73", "eyes", None),
        ("hair (dark brown #7e351a)", "hair", "dark brown"),
        ("brown (#7e351a) hair", "hair", None),
        ("baseball cap (#2244aa)", "cap", None),
        ("eye color #03dc73", "eye", None),
    ],
)
def test_a_code_finds_its_thing(text, noun, color):
    (feature,) = coded_features(read_caption(text))
    assert feature.noun == noun
    assert (feature.color.text if feature.color else None) == color
    assert text[feature.start : feature.end] == noun


def test_one_color_is_the_color_and_two_are_none():
    one, two, pattern = features(read_caption("green hat, red and gold jacket, striped blue shirt"))
    assert one.color is not None
    assert two.color is None
    assert pattern.color is None
    assert [claim.text for claim in pattern.colors] == ["blue"]


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("lad, red and gold checkered background", "checkered", "checkered"),
        ("split background (#aabbcc, #112233)", "split", "split"),
        ("two-toned background", "split", "two-toned"),
        ("The background is a gradient of red and blue.", "gradient", "gradient"),
        ("solid green background", "solid", "solid"),
        ("background with stripes", "striped", "stripes"),
        ("A man in a striped shirt stands before a plain background.", "solid", "plain"),
        ("striped shirt, green background", None, None),
        ("green background", None, None),
        ("smiling", None, None),
        ("split background, checkered background", None, None),
    ],
)
def test_what_a_background_is_said_to_be_made_of(text, kind, word):
    claim = pattern_claim(read_caption(text))
    assert (claim.kind if claim else None) == kind
    assert (claim.text if claim else None) == word
    if claim:
        assert text[claim.start : claim.end] == word


PIECES = st.lists(
    st.sampled_from(
        [
            "red",
            "and",
            "hair",
            " ",
            ", ",
            "_",
            "(",
            ")",
            "#aabbcc",
            "eyes",
            "is",
            "background",
            "dark",
            ". ",
            "or",
            "-",
            "with",
            "İ",
            "\n",
            "palette: ",
            "|||",
            "ribbon",
        ]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(PIECES, st.text(max_size=80)))
def test_places_are_exact_in_any_text(text):
    caption = read_caption(text)
    for feature in features(caption):
        clause = caption.clauses[feature.clause]
        assert clause.start <= feature.start < feature.end <= clause.end
        assert feature.phrase_start <= feature.start < feature.end <= feature.phrase_end <= clause.end
        for claim in feature.colors:
            assert text[claim.start : claim.end] == claim.text
            assert feature.phrase_start <= claim.start < claim.end <= feature.phrase_end
    pattern_claim(caption)


@pytest.mark.parametrize(
    "piece", ["hair (#aabbcc, ", "red ", "red apple ", "hair: ", "red and ", "background ", "red hat. ", "brown #aabbcc "]
)
def test_time_grows_with_the_length_only(piece):
    def seconds(count):
        def once():
            caption = read_caption(piece * count)
            start = time.process_time()
            features(caption)
            return time.process_time() - start

        return min(once() for _ in range(3))

    assert seconds(20_000) < 60 * max(seconds(2_000), 0.01)  # ten times as much would be linear, a hundred times square


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
