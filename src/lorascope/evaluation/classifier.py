"""A small linear classifier: logistic regression with an L2 penalty, by Newton's method, and scores of pictures it has not seen.

A few hundred pictures of a few thousand numbers each span at most as many directions as there are pictures. The regression is done in
those (their principal components, up to 256), which is exact for small sets, and folded back: a classifier is one weight per number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.records.color import Floats

PENALTY = 0.003  # of the summed squares of the weights, where a typical picture has length 1
MOST_COMPONENTS = 256
FOLDS = 5
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Space:
    """The directions that known pictures span: ``mean`` (d,), ``axes`` (d, k), scaled so that a typical picture has length 1."""

    mean: Floats
    axes: Floats

    @classmethod
    def of(cls, rows: Floats) -> Space:
        """The space of pictures as rows (n, d)."""
        mean = rows.mean(axis=0)
        centered = rows - mean
        values, vectors = np.linalg.eigh(centered @ centered.T)
        keep = np.flatnonzero(values > 1e-9 * max(float(values[-1]), 1e-30))[-MOST_COMPONENTS:]
        axes = centered.T @ (vectors[:, keep] / np.sqrt(values[keep]))
        length = np.sqrt(np.median((centered**2).sum(axis=1))) or 1.0
        return cls(mean, axes / length)

    def place(self, rows: Floats) -> Floats:
        """Pictures (n, d) in this space, (n, k)."""
        placed: Floats = (rows - self.mean) @ self.axes
        return placed


@dataclass(frozen=True, slots=True)
class Line:
    """A linear score: positive means yes, in natural log odds."""

    weights: Floats
    bias: float

    def scores(self, rows: Floats) -> Floats:
        """The scores of rows (n, k)."""
        found: Floats = rows @ self.weights + self.bias
        return found

    def unfolded(self, space: Space) -> Line:
        """The same line for rows that were not placed in the space yet."""
        weights = space.axes @ self.weights
        return Line(weights, self.bias - float(space.mean @ weights))


def fit(rows: Floats, yes: NDArray[np.bool_]) -> Line:
    """The line that best separates rows (n, k) that are ``yes`` from the others. The same rows give the same line."""
    count, width = rows.shape
    design = np.concatenate([rows, np.ones((count, 1))], axis=1)
    penalty = np.full(width + 1, PENALTY)
    penalty[-1] = 1e-9  # the bias is free
    wanted = yes.astype(np.float64)
    at = np.zeros(width + 1)
    loss = _loss(design, wanted, penalty, at)
    for _ in range(_STEPS):
        chance = _chance(design @ at)
        slope = design.T @ (chance - wanted) + penalty * at
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        share = 1.0
        while (following := _loss(design, wanted, penalty, at - share * step)) > loss and share > 1e-6:
            share /= 2
        at, gained, loss = at - share * step, loss - following, following
        if gained <= 1e-10 * max(1.0, loss):
            break
    return Line(at[:-1], float(at[-1]))


def fold_of(yes: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """For each picture its fold, 0 to 4, both kinds spread evenly."""
    chosen = np.zeros(len(yes), np.int64)
    draw = np.random.default_rng(seed)
    for kind in (False, True):
        places = np.flatnonzero(yes == kind)
        chosen[draw.permutation(places)] = np.arange(len(places)) % FOLDS
    return chosen


def unseen_scores(rows: Floats, shown: Floats, yes: NDArray[np.bool_], seed: int) -> Floats:
    """For each picture the score of a line that was fitted without it: fitted on ``rows`` (n, k), asked about ``shown`` (n, k)."""
    folds = fold_of(yes, seed)
    scores = np.zeros(len(yes))
    for fold in range(FOLDS):
        out = folds == fold
        if out.any():
            scores[out] = fit(rows[~out], yes[~out]).scores(shown[out])
    return scores


def _chance(odds: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    return chance


def _loss(design: Floats, wanted: Floats, penalty: Floats, at: Floats) -> float:
    odds = design @ at
    return float((np.logaddexp(0, odds) - wanted * odds).sum() + (penalty * at**2).sum() / 2)
