"""Checks that need the pixels or all captions: what they find, what they leave alone, and how long a large dataset takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from caption_examples import findings_of
from caption_pictures import BROWN, CYAN, GREEN, RED, SKIN, entries, entry, sprite
from hypothesis import given
from hypothesis import strategies as st

from lorascope.captions.audit import audit, audit_entry, surroundings
from lorascope.captions.check import Entry, Example, Reader
from lorascope.captions.checks import (
    beyond_window,
    code_absent_from_image,
    color_word_contradicts_code,
    duplicate_color_code,
    feature_code_is_background,
    fused_with_trigger,
    image_pairing,
    missing_attribute,
    missing_or_empty_caption,
    orphan_caption,
    trigger_placement,
)
from lorascope.captions.clauses import read_caption
from lorascope.captions.clean import repair
from lorascope.captions.ownership import Owner, owner_of
from lorascope.captions.pairing import near_misses, sort_out, taken
from lorascope.captions.sight import see
from lorascope.captions.slips import edit_distance
from lorascope.records.color import parse_hex
from lorascope.records.finding import FixKind, Severity

ALL = frozenset({FixKind.SAFE, FixKind.ASK})
# Region ownership


def test_the_hair_loses_the_backgrounds_code_without_asking(knowledge):
    """The seeds' own captions: hair and background share the code of the background."""
    one = entry("bespoke, brown hair (#03dc73), bright green background (#03dc73)", sprite(GREEN, side=576))
    around = surroundings([one], knowledge)
    (finding,) = duplicate_color_code.find(one, around)
    assert finding.fix is FixKind.SAFE
    assert finding.evidence["kept_on"] == "background"
    assert finding.evidence["share_in_background"] == 1.0
    assert repair(one, around, frozenset({FixKind.SAFE})).after == "bespoke, brown hair, bright green background (#03dc73)"
    assert list(feature_code_is_background.find(one, around)) == []  # told once


def test_a_code_that_only_the_background_has_is_taken_from_a_thing(knowledge):
    one = entry("bespoke, brown hair (#03dc73), smiling", sprite(GREEN, side=576))
    around = surroundings([one], knowledge)
    (finding,) = feature_code_is_background.find(one, around)
    assert finding.fix is FixKind.SAFE
    assert finding.message == "#03dc73 is said of the hair, but it is the background's color; 100% of its pixels lie there"
    assert repair(one, around, frozenset({FixKind.SAFE})).after == "bespoke, brown hair, smiling"


def test_green_hair_before_the_same_green_keeps_its_code(knowledge):
    """A third of the green pixels are hair, so the code may be true."""
    pixels = sprite(GREEN, side=576)
    pixels[96:480, 192:384] = SKIN
    pixels[144:432, 216:360] = GREEN  # enclosed by skin: not connected to the background
    one = entry("bespoke, green hair (#03dc73), smiling", pixels)
    assert owner_of(GREEN, one.sight).owner is Owner.BOTH
    around = surroundings([one], knowledge)
    assert list(feature_code_is_background.find(one, around)) == []
    both = entry("bespoke, green hair (#03dc73), green background (#03dc73)", pixels)
    (finding,) = duplicate_color_code.find(both, around)
    assert (finding.fix, finding.severity, finding.edits) == (FixKind.NONE, Severity.NOTE, ())


def test_without_a_certain_scale_no_code_is_taken_from_anything(knowledge):
    smooth = np.linspace(0, 255, 300)[:, None, None] * np.linspace(0.2, 1, 300)[None, :, None] * np.array([1, 0.5, 0.7])
    one = entry("hair (#808080), background (#808080)", smooth.astype(np.uint8))
    around = surroundings([one], knowledge)
    assert [finding.fix for finding in duplicate_color_code.find(one, around)] == [FixKind.ASK]
    assert list(feature_code_is_background.find(one, around)) == []


