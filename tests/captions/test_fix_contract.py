"""The contract of every fix, tried on captions of all dialects with defects planted into them, and on any text at all.

A fix touches only what it announces, loses and gains exactly the words it names, claims no color that the pixels do not show,
and once made there is nothing left to do. New checks are covered without a line here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from caption_grammar import AROUND, DIALECTS, TRIGGER, anything, backgrounds, entry_of_text, every_caption, planted
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lorascope.captions.check import Check, Example
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import CODE, read_caption
from lorascope.captions.clean import MOST_PASSES, choose_edits, repair, total_words
from lorascope.captions.edits import apply, loses_only_what_it_says, overlap, words
from lorascope.captions.encoding import Encoding, decode
from lorascope.records.color import hex_code, parse_hex
from lorascope.records.color_names import BASIC_TERMS, read_phrase
from lorascope.records.finding import Edit, Finding, FixKind, Severity

ALL, SAFE = frozenset({FixKind.SAFE, FixKind.ASK}), frozenset({FixKind.SAFE})
MENDING = [check for check in CHECKS if check.find and check.fix is not FixKind.NONE]
ENCODINGS = (
    Encoding(),
    Encoding("utf-8", b"\xef\xbb\xbf"),
    Encoding("utf-16-le", b"\xff\xfe"),
    Encoding("utf-16-be", b"\xfe\xff"),
    Encoding("cp1252"),
)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
FEW = settings(MANY, max_examples=40)
kinds = st.sampled_from((ALL, SAFE))
one_check = pytest.mark.parametrize("check", MENDING, ids=lambda check: check.name)


def again(entry, result):
    return replace(entry, caption=read_caption(result.after), encoding=result.encoding)


def is_done(entry, checks, kinds=ALL):
    once = repair(entry, AROUND, kinds, checks)
    twice = repair(again(entry, once), AROUND, kinds, checks)
    assert twice.after == once.after
    assert not twice.edits
    assert not twice.rewritten


@pytest.mark.parametrize("dialect", DIALECTS)
@MANY
@given(data=st.data(), background=backgrounds, kinds=kinds)
def test_a_second_cleaning_changes_nothing_in_any_dialect(dialect, data, background, kinds):
    is_done(entry_of_text(data.draw(planted(DIALECTS[dialect])), background), CHECKS, kinds)


@MANY
@given(anything, backgrounds, kinds)
def test_a_second_cleaning_changes_nothing_in_any_text(text, background, kinds):
    is_done(entry_of_text(text, background), CHECKS, kinds)


@one_check
@FEW
@given(text=every_caption, background=backgrounds)
def test_each_check_alone_comes_to_an_end(check, text, background):
    is_done(entry_of_text(text, background), [check])


@MANY
@given(every_caption, backgrounds, st.sets(st.sampled_from([check.name for check in CHECKS]), min_size=2))
def test_some_checks_without_the_others_come_to_an_end(text, background, some):
    is_done(entry_of_text(text, background), [check for check in CHECKS if check.name in some])


@MANY
@given(every_caption, backgrounds, kinds, st.sampled_from(ENCODINGS))
def test_outside_the_edits_every_byte_stays(text, background, kinds, encoding):
    """The edits are made again on the bytes of the file, whose other bytes are never looked at."""
    assume(decoded_alike(text, encoding))
    entry = entry_of_text(text, background, encoding)
    result = repair(entry, AROUND, kinds, [check for check in CHECKS if check.name != "encoding"])
    assert result.encoding == encoding
    data = encoding.encode(text)
    for number in range(MOST_PASSES):
        for edit in sorted((edit for edit in result.edits if edit.pass_number == number), key=lambda edit: -edit.start):
            so_far = data[len(encoding.mark) :].decode(encoding.codec)
            first = len(encoding.mark) + len(so_far[: edit.start].encode(encoding.codec))
            last = first + len(edit.removed.encode(encoding.codec))
            assert data[first:last] == edit.removed.encode(encoding.codec)
            data = data[:first] + edit.text.encode(encoding.codec) + data[last:]
    assert encoding.encode(result.after) == data
    assert decode(data)[0] == result.after


def decoded_alike(text, encoding):
    try:
        return decode(encoding.encode(text))[0] == text
    except UnicodeEncodeError:
        return False


@MANY
@given(every_caption, backgrounds, kinds)
def test_the_words_lost_are_those_announced(text, background, kinds):
    result = repair(entry_of_text(text, background), AROUND, kinds)
    steps, now = [text], text
    for number in range(MOST_PASSES):
        made = [Edit(edit.start, edit.end, edit.text) for edit in result.edits if edit.pass_number == number]
        assert loses_only_what_it_says(now, made)
        now = apply(now, made)
        steps.append(now)
    assert now == result.after
    lost, gained = words(text) - words(result.after), words(result.after) - words(text)
    assert (result.words_removed, result.words_added) == (lost.total(), gained.total())
    assert total_words([result, result]) == Counter(removed=2 * lost.total(), added=2 * gained.total())


@MANY
@given(every_caption, kinds)
def test_without_pixels_no_color_is_claimed(text, kinds):
    result = repair(entry_of_text(text), AROUND, kinds)
    assert claimed(result) == set()


@MANY
@given(every_caption, backgrounds.filter(bool), kinds)
def test_with_pixels_only_what_they_show_is_claimed(text, background, kinds):
    result = repair(entry_of_text(text, background), AROUND, kinds)
    names = AROUND.knowledge.names
    shown = [background, parse_hex("#7e351a")]
    for claim in claimed(result):
        if claim.startswith("#"):
            assert claim[:7] in {hex_code(color) for color in shown}
        else:
            assert any(names.distance(read_phrase(claim), color) <= 0.1 for color in shown), claim


def claimed(result):
    """Color words and codes that nobody wrote: a respelled word ("gren") or one that was written with others ("greenhair") is no claim."""
    found = set()
    for word in map(str.lower, words(result.after) - words(result.before)):
        if CODE.fullmatch(word) or word in BASIC_TERMS:
            found.add(word)
    spelled = [edit.removed.lower() for edit in result.edits if edit.removed]
    return {word for word in found if not any(word in said or is_like(word, said) for said in spelled)}


def is_like(word, said):
    """Whether a misspelling of at most two letters is mended."""
    import difflib

    return any(difflib.SequenceMatcher(None, word, other).ratio() >= 0.7 for other in re.findall(r"\w+", said))


@MANY
@given(every_caption, backgrounds)
def test_the_trigger_is_never_lost(text, background):
    result = repair(entry_of_text(text, background), AROUND, SAFE)
    if TRIGGER in words(text):
        assert TRIGGER in words(result.after)


@MANY
@given(
    every_caption,
    backgrounds,
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8), st.sampled_from(("", " ", "x", ", "))), max_size=6),
)
def test_edits_that_are_made_together_neither_overlap_nor_join_words(text, background, drawn):
    """Edits as no check of ours would offer them."""
    edits = [Edit(min(start, len(text)), min(start + length, len(text)), new) for start, length, new in drawn]
    findings = [Finding("c", "a.txt", Severity.NOTE, "", (), FixKind.SAFE, (edit,)) for edit in edits]
    accepted, refused = choose_edits(text, findings)
    assert len(accepted) + len(refused) == len(findings)
    made = list(dict.fromkeys(edit for finding in accepted for edit in finding.edits))
    assert not any(overlap(one, two) for at, one in enumerate(made) for two in made[:at])
    assert loses_only_what_it_says(text, made)


@MANY
@given(anything, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8), st.sampled_from(("", " ", "x", "#1"))), max_size=4))
def test_words_are_counted_nearby_as_they_are_in_the_whole_text(text, drawn):
    edits, last = [], -1
    for start, length, new in sorted(drawn):
        if last < start <= len(text):
            edits.append(Edit(start, min(start + length, len(text)), new))
            last = start + length
    assume(all(not edit.text.strip() for edit in edits))
    announced = words(text)
    for edit in edits:
        announced.subtract(words(text[edit.start : edit.end]))
    whole = words(apply(text, edits)) == +announced and min(announced.values(), default=0) >= 0
    assert loses_only_what_it_says(text, edits) == whole


def check_of(name, edits_of):
    """A check that offers what a function of the text says."""

    def find(entry, around):
        edits = edits_of(entry.caption.text)
        if edits:
            yield made.finding(entry, "found", edits=edits)

    made = Check(name, name, "a test", Severity.NOTE, FixKind.SAFE, find, good=(Example("x"),), bad=(Example("x"),))
    return made


def test_checks_that_undo_each_other_are_both_refused():
    there = check_of("there", lambda text: [Edit(0, 3, "day")] if text.startswith("sun") else [])
    back = check_of("back", lambda text: [Edit(0, 3, "sun")] if text.startswith("day") else [])
    result = repair(entry_of_text("sun, smiling"), AROUND, ALL, [there, back])
    assert (result.after, result.edits, [finding.check for finding in result.refused]) == ("sun, smiling", (), ["there"])


def test_a_check_without_end_is_refused():
    more = check_of("more", lambda text: [Edit(len(text), len(text), " more")])
    result = repair(entry_of_text("sun"), AROUND, ALL, [more])
    assert (result.after, len(result.refused)) == ("sun", 1)


def test_overlapping_edits_take_turns():
    first = check_of("first", lambda text: [Edit(0, 5, "")] if text.startswith("red, ") else [])
    second = check_of("second", lambda text: [Edit(3, 8, "")] if text.startswith("red, red") else [])
    result = repair(entry_of_text("red, red, hat"), AROUND, ALL, [first, second])
    assert result.after == "hat"
    assert [edit.pass_number for edit in result.edits] == [0, 1]


def test_two_deletions_that_would_join_words_are_made_one_after_the_other():
    comma = check_of("comma", lambda text: [Edit(3, 4, "")] if text[3:4] == "," else [])
    blank = check_of("blank", lambda text: [Edit(4, 5, "")] if text[3:5] == ", " else [])
    assert repair(entry_of_text("red, hat"), AROUND, ALL, [comma, blank]).after == "red hat"


def test_a_word_that_the_files_encoding_has_no_signs_for_is_refused():
    russian = check_of("russian", lambda text: [Edit(0, 3, "да")] if text.startswith("yes") else [])
    result = repair(entry_of_text("yes, café", encoding=Encoding("cp1252")), AROUND, ALL, [russian])
    assert (result.after, result.changed, len(result.refused)) == ("yes, café", False, 1)


def test_a_text_that_would_be_read_otherwise_is_refused():
    """In cp1252 these letters are bytes that by themselves would be read as UTF-8."""
    narrow = check_of("narrow", lambda text: [Edit(1, 2, "")] if text == "Ã-©" else [])
    result = repair(entry_of_text("Ã-©", encoding=Encoding("cp1252")), AROUND, ALL, [narrow])
    assert not result.changed


@given(st.binary(max_size=60))
def test_whatever_bytes_a_caption_has_it_is_written_back_the_same(data):
    text, encoding = decode(data)
    assert encoding.encode(text) == data
