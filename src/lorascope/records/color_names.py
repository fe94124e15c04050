"""What color words mean: does a word agree with a color, and which word fits a color best.

A term's exemplars are all colors of the xkcd survey (Munroe 2010, CC0; names given by people) whose name ends in it: 171
greens, 111 blues, 45 browns. The distance of a color from a term is that to its nearest exemplar in OKLab, with lightness at
half weight, since people call light and dark greens green. Two thresholds make three answers:

- agree: distance up to 0.06; for black, white and gray also a chroma up to 0.035;
- conflict: distance above 0.10, or a neutral word for a chroma above 0.06;
- unsure: anything between.

Black may have the chroma of 0.06 (agree) and 0.09 (conflict), because in the dark it is not seen.

Choosing a word is another question than accepting one ("blue" accepts a teal): there the distance to the median of the term's
exemplars decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from lorascope.records.color import Floats, Rgb, oklab, parse_hex

AGREE_DISTANCE = 0.06
CONFLICT_DISTANCE = 0.10
# Up to the first chroma a neutral word agrees, above the second it conflicts.
NEUTRAL_CHROMA = {"white": (0.035, 0.06), "gray": (0.035, 0.06), "black": (0.06, 0.09)}
LIGHTNESS_WEIGHT = 0.5

BASIC_TERMS = ("black", "blue", "brown", "gray", "green", "orange", "pink", "purple", "red", "teal", "white", "yellow")
SYNONYMS = {
    "grey": "gray", "golden": "gold", "blond": "blonde", "cyan": "teal", "turquoise": "teal", "aqua": "teal", "burgundy": "maroon",
    "violet": "purple", "lilac": "lavender", "crimson": "red", "scarlet": "red", "fuchsia": "magenta",
}  # fmt: skip
# Terms of which the survey holds too few exemplars; a handful of plain ones each.
MORE_EXEMPLARS = {
    "black": ("#1a1a1a", "#262626", "#101418", "#1c1410"),
    "white": ("#f5f5f5", "#ebebeb", "#fffaf0", "#f0f8ff"),
    "gray": ("#808080", "#a9a9a9", "#c8c8c8", "#545454"),
    "navy": ("#000080", "#1b2a4a", "#14213d"),
    "blonde": ("#f0e2b6", "#e6c87a", "#d8b35c", "#faf0be", "#c9a24a"),
    "sky": ("#87ceeb", "#75bbfd", "#a5d8ff"),
    "silver": ("#c0c0c0", "#b4bac0"),
    "gold": ("#ffd700", "#d4af37"),
}
# Words the survey's names end in that are colors wherever they stand before "background" or "hair"; others (sand, wine, rose,
# apple …) are also things, and a wrong accusation is worse than a missed one.
TERMS = frozenset({
    *BASIC_TERMS, *SYNONYMS, *SYNONYMS.values(), *MORE_EXEMPLARS, "beige", "tan", "olive", "lime", "mint", "peach", "salmon", "cream",
    "indigo", "khaki", "mustard", "periwinkle", "sage", "mauve", "lavender", "magenta",
})  # fmt: skip

# How a modifier changes a term's lightness and chroma, as limits on what is measured against the plain term.
DARKER, LIGHTER = frozenset({"dark", "deep"}), frozenset({"light", "pale"})
STRONGER, WEAKER = frozenset({"bright", "vivid", "neon"}), frozenset({"pastel", "dusty", "muted", "dull", "faded"})
MODIFIERS = DARKER | LIGHTER | STRONGER | WEAKER | frozenset({"medium", "very", "soft", "hot", "rich", "warm", "cool"})

_WORD = re.compile(r"[^\W\d_]+")


class Agreement(StrEnum):
    """Whether a color word can stand for a color."""

    AGREE = "agree"
    UNSURE = "unsure"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class ColorPhrase:
    """A color as said: "very dark blue" is the term blue with two modifiers; "blue/green" has two terms, either may fit."""

    terms: tuple[str, ...]
    modifiers: tuple[str, ...] = ()


def read_phrase(words: str) -> ColorPhrase | None:
    """The color a few words say, or None when a word is neither a color nor a modifier.

    >>> read_phrase("bright green")
    ColorPhrase(terms=('green',), modifiers=('bright',))
    >>> read_phrase("blue/grey")
    ColorPhrase(terms=('blue', 'gray'), modifiers=())
    >>> read_phrase("checkered brick") is None
    True
    """
    terms, modifiers = [], []
    for word in _WORD.findall(words.lower()):
        if word in TERMS:
            terms.append(SYNONYMS.get(word, word))
        elif word in MODIFIERS:
            modifiers.append(word)
        elif word != "or":
            return None
    return ColorPhrase(tuple(terms), tuple(modifiers)) if terms else None


@dataclass(frozen=True, slots=True)
class ColorNames:
    """The exemplars of every term, in OKLab (n, 3), and their medians."""

    exemplars: Mapping[str, Floats]
    medians: Mapping[str, tuple[float, ...]]

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> ColorNames:
        """Read a table of lines such as ``#15b01a green``. The medians are of a term's own names, without its synonyms'."""
        found: dict[str, list[Rgb]] = {}
        own: dict[str, list[Rgb]] = {}
        for line in lines:
            code, _, name = line.strip().partition(" ")
            if name:
                last = name.split()[-1].replace("grey", "gray")
                found.setdefault(SYNONYMS.get(last, last), []).append(parse_hex(code))
                own.setdefault(last, []).append(parse_hex(code))
        for term, codes in MORE_EXEMPLARS.items():
            found.setdefault(term, []).extend(parse_hex(code) for code in codes)
            own.setdefault(term, [parse_hex(code) for code in codes])
        medians = {term: tuple(float(level) for level in np.median(oklab(own.get(term, found[term])), axis=0)) for term in found}
        return cls({term: oklab(colors) for term, colors in found.items()}, medians)

    def distance(self, phrase: ColorPhrase, rgb: Rgb) -> float:
        """OKLab distance (half lightness) to the nearest exemplar of the phrase's best term."""
        return min(self._term_distance(term, rgb) for term in phrase.terms)

    def agreement(self, phrase: ColorPhrase, rgb: Rgb) -> Agreement:
        """Whether the phrase's best term can stand for a color. Modifiers do not count: see :meth:`broken_modifiers`."""
        verdicts = {self._term_agreement(term, rgb) for term in phrase.terms}
        return next(verdict for verdict in Agreement if verdict in verdicts)

    def _term_distance(self, term: str, rgb: Rgb) -> float:
        return float(np.sqrt((((self.exemplars[term] - _lab(rgb)) * _WEIGHTS) ** 2).sum(axis=-1).min()))

    def _term_agreement(self, term: str, rgb: Rgb) -> Agreement:
        agree_chroma, conflict_chroma = NEUTRAL_CHROMA.get(term, (math.inf, math.inf))
        distance, chroma = self._term_distance(term, rgb), math.hypot(*_lab(rgb)[1:])
        if distance > CONFLICT_DISTANCE or chroma > conflict_chroma:
            return Agreement.CONFLICT
        if distance > AGREE_DISTANCE or chroma > agree_chroma:
            return Agreement.UNSURE
        return Agreement.AGREE

    def misfit(self, term: str, rgb: Rgb) -> float:
        """OKLab distance (half lightness) of a color from the middle of a term: small when the term is the word to choose."""
        (lightness, a, b), median = _lab(rgb), self.medians[term]
        return math.hypot(LIGHTNESS_WEIGHT * (lightness - median[0]), a - median[1], b - median[2])

    def best_terms(self, rgb: Rgb, vocabulary: Iterable[str] = BASIC_TERMS) -> list[str]:
        """The words of a vocabulary, the one that fits a color best first."""
        return sorted(vocabulary, key=lambda term: (self.misfit(term, rgb), term))

    def broken_modifiers(self, phrase: ColorPhrase, rgb: Rgb) -> tuple[str, ...]:
        """The modifiers that do not hold, measured against the middle of the phrase's nearest term."""
        lightness, *ab = _lab(rgb)
        plain_lightness, *plain_ab = self.medians[self.best_terms(rgb, phrase.terms)[0]]
        lighter_by, chroma_ratio = lightness - plain_lightness, math.hypot(*ab) / max(math.hypot(*plain_ab), 1e-6)
        broken = {
            *(DARKER if lighter_by > -0.07 else ()),
            *(LIGHTER if lighter_by < 0 else ()),
            *(STRONGER if chroma_ratio < 0.8 else ()),
            *(WEAKER if chroma_ratio > 0.85 else ()),
        }
        return tuple(modifier for modifier in phrase.modifiers if modifier in broken)


_WEIGHTS = np.array([LIGHTNESS_WEIGHT, 1.0, 1.0])


@lru_cache(maxsize=65536)
def _lab(rgb: Rgb) -> tuple[float, float, float]:
    lightness, a, b = (float(level) for level in oklab(rgb))
    return lightness, a, b
