"""The checks of words alone: clean captions of every dialect raise nothing, and one planted defect is found exactly and mended exactly."""

from __future__ import annotations

import re

import pytest
from caption_examples import entry_of, others_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.captions.audit import surroundings
from lorascope.captions.check import Check, Example, Reader
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.clean import repair
from lorascope.captions.dialect import Dialect
from lorascope.captions.edits import apply, delete_clauses, delete_each, loses_only_what_it_says
from lorascope.captions.openings import openings
from lorascope.captions.spelling import fused, is_foreign, is_known, slips
from lorascope.jobs.read_assets import clip_tokenizer, knowledge
from lorascope.records.finding import Edit, FixKind

NAMES = (
    "anonymous_codes bare_noun contradiction covered_feature doubled_word encoding fused_words leaked_instruction palette_tail "
    "repeated_clause shuffle_hazard stray_punctuation typo"
).split()
BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}
ALL = frozenset({FixKind.SAFE, FixKind.ASK})
SHUFFLED = Reader(shuffles=True)

COLORS = ("brown", "black", "red", "green", "blue", "yellow", "gray", "purple")
STYLES = ("long", "curly", "straight", "messy")
DETAILS = ("necklace", "hoop earring", "scar on cheek", "backpack", "bow tie", "round collar", "bandana")
MOODS = ("smiling", "frowning", "laughing", "serious")
CODES = ("#7e351a", "#03dc73", "#8c8391", "#2961ca", "#f18320")


@st.composite
def parts(draw, dialect):
    """The clauses of a clean caption; sentences in prose. No word of color is used twice for one thing."""
    colors = draw(st.lists(st.sampled_from(COLORS), min_size=4, max_size=4))
    style, mood = draw(st.sampled_from(STYLES)), draw(st.sampled_from(MOODS))
    details = draw(st.lists(st.sampled_from(DETAILS), min_size=1, max_size=3, unique=True))
    if dialect is Dialect.PROSE:
        return [
            f"bespoke, a portrait of a lad with {style} {colors[0]} hair and {colors[1]} eyes.",
            f"He wears a {colors[2]} jacket.",
            f"One can see his {' and '.join(details)}.",
            f"He is {mood}.",
            f"The background is {colors[3]}.",
        ]
    things = [f"{colors[0]} hair", f"{colors[1]} eyes", f"{colors[2]} jacket", *details, mood, f"{colors[3]} background"]
    if dialect is Dialect.TAGS:
        return ["bespoke", "1boy", "solo", f"{style}_hair", *(thing.replace(" ", "_") for thing in things)]
    codes = draw(st.lists(st.sampled_from(CODES), min_size=2, max_size=2))
    things[0], things[2] = f"{things[0]} ({codes[0]})", f"{things[2]} ({codes[1]})"
    return ["bespoke", "portrait of a punk lad", *things]


@st.composite
def captions(draw):
    """A dialect and the parts of a clean caption in it."""
    dialect = draw(st.sampled_from(Dialect))
    return dialect, draw(parts(dialect))


def joined(dialect, pieces):
    return (" " if dialect is Dialect.PROSE else ", ").join(pieces)


# Some words of every caption, so that the dataset can be its own dictionary.
OTHERS = tuple(
    f"bespoke, portrait of a lad with {style} {color} hair, {color} eyes, {color} jacket, {detail}, {mood}, {color} background"
    for style in STYLES for color, detail in zip(COLORS, DETAILS, strict=False) for mood in MOODS
)  # fmt: skip


def found(name, text, others=OTHERS[:6], reader=SHUFFLED):
    """What one check marks in a caption, and what its fixes make of it."""
    example = Example(text, others=others, reader=reader, trigger="bespoke")
    entry = entry_of(example)
    around = surroundings([entry, *others_of(example)], knowledge(), reader=reader, trigger="bespoke")
    findings = list(BY_NAME[name].find(entry, around))
    for finding in findings:
        assert loses_only_what_it_says(text, finding.edits)
        if finding.spans and BY_NAME[name].signal:
            assert re.search(BY_NAME[name].signal, text, re.IGNORECASE)
    marked = [text[start:end] for finding in findings for start, end in finding.spans]
    return marked, repair(entry, around, ALL, [BY_NAME[name]]).after


