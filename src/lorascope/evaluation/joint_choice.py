"""Several metrics at once: which checkpoint is the best of those that meet conditions, and which no other beats in everything.

Levels of all metrics are drawn together: the noise of two metrics goes together as far as their residuals do, since they were measured on
the same pictures. A condition such as "accuracy >= 0.9" is about the level over prompts like these, so the draws that conditions
see carry the uncertainty of the common level too, which cancels in differences. Shares of yes and no are drawn
from the Beta distribution of as many independent pictures as theirs are worth (a flat prior): three of three do not show 0.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr, stdtrit

from lorascope.evaluation.best_checkpoint import DRAWS, level_draws
from lorascope.evaluation.epoch_effects import Cells, EpochEffects, Floats, fit
from lorascope.evaluation.metric import Direction

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric with what was measured of it. ``yes_or_no``: every picture counts 1 or 0."""

    metric: str
    direction: Direction
    cells: Cells
    yes_or_no: bool = False


@dataclass(frozen=True, slots=True)
class Draws:
    """``differences`` (draws, epochs) are for comparing epochs, ``levels`` for conditions on the level itself."""

    judged: Judged
    differences: Floats
    levels: Floats


@dataclass(frozen=True, slots=True)
class JointEpoch:
    """One checkpoint's probabilities: it meets the conditions; no other beats it in every metric; it is the best that meets them."""

    epoch: int
    p_feasible: float
    p_pareto: float
    p_best_feasible: float


@dataclass(frozen=True, slots=True)
class JointChoice:
    """``p_none``: the probability that no checkpoint meets the conditions."""

    epochs: tuple[JointEpoch, ...]
    p_none: float


def shared_epochs(judged: Sequence[Judged]) -> tuple[int, ...]:
    """The epochs that every metric can compare, in order."""
    found = [set(fit(one.cells).epochs) for one in judged]
    return tuple(sorted(set.intersection(*found))) if found else ()


def draw_jointly(judged: Sequence[Judged], *, seed: int = 0) -> tuple[Draws, ...] | None:
    """Draws of every metric's levels at the epochs that all share; None where a metric's noise cannot be told from its differences."""
    epochs = shared_epochs(judged)
    fits = [fit(one.cells) for one in judged]
    if len(epochs) < 2 or None in [one.noise_variance for one in fits]:
        return None
    rng = np.random.default_rng(seed)
    together = np.linalg.cholesky(_correlation(judged, fits))
    normals = np.einsum("ij,jdk->idk", together, rng.standard_normal((len(judged), DRAWS, max(len(one.epochs) for one in fits))))
    shifts = np.einsum("ij,jd->id", together, rng.standard_normal((len(judged), DRAWS)))
    found = []
    for one, effects, normal, shift in zip(judged, fits, normals, shifts, strict=True):
        columns = [effects.epochs.index(epoch) for epoch in epochs]
        differences = level_draws(effects, rng, normal[:, : len(effects.epochs)])[1][:, columns]
        differences = np.broadcast_to(differences, (DRAWS, len(epochs)))
        if one.yes_or_no:
            levels = _share_draws(one.cells, epochs, ndtr(normal[:, columns]))
        else:
            levels = differences + _common(one.cells, effects, ndtr(shift))[:, None]
        found.append(Draws(one, differences, levels))
    return tuple(found)


def choose_jointly(draws: Sequence[Draws], feasible: Flags, epochs: Sequence[int]) -> JointChoice:
    """Choose by the first metric among the checkpoints that are ``feasible`` (draws, epochs); Pareto over all metrics that judge."""
    first = draws[0]
    score = first.differences * (-1 if first.judged.direction is Direction.LOWER else 1)
    score = np.where(feasible, score, -np.inf)
    some = np.any(feasible, axis=1)
    first_ones = feasible & (score == score.max(axis=1, keepdims=True))
    p_best = (first_ones[some] / first_ones[some].sum(axis=1, keepdims=True)).sum(axis=0).round(9) / len(score)  # equal ones share a draw
    pareto = _undominated(draws).mean(axis=0)
    rows = zip(epochs, feasible.mean(axis=0), pareto, p_best, strict=True)
    return JointChoice(tuple(JointEpoch(epoch, float(a), float(b), float(c)) for epoch, a, b, c in rows), float(1 - some.mean()))