def test_a_near_code_is_replaced_by_a_color_of_the_foreground_and_never_by_the_backgrounds(knowledge):
    near_background = (3 + 20, 220 - 12, 115 + 10)
    code = "#{:02x}{:02x}{:02x}".format(*near_background)
    one = entry(f"bespoke, brown hair ({code}), smiling", sprite(GREEN, side=576))
    findings = list(code_absent_from_image.find(one, surroundings([one], knowledge)))
    assert all("#03dc73" not in edit.text for finding in findings for edit in finding.edits)


def test_two_codes_are_not_replaced_by_the_same_color(knowledge):
    one = entry("brown hair (#8c4428), brown eyes (#8d4529)", sprite(GREEN, eyes=BROWN, side=576))
    around = surroundings([one], knowledge)
    after = repair(one, around, ALL, [code_absent_from_image.CHECK]).after
    assert after.count("#7e351a") == 1


# What once went wrong


@pytest.mark.parametrize(
    ("eyes", "background", "wrong"),
    [("melon brown", GREEN, "green"), ("steel", CYAN, "cyan"), ("chai", RED, "red"), ("sage", CYAN, "cyan"), ("brown", GREEN, "green")],
)
@pytest.mark.parametrize("side", [24, 576])
def test_no_eye_is_ever_corrected_to_the_background(eyes, background, wrong, side, knowledge):
    """Reading a 576 px picture as if it had 24 gave every eye the background's color, in 150 captions."""
    word = {GREEN: "green", CYAN: "teal", RED: "red"}[background]
    text = f"bespoke punk lad, brown hair, {eyes} eyes, {word} background"
    one = entry(text, sprite(background, side=side))
    around = surroundings([one], knowledge)
    assert one.sight.cells.shape == (24, 24, 3)
    assert one.sight.background == background
    assert f"{eyes} eyes" in repair(one, around, ALL).after
    assert wrong not in [edit.text.strip() for finding in audit_entry(one, around) for edit in finding.edits]


def test_a_wrong_background_word_is_still_mended_beside_right_eyes(knowledge):
    one = entry("bespoke, brown eyes, yellow solid background", sprite(GREEN, side=576))
    assert repair(one, surroundings([one], knowledge), ALL).after == "bespoke, brown eyes, green solid background"


@pytest.mark.parametrize("noun", ["hair", "eyes", "lips", "skin"])
def test_only_the_backgrounds_word_is_ever_replaced(noun, knowledge):
    """Every color of the picture is known, and yet nothing says which is the hair's."""
    one = entry(f"bespoke, purple {noun}, green background", sprite(GREEN, side=576))
    assert repair(one, surroundings([one], knowledge), ALL).after == f"bespoke, purple {noun}, green background"


def test_the_word_stays_where_a_wrong_code_is_at_fault(knowledge):
    one = entry("bespoke, brown eyes (#03dc73), smiling", sprite(GREEN, side=576))
    around = surroundings([one], knowledge)
    assert [f.fix for f in color_word_contradicts_code.find(one, around)] == [FixKind.ASK]
    assert repair(one, around, ALL).after == "bespoke, brown eyes, smiling"


def test_a_code_in_the_foreground_beside_another_word_is_only_reported(knowledge):
    one = entry("bespoke, brown hair (#cc2028), smiling", sprite(GREEN, side=576))
    (finding,) = color_word_contradicts_code.find(one, surroundings([one], knowledge))
    assert (finding.fix, finding.edits) == (FixKind.NONE, ())


# The trigger


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("a photo of ohwx man", "ohwx man"),
        ("BESPOKE, hat", "bespoke"),
        ("sks girl, hat", "sks_girl"),
        ("sks_girl, hat", "sks girl"),
        ("", "bespoke"),
    ],
)
def test_the_trigger_is_found_however_it_is_written(text, trigger, knowledge):
    one = entry(text)
    assert list(trigger_placement.find(one, surroundings([one], knowledge, trigger=trigger))) == []


