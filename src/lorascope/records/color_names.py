"""What color words mean: does a word agree with a color, and which word fits a color best.

A term's exemplars are all colors of the xkcd survey (Munroe 2010, CC0; names given by people) whose name ends in it: 171
greens, 111 blues, 45 browns. The distance of a color from a term is that to its nearest exemplar in OKLab, with lightness at
half weight, since people call light and dark greens green. Two thresholds make three answers:

- agree: distance up to 0.06; for black, white and gray also a chroma up to 0.035;
- conflict: distance above 0.10, or a neutral word for a chroma above 0.06;
- unsure: anything between.

Black may have the chroma of 0.06 (agree) and 0.09 (conflict), because in the dark it is not seen, and so may a neutral word with
a tint ("greeny gray"). A term of which the survey has fewer than 12 exemplars (olive, mauve, khaki) reaches beyond them: it
conflicts above 0.14. Modifiers never make a conflict. Left out of their own terms' exemplars, none of the survey's colors conflicts
with its name (tests/records/test_color_names_survey.py).

Choosing a word is another question than accepting one ("blue" accepts a teal): there the distance to the median of the term's
exemplars decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lorascope.records.color import Floats, Rgb, oklab, parse_hex

AGREE_DISTANCE = 0.06
CONFLICT_DISTANCE = 0.10
# Up to the first chroma a neutral word agrees, above the second it conflicts.
NEUTRAL_CHROMA = {"white": (0.035, 0.06), "gray": (0.035, 0.06), "black": (0.06, 0.09)}
TINTED_CHROMA = (0.06, 0.09)
FEW_EXEMPLARS, FEW_CONFLICT_DISTANCE = 12, 0.14
LIGHTNESS_WEIGHT = 0.5
MOST_KEPT = 65536  # distances of single colors

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
TINTS = frozenset({
    "bluey", "blueish", "bluish", "brownish", "grayish", "greenish", "greeny", "greyish", "orangey", "orangish", "pinkish", "purpley",
    "purplish", "purply", "reddish", "yellowish", "yellowy",
})  # fmt: skip
MODIFIERS = DARKER | LIGHTER | STRONGER | WEAKER | TINTS | frozenset({"medium", "very", "soft", "hot", "rich", "warm", "cool"})

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
    _known: dict[tuple[str, Rgb], float] = field(default_factory=dict, init=False, repr=False, compare=False)

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
        _, a, b = _lab(rgb)
        chroma, best = math.hypot(a, b), Agreement.CONFLICT
        for term in phrase.terms:
            distance = self._term_distance(term, rgb)
            far, agree_chroma, conflict_chroma = self._limits(term, phrase)
            if distance <= far and chroma <= conflict_chroma:
                if distance <= AGREE_DISTANCE and chroma <= agree_chroma:
                    return Agreement.AGREE
                best = Agreement.UNSURE
        return best

    def distances(self, phrase: ColorPhrase, colors: ArrayLike) -> Floats:
        """:meth:`distance` for many colors at once: (..., 3) 8-bit RGB to (...)."""
        lab = _labs(colors)
        least = np.min([self._term_distances(term, lab) for term in phrase.terms], axis=0)
        found: Floats = least.reshape(np.shape(colors)[:-1])
        return found

    def agreements(self, phrase: ColorPhrase, colors: ArrayLike) -> NDArray[np.str_]:
        """:meth:`agreement` for many colors at once: (..., 3) 8-bit RGB to (...), each element equal to an :class:`Agreement`."""
        return _VERDICT_TEXTS[self._ranks(phrase, _labs(colors))].reshape(np.shape(colors)[:-1])

    def _ranks(self, phrase: ColorPhrase, lab: Floats) -> NDArray[np.int64]:
        """Per color the place of the best term's verdict in :class:`Agreement`."""
        chroma = np.hypot(lab[:, 1], lab[:, 2])
        ranks = []
        for term in phrase.terms:
            distance = self._term_distances(term, lab)
            far, agree_chroma, conflict_chroma = self._limits(term, phrase)
            unsure = (distance > AGREE_DISTANCE) | (chroma > agree_chroma)
            conflict = (distance > far) | (chroma > conflict_chroma)
            ranks.append(np.where(conflict, 2, np.where(unsure, 1, 0)))
        best: NDArray[np.int64] = np.min(ranks, axis=0)
        return best

    def _limits(self, term: str, phrase: ColorPhrase) -> tuple[float, float, float]:
        """The distance above which a term conflicts, and the chroma up to which it agrees and above which it conflicts."""
        far = CONFLICT_DISTANCE if len(self.exemplars[term]) >= FEW_EXEMPLARS else FEW_CONFLICT_DISTANCE
        chroma = NEUTRAL_CHROMA.get(term)
        if chroma is None:
            return far, math.inf, math.inf
        return far, *(chroma if TINTS.isdisjoint(phrase.modifiers) else TINTED_CHROMA)

    def _term_distance(self, term: str, rgb: Rgb) -> float:
        """The distance of one color. The captions of a dataset share colors and words, so the answers are kept."""
        distance = self._known.get((term, rgb))
        if distance is None:
            apart = (self.exemplars[term] - _lab(rgb)) * _WEIGHTS
            distance = math.sqrt(np.einsum("ij,ij->i", apart, apart).min())
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[term, rgb] = distance
        return distance

    def _term_distances(self, term: str, lab: Floats) -> Floats:
        colors, exemplars = lab * _WEIGHTS, self.exemplars[term] * _WEIGHTS
        squared = (exemplars**2).sum(axis=1) - 2 * (colors @ exemplars.T)
        nearest: Floats = np.sqrt(np.maximum(squared.min(axis=1) + (colors**2).sum(axis=1), 0))
        return nearest

    def misfit(self, term: str, rgb: Rgb) -> float:
        """OKLab distance (half lightness) of a color from the middle of a term: small when the term is the word to choose."""
        return _apart(_lab(rgb), self.medians[term])

    def best_terms(self, rgb: Rgb, vocabulary: Iterable[str] = BASIC_TERMS) -> list[str]:
        """The words of a vocabulary, the one that fits a color best first."""
        lab = _lab(rgb)
        return [term for _, term in sorted([(_apart(lab, self.medians[term]), term) for term in vocabulary])]

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


