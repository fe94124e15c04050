"""Two colors of one thing: "blue eyes, brown eyes".

One of them is wrong, or a word is missing that explains both. Nothing is changed: pixels of eyes and hair cannot be told apart surely.
Silent where several people are in the picture, where a word such as "heterochromia", "ombre" or "left" explains it, and where
the colors are of one family ("blonde hair, golden hair"). Skin has words of its own: "medium dark skin" and "light skinned".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.dialect import Dialect
from lorascope.captions.features import Feature, features
from lorascope.captions.lexicon import EXPLAINS_COLORS, EXPLAINS_HERE, FAMILIES, SINGULAR, SKIN_DEPTHS, SKIN_FAMILIES
from lorascope.captions.people import several_people
from lorascope.records.finding import Finding, FixKind, Severity

_STEMS = ("hair", "eye", "skin", "lip", "background", "beard", "backdrop")  # one of them stands twice in every contradiction
SHOWN, LONGEST_SHOWN = 3, 60  # claims in a message, and their characters
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
_NEAR_CHARACTERS = 60  # of a clause on both sides of a thing
_HE, _SHE = re.compile(r"\b(?:he|his|him)\b", re.IGNORECASE), re.compile(r"\b(?:she|her|hers)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_DENIED = re.compile(r"\b(?:not?|non|never|without|nor|than|like|formerly|was|were)[\s_]+(?:[^\W\d_]+[\s_]+)?$", re.IGNORECASE)


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each thing that is said to have two colors."""
    if entry.caption is None:
        return
    lowered = entry.caption.text.lower()
    if not any(lowered.count(stem) > 1 for stem in _STEMS):
        return
    nouns = [feature.noun for feature in features(entry.caption) if feature.noun in SINGULAR and (feature.colors or feature.noun == "skin")]
    if len({*nouns}) == len(nouns):
        return
    said: dict[str, list[tuple[Feature, frozenset[str]]]] = {}
    for feature in features(entry.caption):
        if feature.noun in SINGULAR:
            families = _families(entry.caption, feature)
            if families:
                said.setdefault(feature.noun, []).append((feature, families))
    for noun, claims in said.items():
        different = {families for _, families in claims}
        clashing = {families for families in different if any(_clash(families, others) for others in different)}
        against = [feature for feature, families in claims if families in clashing]
        if against and not _explained(entry.caption, lowered):
            spans = [(feature.phrase_start, feature.phrase_end) for feature in against]
            words = [entry.caption.text[start:end] for start, end in spans]
            shown = " and ".join(f'"{_cut(each)}"' for each in words[:SHOWN])
            message = f"{shown} are said of one picture, and no word explains both: which is right?"
            yield CHECK.finding(entry, message, spans=spans, evidence={"noun": noun, "said": [*words]})


def _cut(words: str) -> str:
    """Words short enough for a message."""
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"


def _families(caption: Caption, feature: Feature) -> frozenset[str]:
    """The color families said of a thing; empty where nothing is, where it is denied, or where a word explains that there is another."""
    text = caption.text
    clause = caption.clauses[feature.clause]
    reach = 0 if caption.dialect is Dialect.PROSE else _NEAR_CHARACTERS
    here = text[max(clause.start, feature.phrase_start - reach) : min(clause.end, feature.phrase_end + reach)]
    if EXPLAINS_HERE & set(_WORD.findall(here.lower())) or _DENIED.search(
        text, max(clause.start, feature.phrase_start - 20), feature.phrase_start
    ):
        return frozenset()
    if feature.noun == "skin":
        words = _WORD.findall(text[feature.phrase_start : feature.phrase_end].lower())
        return frozenset().union(*(SKIN_FAMILIES.get(word, frozenset()) for word in words))
    terms = [word for color in feature.colors for word in _WORD.findall(color.text.lower())]
    return frozenset().union(*(FAMILIES.get(word, frozenset()) for word in terms))


def _clash(first: frozenset[str], second: frozenset[str]) -> bool:
    """Whether two sets of families share nothing of what both speak of: how dark skin is, or which color something has."""
    return any(
        one and other and not one & other
        for one, other in ((first & SKIN_DEPTHS, second & SKIN_DEPTHS), (first - SKIN_DEPTHS, second - SKIN_DEPTHS))
    )


def _explained(caption: Caption, lowered: str) -> bool:
    """Whether something in the caption explains two colors: a word for it, or several people."""
    plain = lowered.replace("_", " ")
    if any(cue in plain for cue in EXPLAINS_COLORS) or several_people(plain):
        return True
    if _HE.search(plain) and _SHE.search(plain):
        return True
    return caption.dialect is Dialect.PROSE and len({*_NAME.findall(caption.text)}) > 1


CHECK = Check(
    name="contradiction",
    title="two colors of one thing",
    reason="One of the two is wrong, and the model learns both.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    find=find,
    signal="(?s:hair.*hair|eye.*eye|skin.*skin|lip.*lip|back(?:ground|drop).*back(?:ground|drop)|beard.*beard)",
    good=(
        Example("1girl, solo, heterochromia, red_eyes, blue_eyes"),
        Example("2girls, blonde_hair, brown_hair, blue_eyes, green_eyes"),
        Example("1girl, multicolored_hair, red_hair, black_hair, streaked_hair"),
        Example("1girl, white_shirt, black_shirt_collar, red hair ornament, blue_hair, black hair ribbon"),
        Example("lad, blonde hair (#d8b35c), golden hair, blue left eye, green right eye, medium skin, tan skin"),
        Example("A man with brown hair and a woman with red hair. His eyes are blue, her eyes are green."),
        Example("Anna with white hair talks to Berta with red hair, and then Anna laughs."),
        Example("lad, split green background, brown background, not blue eyes, green eyes"),
        Example("1girl, blue hair, long hair, dark hair, hair over eyes, red eyes"),
        Example("1girl, dark_skin, colored_skin, blue_skin"),
    ),
    bad=(
        Example("1girl, solo, blue_eyes, brown_eyes", ("blue_eyes", "brown_eyes")),
        Example("lad, medium dark skin tone, light skinned, beard", ("medium dark skin tone", "light skinned")),
        Example("lad, long brown hair (#7e351a), red hat, red hair", ("long brown hair", "red hair")),
        Example("A lad with long brown hair. He has red hair.", ("long brown hair", "red hair")),
        Example("blue-eyed lad, green eyes", ("blue-eyed", "green eyes")),
    ),
)