def test_the_trigger_inside_another_word_is_not_the_trigger(knowledge):
    one = entry("bespokes, hat, scarf")
    (finding,) = trigger_placement.find(one, surroundings([one], knowledge, trigger="bespoke"))
    assert finding.evidence["written"] == "bespokes"


def test_a_word_that_many_captions_have_is_no_slip(knowledge):
    others = entries(*[f"bespoke, besporte, lad, thing{n}" for n in range(20)])
    one = entry("besporte, lad, hat", name="x")
    (finding,) = trigger_placement.find(one, surroundings([*others, one], knowledge, trigger="bespoke"))
    assert finding.message.endswith("is missing")


def test_a_likely_trigger_is_said_to_be_likely_and_its_absence_only_noted(knowledge):
    others = entries(*[f"bespoke, lad{n}, red cap, tie" for n in range(9)])
    one = entry("lad, blue cap, scarf", name="x")
    (finding,) = trigger_placement.find(one, surroundings([*others, one], knowledge))
    assert (finding.severity, finding.fix) == (Severity.NOTE, FixKind.NONE)
    assert finding.message == '"bespoke", which most captions have and which is likely the trigger, is missing'


def test_a_count_of_people_is_no_likely_trigger(knowledge):
    others = entries(*[f"1girl, solo, tag{n}, smile" for n in range(9)])
    around = surroundings([*others, entry("1boy, smile", name="x")], knowledge)
    assert around.likely_trigger == ""


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_edit_distance_is_symmetric_and_zero_for_equal_words_only(first, second):
    distance = edit_distance(first, second, 6)
    assert distance == edit_distance(second, first, 6)
    assert (distance == 0) == (first == second)
    assert distance <= max(len(first), len(second))


# Pairs of images and captions


def test_every_trainer_takes_its_own_file():
    takes = taken("a.png", {"a.png", "a.txt", "a.caption", "metadata.jsonl"})
    assert takes == {
        "kohya (caption_extension = .caption, its default)": "a.caption",
        "kohya (caption_extension = .txt)": "a.txt",
        "OneTrainer": "a.txt",
        "ai-toolkit": "a.txt",
        "SimpleTuner": "a.txt",
        "diffusers": "metadata.jsonl",
    }


def test_names_in_two_unicode_forms_are_told(knowledge):
    """A name typed on macOS and one typed on Linux look the same and differ."""
    image, caption = "caf\u00e9.png", "cafe\u0301.txt"
    assert near_misses(image, sort_out([image, caption])) == [caption]
    one, orphan = entry(None, name="caf\u00e9"), entry("hat", name="cafe\u0301", image=False)
    around = surroundings([one, orphan], knowledge, files=[image, caption])
    assert [finding.file for finding in image_pairing.survey([one, orphan], around)] == [image]
    assert list(orphan_caption.find(orphan, around)) == []


def test_two_images_that_differ_in_case_are_two_images(knowledge):
    both = [entry("hat", name="a"), entry("cap", name="A")]
    around = surroundings(both, knowledge, files=["a.png", "a.txt", "A.png", "A.txt"])
    assert list(image_pairing.survey(both, around)) == []


def test_without_a_folder_nothing_is_said_of_names(knowledge):
    one = entry("hat")
    assert list(image_pairing.survey([one], surroundings([one], knowledge))) == []


# Captions all together


def test_a_bare_trigger_set_is_a_style_and_said_once(knowledge):
    all_alike = entries(*["bespoke"] * 6)
    around = surroundings(all_alike, knowledge, trigger="bespoke")
    found = audit(all_alike, around)
    assert [(finding.check, finding.file) for finding in found if finding.check != "fused_with_trigger"] == [
        ("missing_or_empty_caption", "")
    ]
    assert [finding for one in all_alike for finding in missing_or_empty_caption.find(one, around)] == []


def test_a_phrase_is_reported_once_in_its_longest_form(knowledge):
    captions = entries(*[f"bespoke, lad, thing{n} there, sharp pixel edges" for n in range(10)])
    found = list(fused_with_trigger.survey(captions, surroundings(captions, knowledge, trigger="bespoke")))
    assert [finding.evidence["term"] for finding in found] == ["sharp pixel edges"]
    assert found[0].evidence["share_given_trigger"] == 1.0


