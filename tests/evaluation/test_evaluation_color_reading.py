from __future__ import annotations

from importlib.resources import files

import pytest

from lorascope.evaluation.color_reading import by_prompt, read_colors
from lorascope.records.color_names import ColorNames
from lorascope.records.sample import Score

NAMES = ColorNames.from_lines(files("lorascope.assets").joinpath("colors/xkcd.txt").read_text("utf-8").splitlines())


def read(rgb, expected):
    (reading,) = read_colors([Score("r", 1, "p", None, "m", 1.0, extra={"rgb": rgb, "expected": expected})], NAMES)
    return reading


@pytest.mark.parametrize(
    ("rgb", "expected", "color", "agreement"),
    [
        ([143, 93, 61], "bright green", "brown", "conflict"),
        ([74, 210, 86], "bright green", "green", "agree"),
        ("#8f5d3d", "brown", "brown", "agree"),
        ([20, 150, 152], "#149696", "teal", "agree"),
        ([200, 20, 20], "#149696", "red", "conflict"),
        ([143, 93, 61], "checkered brick", "brown", None),
        ([143, 93, 61], None, "brown", None),
    ],
)
def test_a_color_is_named_and_held_against_what_was_asked(rgb, expected, color, agreement):
    reading = read(rgb, expected)
    assert (reading.color, reading.agreement) == (color, agreement)


def test_a_dull_green_is_green_but_not_bright():
    reading = read([149, 162, 89], "bright green")
    assert (reading.color, reading.agreement, reading.lacks) == ("green", "agree", ("bright",))


@pytest.mark.parametrize("rgb", [None, [1, 2], [1, 2, 300], [1, 2, True], "green", 7])
def test_scores_without_a_color_are_left_out(rgb):
    assert read_colors([Score("r", 1, "p", None, "m", 1.0, extra={"rgb": rgb})], NAMES) == ()


def test_readings_are_grouped_by_metric_and_prompt_in_order_of_epoch():
    scores = [Score("r", epoch, prompt, None, "m", 1.0, extra={"rgb": [9, 9, 9]}) for epoch in (2, 1) for prompt in "ba"]
    groups = by_prompt(read_colors(scores, NAMES))
    assert list(groups) == [("m", "a"), ("m", "b")]
    assert [reading.epoch for reading in groups["m", "a"]] == [1, 2]