@settings(max_examples=60, deadline=None)
@given(captions())
def test_clean_captions_of_every_dialect_raise_nothing(caption):
    dialect, pieces = caption
    text = joined(dialect, pieces)
    assert read_caption(text).dialect is dialect
    for name in NAMES:
        assert found(name, text) == ([], text), name


@settings(max_examples=60, deadline=None)
@given(captions(), st.data())
def test_a_clause_said_twice_is_found_and_goes(caption, data):
    dialect, pieces = caption
    source = data.draw(st.integers(1, len(pieces) - 1))
    at = data.draw(st.integers(source + 1, len(pieces)))
    text = joined(dialect, [*pieces[:at], pieces[source], *pieces[at:]])
    assert found("repeated_clause", text) == ([pieces[source]], joined(dialect, pieces))


@settings(max_examples=60, deadline=None)
@given(captions(), st.data())
def test_a_note_to_the_writer_is_found_and_goes(caption, data):
    dialect, pieces = caption
    note = data.draw(st.sampled_from(["describe the hair better", "get lip color", "don't forget the hat", "make sure it is bright"]))
    note = f"{note.capitalize()}." if dialect is Dialect.PROSE else note
    at = data.draw(st.integers(1, len(pieces)))
    assert found("leaked_instruction", joined(dialect, [*pieces[:at], note, *pieces[at:]])) == ([note], joined(dialect, pieces))


@settings(max_examples=60, deadline=None)
@given(captions(), st.data())
def test_a_word_stuttered_is_found_and_said_once(caption, data):
    dialect, pieces = caption
    text = joined(dialect, pieces)
    words = [match for match in re.finditer(r"(?<![\w#(])[a-z]{4,}(?![\w)])", text) if match.group() not in {"bespoke", "long"}]
    word = data.draw(st.sampled_from(words))
    twice = f"{word.group()} {word.group()}"
    assert found("doubled_word", text[: word.start()] + twice + text[word.end() :]) == ([twice], text)


@settings(max_examples=60, deadline=None)
@given(captions(), st.data())
def test_a_bare_noun_is_found_and_goes(caption, data):
    dialect, pieces = caption
    noun = data.draw(st.sampled_from(["hair", "eyes", "skin", "clothing", "background"]))
    noun = f"{noun.capitalize()}." if dialect is Dialect.PROSE else noun
    at = data.draw(st.integers(1, len(pieces)))
    assert found("bare_noun", joined(dialect, [*pieces[:at], noun, *pieces[at:]])) == ([noun], joined(dialect, pieces))


@settings(max_examples=60, deadline=None)
@given(captions(), st.sampled_from([(", ", ", , "), (", ", ",, "), (", ", " , "), (", ", ",   "), (", ", " (, ), "), (", ", " (), ")]))
def test_debris_is_found_and_swept(caption, debris):
    dialect, pieces = caption
    clean = joined(dialect, pieces)
    text = clean.replace(*debris, 1)
    marked, mended = found("stray_punctuation", text)
    assert (len(marked), mended) == (1, clean)
    assert found("stray_punctuation", f"{clean},") == ([","], clean)


@settings(max_examples=60, deadline=None)
@given(captions(), st.data())
def test_a_slip_of_the_fingers_is_found_and_mended(caption, data):
    dialect, pieces = caption
    text = joined(dialect, pieces)
    at = text.index("background") + data.draw(st.integers(1, 8))
    slip = data.draw(
        st.sampled_from([text[:at] + text[at + 1 :], text[:at] + "x" + text[at:], text[:at] + text[at + 1] + text[at] + text[at + 2 :]])
    )
    word = re.search(r"[^\W_]*", slip[slip.index(slip[text.index("background") :]) :]).group()
    assert found("typo", slip, OTHERS) == ([word], text)


