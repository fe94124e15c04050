"""Nothing said of a thing that nearly all other captions describe: no word of the eyes.

Where 70 % of the captions say what the eyes look like, a picture without a word of them teaches its eyes to the trigger. Only what
every picture has counts (hair, eyes, lips, skin, clothing, background): a missing scarf is a fact, not an omission. What is covered
need not be described: sunglasses hide eyes, a helmet hides hair. Tags are sparse by nature, so there 80 % is asked for. Only noted:
what a picture shows, people know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.dialect import Dialect
from lorascope.captions.vocabulary import THINGS
from lorascope.records.finding import Finding, FixKind, Severity
from lorascope.records.run import JsonValue

LEAST_SHARE = 0.7
LEAST_SHARE_OF_TAGS = 0.8
FEWEST_CAPTIONS = 10
SHOWN = 5

_GARMENTS = frozenset(
    "shirt blouse sweater hoodie jacket coat vest suit tuxedo blazer cardigan dress gown kimono robe cape cloak uniform apron overalls "
    "armor swimsuit bikini clothing skirt pants jeans shorts".split()
)
_UNSEEN = frozenset({"behind", "silhouette", "faceless"})  # "from behind": no face is seen
_HAIRSTYLES = frozenset("bangs ponytail twintails pigtails braid bun mohawk afro dreadlocks".split())
_HEADGEAR = frozenset("hat cap beanie hood helmet bandana turban mask".split())
# Thing → the things and words in whose presence nothing need be said of it: other names for it, and what covers it.
_INSTEAD: Mapping[str, frozenset[str]] = {
    "hair": _HAIRSTYLES | _HEADGEAR | {"bald", "hairless", "shaved", "blonde", "blond", "brunette", "redhead", "ginger"},
    "eyes": frozenset({"sunglasses", "goggles", "visor", "mask", "blindfold", "eyepatch", "sleeping"}) | _UNSEEN,
    "lips": frozenset({"mask", "mouth", "scarf", "beard", "respirator"}) | _UNSEEN,
    "mouth": frozenset({"mask", "lips", "smile", "smiling", "scarf"}) | _UNSEEN,
    "nose": frozenset({"mask"}) | _UNSEEN,
    "eyebrows": frozenset({"sunglasses", "goggles", "visor", "mask", "bangs"}) | _HEADGEAR | _UNSEEN,
    "skin": frozenset({"fur", "robot", "skeleton", "alien", "zombie", "ape"}),
    "clothing": frozenset({"nude", "naked", "shirtless", "topless", "wearing", "wears", "wore", "dressed"}) | _GARMENTS,
    "background": frozenset({"backdrop", "outdoors", "indoors", "before", "against", "street", "room", "sky", "forest", "city", "wall"}),
}
_WORD = re.compile(r"[^\W\d_]+")


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:
    """One finding for each thing and the dataset, and one for each caption that leaves it out."""
    if around.captions < FEWEST_CAPTIONS:
        return
    least = LEAST_SHARE_OF_TAGS if around.dialect is Dialect.TAGS else LEAST_SHARE
    common = [thing for thing in _INSTEAD if least <= _share(thing, around) < 1]
    if not common:
        return
    missing: dict[str, list[Entry]] = {thing: [] for thing in common}
    for entry in entries:
        if entry.caption is None or entry.image_file is None or not entry.caption.text.strip():
            continue
        words = set(_WORD.findall(entry.caption.text.lower()))
        named = words | {THINGS[word] for word in words & THINGS.keys()}
        for thing in common:
            if thing not in named and named.isdisjoint(_INSTEAD[thing]):
                missing[thing].append(entry)
    for thing, lacking in missing.items():
        yield from _findings(thing, lacking, around)


def _share(thing: str, around: Surroundings) -> float:
    """The share of captions that name a thing; of clothing, at least that of any one garment."""
    garments = _GARMENTS if thing == "clothing" else {thing}
    return max(around.noun_shares.get(name, 0.0) for name in garments)


def _findings(thing: str, lacking: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:
    if not lacking:
        return
    share = _share(thing, around)
    names = ", ".join(entry.file for entry in lacking[:SHOWN]) + (f" and {len(lacking) - SHOWN} more" if len(lacking) > SHOWN else "")
    evidence: dict[str, JsonValue] = {"thing": thing, "share": round(share, 4), "captions": around.captions}
    yield Finding(
        CHECK.name,
        "",
        Severity.NOTE,
        f"the {thing}: described in {share:.0%} of the captions, not a word in {len(lacking)} of {around.captions} ({names})",
        evidence={**evidence, "missing": [entry.file for entry in lacking]},
    )
    for entry in lacking:
        yield CHECK.finding(entry, f"nothing is said of the {thing}, which {share:.0%} of the captions describe", evidence={**evidence})


_TAGS = tuple(f"1girl, blue_eyes, {words}" for words in ("hat", "tree", "car", "sea", "hill", "sun", "moon", "dog", "cat", "fish"))
_CODED = tuple(f"lad, brown eyes (#7e351a), {words}" for words in ("hat", "tree", "car", "sea", "hill", "sun", "moon", "dog", "cat"))
_PROSE = tuple(
    f"A girl with blue eyes stands by a {words}." for words in ("tree", "car", "hill", "dog", "cat", "bus", "door", "cow", "pig")
)

CHECK = Check(
    name="missing_attribute",
    title="nothing said of what others describe",
    reason="What one caption leaves out, its picture teaches to the trigger.",
    severity=Severity.NOTE,
    fix=FixKind.NONE,
    survey=survey,
    good=(
        Example("lad, green eyes (#00aa00), hat", others=_CODED),
        Example("lad, red sunglasses (#aa1122), hat", others=_CODED),
        Example("lad, red hat", others=_CODED[:5]),
        Example("1girl, closed_eyes, hat", others=_TAGS),
        Example("A girl from behind, by a tree.", others=_PROSE),
    ),
    bad=(
        Example("lad, red hat (#aa1122)", others=_CODED),
        Example("1girl, red_hat", others=_TAGS),
        Example("A girl stands by a house.", others=_PROSE),
        Example("lad, red hat (#aa1122)", others=_CODED, in_dataset=True),
    ),
)
