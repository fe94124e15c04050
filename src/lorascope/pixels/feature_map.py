"""Where a feature (hair, clothing) is, learned from the training images and the colors that their captions claim for it.

Of every cell it is counted how often it has the color claimed for the feature, less how often it would by chance, with the claims of
other captions: cells of skin have "brown" in every picture, whoever's hair is brown. What remains is the share of pictures in which the
cell belongs to the feature. Wrong captions lower it everywhere and move it nowhere; captions that are no better than chance leave nothing.

A map is worth what it reads: in pictures it was not learned from, with a drawn picture's noise, does its region have the claimed color?
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.pixels.figure import Figures, Unlearned
from lorascope.records.color import Floats, Rgb, oklab
from lorascope.records.color_names import AGREE_DISTANCE, LIGHTNESS_WEIGHT, MODIFIERS, NEUTRAL_CHROMA, TERMS, ColorNames, ColorPhrase
from lorascope.records.interval import Interval, share_interval

Claim = ColorPhrase | Rgb

LEAST_ACCURACY = 0.9  # the lower 95 % bound of the share of regions that have the claimed color
LEAST_BEYOND_CHANCE = 0.8  # of the way from what any other caption's claim reaches to certainty
FEWEST_CLAIMS = 35  # all right, they reach the bound; fewer cannot
FOLDS = 5
SAME_LAB = 0.06  # OKLab distance within which noisy cells are one color
COMMON_WORD = (5, 0.8)  # a word that may stand for something that covers the feature: in so many captions, at most in this share
MOST_COVERS = 3
LEAST_EVIDENCE = -0.5  # log odds
OWNED_HEAT, OWNED_TIMES = 0.15, 2.0
_EDGE = 0.02
_STEP = 4  # levels: colors are compared in steps of so many


@dataclass(frozen=True, slots=True)
class Region:
    """A feature in one picture: its color, and its cells (rows, columns)."""

    rgb: Rgb
    cells: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """``heat`` (rows, columns): the share of pictures in which a cell belongs to ``noun``, beyond chance.

    In ``right`` of ``of`` unseen pictures its region had the claimed color. ``covered_by`` are words with which that fails: where a
    hat is, the hair is not seen; pictures of these are not counted.
    """

    noun: str
    heat: Floats
    right: int
    of: int
    covered_by: tuple[str, ...] = ()

    @property
    def accuracy(self) -> Interval:
        """The share of unseen regions with the claimed color (Wilson, 95 %)."""
        return share_interval(self.right, self.of)

    @property
    def usable(self) -> bool:
        """Whether what it reads may be relied on."""
        return self.accuracy.low >= LEAST_ACCURACY

    def read(self, rgb: NDArray[np.uint8], figure: NDArray[np.bool_]) -> Region | None:
        """The feature in a picture of cells (rows, columns, 3) uint8 with its ``figure`` (rows, columns); None where none is found."""
        return read_region(self.heat, rgb, figure)


def read_region(heat: Floats, rgb: NDArray[np.uint8], figure: NDArray[np.bool_]) -> Region | None:
    """The color that most speaks for being the feature's: for every color of the figure, the evidence of all cells that have it."""
    if not figure.any():
        return None
    # A cell elsewhere speaks little against: clothing may have the hair's color.
    evidence = np.maximum(_log_odds(heat[figure]) - _log_odds(heat[figure].mean()), LEAST_EVIDENCE)
    lab = oklab(rgb[figure])
    alike = np.linalg.norm(lab[:, None] - lab[None], axis=-1) <= SAME_LAB
    votes = alike @ evidence
    best = int(np.argmax(np.round(votes, 9)))
    if votes[best] <= 0:
        return None
    cells = np.zeros(figure.shape, bool)
    cells[figure] = alike[best]
    red, green, blue = (int(level) for level in np.median(rgb[cells], axis=0))
    return Region((red, green, blue), cells)


