"""What a screen holds back has no finding: a screen may be too generous, never too strict."""

import random

import polars as pl
import pyarrow as pa
import pytest
from caption_examples import entry_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.captions.check import Entry, Example, Reader, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.screening import SCREENS, Vocabulary, screen, unscreened
from lorascope.jobs.read_assets import demo_dataset
from lorascope.jobs.read_assets import knowledge as packaged_knowledge

KNOWLEDGE = packaged_knowledge()
VOCABULARY = Vocabulary(KNOWLEDGE.tokenizer)
LOOKING = [check for check in CHECKS if check.find is not None]
# What captions are made of, whole and broken: joined at random, they hold most defects that words alone can show.
PIECES = [
    *("red hair", "blue hair", "a hat", "wearing a hat", "Hat", "eyes", "covered by sunglasses", "green eyes", "light skinned", "skin"),
    *("medium dark skin tone", "gray background", "background", "palette: #03dc73, #7e351a", "(#03dc73)", "#7e351a", "#fff", "tone tone"),
    *(
        "stud stud earring",
        "(, )",
        "()",
        "describe the lips",
        "get lip color",
        "dont forget",
        "hairlight",
        "fullbbright",
        "grean",
        "smiling",
    ),
    *("highlights( with", "\\(object\\)", "blue_hair", "1girl", "solo", "(red gold, white)", "A girl smiles.", "She has red hair."),
    *(
        "\u200b",
        "\u00a0",
        "\r\n",
        "\n",
        "\t",
        "\x1c",
        "\x85",
        "â€™",
        "Ã©",
        "\uff0c",
        "\ufeff",
        "é",
        "Ⅷ",
        "İ",
        "ß",
        "\u017f",
        "bespoke",
        "BESPOKE",
    ),
    *("the the", "that that", "long long ago", "&amp;", "<b>", "{x}", "__", "-", "...", "|||", "rating: general", "(tag:1.2)"),
]
GLUE = [", ", ",", " ", "  ", " , ", ",, ", ". ", "; ", "\n", ""]


def names_found(text, around):
    entry = Entry("1.txt", "1.png", "1.txt", read_caption(text))
    return {finding.check for check in LOOKING for finding in check.find(entry, around)}


def missed(texts, around):
    """Findings that the screen would have held back, as (check, text)."""
    flagged = screen(pl.Series("caption", texts, pl.String), around, VOCABULARY)
    return [(name, text) for row, text in enumerate(texts) for name in names_found(text, around) if not flagged.candidates[name][row]]


def around(**options):
    return Surroundings(KNOWLEDGE, captions=0, **options)


@pytest.mark.parametrize("check", LOOKING, ids=lambda check: check.name)
def test_the_screen_lets_every_example_of_a_defect_pass(check):
    for example in check.bad:
        entry = entry_of(example)
        if entry.caption is None:
            continue
        surroundings = around(reader=example.reader, trigger=example.trigger)
        found = list(check.find(entry, surroundings))
        mask = screen(
            [entry.caption.text],
            surroundings,
            VOCABULARY,
            pictured=pl.Series([entry.sight is not None]).to_numpy(),
            imaged=pl.Series([entry.image_file is not None]).to_numpy(),
            broken=pl.Series([bool(entry.image_problem)]).to_numpy(),
            odd_bytes=pl.Series([not entry.encoding.plain]).to_numpy(),
        ).candidates[check.name]
        assert mask[0] or not found, example


def test_no_finding_is_missed_in_the_demos_captions():
    texts = [path.read_bytes().decode("utf-8", "replace") for path in sorted(demo_dataset().glob("*.txt"))]
    assert len(texts) > 200
    assert missed(texts, around()) == []
    assert missed(texts, around(reader=Reader(shuffles=True, keep_tokens=2), trigger="bespoke")) == []


def test_no_finding_is_missed_in_random_mixtures_of_pieces():
    rng = random.Random(4)
    texts = ["".join(rng.choice(PIECES) + rng.choice(GLUE) for _ in range(rng.randrange(12))) for _ in range(3000)]
    assert missed(texts, around(trigger="bespoke", reader=Reader(shuffles=True))) == []


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(GLUE), st.text(max_size=8)), max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_finding_is_missed_in_any_text(text):
    assert missed([text, f"{text} {text}", f"{text}, {text}"], around(trigger="bespoke")) == []


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=200, deadline=None)
def test_tokens_are_counted_exactly(texts):
    column = screen(texts, around(), VOCABULARY).column
    assert column.tokens.tolist() == [KNOWLEDGE.tokenizer.count(text) for text in texts]


def test_captions_of_equal_clauses_have_equal_digests():
    texts = ["red hat, smiling", "Smiling,  wearing a RED hat", "red hat, frowning", "red, hat smiling", ""]
    digests = screen(texts, around(), VOCABULARY).column.digest.tolist()
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4
    assert digests[4] == 0


def test_repetitions_are_seen_and_nothing_else_is_suspected():
    texts = ["red hat, smiling, wearing a red hat", "very very red", "red hat, blue shoes", "smiling, smiling", "Red hat. A red hat."]
    column = screen(texts, around(), VOCABULARY).column
    assert column.doubled.tolist() == [False, True, False, False, False]
    assert column.repeated.tolist() == [True, False, False, True, True]


def test_words_are_given_back_row_by_row():
    found = screen(["red  hat", "", "hat"], around(), VOCABULARY)
    assert [found.words[code] for code in found.codes] == ["red", "hat", "", "hat"]
    assert found.starts.tolist() == [0, 2, 3]


def test_an_arrow_column_and_a_polars_column_are_screened_alike():
    texts = ["smiling, palette: #03dc73, #7e351a", "smiling"]
    masks = [screen(column, around(), VOCABULARY).candidates["palette_tail"].tolist() for column in (pl.Series(texts), pa.array(texts))]
    assert masks == [[True, False], [True, False]]


def test_an_empty_column_has_no_candidates():
    assert not screen([], around(), VOCABULARY).anywhere().any()


def test_a_vocabulary_that_is_full_begins_anew_with_the_same_answers(monkeypatch):
    monkeypatch.setattr("lorascope.captions.screening.MOST_WORDS", 2)
    small = Vocabulary(KNOWLEDGE.tokenizer)
    for _ in range(3):
        assert screen(["a red hat and gloves"], around(), small).column.tokens.tolist() == [5]


def test_every_screen_belongs_to_a_check_and_every_check_that_sees_all_captions_is_known():
    assert set(SCREENS) <= {check.name for check in CHECKS}
    assert unscreened() == ()


def test_an_example_without_a_defect_is_mostly_held_back():
    clean = [example.text for check in LOOKING for example in check.good if isinstance(example, Example) and example.text]
    flagged = screen(clean, around(), VOCABULARY)
    assert 0 < flagged.anywhere().mean() < 0.9
