"""What a caption says is there, and which color it gives a feature, in every dialect."""

from __future__ import annotations

import pytest

from lorascope.captions.clauses import read_caption
from lorascope.captions.labels import color_said, plain_words, says
from lorascope.records.color_names import ColorPhrase


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1girl, solo, black_sunglasses, smile", ["sunglasses"]),
        ("A lad in Sunglasses smiles.", ["sunglasses"]),
        ("lad, brown hair (#7e351a), sunglasses (#101010)", ["sunglasses"]),
        ("(sunglasses:1.3), 1girl", ["sunglasses"]),
        ("He has no beard but wears a hat.", ["hat"]),
        ("1girl, no hat, glasses", ["glasses"]),
        ("a lad in dark shades", ["sunglasses", "shades"]),
        ("gold_earrings, lad", ["gold earrings"]),
        ("black-rimmed glasses", ["glasses"]),
    ],
)
def test_a_thing_is_said(text, words):
    assert says(read_caption(text), words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("that lad, chatting", ["hat"]),
        ("1girl, no hat", ["hat"]),
        ("a lad without glasses or a hat", ["hat"]),
        ("he never wears a hat", ["hat"]),
        ("sunglasses", ["glasses"]),
        ("wine-glasses on a table", ["glasses"]),
        ("gold chain, silver earrings", ["gold earrings"]),
        ("", ["hat"]),
        ("a lad in dark shades", ["sunglasses"]),
    ],
)
def test_a_thing_is_not_said_or_denied(text, words):
    assert not says(read_caption(text), words)


def test_a_color_comes_from_the_words_before_the_code():
    assert color_said(read_caption("lad, long brown hair (#03dc73), green background"), "hair") == ColorPhrase(("brown",))
    assert color_said(read_caption("lad, hair (#03dc73), green background"), "hair") == (3, 220, 115)
    assert color_said(read_caption("1girl, blue_hair"), "hair") == ColorPhrase(("blue",))
    assert color_said(read_caption("lad wearing orange clothes"), "clothing") == ColorPhrase(("orange",))


def test_no_color_is_taken_where_there_is_none_or_more_than_one():
    for text in ("lad, long hair", "lad, red and gold hair", "red hair, blue hair", "a lad", "hair (#03dc73, #ff0000)"):
        assert color_said(read_caption(text), "hair") is None


def test_words_are_plain():
    assert plain_words("A Lad, blue_hair (#03dc73)!") >= {"a", "lad", "blue", "hair"}
