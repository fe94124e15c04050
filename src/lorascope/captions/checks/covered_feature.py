"""The color of eyes behind sunglasses, or of lips behind a mask.

What is covered cannot be seen, so its color in the words teaches the model to ignore them, or to paint eyes on the lenses. Only
reported: the cover may be the slip. Silent where it is pushed aside ("sunglasses on head", "looking over eyewear"), transparent,
or worn by one of several people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.dialect import Dialect
from lorascope.captions.features import features
from lorascope.captions.people import several_people
from lorascope.records.finding import Finding, FixKind, Severity

_EYES = (
    r"sunglasses|sun[ _]glasses|blindfold(?:ed)?|(?:wearing|black|dark|mirrored)[ _]shades|closed[ _]eyes|eyes[ _](?:are[ _])?closed"
    r"|vr[ _]headset"
)
_MOUTH = r"(?:surgical|face|medical|gas|cloth|dust)[ _-]?mask|balaclava|covered[ _]mouth|mouth[ _](?:is[ _])?covered"
_COVERS = {
    "eyes": re.compile(rf"(?<![\w-])(?:{_EYES})(?![\w-])(?! of\b)", re.IGNORECASE),
    "lips": re.compile(rf"(?<![\w-])(?:{_MOUTH})(?![\w-])", re.IGNORECASE),
}
_STEMS = {
    "eyes": ("sunglass", "sun glass", "sun_glass", "blindfold", "shades", "closed", "headset"),
    "lips": ("mask", "balaclava", "mouth"),
}
# Words near a cover that say it covers nothing, or not both eyes.
_ASIDE = re.compile(
    r"\b(?:head|forehead|removed|holding|holds|held|hands?|over|above|lowered|pushed|lifted|raised|off|hang\w*|neck|shirt|collar|tip|down|transparent|"
    r"see-through|translucent|clear|visible|through|peeking|tinted|without|no|not|one|half|pulled|pulls|around|adjust\w*|table|chin|painted|beside)\b",
    re.IGNORECASE,
)
_NEAR_CHARACTERS = 30  # of prose on both sides of a cover


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each color of something covered."""
    if entry.caption is None:
        return
    text, lowered = entry.caption.text, entry.caption.text.lower()
    for noun, stems in _STEMS.items():
        if noun[:3] not in lowered or not any(stem in lowered for stem in stems):
            continue
        cover = _cover(entry.caption, noun)
        if cover is None or "eyewear" in lowered or several_people(text):
            continue
        for feature in features(entry.caption):
            if feature.noun == noun and (feature.colors or feature.codes):
                start = feature.colors[0].start if feature.colors else feature.start
                yield CHECK.finding(
                    entry,
                    f'"{text[start : feature.end]}" cannot be seen: "{cover}"',
                    spans=[(start, max(feature.end, start + 1))],
                    evidence={"cover": cover, "feature": noun},
                )


def _cover(caption: Caption, noun: str) -> str | None:
    """What covers a part of the face, if it stands in the caption and nothing says that it is pushed aside."""
    for match in _COVERS[noun].finditer(caption.text):
        index = caption.clause_at(match.start())
        if index is None:
            continue
        first, last = caption.clauses[index].start, caption.clauses[index].end
        reach = _NEAR_CHARACTERS if caption.dialect is Dialect.PROSE else 2 * _NEAR_CHARACTERS
        first, last = max(first, match.start() - reach), min(last, match.end() + reach)
        near = f"{caption.text[first : match.start()]} {caption.text[match.end() : last]}".replace("_", " ")
        if not _ASIDE.search(near):
            return match.group()
    return None


CHECK = Check(
    name="covered_feature",
    title="color of what is covered",
    reason="What nobody can see teaches the model to ignore the words for it.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    find=find,
    signal=f"(?s:(?:{_EYES}).*eye|eye.*(?:{_EYES})|(?:{_MOUTH}).*lip|lip.*(?:{_MOUTH}))",
    good=(
        Example("bespoke, sunglasses, brown hair (#7e351a), eyes covered by sunglasses"),
        Example("1girl, sunglasses_on_head, blue_eyes"),
        Example("1girl, sunglasses, looking_over_eyewear, blue_eyes"),
        Example("2girls, sunglasses, blue_eyes"),
        Example("1girl, half-closed_eyes, one_eye_closed, blue_eyes, eyepatch, mask, red_lips"),
        Example("She looks with green eyes over her sunglasses. The walls have shades of blue."),
        Example("lad, blue eye shadow, sunglasses"),
    ),
    bad=(
        Example("lad, brown eyes (#583518), black sunglasses covering eyes", ("brown eyes",)),
        Example("1girl, solo, sunglasses, blue_eyes", ("blue_eyes",)),
        Example("1girl, closed_eyes, red_eyes", ("red_eyes",)),
        Example("A lady with green eyes in a red coat. She wears dark sunglasses.", ("green eyes",)),
        Example("1boy, surgical_mask, pink_lips", ("pink_lips",)),
        Example("lad, eyes (#583518), wearing sunglasses", ("eyes",)),
    ),
)
