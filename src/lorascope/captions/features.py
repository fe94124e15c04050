"""What a caption says of things: "bright green background (#03dc73)" claims a color word and a code of the background.

A thing is said something of by words before it ("long brown hair", ``blue_hair``, "red and gold jacket", "green-eyed"), after it
("hair that is brown", "background: green", "hair (red and white)") and by codes. :func:`features` finds all of it, in every dialect,
with exact places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lorascope.captions.clauses import Caption, Clause, ClauseKind, Code
from lorascope.captions.dialect import CODE, Dialect
from lorascope.captions.phrases import ColorClaim, Feature, clause_features
from lorascope.captions.vocabulary import PATTERN_KINDS, PATTERNS, THINGS
from lorascope.records.color_names import TERMS

__all__ = [
    "BACKGROUND_NOUNS",
    "PATTERNS",
    "ColorClaim",
    "Feature",
    "PatternClaim",
    "background_feature",
    "coded_features",
    "features",
    "is_background",
    "names_a_color",
    "pattern_claim",
]

BACKGROUND_NOUNS = frozenset({"background", "backdrop", "backgrounds", "backdrops", "bg"})
LONGEST_REMEMBERED = 300  # characters of a clause
_INTEREST = frozenset(THINGS) | TERMS


@dataclass(frozen=True, slots=True)
class PatternClaim:
    """What a caption says a background is made of: "solid", "split", "checkered", "gradient", "striped", "dotted" or "patterned"."""

    start: int
    end: int
    text: str
    kind: str


def is_background(noun: str) -> bool:
    """Whether a noun names the background.

    >>> is_background("backdrop")
    True
    """
    return noun in BACKGROUND_NOUNS


def features(caption: Caption) -> tuple[Feature, ...]:
    """Everything something is said of, and the things of our vocabulary that are only named, in the order of the caption.

    >>> from lorascope.captions.clauses import read_caption
    >>> [(f.noun, f.modifiers, [c.text for c in f.colors]) for f in features(read_caption("long blue_hair, red and gold jacket, eyes"))]
    [('hair', ('long',), ['blue']), ('jacket', (), ['red', 'gold']), ('eyes', (), [])]
    """
    return caption.once(_features)


def background_feature(caption: Caption) -> Feature | None:
    """What the caption says of the background; None when it says nothing, or speaks of it more than once. ``noun`` is as written."""
    found = [feature for feature in features(caption) if feature.noun == "background"]
    return _as_written(caption, found[0]) if len(found) == 1 else None


def coded_features(caption: Caption) -> list[Feature]:
    """Every thing that carries a code, with its color words when there are any. ``noun`` is as written."""
    return [_as_written(caption, feature) for feature in features(caption) if feature.codes] if caption.codes else []


def pattern_claim(caption: Caption) -> PatternClaim | None:
    """What the caption says its background is made of; None when it says nothing of it, or speaks of more than one background.

    >>> from lorascope.captions.clauses import read_caption
    >>> pattern_claim(read_caption("lad, red and gold checkered background")).kind
    'checkered'
    """
    feature = background_feature(caption)
    return None if feature is None else _pattern(caption, feature)


def names_a_color(clause: Clause) -> bool:
    """Whether a clause holds a color word or a code: then it describes a picture and is no boilerplate."""
    return "#" in clause.text or not TERMS.isdisjoint(clause.key.split())


def _as_written(caption: Caption, feature: Feature) -> Feature:
    written = caption.text[feature.start : feature.end].lower()
    return feature if written == feature.noun else replace(feature, noun=written)


def _features(caption: Caption) -> tuple[Feature, ...]:
    prose = caption.dialect is Dialect.PROSE
    codes: dict[int, dict[int, list[Code]]] = {}  # of each clause, by where the noun stands
    for code in caption.feature_codes():
        codes.setdefault(code.clause, {}).setdefault(code.noun_start, []).append(code)
    found: list[Feature] = []
    for index, clause in enumerate(caption.clauses):
        own = codes.get(index)
        if clause.kind is not ClauseKind.WORDS or (own is None and _INTEREST.isdisjoint(clause.key.split())):
            continue
        text = _without_codes(clause.text) if own else clause.text
        coded = () if own is None else tuple([at - clause.start for at in own])
        read = clause_features if len(text) <= LONGEST_REMEMBERED else clause_features.__wrapped__
        found += [_placed(feature, index, clause.start, own) for feature in read(text, coded, prose=prose)]
    return tuple(found)


def _placed(feature: Feature, index: int, start: int, codes: dict[int, list[Code]] | None) -> Feature:
    """A feature of a clause as one of its caption, with its codes."""
    place = feature.start + start
    colors = feature.colors and tuple(
        [ColorClaim(claim.start + start, claim.end + start, claim.text, claim.phrase, claim.qualified) for claim in feature.colors]
    )
    return Feature(
        feature.noun,
        place,
        feature.end + start,
        index,
        colors[0] if feature.color else None,
        () if codes is None else tuple(codes.get(place, ())),
        colors,
        feature.modifiers,
        feature.phrase_start + start,
        feature.phrase_end + start,
        feature.known,
    )


def _without_codes(text: str) -> str:
    """A clause with signs in the place of codes, whose letters are no words."""
    blank = CODE.sub("#######", text)
    return blank if len(blank) == len(text) else CODE.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return "#" * (match.end() - match.start())


def _pattern(caption: Caption, feature: Feature) -> PatternClaim | None:
    """The pattern's word nearest to a background: in its phrase, or a few words behind it."""
    clause = caption.clauses[feature.clause]
    end = clause.end
    if caption.dialect is Dialect.PROSE:
        comma = caption.text.find(",", feature.end, end)
        end = comma if comma >= 0 else end
    start = feature.phrase_start if caption.dialect is Dialect.PROSE else clause.start
    found: list[PatternClaim] = []
    for match in _PATTERN_WORD.finditer(caption.text, start, min(end, feature.phrase_end + _PATTERN_CHARACTERS)):
        written = match.group().lower()
        kind = PATTERN_KINDS.get(written) or PATTERN_KINDS.get(re.sub(r"[\s_-]+", "-", written))
        if kind:
            found.append(PatternClaim(match.start(), match.end(), match.group(), kind))
    return next((claim for claim in found if claim.kind not in {"solid", "patterned"}), found[0] if found else None)


_PATTERN_CHARACTERS = 40
_PATTERN_WORD = re.compile(r"two[\s_-]toned?|[^\W\d_]+", re.IGNORECASE)