def by_metric(draws: Sequence[Draws]) -> Mapping[str, Floats]:
    """The levels of every metric, for conditions to look at."""
    return {one.judged.metric: one.levels for one in draws}


def _undominated(draws: Sequence[Draws]) -> Flags:
    """Per draw and epoch: no other epoch is as good in every metric and better in one."""
    signed = np.stack([one.differences * (-1 if one.judged.direction is Direction.LOWER else 1) for one in draws])
    count = signed.shape[2]
    result = np.ones(signed.shape[1:], np.bool_)
    for epoch in range(count):
        here = signed[:, :, epoch, None]
        beaten = (signed >= here).all(axis=0) & (signed > here).any(axis=0)
        result[:, epoch] = ~np.any(beaten, axis=1)
    return result


def _correlation(judged: Sequence[Judged], fits: Sequence[EpochEffects]) -> Floats:
    """How the residuals of the metrics go together over epochs x prompts that all have; shrunk a little so that it can be factored."""
    epochs = sorted(set.intersection(*(set(one.cells.epochs) for one in judged)))
    blocks = sorted(set.intersection(*(set(one.cells.blocks) for one in judged)))
    residuals = np.array([_residuals(one.cells, effects, epochs, blocks) for one, effects in zip(judged, fits, strict=True)])
    residuals = residuals[:, ~np.isnan(residuals).any(axis=0)]
    result = np.eye(len(judged))
    if residuals.shape[1] > 3 and (residuals.std(axis=1) > 0).all():
        result = 0.98 * np.corrcoef(residuals).reshape(result.shape) + 0.02 * result
    return result


def _residuals(cells: Cells, effects: EpochEffects, epochs: Sequence[int], blocks: Sequence[str]) -> Floats:
    """Cells without their prompts' levels and their epochs' effects, up to a constant per prompt that has every epoch; epoch by epoch."""
    of_epoch = dict(zip(effects.epochs, effects.effects.tolist(), strict=True))
    fitted = cells.values[[cells.epochs.index(epoch) for epoch in effects.epochs]]
    counts = (~np.isnan(fitted)).sum(axis=0)
    levels = np.where(counts > 0, np.nansum(fitted, axis=0) / np.maximum(counts, 1), np.nan)
    columns = [cells.blocks.index(block) for block in blocks]
    rows = cells.values[[cells.epochs.index(epoch) for epoch in epochs]][:, columns]
    shifts = np.array([of_epoch.get(epoch, np.nan) for epoch in epochs])
    found: Floats = (rows - shifts[:, None] - levels[columns]).ravel()
    return found


def _common(cells: Cells, effects: EpochEffects, probability: Floats) -> Floats:
    """Draws of how far the common level of these prompts is from that of all prompts like them (Student's t over prompts)."""
    rows = [cells.epochs.index(epoch) for epoch in effects.epochs]
    values = cells.values[rows]
    there = ~np.isnan(values)
    measured = np.any(there, axis=0)
    adjusted = np.where(there, values - effects.effects[:, None], 0.0).sum(axis=0)[measured] / there.sum(axis=0)[measured]
    count = len(adjusted)
    if count < 2:
        return np.zeros(len(probability))
    spread: Floats = stdtrit(count - 1, np.clip(probability, 1e-6, 1 - 1e-6)) * adjusted.std(ddof=1) / np.sqrt(count)
    return spread


def _share_draws(cells: Cells, epochs: Sequence[int], probability: Floats) -> Floats:
    """Draws of shares: Beta with a flat prior, every prompt counted as one answer (its pictures are alike)."""
    means = [cells.of_epoch(epoch) for epoch in epochs]
    count = np.array([len(of_epoch) for of_epoch in means], np.float64)
    yes = np.array([sum(of_epoch) for of_epoch in means])
    drawn: Floats = betaincinv(yes + 1, count - yes + 1, np.clip(probability, 1e-9, 1 - 1e-9))
    return drawn
