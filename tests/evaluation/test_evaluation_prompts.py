from __future__ import annotations

import pytest

from lorascope.errors import BadFile
from lorascope.evaluation.prompts import parse_prompts

COLORS = {"green": (21, 176, 26), "grey": (146, 149, 145), "bright green": (1, 255, 7)}
GOOD = """
name = "backgrounds"

[protocol]
seeds = [1, 2]
steps = 20
guidance = 5
negative = "blurry"
width = 24
height = 32

[[prompts]]
name = "green_lad"
text = "a lad, bright green background"
expect = { background = "Bright  Green", hair = "#744622" }

[[prompts]]
name = "plain"
text = "a lad"
"""


def test_a_suite_is_read_with_its_protocol_and_expectations():
    suite = parse_prompts(GOOD, COLORS)
    assert (suite.name, suite.seeds, suite.steps, suite.guidance, suite.negative) == ("backgrounds", (1, 2), 20, 5.0, "blurry")
    assert (suite.width_px, suite.height_px) == (24, 32)
    lad, plain = suite.prompts
    assert lad.expected("background").rgb == (1, 255, 7)
    assert lad.expected("background").color == "bright green"
    assert lad.expected("hair").rgb == (116, 70, 34)
    assert plain.expectations == ()


def test_what_the_protocol_leaves_out_has_the_usual_value():
    suite = parse_prompts('name = "s"\nprotocol.seeds = [0]\n[[prompts]]\nname = "p"\ntext = "t"', COLORS)
    assert (suite.steps, suite.guidance, suite.negative, suite.width_px, suite.height_px) == (30, 7.5, "", 512, 512)


def test_gray_and_grey_are_one_color():
    text = GOOD.replace("Bright  Green", "gray")
    assert parse_prompts(text, COLORS).prompts[0].expected("background").rgb == (146, 149, 145)


@pytest.mark.parametrize(
    ("old", "new", "message", "next_step"),
    [
        ('name = "backgrounds"', "", "name: a text is needed", ""),
        ('name = "backgrounds"', 'nam = "b"', "nam: unknown key", "name"),
        ('name = "backgrounds"', 'name = "b"\nsteps = 3', "steps: unknown key", "belongs under [protocol]"),
        ("steps = 20", "stepps = 20", "protocol.stepps: unknown key", "steps"),
        ("steps = 20", 'steps = "20"', "protocol.steps: a whole number from 1 to 1000", ""),
        ("steps = 20", "steps = true", "protocol.steps", ""),
        ("guidance = 5", "guidance = nan", "protocol.guidance", ""),
        ("seeds = [1, 2]", "", "protocol.seeds: a list of whole numbers from 0 is needed, they are missing", ""),
        ("seeds = [1, 2]", "seeds = [1, 1]", "a seed is there twice", ""),
        ("seeds = [1, 2]", "seeds = [-1]", "protocol.seeds", ""),
        ("width = 24", "width = 30000", "protocol.width", ""),
        ('text = "a lad"', "", "prompts[2].text: a text is needed, it is missing", ""),
        ('name = "plain"', 'name = "green_lad"', "prompts[2].name: 'green_lad' is there twice", ""),
        ("expect = {", "expekt = {", "prompts[1].expekt: unknown key", "expect"),
        ("Bright  Green", "gren", "prompts[1].expect.background: no color is named 'gren'", "green"),
        ("#744622", "#7446", "prompts[1].expect.hair", "six hex digits"),
        ("[[prompts]]", "[[[prompts]]", "not valid TOML", "mend"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(old, new, message, next_step):
    with pytest.raises(BadFile) as error:
        parse_prompts(GOOD.replace(old, new), COLORS, where="suite.toml")
    assert message in str(error.value)
    assert "suite.toml" in str(error.value)
    assert next_step in error.value.next_step


def test_a_suite_without_prompts_is_refused():
    with pytest.raises(BadFile, match="at least one"):
        parse_prompts('name = "s"\nprotocol.seeds = [1]', COLORS)


def test_a_suite_may_say_what_its_color_words_mean():
    own = GOOD.replace("[[prompts]]", '[colors]\n"bright green" = "#30a646"\n\n[[prompts]]', 1)
    expected = parse_prompts(own, COLORS).prompts[0].expected("background")
    assert expected is not None
    assert (expected.color, expected.rgb) == ("bright green", (48, 166, 70))
    with pytest.raises(BadFile, match=r"colors\.bright green"):
        parse_prompts(own.replace('"#30a646"', '"leafy"'), COLORS)
