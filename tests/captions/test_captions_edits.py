"""Edits leave no debris and touch nothing that they do not announce."""

from __future__ import annotations

import pytest

from lorascope.captions.clauses import read_caption
from lorascope.captions.clean import choose_edits
from lorascope.captions.edits import apply, delete_clauses, delete_codes, loses_only_what_it_says, overlap
from lorascope.records.finding import Edit, Finding, FixKind, Severity


def without(text, *colors):
    caption = read_caption(text)
    return apply(text, delete_codes(caption, [code for code in caption.codes if code.color in colors]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("brown hair (#aaaaaa), hat", "brown hair, hat"),
        ("brown hair #aaaaaa, hat", "brown hair, hat"),
        ("brown hair(#aaaaaa)", "brown hair"),
        ("brown hair (#aaaaaa, #bbbbbb)", "brown hair (#bbbbbb)"),
        ("brown hair (#bbbbbb, #aaaaaa)", "brown hair (#bbbbbb)"),
        ("brown hair (#aaaaaa, #aaaaaa, #bbbbbb)", "brown hair (#bbbbbb)"),
        ("brown hair (#bbbbbb, #aaaaaa, #aaaaaa)", "brown hair (#bbbbbb)"),
        ("brown hair (dark #aaaaaa), hat", "brown hair (dark), hat"),
        ("brown hair (#aaaaaa) long, hat", "brown hair long, hat"),
        ("brown hair(#aaaaaa)long", "brown hair long"),
        ("hair (#aaaaaa), hat (#bbbbbb)", "hat (#bbbbbb)"),
        ("red hat, hair (#aaaaaa)", "red hat"),
        ("red hat, #aaaaaa, smiling", "red hat, smiling"),
    ],
)
def test_a_deleted_code_takes_its_parentheses_commas_and_bare_noun_along(before, after):
    assert without(before, "#aaaaaa") == after


def test_all_codes_of_a_parenthesis_leave_nothing_behind():
    assert without("brown hair (#aaaaaa, #bbbbbb), hat", "#aaaaaa", "#bbbbbb") == "brown hair, hat"


@pytest.mark.parametrize(("first", "last", "after"), [(0, 0, "b, c"), (1, 1, "a, c"), (2, 2, "a, b"), (0, 1, "c"), (1, 2, "a"), (0, 2, "")])
def test_deleted_clauses_take_one_comma_along(first, last, after):
    assert apply("a, b, c", [delete_clauses(read_caption("a, b, c"), first, last)]) == after


def test_an_edit_that_cuts_through_a_word_is_seen():
    assert not loses_only_what_it_says("pale skin", [Edit(0, 3, "")])
    assert not loses_only_what_it_says("red hat", [Edit(3, 4, "")])
    assert loses_only_what_it_says("red hat", [Edit(0, 4, "")])
    assert loses_only_what_it_says("donXt smile", [Edit(3, 4, "'")])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [((0, 3), (2, 5), True), ((0, 3), (3, 5), False), ((2, 2), (2, 4), True), ((0, 5), (1, 2), True), ((0, 3), (0, 3), False)],
)
def test_overlap(first, second, expected):
    assert overlap(Edit(*first, ""), Edit(*second, "")) is expected


def finding(*edits):
    return Finding("check", "a.txt", Severity.ERROR, "message", fix=FixKind.SAFE, edits=edits)


def test_overlapping_edits_are_refused_and_equal_ones_shared():
    first, equal, crossing = finding(Edit(0, 4, "")), finding(Edit(0, 4, "")), finding(Edit(0, 7, ""))
    assert choose_edits("red hat", [first, equal, crossing]) == ([first, equal], [crossing])


def test_a_finding_whose_own_edits_overlap_is_refused():
    tangled = finding(Edit(0, 4, ""), Edit(3, 7, ""))
    assert choose_edits("red hat", [tangled]) == ([], [tangled])


def test_an_edit_through_a_word_is_refused():
    cutting = finding(Edit(0, 3, ""))
    assert choose_edits("pale skin", [cutting]) == ([], [cutting])
