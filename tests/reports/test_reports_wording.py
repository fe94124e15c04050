"""Numbers and other people's words, as reports write them."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lorascope.reports.wording import amount, difference_unit, interval, number, p_clause, probability, shortened, signed, visible

SHARE = "share of pixels"


def test_a_share_is_written_in_percent_and_its_difference_in_points():
    assert amount(0.9312, SHARE) == "93.1 %"
    assert (signed(-0.123, SHARE), difference_unit(SHARE)) == ("\N{MINUS SIGN}12.3", "points")


def test_other_units_keep_four_significant_digits():
    assert [number(value, "colors") for value in (216.5714, 13_640.2, 0.01234567, 0.0)] == ["216.6", "13640", "0.0123", "0"]


def test_what_was_not_measured_is_a_dash_and_never_a_zero():
    assert number(None) == number(float("nan")) == "\N{EN DASH}"
    assert interval(None, 1.0) == "\N{EN DASH}"
    assert amount(None, SHARE) == "not measured"


def test_a_rounded_zero_has_no_sign():
    assert number(-0.0001, SHARE) == "0.0"
    assert signed(0.0001, SHARE) == "0.0"


def test_no_probability_is_certain():
    assert [probability(value) for value in (1.0, 0.0, 0.5)] == ["> 99 %", "< 1 %", "50 %"]
    assert p_clause(0.00001) == "p < 0.001"


def test_a_long_name_is_cut_and_put_on_one_line():
    assert shortened("a\nvery   long name", 8) == "a very\N{HORIZONTAL ELLIPSIS}"
    assert len(shortened("x" * 10_000)) == 40


def test_a_name_from_right_to_left_is_isolated_from_the_numbers_after_it():
    assert shortened("\u05d0\u05d1") == "\u2068\u05d0\u05d1\u2069"


@given(st.text(alphabet=st.characters()))
def test_visible_text_has_no_control_and_no_reordering_character(text):
    shown = visible(text)
    assert all(unicodedata.category(sign) not in {"Cc", "Cs"} or sign in "\n\t" for sign in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    shown.encode("utf-8")


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["", "colors", SHARE]))
def test_every_number_can_be_written(value, unit):
    assert number(value, unit)
    assert "e" not in number(value, unit).replace("\N{EN DASH}", "")