@settings(max_examples=60, deadline=None)
@given(captions())
def test_two_words_without_a_space_are_found_and_parted(caption):
    dialect, pieces = caption
    text = joined(dialect, pieces)
    match = re.search(rf"(?:{'|'.join(COLORS)})[ _](?=hair)", text)
    word = f"{match.group()[:-1]}hair"
    assert found("fused_words", text[: match.end() - 1] + text[match.end() :]) == ([word], text)


@settings(max_examples=40, deadline=None)
@given(captions(), st.data())
def test_a_second_color_and_covered_eyes_are_reported(caption, data):
    dialect, pieces = caption
    text = joined(dialect, pieces)
    first = re.search(rf"({'|'.join(COLORS)})[ _]eyes", text)
    other = data.draw(st.sampled_from([color for color in COLORS if color != first.group(1)]))
    gap = "_" if dialect is Dialect.TAGS else " "
    claim = f"He has {other} eyes." if dialect is Dialect.PROSE else f"{other}{gap}eyes"
    marked, after = found("contradiction", joined(dialect, [*pieces, claim]))
    assert marked == [first.group(), f"{other}{gap}eyes"]
    assert after == joined(dialect, [*pieces, claim])
    cover = "He wears sunglasses." if dialect is Dialect.PROSE else "sunglasses"
    assert found("covered_feature", joined(dialect, [*pieces, cover]))[0] == [first.group()]


QUIET = """
1girl, solo, grey hair, short hair, hair between eyes, hair over one eye, yellow eyes, black choker, black jacket open, white t-shirt
artoria pendragon \\(fate\\), fate \\(series\\), 1girl, blonde hair, ahoge, green eyes, saber \\(fate\\), armored dress
frieren, sousou no frieren, 1girl, white hair, twintails, pointy ears, capelet, mage staff, himmel, fern, thighhighs, zettai ryouiki
dress, blue eyes, heterochromia, two-tone hair, red eyes, white hair, hat flower, purple nails, split-color hair, brown hair
1girl, 1boy, hetero, black hair, blonde hair, blue eyes, brown eyes, school uniform, sunglasses
score_9, score_8_up, source_anime, rating_safe, <lora:style:0.8>, (blue eyes:1.1), [[blurry]], {masterpiece}, :d, ^_^, >_<, o_o
masterpiece, (long hair:1.2), low-key cinematic lighting, warm rim light, backlighting, (masterpiece iris:1.3), bondage, facet
cyborg, one red eye, blue eye, glowing eye, scar across eye, blue eyeshadow, red eyeliner, eyepatch, red hair ornament
anime girl with pink hair and purple eyes, pink hair flowing in the wind, looking to the side
a tutu, can can dancers, yo-yo, pom pom hat, bora bora beach, very very long scarf, New York, a house in York, 1 1
colourful armour, grey jewellery, coloured pencils, moustache, theatre, cottagecore, vaporwave, mecha musume, tsundere
A woman with long, wavy brown hair. The woman's eyes are closed, and her lips are painted red. Her hair falls over her shoulders.
A cat sits on a black and white rug. The cat has green eyes. A second cat has yellow eyes.
He explains the map to make sure she gets home. A sign says "describe it, describe it".
ein Mädchen mit blonden Haaren und blauen Augen, sie trägt einen roten Mantel vor einem violetten Hintergrund
retrato de una mujer con pelo castaño, ojos verdes, fondo violeta, chaqueta marron
Hatsune Miku, Vocaloid, Kagamine Rin, Saihara Shuichi, shirou, kurisu, makise, orangina, silvera, blueys
""".strip().splitlines()


@pytest.mark.parametrize("text", QUIET)
def test_what_only_looks_like_a_defect_raises_nothing(text):
    for name in NAMES:
        if name != "shuffle_hazard":
            assert found(name, text, ()) == ([], text), name


