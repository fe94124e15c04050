"""Reports made to stop the reader: each is answered in moments, and none ends in a traceback."""

from __future__ import annotations

import time

import pytest

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import LONGEST_JOINED, read_markdown

HOSTILE = {
    "rules of dashes that are none": "| a | b |\n|--|--|\n" + ("|" + "- " * 1_900 + "!\n") * 900,
    "one word of 4,000 letters": ("a" * 3_990 + " to 5\n\n") * 5,
    "one word of 4,000 letters in code": "```\n" + ("a" * 3_990 + " 5 epoch 3\n") * 20 + "```\n",
    "names of 4,000 signs": ("A1-" * 1_330 + "\n\n") * 40,
    "one range, 16,000 times": "The best is epochs 3-5.\n\n" * 16_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_no_longer_than_its_length(text):
    began = time.perf_counter()
    check_reports([read_markdown(text, "x")])
    assert time.perf_counter() - began < 8


def test_digits_that_are_no_decimals_name_no_epoch():
    table = "| epoch | score | loss |\n|---|---|---|\n| \u00b2 | 0.5 | 2 |\n| \u2462 | 0.6 | 3 |\n| 4 | 0.7 | 1 |\n| 5 | 0.7 | 2 |\n"
    assert check_reports([read_markdown(table, "x")]) is not None


def test_a_paragraph_of_short_lines_ends_where_it_is_too_long():
    statements = read_markdown("word 5\n" * 20_000, "x").statements
    assert max(len(one.text) for one in statements) <= 2 * LONGEST_JOINED


def test_one_range_said_twice_contradicts_another_both_times():
    document = read_markdown("The best is epochs 3-5.\n\nThe best is epochs 3-5.\n\nThe best is epochs 8-9.\n", "x")
    assert [(claim.place.line, claim.flags) for claim in check_reports([document]) if "F19" in claim.flags] == [(5, ("F19",))]