def learn_feature_map(
    noun: str, figures: Figures, claims: Sequence[Claim | None], names: ColorNames, words: Sequence[frozenset[str]] | None = None
) -> FeatureMap | Unlearned:
    """Learn where ``noun`` is. ``claims`` are the colors that the captions of the pictures say of it, None where they say none.

    ``words`` are the words of each caption, among which those are looked for that name something covering the feature.
    """
    told = np.array([place for place, claim in enumerate(claims) if claim is not None], np.int64)
    if len(told) < FEWEST_CLAIMS:
        return Unlearned(f"{noun}: only {len(told)} of {len(claims)} captions say a color of it, and at least {FEWEST_CLAIMS} are needed")
    counts = _Counts.of(figures, told, claims, names)
    right, by_chance = _unseen(counts, figures, told, claims, names)
    kept, covers = _uncovered(right, [words[place] for place in told] if words else [], noun)
    found = FeatureMap(noun, counts.heat(), int(right[kept].sum()), int(kept.sum()), covers)
    chance = float(by_chance[kept].mean())
    if found.usable and (found.accuracy.low - chance) / (1 - chance + 1e-9) >= LEAST_BEYOND_CHANCE:
        return found
    return Unlearned(
        f"{noun}: where it is could not be learned well enough: of unseen training images {found.right} of {found.of} have the color there "
        f"that their captions say (at least {LEAST_ACCURACY:g} is needed with 95 % confidence, {found.accuracy.low:.2f} is sure, and "
        f"captions of other images would agree in {chance:.2f})"
    )


def _unseen(
    counts: _Counts, figures: Figures, told: NDArray[np.int64], claims: Sequence[Claim | None], names: ColorNames
) -> tuple[NDArray[np.bool_], Floats]:
    """For each picture whether a map learned without it finds its claimed color, and what share of all claims would do as well."""
    colors, found = np.zeros((len(told), 3), np.uint8), np.zeros(len(told), bool)
    for fold in range(FOLDS):
        heat = counts.heat(without=fold)
        for at in np.flatnonzero(counts.folds == fold):
            region = read_region(heat, figures.noisy_rgb[told[at]], figures.noisy_mask[told[at]])
            if region is not None:
                colors[at], found[at] = region.rgb, True
    right, by_chance = np.zeros(len(told), bool), np.zeros(len(told))
    for claim, count in Counter(claims[place] for place in told).items():
        assert claim is not None
        agrees = found & agreeing(colors, claim, names)
        own = np.array([claims[place] == claim for place in told])
        right |= agrees & own
        by_chance += agrees * count / len(told)
    return right, by_chance


def owner(color_cells: NDArray[np.bool_], maps: Mapping[str, FeatureMap]) -> str | None:
    """The feature that cells of one color (rows, columns) belong to, among those with a map; None where it cannot be told."""
    if not color_cells.any():
        return None
    heat = sorted(((float(one.heat[color_cells].mean()), noun) for noun, one in maps.items()), reverse=True)
    if not heat or heat[0][0] < OWNED_HEAT or (len(heat) > 1 and heat[0][0] < OWNED_TIMES * heat[1][0]):
        return None
    return heat[0][1]


def agreeing(rgb: NDArray[np.uint8], claim: Claim, names: ColorNames) -> NDArray[np.bool_]:
    """Which of many colors (n, 3) agree with a claim: a word by the rule of ``records.color_names``, a code by OKLab distance."""
    lab = oklab(rgb)
    if not isinstance(claim, ColorPhrase):
        near: NDArray[np.bool_] = np.linalg.norm(lab - oklab(claim), axis=-1) <= AGREE_DISTANCE
        return near
    weights, chroma = np.array([LIGHTNESS_WEIGHT, 1.0, 1.0]), np.hypot(lab[:, 1], lab[:, 2])
    fits = np.zeros(len(lab), bool)
    for term in claim.terms:
        away = ((names.exemplars[term][None] - lab[:, None]) * weights) ** 2
        fits |= (np.sqrt(away.sum(axis=-1).min(axis=1)) <= AGREE_DISTANCE) & (chroma <= NEUTRAL_CHROMA.get(term, (np.inf, np.inf))[0])
    return fits