@pytest.mark.parametrize(
    ("text", "first", "last", "after"),
    [
        ("a ||| b, c", 1, 1, "a ||| c"),
        ("a ||| b, c", 0, 0, "||| b, c"),
        ("a, b ||| c", 2, 2, "a, b |||"),
        ("red hat\nblue coat\nbeard", 1, 1, "red hat\nbeard"),
        ("red hat\nblue coat, beard", 1, 1, "red hat\nbeard"),
        ("(red hat:1.2), (beard, coat:0.8), smile", 1, 1, "(red hat:1.2), smile"),
        ("A lad. A wall. A hat is here.", 1, 1, "A lad. A hat is here."),
        ("A lad is here. A wall is red.", 1, 1, "A lad is here."),
        ("A lad is here. A wall is red.", 0, 0, "A wall is red."),
        ("lad (#7e351a), beard. Smiling, hat", 1, 1, "lad (#7e351a). Smiling, hat"),
        ("lad (#7e351a), beard. Smiling, hat", 2, 2, "lad (#7e351a), beard. hat"),
    ],
)
def test_deleted_clauses_leave_no_debris_in_any_dialect(text, first, last, after):
    edit = delete_clauses(read_caption(text), first, last)
    assert apply(text, [edit]) == after
    assert loses_only_what_it_says(text, [edit])


def test_neighboring_clauses_are_deleted_together():
    caption = read_caption("a, b, c, d, e")
    assert apply(caption.text, delete_each(caption, [3, 0, 1])) == "c, e"


def test_an_edit_within_an_underscored_tag_is_counted_by_its_words():
    assert loses_only_what_it_says("red_red_hat", [Edit(3, 7, "")])
    assert not loses_only_what_it_says("red_hat", [Edit(3, 4, "")])
    assert loses_only_what_it_says("a\u202eb c", [Edit(1, 2, "")])


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("hair", True),
        ("greenish", True),
        ("multicolored", True),
        ("freckles", True),
        ("portriat", False),
        ("backgroud", False),
        ("frieren", False),
    ],
)
def test_a_word_is_known_by_the_lexicon_the_tokenizer_or_its_stem(word, known):
    assert is_known(word, clip_tokenizer()) is known


def set_of(*texts, trigger=""):
    entries = others_of(Example("", others=texts))
    return surroundings(entries, knowledge(), trigger=trigger)


def test_slips_are_held_against_the_datasets_own_words_but_never_the_trigger():
    hats = [f"bespokelad, checkmarked hat {number}" for number in range(40)]
    around = set_of(*hats, "bespokelads, checkmraked hat", trigger="bespokelad")
    assert slips(around) == {"checkmraked": "checkmarked"}
    assert slips(set_of(*hats, *["bespokelad, checkmraked hat"] * 9)) == {}


def test_two_words_are_parted_only_where_both_are_at_home():
    assert fused(set_of("hairlight skin, hairpin, goldtooth, bluehat")) == {"hairlight": ("hair", "light"), "bluehat": ("blue", "hat")}
    assert fused(set_of("goldtooth", *["gold tooth"] * 4)) == {"goldtooth": ("gold", "tooth")}


def test_a_caption_of_many_unknown_words_is_foreign():
    around = set_of("meisje draagt donkere kleding, achtergrond")
    assert is_foreign("meisje draagt donkere kleding, achtergrond", around)
    assert not is_foreign("portrait of a lad with freckles and a necklace, frieren", around)


def test_openings_are_the_first_words_of_clauses():
    assert openings(read_caption("Lad, red hat (#aa1122), smiling")) == {"lad", "red", "smiling"}


def test_a_line_break_is_joined_only_when_asked_to():
    example = Example("1girl, red_hat\nsolo")
    findings = list(BY_NAME["stray_punctuation"].find(entry_of(example), set_of("x")))
    assert [finding.fix for finding in findings] == [FixKind.ASK]


def test_a_repetition_among_several_people_is_removed_only_when_asked_to():
    for text, fix in (("2girls, red_hat, smile, red_hat", FixKind.ASK), ("1girl, red_hat, smile, red_hat", FixKind.SAFE)):
        assert [finding.fix for finding in BY_NAME["repeated_clause"].find(entry_of(Example(text)), set_of("x"))] == [fix]
