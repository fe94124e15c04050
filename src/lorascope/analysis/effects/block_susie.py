"""Which settings matter, all others considered: a sum of single effects over blocks of columns, with small samples in mind.

y = sum over l of X[g_l] b_l + e, l = 1 … 5. Each g_l is no setting at all, or one block; b ~ N(0, s0² σ²) with s0 one of .5, 1, 2, 4;
σ² is inverse gamma with 3 degrees of freedom, scaled to half the outcome's variance, and integrated out, which is what keeps ten runs
from sounding like a thousand. After the sum of single effects of Wang, Sarkar, Carbonetto and Stephens (JRSS B 82, 2020); what differs:
blocks in place of columns, the integrated noise, and a fixed grid of effect sizes.

Only products of columns are needed, so the cost does not grow with the number of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.sums import Moments, Turned, turn

EFFECTS = 5
SCALES = (0.5, 1.0, 2.0, 4.0)
NOISE_DF = 3.0
NOISE_SHARE = 0.5
MOST_ROUNDS = 500
CLOSE = 1e-6
_LEAST_LEFT = 1e-12  # share of the outcome that rounding leaves where a block explains all of it

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SingleEffects:
    """``alpha`` (effects × blocks): that effect l is block b; ``null`` (effects): that it is none. ``pip`` per block: that it is any.

    ``coefficients`` are the posterior means of all columns, ``noise`` is the standard deviation of the rest, in the outcome's unit.
    """

    alpha: Array
    null: Array
    pip: Array
    coefficients: Array
    noise: float
    converged: bool


def prior_null(blocks: int, effects: int = EFFECTS) -> float:
    """The prior probability that one of the effects is none: at least a half, more where few settings vary."""
    return max(0.5, 1 - 0.12 * blocks / effects)


def log_bayes_factors(turned: Turned, with_rest: Array, rest: float, degrees: int) -> Array:
    """Log Bayes factors against no effect, of effect sizes × blocks, the noise variance integrated out.

    ``with_rest`` are the products of the columns with what is to be explained, ``rest`` is b + r'r. With lam a column's squared length
    and u'r its projection: -1/2 sum log(1 + s0² lam) - (a + n - 1)/2 log((b + r'r - sum s0² lam/(1 + s0² lam) (u'r)²) / (b + r'r)),
    summed over the columns of a block; n - 1 is ``degrees``.
    """
    squares = np.array(SCALES)[:, None] ** 2
    grown = 1 + squares * turned.lam
    explained = (squares / grown * with_rest**2) @ turned.member  # s0² lam/(1 + s0² lam) (u'r)², since (u'r)² = (x'r)²/lam
    inside = np.maximum(1 - explained / rest, _LEAST_LEFT)
    return np.asarray(-0.5 * np.log(grown) @ turned.member - 0.5 * (NOISE_DF + degrees) * np.log(inside))


def block_susie(
    data: Moments, *, weights: Sequence[float] | None = None, noise: float | None = None, effects: int = EFFECTS
) -> SingleEffects:
    """Fit by coordinate ascent until nothing moves. ``weights`` are prior weights of blocks (equal when None); ``noise`` a known
    standard deviation of replicates, in place of half the outcome's variance. Same data, same answer: nothing is drawn.
    """
    turned = turn(data)
    blocks = turned.blocks
    share = np.ones(blocks) if weights is None else np.asarray(weights, np.float64)
    none = prior_null(blocks, effects)
    log_prior = np.log((1 - none) * share / max(share.sum(), 1e-300) / len(SCALES)) if blocks else np.zeros(0)
    prior_square = noise**2 * NOISE_DF if noise else NOISE_SHARE * data.yy / max(1, data.degrees)
    state = _Ascent(turned, data, log_prior, np.log(none), prior_square, effects)
    converged = blocks == 0 or data.yy <= 0 or state.run()
    return state.answer(converged=converged)


class _Ascent:
    """The state of the ascent: one row of ``alpha`` and of ``means`` per effect."""

    def __init__(self, turned: Turned, data: Moments, log_prior: Array, log_none: float, square: float, effects: int) -> None:
        self.turned, self.data, self.log_prior, self.log_none, self.square = turned, data, log_prior, log_none, square
        self.alpha = np.zeros((effects, turned.blocks))
        self.null = np.ones(effects)
        self.means = np.zeros((effects, len(turned.lam)))

    def run(self) -> bool:
        for _ in range(MOST_ROUNDS):
            before = self.alpha.copy()
            for effect in range(len(self.alpha)):
                self._update(effect)
            if np.abs(self.alpha - before).max() < CLOSE:
                return True
        return False

    def _update(self, effect: int) -> None:
        turned = self.turned
        others = self.means.sum(axis=0) - self.means[effect]
        with_rest = turned.xy - turned.xx @ others
        rest = self.square + max(float(self.data.yy - others @ (turned.xy + with_rest)), 0.0)
        log_odds = self.log_prior + log_bayes_factors(turned, with_rest, rest, self.data.degrees)
        top = max(self.log_none, float(log_odds.max()))
        mass = np.exp(log_odds - top)
        none = float(np.exp(self.log_none - top))
        weight = mass / (none + mass.sum())
        self.alpha[effect] = weight.sum(axis=0)
        self.null[effect] = none / (none + mass.sum())
        squares = np.array(SCALES)[:, None] ** 2
        self.means[effect] = (weight[:, turned.block] * squares / (1 + squares * turned.lam)).sum(axis=0) * with_rest

    def answer(self, *, converged: bool) -> SingleEffects:
        turned, data = self.turned, self.data
        total = self.means.sum(axis=0)
        squares = max(data.yy - total @ (2 * turned.xy - turned.xx @ total), 0.0)
        power = NOISE_DF + data.degrees
        return SingleEffects(
            alpha=self.alpha,
            null=self.null,
            pip=1 - np.prod(1 - self.alpha, axis=0),
            coefficients=turned.back @ total,
            noise=float(np.sqrt((self.square + squares) / power)),
            converged=converged,
        )
