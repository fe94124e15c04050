"""Which checkpoint is the best, with the probability that it really is.

The best of ten noisy means is partly luck. The model here: an epoch's true level is normal around the run's mean with
standard deviation tau (half-normal prior, scale: the spread within prompts), observed with the noise that the prompts'
disagreement shows. Both unknowns are integrated over a grid, so levels are shrunk toward the mean as much as the noise
asks for; seeded draws then say how often each epoch comes out best. With no real difference the shrinkage is nearly
complete and no epoch is called.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri

from lorascope.evaluation.epoch_effects import EpochEffects, Floats
from lorascope.evaluation.metric import Direction

DRAWS = 4000
SET_SHARE = 0.9  # the set of epochs that together hold this probability of the best
CALLED_FROM = 0.5  # below this probability nothing is called best
FEWEST_BLOCKS = 3  # nor is it from one or two prompts, which show next to nothing of how much prompts disagree
GOOD_ENOUGH_FROM = 0.8
_GRID = 48
# One pseudo-observation, a twentieth of the spread within prompts: no certainty from accidentally equal values, and next to
# nothing where ten epochs and eight prompts show the noise.
_NOISE_PRIOR_DF, _NOISE_PRIOR_SHARE = 1.0, 0.05


@dataclass(frozen=True, slots=True)
class Candidate:
    """An epoch in the running: its level shrunk for the luck of the draw, and the probability that it is the best."""

    epoch: int
    shrunk: float
    p_best: float


@dataclass(frozen=True, slots=True)
class Choice:
    """``best`` is None when no epoch reaches ``CALLED_FROM``, on fewer than ``FEWEST_BLOCKS`` prompts, or where the first two are equal;
    ``leader`` is the most probable all the same.

    ``set90``: the fewest epochs that together hold 90 % of the probability, by epoch. ``good_enough`` is the earliest
    epoch within the tolerance of the best with 80 % probability. ``prompts_to_decide``: how many prompts would separate
    the leader from the runner-up at 80 % power, if they really differ as much as measured (None: not within 10,000). ``near``: all
    epochs that are within the tolerance of the best with 80 % probability.
    """

    candidates: tuple[Candidate, ...]
    best: Candidate | None
    leader: Candidate
    runner_up: Candidate | None
    set90: tuple[int, ...]
    good_enough: int | None
    prompts_to_decide: int | None
    near: tuple[int, ...] = ()


def choose(effects: EpochEffects, direction: Direction, *, seed: int = 0, tolerance: float = 0.0) -> Choice | None:
    """Choose among the epochs of a fit; None when noise and difference cannot be told apart at all (no degrees of freedom).

    ``tolerance`` is how far from the best an epoch may lie and still be good enough, in the metric's unit.
    """
    if len(effects.epochs) == 1:
        only = Candidate(effects.epochs[0], effects.level, 1.0)
        return Choice((only,), only, only, None, (only.epoch,), only.epoch, None)
    if effects.noise_variance is None:
        return None
    sign = -1.0 if direction is Direction.LOWER else 1.0
    shrunk, draws = level_draws(effects, np.random.default_rng(seed))
    p_best = np.full(len(shrunk), 1 / len(shrunk))
    equal = effects.within_variance == 0
    if not equal:
        p_best = np.bincount((sign * draws).argmax(axis=1), minlength=len(shrunk)) / len(draws)
    candidates = tuple(Candidate(*row) for row in zip(effects.epochs, shrunk.tolist(), p_best.tolist(), strict=True))
    ranked = sorted(candidates, key=lambda item: (-item.p_best, -sign * item.shrunk, item.epoch))
    # Which of two equal epochs the draws favor is chance.
    tied = abs(ranked[0].shrunk - ranked[1].shrunk) <= 1e-9 * math.sqrt(effects.within_variance)
    behind = (sign * draws).max(axis=1, keepdims=True) - sign * draws
    near = (behind <= tolerance + 1e-12).mean(axis=0) >= GOOD_ENOUGH_FROM
    return Choice(
        candidates=candidates,
        best=ranked[0] if ranked[0].p_best >= CALLED_FROM and effects.blocks >= FEWEST_BLOCKS and not equal and not tied else None,
        leader=ranked[0],
        runner_up=ranked[1],
        set90=effects.epochs if equal else _smallest_set(ranked),
        good_enough=next((epoch for epoch, good in zip(effects.epochs, near, strict=True) if good), None),
        prompts_to_decide=_prompts_to_decide(effects, ranked[0].epoch, ranked[1].epoch),
        near=tuple(epoch for epoch, good in zip(effects.epochs, near, strict=True) if good),
    )


def _smallest_set(ranked: list[Candidate]) -> tuple[int, ...]:
    """The fewest epochs that together reach ``SET_SHARE``."""
    reached, members = 0.0, []
    for candidate in ranked:
        if reached >= SET_SHARE - 1e-9:
            break
        reached += candidate.p_best
        members.append(candidate.epoch)
    return tuple(sorted(members))


def _prompts_to_decide(effects: EpochEffects, leader: int, runner_up: int) -> int | None:
    """Prompts for 80 % power at two-sided 5 %, prompts paired: 2 sigma² (1.96 + 0.84)² / d², d the measured difference."""
    difference = abs(float(effects.effects[effects.epochs.index(leader)] - effects.effects[effects.epochs.index(runner_up)]))
    if difference <= 0 or effects.noise_variance is None:
        return None
    prompts = 2 * effects.noise_variance * ((ndtri(0.975) + ndtri(0.8)) / difference) ** 2
    return max(2, math.ceil(prompts)) if prompts <= 10_000 else None


def level_draws(effects: EpochEffects, rng: np.random.Generator, normals: Floats | None = None) -> tuple[Floats, Floats]:
    """Posterior means of the epochs' levels, (epochs,), and ``DRAWS`` draws of them, (draws, epochs).

    ``normals`` (draws, epochs) are standard normal draws to use for the noise instead of new ones: those of a metric that is drawn jointly.

    Raises:
        ValueError: there is no noise variance.
    """
    if effects.noise_variance is None:
        raise ValueError("without degrees of freedom there is nothing to draw")
    precision, axes = np.linalg.eigh(effects.information)
    precision, axes = precision[1:], axes[:, 1:]  # the first is the common level: precision zero
    observed = axes.T @ effects.effects
    count = len(effects.effects)
    if effects.within_variance <= 0:
        return np.full(count, effects.level), np.full((1, count), effects.level)
    noise, tau, weight = _grid(effects, precision, observed)
    sampling = noise[:, None] / precision  # (grid, axes): sampling variance of the observed effects
    keep = tau[:, None] ** 2 / (tau[:, None] ** 2 + sampling)
    shrunk: Floats = effects.level + axes @ (weight @ (keep * observed))
    counts = rng.multinomial(DRAWS, weight)
    rows = np.repeat(np.arange(len(weight)), counts)
    # A symmetric square root: the draws do not depend on which axes the eigenvector routine happened to pick.
    noise_draws = rng.standard_normal((DRAWS, count)) if normals is None else normals
    spread = np.sqrt(keep * sampling)[rows] * (noise_draws @ axes)
    draws: Floats = effects.level + ((keep * observed)[rows] + spread) @ axes.T
    return shrunk, draws


def _grid(effects: EpochEffects, precision: Floats, observed: Floats) -> tuple[Floats, Floats, NDArray[np.float64]]:
    """Points of (noise variance, tau), equally probable before the effects are seen, and their weight after; flat arrays."""
    assert effects.noise_variance is not None
    middle = (np.arange(_GRID) + 0.5) / _GRID
    df = effects.noise_df + _NOISE_PRIOR_DF
    squares = effects.noise_variance * effects.noise_df + _NOISE_PRIOR_DF * _NOISE_PRIOR_SHARE * effects.within_variance
    noise, tau = np.meshgrid(squares / chdtri(df, middle), math.sqrt(effects.within_variance) * ndtri(0.5 + middle / 2), indexing="ij")
    noise, tau = noise.ravel(), tau.ravel()
    total = tau[:, None] ** 2 + noise[:, None] / precision
    log_weight = -0.5 * (np.log(total) + observed**2 / total).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return noise, tau, weight / weight.sum()