@dataclass(frozen=True, slots=True)
class _Counts:
    """How often cells have a claimed color, by fold.

    ``own`` (folds, rows, columns): the color of the picture's own claim; ``other`` (claims, folds, rows, columns): that of each claim, in
    all pictures; ``uses`` (claims, folds): how many pictures make it.
    """

    folds: NDArray[np.int64]
    own: Floats
    other: Floats
    uses: Floats

    @classmethod
    def of(cls, figures: Figures, told: NDArray[np.int64], claims: Sequence[Claim | None], names: ColorNames) -> _Counts:
        colors, labels = _in_steps(figures.rgb[told])
        folds = np.arange(len(told)) % FOLDS
        distinct = list(dict.fromkeys(claims[place] for place in told))
        shape = figures.mask.shape[1:]
        own, other, uses = np.zeros((FOLDS, *shape)), np.zeros((len(distinct), FOLDS, *shape)), np.zeros((len(distinct), FOLDS))
        said = np.array([distinct.index(claims[place]) for place in told])
        for number, claim in enumerate(distinct):
            assert claim is not None
            has = agreeing(colors, claim, names)[labels] & figures.mask[told]
            for fold in range(FOLDS):
                inside, making = folds == fold, (folds == fold) & (said == number)
                own[fold] += has[making].sum(axis=0)
                other[number, fold], uses[number, fold] = has[inside].sum(axis=0), making.sum()
        return cls(folds, own, other, uses)

    def heat(self, without: int | None = None) -> Floats:
        """The share of pictures in which each cell belongs to the feature, beyond chance; ``without`` leaves a fold out."""
        folds = [fold for fold in range(FOLDS) if fold != without]
        count = self.uses[:, folds].sum()
        own = self.own[folds].sum(axis=0) / count
        chance = np.tensordot(self.uses[:, folds].sum(axis=1) / count, self.other[:, folds].sum(axis=1) / count, axes=1)
        heat: Floats = np.clip((own - chance) / np.maximum(1 - chance, 1e-9), 0, 1)
        return heat


def _in_steps(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The distinct colors of pictures in steps of four levels, (k, 3), and which each cell has."""
    steps = (rgb // _STEP).astype(np.int64)
    values, labels = np.unique((steps[..., 0] << 16) | (steps[..., 1] << 8) | steps[..., 2], return_inverse=True)
    colors = np.stack([values >> 16, (values >> 8) & 255, values & 255], axis=-1) * _STEP + _STEP // 2
    return colors.astype(np.uint8), labels.reshape(rgb.shape[:-1])


def _uncovered(right: NDArray[np.bool_], words: Sequence[frozenset[str]], noun: str) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which pictures count, and the words of those that do not: with them the reading fails far more often than without.

    Color words are not asked: "black" says that something is black, not that something is there.
    """
    kept, covers = np.ones(len(right), bool), list[str]()
    while words and len(covers) < MOST_COVERS:
        worst: tuple[float, str] | None = None
        for word in sorted(frozenset().union(*words) - TERMS - MODIFIERS - {noun, *covers}):
            has = np.array([word in of_caption for of_caption in words])
            inside, outside = kept & has, kept & ~has
            if not (inside.sum() >= COMMON_WORD[0] and has.mean() <= COMMON_WORD[1] and outside.any()):
                continue
            low = share_interval(int(right[outside].sum()), int(outside.sum())).low
            high = share_interval(int(right[inside].sum()), int(inside.sum())).high
            share = float(right[inside].mean())
            if high < low and (worst is None or share < worst[0]):
                worst = share, word
        if worst is None:
            break
        covers.append(worst[1])
        kept &= ~np.array([worst[1] in of_caption for of_caption in words])
    return kept, tuple(covers)


def _log_odds(share: Floats) -> Floats:
    held = np.clip(share, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(held / (1 - held))
    return odds
