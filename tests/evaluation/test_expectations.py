"""What ``expect`` may ask: colors by name or code, things that must be there, things that must not."""

from __future__ import annotations

import pytest

from lorascope.errors import BadFile
from lorascope.evaluation.prompts import parse_prompts
from lorascope.records.prompt import Trait

COLORS = {"green": (21, 176, 26), "brown": (101, 55, 0)}
GOOD = """
name = "asked"
protocol.seeds = [1]

[traits]
sunglasses = ["sunglasses", "Dark_Shades"]

[[prompts]]
name = "lad"
text = "a lad with sunglasses and a hat"
expect = { background = "green", hat = "#aa1122", accessories = ["sunglasses", "Gold  Earrings"], without = ["beard"] }
"""


def test_colors_and_things_are_read_together():
    suite = parse_prompts(GOOD, COLORS)
    (lad,) = suite.prompts
    assert [(asked.feature, asked.color) for asked in lad.expectations] == [("background", "green"), ("hat", "#aa1122")]
    assert lad.traits == (Trait("sunglasses"), Trait("gold earrings"), Trait("beard", present=False))
    assert suite.trait_words == {"sunglasses": ("sunglasses", "dark shades")}
    assert suite.labels() == ("beard", "gold earrings", "sunglasses")


def test_a_suite_without_things_is_what_it_was():
    suite = parse_prompts('name = "s"\nprotocol.seeds = [0]\n[[prompts]]\nname = "p"\ntext = "t"', COLORS)
    assert suite.prompts[0].traits == ()
    assert suite.trait_words == {}


@pytest.mark.parametrize(
    ("old", "new", "message", "next_step"),
    [
        ('"green"', '"gren"', "prompts[1].expect.background: no color is named 'gren'", "green"),
        ('"#aa1122"', '"#aa112"', "prompts[1].expect.hat", "six hex digits"),
        ('["sunglasses", "Gold  Earrings"]', '"sunglasses"', "prompts[1].expect.accessories: a list of labels", '["sunglasses"]'),
        ('"Gold  Earrings"', "3", "prompts[1].expect.accessories: 3 is no label", "a word or a few"),
        ('"Gold  Earrings"', '"<b>"', "prompts[1].expect.accessories", "a word or a few"),
        ('"Gold  Earrings"', f'"{"x" * 61}"', "is no label", "a word or a few"),
        ('"Gold  Earrings"', '"SUNGLASSES"', "'sunglasses' is there twice", "keep one"),
        ('["beard"]', '["sunglasses"]', "prompts[1].expect.without: 'sunglasses' is asked for under accessories, too", "keep one"),
        ("sunglasses = [", "sunglases = [", "traits.sunglases: no prompt asks about it", "sunglasses"),
        ('["sunglasses", "Dark_Shades"]', "[]", "traits.sunglasses: at least one word", "sunglasses"),
        ('["sunglasses", "Dark_Shades"]', '"shades"', "traits.sunglasses: a list of labels", ""),
        ("[traits]", "[trait]", "trait: unknown key", "traits"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old, new, message, next_step):
    assert old in GOOD
    with pytest.raises(BadFile) as error:
        parse_prompts(GOOD.replace(old, new), COLORS, where="suite.toml")
    assert message in str(error.value)
    assert "suite.toml" in str(error.value)
    assert next_step in error.value.next_step
