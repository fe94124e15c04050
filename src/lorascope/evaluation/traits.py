"""Is a thing in the picture (sunglasses, a hat)? A small classifier learned from the user's own labeled training images says so.

"Present" and "absent" are each said only where cross-validation shows that saying so is right: with a precision whose lower 95 % bound
reaches 0.9, in pictures that have the thing as often as not. The training set's own shares would flatter: where one picture in ten has a
hat, always saying "absent" is right nine times in ten. Everything else is undecided, and so is every picture unlike all training images.

All figures are of pictures that were not learned from, with the noise of drawn pictures on them; the thresholds were chosen without
them, too (nested, five folds in five folds).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.classifier import FOLDS, Line, Space, fit, fold_of, unseen_scores
from lorascope.pixels.figure import Figures, Floats32, Unlearned, known_figures
from lorascope.records.color import Floats
from lorascope.records.interval import Interval, share_interval
from lorascope.records.run import JsonValue

LEAST_PRECISION = 0.9
FEWEST = 10  # pictures with the thing, and without it: two for each fold
EDGE_LAB = (0.04, 0.10)  # OKLab steps between neighboring cells: noise up to the first, an edge from the second
FLAG_WEIGHT = 0.5  # of an edge, and of belonging to the figure, beside colors of 0 to 1
_Z2 = 1.959963984540054**2


class Presence(StrEnum):
    """What is said of a thing in a picture."""

    PRESENT = "present"
    ABSENT = "absent"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Answer:
    """How good one of the two answers is, counted on unseen pictures.

    It was given rightly to ``right`` of the ``of`` pictures it is true of, and wrongly to ``wrong`` of the ``others``. ``threshold`` is the
    score from which ("present") or up to which ("absent") it is given.
    """

    threshold: float
    right: int
    of: int
    wrong: int
    others: int

    @property
    def recall(self) -> Interval:
        """Share of the pictures it is true of that get it (Wilson, 95 %)."""
        return share_interval(self.right, self.of)

    @property
    def precision(self) -> Interval | None:
        """Share of its uses that are right, in the mixture of the training images (Wilson, 95 %); None when it was never given."""
        said = self.right + self.wrong
        return share_interval(self.right, said) if said else None

    @property
    def even_odds_low(self) -> float:
        """The least precision where the thing is there as often as not: both rates at the worse end of their 95 % intervals."""
        right, wrong = self.recall.low, share_interval(self.wrong, self.others).high
        return right / (right + wrong)

    def in_words(self) -> str:
        """Such as "right in 34 of 35, wrong in 0 of 168"."""
        return f"right in {self.right} of {self.of}, wrong in {self.wrong} of {self.others}"

    def summary(self) -> dict[str, JsonValue]:
        """The figures, for a score's extra."""
        precision = self.precision
        return {
            "right": self.right, "of": self.of, "wrong": self.wrong, "others": self.others,
            "precision": None if precision is None else [round(precision.low, 3), round(precision.high, 3)],
            "recall": [round(self.recall.low, 3), round(self.recall.high, 3)],
            "even_odds_low": round(self.even_odds_low, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one picture. ``reason`` says why nothing is, where it is undecided."""

    presence: Presence
    score: float
    reason: str = ""


@dataclass(frozen=True)
class TraitCheck:
    """A classifier of one label with what it was measured to be worth. ``line`` is over the numbers of :func:`picture_numbers`."""

    label: str
    line: Line
    present: Answer
    absent: Answer
    least_precision: float = LEAST_PRECISION

    def answer(self, presence: Presence) -> Answer:
        """How good an answer is: of present or absent."""
        return self.present if presence is Presence.PRESENT else self.absent

    def refusal(self, presence: Presence) -> str:
        """Why an answer must not be given; empty where it is right often enough."""
        answer = self.answer(presence)
        if answer.even_odds_low >= self.least_precision:
            return ""
        return (
            f"{self.label}: {presence} would be right too seldom (on unseen training images {answer.in_words()}: "
            f"precision at least {answer.even_odds_low:.2f} at even odds, {self.least_precision:g} needed)"
        )

    def judge(self, lab: Floats32, figure: NDArray[np.bool_]) -> Judgement:
        """What is said of a picture: its ``figure_lab`` (rows, columns, 3) and what is figure (rows, columns)."""
        score = round(float(self.line.scores(picture_numbers(lab[None], figure[None]))[0]), 3)
        given = {Presence.PRESENT: score >= self.present.threshold, Presence.ABSENT: score <= self.absent.threshold}
        said = [presence for presence, holds in given.items() if holds]
        if len(said) != 1:
            return Judgement(Presence.UNDECIDED, score, f"{self.label}: too close to call")
        refusal = self.refusal(said[0])
        return Judgement(Presence.UNDECIDED if refusal else said[0], score, refusal)


@dataclass(frozen=True, slots=True)
class Ground:
    """Training images prepared once for all labels: their ``space``, and their places in it without noise and with it, (n, k)."""

    space: Space
    rows: Floats
    shown: Floats

    @classmethod
    def of(cls, figures: Figures) -> Ground:
        """From known figures."""
        clean = picture_numbers(figures.lab, figures.mask)
        space = Space.of(clean)
        return cls(space, space.place(clean), space.place(picture_numbers(figures.noisy_lab, figures.noisy_mask)))

    @classmethod
    def of_cells(cls, cells: NDArray[np.uint8], figure: NDArray[np.bool_]) -> Ground:
        """From cells (n, rows, columns, 3) uint8 and what is figure in them (n, rows, columns)."""
        return cls.of(known_figures(cells, figure))


def picture_numbers(lab: Floats32, figure: NDArray[np.bool_]) -> Floats:
    """What a picture is to the classifier, (n, d): its cells' colors, the edges between neighboring cells, and the figure's outline."""
    low, high = EDGE_LAB
    across, down = np.zeros(lab.shape[:3]), np.zeros(lab.shape[:3])
    across[:, :, 1:] = np.linalg.norm(np.diff(lab, axis=2), axis=-1)
    down[:, 1:] = np.linalg.norm(np.diff(lab, axis=1), axis=-1)
    flags = [FLAG_WEIGHT * np.clip((step - low) / (high - low), 0, 1) for step in (across, down)]
    parts = [lab.astype(np.float64), *flags, FLAG_WEIGHT * figure]
    return np.concatenate([part.reshape(len(lab), -1) for part in parts], axis=1)


def learn_trait(label: str, ground: Ground, said: NDArray[np.bool_], least_precision: float = LEAST_PRECISION) -> TraitCheck | Unlearned:
    """Learn a label. ``said`` (n,) is True on the pictures that have the thing, in the order of the ground's pictures."""
    positives, negatives = int(said.sum()), int((~said).sum())
    if min(positives, negatives) < FEWEST:
        return Unlearned(_too_few(label, positives, negatives, least_precision))
    right = {True: 0, False: 0}
    wrong = {True: 0, False: 0}
    folds = fold_of(said, seed=0)
    for fold in range(FOLDS):
        out = folds == fold
        present_from, absent_to = _thresholds(unseen_scores(ground.rows[~out], ground.shown[~out], said[~out], seed=fold + 1), said[~out])
        scores = fit(ground.rows[~out], said[~out]).scores(ground.shown[out])
        present, absent = scores >= present_from, scores <= absent_to
        for answer, given in ((True, present & ~absent), (False, absent & ~present)):
            right[answer] += int((given & (said[out] == answer)).sum())
            wrong[answer] += int((given & (said[out] != answer)).sum())
    present_from, absent_to = _thresholds(unseen_scores(ground.rows, ground.shown, said, seed=0), said)
    return TraitCheck(
        label,
        fit(ground.rows, said).unfolded(ground.space),
        Answer(round(present_from, 3), right[True], positives, wrong[True], negatives),
        Answer(round(absent_to, 3), right[False], negatives, wrong[False], positives),
        least_precision,
    )


def enough(others: int, least_precision: float = LEAST_PRECISION) -> int:
    """How many pictures with a thing it takes, all of them found, before its absence may be said beside ``others`` without it.

    >>> enough(160)
    32
    """
    low = share_interval(others, others).low if others else 0.0
    count = FEWEST
    while low and low / (low + share_interval(0, count).high) < least_precision:
        count += 1
    return count


def _too_few(label: str, positives: int, negatives: int, least_precision: float) -> str:
    if negatives < positives:
        return f"{label}: only {negatives} training images are without it, and at least {FEWEST} are needed to learn the difference"
    return (
        f"{label}: only {positives} of {positives + negatives} training images are labeled with it: at least {FEWEST} are needed to learn "
        f"from, and about {enough(negatives, least_precision)} before its absence can be said. Do the captions use another word? Name it "
        "under [traits] in the suite"
    )


def _thresholds(scores: Floats, said: NDArray[np.bool_]) -> tuple[float, float]:
    """From which score "present" is best said, and up to which "absent"."""
    return _best_threshold(scores[said], scores[~said]), -_best_threshold(-scores[~said], -scores[said])


def _best_threshold(yes: Floats, no: Floats) -> float:
    """The score with the highest sure precision, midway between two pictures' scores; never one that speaks against the answer."""
    ordered = np.unique(np.concatenate([yes, no]))
    cuts = (ordered[1:] + ordered[:-1]) / 2 if len(ordered) > 1 else ordered
    right = len(yes) - np.searchsorted(np.sort(yes), cuts)
    wrong = len(no) - np.searchsorted(np.sort(no), cuts)
    low, high = _wilson(right, len(yes), -1), _wilson(wrong, len(no), 1)
    return max(0.0, float(cuts[np.argmax(low / (low + high))]))


def _wilson(successes: NDArray[np.int64], count: int, side: int) -> Floats:
    """One end of Wilson's 95 % interval for many shares at once."""
    share = successes / count
    half = np.sqrt(share * (1 - share) * _Z2 / count + _Z2**2 / (4 * count**2))
    end: Floats = np.clip((share + _Z2 / (2 * count) + side * half) / (1 + _Z2 / count), 0, 1)
    return end