def test_a_long_opening_is_told(knowledge):
    captions = entries(*[f"bespoke, lad, sharp pixel edges, thing{n}" for n in range(10)])
    found = list(fused_with_trigger.survey(captions, surroundings(captions, knowledge)))
    assert [finding.evidence["opening"] for finding in found] == [["bespoke", "lad", "sharp pixel edges"]]


def test_bands_of_frequency(knowledge):
    words = ["red scarf"] * 18 + ["plain wall"] * 2
    captions = entries(
        *[
            f"bespoke, {word}, {'white shoes' if n < 14 else f'boots{n}'}, {'gold chain' if n % 2 else f'tie{n}'}"
            for n, word in enumerate(words)
        ]
    )
    found = list(fused_with_trigger.survey(captions, surroundings(captions, knowledge)))
    told = {finding.evidence.get("term"): finding.severity for finding in found}
    assert told["white shoes"] is Severity.NOTE
    assert "gold chain" not in told  # half of the pictures have it, and half have not


def test_sunglasses_excuse_eyes_and_nothing_excuses_lips(knowledge):
    usual = [f"lad, brown hair, green eyes, red lips (#aa1122), hat{n}" for n in range(12)]
    captions = entries(*usual, "lad, brown hair, black sunglasses, hat (#aa1122)")
    found = list(missing_attribute.survey(captions, surroundings(captions, knowledge)))
    assert [(finding.file, finding.evidence["thing"]) for finding in found] == [("", "lips"), ("12.txt", "lips")]
    assert {finding.severity for finding in found} == {Severity.NOTE}


def test_the_cost_of_codes_and_the_place_of_the_background_are_said(knowledge):
    codes = ", ".join(f"hat (#{number:06x})" for number in range(0x7E351A, 0x7E351A + 18))
    one = entry(f"bespoke, {codes}, green background")
    (finding,) = beyond_window.find(one, surroundings([one], knowledge))
    assert f"18 codes cost {finding.evidence['code_tokens']} tokens" in finding.message
    assert f'move "green background" to the front: it begins at token {finding.evidence["stands_at_token"]}' in finding.message
    assert 100 < finding.evidence["code_tokens"] < 160
    assert list(beyond_window.find(one, surroundings([one], knowledge, reader=Reader(window_tokens=225)))) == []


def test_yellow_hair_before_nearly_the_same_yellow_keeps_its_code(knowledge):
    ground, hair = parse_hex("#edd338"), parse_hex("#f6cd34")
    pixels = np.full((24, 24, 3), ground, np.uint8)
    pixels[6:24, 7:17] = (20, 18, 26)
    pixels[7:10, 8:16] = hair
    example = Example("bespoke, yellow hair (#f6cd34), yellow background (#edd338)", sight=see(pixels))
    check = feature_code_is_background.CHECK
    assert findings_of(check, example, knowledge) == []
    wrong = replace(example, text="bespoke, yellow hair (#edd338), yellow background")
    assert [finding.fix for finding in findings_of(check, wrong, knowledge)] == [FixKind.SAFE]


def test_what_is_meant_to_belong_to_the_trigger_is_neither_boilerplate_nor_fused(knowledge):
    texts = [f"bespoke, lad, {mood}, Red_Scarf, soft light" for mood in ("happy", "sad", "calm", "angry", "shy", "tired")]
    entries = [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", read_caption(text)) for n, text in enumerate(texts)]
    told = audit(entries, surroundings(entries, knowledge, trigger="bespoke"))
    meant = audit(entries, surroundings(entries, knowledge, trigger="bespoke", intended=["soft light", "red  scarf"]))
    assert any('"soft light"' in finding.message for finding in told)
    assert not any("light" in finding.message or "scarf" in finding.message for finding in meant)
