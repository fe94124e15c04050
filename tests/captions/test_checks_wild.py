"""Captions as people and machines write them: what the checks must leave alone, what they must find, and what a fix must not take away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lorascope.captions.audit import audit, surroundings
from lorascope.captions.check import Entry, Knowledge
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.clean import repair
from lorascope.records.finding import Finding, FixKind, Severity

ALL = frozenset({FixKind.SAFE, FixKind.ASK})
LONGEST_MESSAGE = 300


def entry(text: str, number: int = 0) -> Entry:
    return Entry(f"{number}.txt", f"{number}.png", f"{number}.txt", read_caption(text))


def found(knowledge: Knowledge, texts: Sequence[str], trigger: str = "") -> list[Finding]:
    entries = [entry(text, number) for number, text in enumerate(texts)]
    return list(audit(entries, surroundings(entries, knowledge, trigger=trigger)))


def named(knowledge: Knowledge, check: str, texts: Sequence[str], trigger: str = "") -> list[Finding]:
    return [finding for finding in found(knowledge, texts, trigger) if finding.check == check]


def mended(knowledge: Knowledge, text: str, others: Sequence[str] = (), trigger: str = "") -> str:
    entries = [entry(each, number) for number, each in enumerate([text, *others])]
    return repair(entries[0], surroundings(entries, knowledge, trigger=trigger), ALL, CHECKS).after


UNSUSPICIOUS = (
    "a chow chow asleep on a striped rug",
    "a bowl of gado gado with peanut sauce",
    "dan dan noodles, chili oil, scallions",
    "piri piri chicken on an iron grill",
    "Der Hund, der der Katze folgt, ist braun.",
    "Die Kinder, die die Ziegen füttern, lachen.",
    "Nous nous promenons sous la pluie, un parapluie rouge",
    "a man in sunglasses walks a husky with blue eyes",
    "A woman with red hair holds a baby with brown hair.",
    "The puppet has green eyes. Its owner has brown eyes.",
    "1girl, black eyes, black sclera, yellow eyes, demon, horns",
    "女孩\uff0c长发\uff0c红裙\uff0c微笑",
    "少女\u3000夕焼け\u3000海、白い服",
    "1girl, {{masterpiece}}, {{{long hair}}}, [[hat]]",
    "bathroom, freestanding tub, skylight",
    "limelight on an empty stage, headboard, headstand",
    "a freckled boy, smirking, splinter in his thumb",
    "1girl, ( ･ω･), happy, kaomoji",
    'a shop sign that says "Open , daily", red door',
    "a cat on a wall, oil painting\ncat, wall, oil painting",
)


@pytest.mark.parametrize("text", UNSUSPICIOUS)
def test_what_people_write_is_not_accused(text, knowledge):
    accused = [finding for finding in found(knowledge, [text]) if finding.check != "stray_punctuation" or "lines" not in finding.message]
    assert accused == []


def test_an_answer_of_a_captioning_model_loses_its_preamble_and_keeps_the_caption(knowledge):
    assert mended(knowledge, "Sure! Here is a caption for the image: A man stands by a red boat.") == "A man stands by a red boat."
    assert mended(knowledge, "Here's a detailed description: lad, red hat") == "lad, red hat"
    assert mended(knowledge, "As an AI language model, I can describe this image: a boat at a pier.") == "a boat at a pier."


@pytest.mark.parametrize(
    "text",
    [
        "A photo of a dog on a leash. TODO describe the background.",
        "lad, red hat, fix the light here later, train",
        "lad, hat, check this one again",
        "lad, hat, maybe delete?",
    ],
)
def test_notes_to_oneself_are_found(text, knowledge):
    assert named(knowledge, "leaked_instruction", [text])


def test_a_spanish_all_is_no_note(knowledge):
    assert not named(knowledge, "leaked_instruction", ["todo el pueblo, una plaza, niños", "todo list, pen"])


def test_a_word_twice_is_safe_to_mend_only_where_it_can_be_no_name(knowledge):
    (sure,) = named(knowledge, "doubled_word", ["1girl, blue blue hair"])
    (unsure,) = named(knowledge, "doubled_word", ["a bowl of gudo gudo with rice"])
    assert (sure.fix, unsure.fix) == (FixKind.SAFE, FixKind.ASK)


THINGS = ("a cat", "two hills", "a boat", "rain on a roof", "a cup of tea", "an old man")


def test_the_trigger_of_a_style_is_recognized_at_the_end_and_not_stripped(knowledge):
    captions = [f"{words}, in the style of inkwash_mei" for words in THINGS]
    assert surroundings([entry(text) for text in captions], knowledge).likely_trigger == "inkwash_mei"
    assert mended(knowledge, captions[0], captions[1:]) == captions[0]
    assert found(knowledge, captions) == []
    assert named(knowledge, "fused_with_trigger", captions, "inkwash_mei") == []


@pytest.mark.parametrize("trigger", ["ohwx man", "sks dog", "zqvhouse"])
def test_a_made_up_word_in_all_captions_is_taken_for_the_trigger_and_not_for_a_fault(trigger, knowledge):
    captions = [f"photo of {trigger}, {words}" for words in THINGS]
    assert surroundings([entry(text) for text in captions], knowledge).likely_trigger in {trigger, f"photo of {trigger}"}
    assert not [f for f in named(knowledge, "fused_with_trigger", captions) if any(word in f.message for word in trigger.split())]


def test_a_caption_without_the_likely_trigger_is_noted_wherever_it_stands(knowledge):
    captions = [f"A photo of ohwx man {words}." for words in ("by a tree", "in a car", "on a hill", "at home", "at sea", "in bed")]
    (finding,) = named(knowledge, "trigger_placement", [*captions, "A photo of a man at work."])
    assert (finding.file, finding.severity, finding.fix) == ("6.txt", Severity.NOTE, FixKind.NONE)


def test_a_missing_trigger_is_put_where_the_other_captions_have_it(knowledge):
    others = [f"{words}, in the style of inkwash_mei" for words in THINGS]
    assert mended(knowledge, "a frog, in the style of", others, "inkwash_mei") == "a frog, in the style of inkwash_mei"
    assert mended(knowledge, "a frog, a pond", others, "inkwash_mei") == "a frog, a pond, in the style of inkwash_mei"


def test_a_word_that_ran_into_the_trigger_is_parted_from_it(knowledge):
    assert mended(knowledge, "inkwash_meired fox", trigger="inkwash_mei") == "inkwash_mei red fox"


def test_a_word_of_the_language_is_no_slip_of_a_made_up_trigger(knowledge):
    (finding,) = named(knowledge, "trigger_placement", ["exterior photo of a house, rain"], "vlhouse")
    assert finding.message == 'the trigger "vlhouse" is missing'


def test_a_trigger_within_the_name_of_its_series_only_is_told(knowledge):
    captions = [f"1girl, frieren, sousou no frieren, {words}" for words in ("hat", "staff", "book", "bed", "snow", "field")]
    (finding,) = named(knowledge, "trigger_placement", [*captions, "1girl, sousou no frieren, castle"], "frieren")
    assert finding.file == "6.txt"


def test_who_is_in_the_picture_is_never_boilerplate(knowledge):
    captions = [f"{words}, 1girl, solo, {more}" for words, more in zip(THINGS, ("hat", "tree", "sun", "car", "sea", "bed"), strict=True)]
    assert named(knowledge, "boilerplate_tail", captions) == []


def test_lips_of_a_tagger_are_left_alone_where_few_lips_have_colors(knowledge):
    captions = ["1girl, lips, hat", "1girl, parted_lips", "1girl, red_lips", "1boy, lips", "1boy, tie", "1girl, nose, lips"]
    assert named(knowledge, "bare_noun", captions) == []


def test_a_bare_noun_that_nobody_describes_here_is_deleted_only_when_asked_to(knowledge):
    captions = ["macro, eyes", "macro, leaf", "macro, ant", "macro, dew", "macro, moss", "macro, sand"]
    (finding,) = named(knowledge, "bare_noun", captions)
    assert finding.fix is FixKind.ASK


def test_two_lines_in_most_captions_are_meant_and_left_alone(knowledge):
    captions = [f"{words} at dusk\n{words}, dusk" for words in THINGS]
    findings = named(knowledge, "stray_punctuation", captions)
    assert {(finding.severity, finding.fix) for finding in findings} == {(Severity.NOTE, FixKind.NONE)}
    assert mended(knowledge, captions[0], captions[1:]) == captions[0]


def test_a_slip_near_two_words_is_what_the_dataset_says_or_nothing(knowledge):
    fruits = ["apple", "banana", "cherry", "fig", "plum"]
    assert mended(knowledge, "bannana", fruits) == "banana"
    assert named(knowledge, "typo", [*fruits, "glues in a jar", "gloues"]) == []


@pytest.mark.parametrize("word", ["freckled", "smirking", "headboard", "blackjack", "skylight", "mountainous", "photon", "sallow"])
def test_rare_words_are_no_slips(word, knowledge):
    assert found(knowledge, [f"a photo of a room, {word}, evening"]) == []


ENDLESS = (
    "hat " * 9000,
    "red red " * 5000,
    ", ".join(["red hat"] * 4000),
    f"describe it {'better and ' * 4000}",
    f"{'long ' * 4000}eyes, blue eyes, {'brown ' * 4000}eyes",
    f"A girl {'walks and ' * 4000}runs.",
    "\u200b \u3000\u00a0" * 4000 + "hat",
    "hair" * 9000,
    ", ".join(f"cat{number}" for number in range(3000)),
)


@pytest.mark.parametrize("text", ENDLESS, ids=range(len(ENDLESS)))
def test_no_message_is_longer_than_a_few_lines(text, knowledge):
    for finding in (*found(knowledge, [text]), *found(knowledge, [text] * 6), *found(knowledge, [text, text, "lad"], "bespoke")):
        assert len(finding.message) <= LONGEST_MESSAGE, finding.check


def test_paragraphs_of_a_captioning_model_may_be_joined(knowledge):
    captions = [f"The photo shows {words}.\n\nThe light is soft, and the wall is green." for words in THINGS]
    assert mended(knowledge, captions[0], captions[1:]) == "The photo shows a cat. The light is soft, and the wall is green."
