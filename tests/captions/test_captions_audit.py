"""What the captions of a dataset have in common, found in one pass."""

from __future__ import annotations

import time

import pytest

from lorascope.captions.audit import audit, surroundings
from lorascope.captions.check import Entry, Reader
from lorascope.captions.checks import orphan_caption, unreadable_image
from lorascope.captions.clauses import read_caption
from lorascope.captions.dialect import Dialect
from lorascope.records.color_names import BASIC_TERMS


def entries(*texts):
    return [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", None if text is None else read_caption(text)) for n, text in enumerate(texts)]


def of(knowledge, *texts, **options):
    return surroundings(entries(*texts), knowledge, **options)


def test_nothing_is_said_of_an_empty_dataset(knowledge):
    around = surroundings([], knowledge)
    assert (around.captions, around.head, around.likely_trigger, around.bare) == (0, frozenset(), "", False)


def test_the_opening_is_what_nearly_all_captions_begin_with_in_order(knowledge):
    around = of(knowledge, *[f"bespoke, lad, thing{n}, smile" for n in range(9)], "other, lad, thing, smile")
    assert around.opening == ("bespoke", "lad")
    assert around.head == {"bespoke", "lad"}
    assert around.clause_shares["smile"] == 1.0
    assert around.likely_trigger == "bespoke"


def test_a_slip_in_the_first_clause_does_not_end_the_opening(knowledge):
    around = of(knowledge, *[f"bespoke, lad, thing{n}" for n in range(7)], "bespoke, tie", "lad, tie", "a, b")
    assert around.opening == ("bespoke", "lad")


def test_a_named_trigger_leaves_nothing_to_guess(knowledge):
    assert of(knowledge, *[f"bespoke, lad, thing{n}" for n in range(9)], trigger="lad").likely_trigger == ""


def test_a_trigger_is_not_guessed_from_four_captions(knowledge):
    assert of(knowledge, *[f"bespoke, lad, thing{n}" for n in range(4)]).likely_trigger == ""


def test_the_background_words_of_a_dataset_are_those_used_twice(knowledge):
    said = ["teal", "teal", "Olive solid", "olive", "violet", "purple", "beige", "muddy"]
    around = of(knowledge, *[f"bespoke, red cap, {words} background" for words in said])
    assert around.background_terms == ("olive", "purple", "teal")
    assert of(knowledge, *[f"bespoke, {words} background" for words in said[:4]]).background_terms == BASIC_TERMS


def test_things_are_counted_by_any_of_their_words(knowledge):
    around = of(knowledge, "blue eyes, red cap", "blue-eyed lad", "1girl, closed_eye, smile", "a cap")
    assert around.noun_shares["eyes"] == 0.75
    assert around.noun_shares["cap"] == 0.5


def test_words_are_counted_once_a_caption(knowledge):
    around = of(knowledge, "red cap, red tie, Red", "red")
    assert around.word_counts["red"] == 2


def test_orphans_and_missing_captions_do_not_count(knowledge):
    orphan = Entry("9.txt", None, "9.txt", read_caption("lost, cap"))
    around = surroundings([*entries("bespoke, cap", None), orphan], knowledge)
    assert around.captions == 1
    assert "lost" not in around.word_counts


@pytest.mark.parametrize(
    ("texts", "trigger", "bare"),
    [
        (["bespoke"] * 6, "", True),
        (["bespoke, lad"] * 6, "bespoke", True),
        (["bespoke"] * 5 + ["bespoke, cap"], "", False),
        ([""] * 6, "", False),
    ],
)
def test_a_bare_set_says_nothing_but_what_all_begin_with(texts, trigger, bare, knowledge):
    assert of(knowledge, *texts, trigger=trigger).bare is bare


def test_the_dialect_is_that_of_most_captions(knowledge):
    around = of(knowledge, "A girl with a red hat smiles at the sea.", "1girl, solo, red_hair", "1boy, solo, smile, tie")
    assert around.dialect is Dialect.TAGS


def test_the_reader_and_the_files_are_kept(knowledge):
    around = of(knowledge, "cap", reader=Reader(window_tokens=150), files=["0.png", "0.txt", "x.md"])
    assert around.window_tokens == 150
    assert around.files == {"0.png", "0.txt", "x.md"}


def test_findings_on_the_whole_come_first_then_file_by_file(knowledge):
    two = [
        Entry("0.txt", "0.png", "0.txt", read_caption("cap"), image_problem="not an image"),
        Entry("1.txt", None, "1.txt", read_caption("tie")),
    ]
    found = audit(two, surroundings(two, knowledge), [orphan_caption.CHECK, unreadable_image.CHECK])
    assert [(finding.check, finding.file) for finding in found] == [("unreadable_image", "0.txt"), ("orphan_caption", "1.txt")]


def test_ten_thousand_captions_are_surveyed_in_less_than_a_second(knowledge):
    texts = [
        f"bespoke, lad, brown hair, green eyes {n % 97}, hat{n}, red lips, wearing a blue coat, gray background" for n in range(10_000)
    ]
    several = entries(*texts)
    began = time.process_time()
    surroundings(several, knowledge)
    assert time.process_time() - began < 1
