"""The grammar: clauses and codes, in tags, in prose and in captions with codes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.captions.clauses import ClauseKind, read_caption


def clauses(text):
    return [clause.text for clause in read_caption(text).clauses]


def test_commas_inside_parentheses_do_not_split():
    assert clauses("hair (#c06148, #a76857), (red, gold and white) hat") == ["hair (#c06148, #a76857)", "(red, gold and white) hat"]


def test_an_unbalanced_parenthesis_swallows_nothing():
    assert clauses("highlights( with, red hair, smiling") == ["highlights( with", "red hair", "smiling"]
    assert clauses("eyes (blue, skin (tan), smiling") == ["eyes (blue", "skin (tan)", "smiling"]
    assert clauses("a), b") == ["a)", "b"]


def test_empty_clauses_vanish():
    assert clauses(" a ,, b , \n") == ["a", "b"]
    assert clauses("") == []


def test_palette_lists_are_told_from_words():
    kinds = [clause.kind for clause in read_caption("smiling, palette: #03dc73, #7e351a, hat").clauses]
    assert kinds == [ClauseKind.WORDS, ClauseKind.PALETTE, ClauseKind.CODES, ClauseKind.WORDS]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("hair (#7e351a)", ["#7e351a"]),
        ("hair #ABC", ["#aabbcc"]),
        ("hair (#7e351aff)", ["#7e351a"]),
        ("issue #12345, #7e351ax, #abcd", []),
    ],
)
def test_codes_are_three_six_or_eight_hex_digits(text, codes):
    assert [code.color for code in read_caption(text).codes] == codes


def test_a_code_is_said_of_the_word_before_it():
    caption = read_caption("long brown hair (#7e351a, #03dc73), wearing a hat (#aa1122) today, #112233")
    assert [(code.noun, code.listed) for code in caption.codes] == [("hair", False), ("hair", False), ("hat", False), ("", True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A cat sits, purring. It has 1.5 kg! Really? Yes", ["A cat sits, purring.", "It has 1.5 kg!", "Really?", "Yes"]),
        (
            "Mr. Smith and J. Doe stand by St. Paul's. They talk, e.g. of ships.",
            ["Mr. Smith and J. Doe stand by St. Paul's.", "They talk, e.g. of ships."],
        ),
        ("She waits... and waits. He (the man. in black) goes.", ["She waits... and waits.", "He (the man. in black) goes."]),
        ("bespoke, a photo of a girl, smiling. She waves.", ["bespoke", "a photo of a girl, smiling.", "She waves."]),
        ("ohwx woman, 24x24, a portrait of a woman in the park", ["ohwx woman", "24x24", "a portrait of a woman in the park"]),
        ("In the park, a woman sits on a bench.", ["In the park, a woman sits on a bench."]),
        ("Smiling, she looks at the camera.", ["Smiling, she looks at the camera."]),
        ("一个女孩\uff0c微笑着。她在公园。", ["一个女孩\uff0c微笑着。", "她在公园。"]),
        ("a cat on the sofa\na dog under the table", ["a cat on the sofa", "a dog under the table"]),
    ],
)
def test_prose_is_split_into_sentences_after_the_trigger(text, expected):
    assert clauses(text) == expected


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Blue_Hair, blue hair", ["blue hair", "blue hair"]),
        ("(blue hair:1.2), ((blue hair)), [blue hair]", ["blue hair", "blue hair", "blue hair"]),
        (r"poster \(object\), it's", ["poster object", "it s"]),
        ("GRÜNE_Augen", ["grüne augen"]),
    ],
)
def test_keys_are_bare_tags(text, keys):
    assert [clause.key for clause in read_caption(text).clauses] == keys


def test_escaped_parentheses_and_smileys_are_letters():
    caption = read_caption(r"a \(b, c\), :), >:(, red")
    assert [clause.text for clause in caption.clauses] == [r"a \(b", r"c\)", ":)", ">:(", "red"]
    assert caption.unbalanced == ()


def test_the_separator_of_kept_tags_parts_clauses():
    caption = read_caption("1girl, solo ||| rating: general, smile")
    assert [clause.text for clause in caption.clauses] == ["1girl", "solo", "rating: general", "smile"]
    assert caption.separator == 12


@pytest.mark.parametrize(
    ("text", "offsets"),
    [("eyes (blue, skin (tan), smiling", (5,)), ("a), b", (1,)), ("a (b [c), d]", ()), ("(a\nb)", (0, 4)), ("((a), b)", ())],
)
def test_parentheses_without_a_partner_are_noted(text, offsets):
    assert read_caption(text).unbalanced == offsets


def test_fullwidth_commas_part_tags():
    assert clauses("1女孩\uff0c独奏、微笑") == ["1女孩", "独奏", "微笑"]


def test_a_caption_remembers_what_was_worked_out():
    caption, calls = read_caption("a"), []
    assert [caption.once(calls.append) for _ in range(2)] == [None, None]
    assert len(calls) == 1
    assert caption == read_caption("a")
    assert hash(caption) == hash(read_caption("a"))


@pytest.mark.parametrize(("offset", "index"), [(0, 0), (2, 0), (3, None), (5, 1), (99, None)])
def test_the_clause_at_a_place(offset, index):
    assert read_caption("red, hat").clause_at(offset) == index


MARKS = st.text(alphabet=st.sampled_from("ab ,.()[]\\|\n#0aF\u200b\u202e\uff0c。:;=-_'İ\ud800"), max_size=60)


@given(st.one_of(st.text(max_size=100), MARKS, st.text(alphabet=st.characters(categories=["Cs", "Cf", "Mn", "Lo"]), max_size=30)))
def test_any_text_is_read_and_every_offset_is_exact(text):
    caption = read_caption(text)
    end = 0
    for clause in caption.clauses:
        assert clause.text == text[clause.start : clause.end] == clause.text.strip()
        assert end <= clause.start < clause.end <= len(text)
        end = clause.end
    for code in caption.codes:
        clause = caption.clauses[code.clause]
        assert clause.start <= code.start < code.end <= clause.end
        assert text[code.start] == "#"
        assert code.noun_start < 0 or text[code.noun_start :].lower().startswith(code.noun) or not text.isascii()
    assert all(text[at] in "()[]\uff08\uff09" for at in caption.unbalanced)


@pytest.mark.parametrize("text", ["<b>red</b>, {{ 7 * 7 }}, <script>alert(1)</script>", "\u202ered\u202c, ha\u200bt"])
def test_markup_and_invisible_signs_are_just_text(text):
    assert ", ".join(clauses(text)) == text


@pytest.mark.parametrize("piece", ["(", ")", "(#aabbcc, ", "#aabbcc ", "a, (b, c), ", "a. ", "brown #aabbcc ", ":)", "\\", "|||", "((a, "])
def test_time_grows_with_the_length_only(piece):
    def seconds(count):
        def once():
            start = time.process_time()
            read_caption(piece * count)
            return time.process_time() - start

        return min(once() for _ in range(3))

    assert seconds(50_000) < 40 * max(seconds(5_000), 0.01)
