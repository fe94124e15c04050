"""A color word beside a code of another color: "bright green background (#e50bb4)".

One of the two is wrong. Where the pixels of the background show that its word is right, the code is dropped when asked to;
where they show that the word is wrong, another check replaces it. A thing's code is dropped when no pixel has it, or only the
background's. Elsewhere the finding only reports. Skin has words of its own (light, tan, dark) that are no colors, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import Feature, coded_features, is_background
from lorascope.captions.naming import judge
from lorascope.captions.ownership import ABSENT_DISTANCE, Owner, owner_of
from lorascope.captions.sight import Sight
from lorascope.records.color import Rgb, oklab_distance, parse_hex
from lorascope.records.finding import Edit, Finding, FixKind, Severity

SAME_DISTANCE = 0.04  # OKLab; a code nearer to the background's color is right


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each thing whose word and code disagree. Things with several codes are fine if one of them agrees."""
    if entry.caption is None or not entry.caption.codes:
        return
    for feature in coded_features(entry.caption):
        color = feature.color
        if color is None or feature.noun in {"skin", "complexion"}:
            continue
        verdicts = [judge(color, parse_hex(code.color), around) for code in feature.codes]
        if not all(verdict.wrong for verdict in verdicts):
            continue
        verdict, code = verdicts[0], feature.codes[0]
        yield CHECK.finding(
            entry,
            f"{color.text} is said of the {feature.noun}, but {code.color} beside it is {verdict.better}",
            spans=[(color.start, color.end), *((code.start, code.end) for code in feature.codes)],
            edits=_edits(entry, feature, around),
            severity=Severity.ERROR if verdict.conflict else Severity.WARNING,
            evidence={"word": color.text, "code": code.color, "distance_oklab": verdict.distance, "better": verdict.better},
        )


def _edits(entry: Entry, feature: Feature, around: Surroundings) -> tuple[Edit, ...]:
    """Drop the codes where the pixels side with the word, or show that the codes are not this thing's."""
    if entry.caption is None or feature.color is None or entry.sight is None:
        return ()
    seen, colors = entry.sight.background, [parse_hex(code.color) for code in feature.codes]
    if is_background(feature.noun):
        word_is_right = seen is not None and not judge(feature.color, seen, around).wrong
        code_is_wrong = seen is not None and all(float(oklab_distance(rgb, seen)) > SAME_DISTANCE for rgb in colors)
        return delete_codes(entry.caption, feature.codes) if word_is_right and code_is_wrong else ()
    return delete_codes(entry.caption, feature.codes) if all(_is_elsewhere(rgb, entry.sight) for rgb in colors) else ()


def _is_elsewhere(rgb: Rgb, sight: Sight) -> bool:
    """Whether a thing before the background cannot have a color: only the background has it, or nothing in the picture."""
    return owner_of(rgb, sight).owner is Owner.BACKGROUND or sight.nearest(rgb)[1] > ABSENT_DISTANCE + sight.blur


CHECK = Check(
    name="color_word_contradicts_code",
    title="color word against its code",
    reason="The word and the code beside it name different colors: one of them is wrong.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    signal="#[0-9a-f]{3}",
    good=(
        Example("bright green background (#2fbf4a), brown hair (#7e351a)"),
        Example("dark skin (#a26d3d), red and gold hat (#aa1122, #ffd700)"),
        Example("split red and green background (#aa1122)"),
    ),
    bad=(
        Example("bright green background (#e50bb4)", ("bright green", "#e50bb4")),
        Example("brown hair (#0083ef), smiling", ("brown", "#0083ef")),
        Example("brown hair (#0083ef), smiling", ("brown", "#0083ef"), palette=("#0083ef", "#7e351a")),
        Example("brown hair (#0083ef), smiling", ("brown", "#0083ef"), "brown hair, smiling", palette=("#7e351a",)),
        Example("1girl, brown_hair (#0083ef)", ("brown", "#0083ef"), "1girl, brown_hair", background="#0083ef", palette=("#7e351a",)),
        Example("A girl with brown hair (#0083ef) smiles.", ("brown", "#0083ef")),
        Example("gray background (#7e351a)", ("gray", "#7e351a"), "gray background", background="#8c8391"),
    ),
)