# Words for skin say how light it is, not which color: beige, peach and brown would all be accused. OKLab lightness, low to high.
SKIN_TONES: Mapping[str, tuple[float, float]] = {
    "pale": (0.82, 1.0), "fair": (0.80, 1.0), "light": (0.76, 1.0), "peach": (0.74, 0.95), "medium": (0.60, 0.88), "tan": (0.58, 0.88),
    "tanned": (0.55, 0.85), "olive": (0.50, 0.82), "brown": (0.30, 0.78), "dark": (0.20, 0.70), "black": (0.0, 0.60),
}  # fmt: skip
_SKIN_UNSURE = 0.08


def skin_agreement(word: str, rgb: Rgb) -> Agreement | None:
    """Whether a word for skin can stand for a color, by lightness alone; None for other words. For reports only: no basis for a fix.

    >>> skin_agreement("tan", (234, 195, 147)), skin_agreement("light", (141, 85, 36)), skin_agreement("blue", (0, 0, 255))
    (<Agreement.AGREE: 'agree'>, <Agreement.CONFLICT: 'conflict'>, None)
    """
    span = SKIN_TONES.get(word.lower())
    if span is None:
        return None
    beyond = max(span[0] - _lab(rgb)[0], _lab(rgb)[0] - span[1])
    return Agreement.AGREE if beyond <= 0 else Agreement.UNSURE if beyond <= _SKIN_UNSURE else Agreement.CONFLICT


_WEIGHTS = np.array([LIGHTNESS_WEIGHT, 1.0, 1.0])
_VERDICT_TEXTS = np.array([verdict.value for verdict in Agreement])


def _apart(lab: tuple[float, ...], other: tuple[float, ...]) -> float:
    return math.hypot(LIGHTNESS_WEIGHT * (lab[0] - other[0]), lab[1] - other[1], lab[2] - other[2])


def _labs(colors: ArrayLike) -> Floats:
    return oklab(np.asarray(colors)).reshape(-1, 3)


@lru_cache(maxsize=65536)
def _lab(rgb: Rgb) -> tuple[float, float, float]:
    lightness, a, b = (float(level) for level in oklab(rgb))
    return lightness, a, b
