"""Is a color word wrong for a color, and which word would be right?"""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.captions.check import Surroundings
from lorascope.captions.features import ColorClaim
from lorascope.records.color import Rgb
from lorascope.records.color_names import BASIC_TERMS, Agreement, ColorPhrase

CLEARLY_BETTER = 0.04  # OKLab (half lightness) by which another word must fit better before a word that could pass is doubted


@dataclass(frozen=True, slots=True)
class Verdict:
    """``conflict``: the word cannot stand for the color. ``doubtful``: it could, but ``better`` fits much better.

    ``distance`` is the color's OKLab distance (half lightness) from the word's nearest exemplar; for a word that is right at first sight
    it is not measured, and 0.
    """

    conflict: bool
    doubtful: bool
    better: str
    distance: float

    @property
    def wrong(self) -> bool:
        """Whether the word should not stand there."""
        return self.conflict or self.doubtful


def judge(claim: ColorClaim, rgb: Rgb, around: Surroundings) -> Verdict:
    """Hold a color word against a color.

    Doubt is only cast on a single basic word ("blue" for what this dataset calls teal): who writes "muddy green" has looked.
    """
    names, term = around.knowledge.names, claim.phrase.terms[0]
    conflict = names.agreement(claim.phrase, rgb) is Agreement.CONFLICT
    plain = not claim.qualified and len(claim.phrase.terms) == 1 and term in BASIC_TERMS
    if not conflict and (not plain or names.misfit(term, rgb) <= CLEARLY_BETTER):
        return Verdict(conflict=False, doubtful=False, better=term, distance=0.0)  # the usual case, told without looking for other words
    better = best_word(rgb, around)
    doubtful = (
        plain
        and not conflict
        and better not in claim.phrase.terms
        and names.misfit(better, rgb) + CLEARLY_BETTER < names.misfit(term, rgb)
        and names.agreement(ColorPhrase((better,)), rgb) is Agreement.AGREE
    )
    return Verdict(conflict, doubtful, better, round(names.distance(claim.phrase, rgb), 4))


def best_word(rgb: Rgb, around: Surroundings) -> str:
    """The word for a color: :func:`certain_word`, or the nearest basic one where none is certain."""
    return certain_word(rgb, around) or around.knowledge.names.best_terms(rgb)[0]


def certain_word(rgb: Rgb, around: Surroundings) -> str | None:
    """The word that fits a color best among those that do not conflict with it: this dataset's own, else a basic one."""
    names = around.knowledge.names
    for vocabulary in (around.background_terms, BASIC_TERMS):
        for word in names.best_terms(rgb, vocabulary):
            if names.agreement(ColorPhrase((word,)), rgb) is not Agreement.CONFLICT:
                return word
    return None
