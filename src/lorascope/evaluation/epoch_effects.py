"""How much epochs differ, set against how much prompts disagree about it.

Every cell is one epoch on one prompt, its value the mean over seeds. A prompt that scores high everywhere says nothing about epochs,
so the prompts' own levels are removed (two-way analysis of variance); what is left, the prompts' disagreement about the
epochs, is the noise. Cells weigh the same. Some may be missing: the fit is least squares over the cells there are, as for
incomplete block designs (John 1971, "Statistical Design and Analysis of Experiments", chapter 11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from lorascope.records.sample import Score

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cells:
    """``values`` (epochs, blocks), NaN where nothing was measured; ``images`` (epochs, blocks) counts what a value averages.

    A block is a prompt; with a single prompt each of its seeds is a block (``by_seed``).
    """

    epochs: tuple[int, ...]
    blocks: tuple[str, ...]
    values: Floats
    images: NDArray[np.int64]
    by_seed: bool = False

    def of_epoch(self, epoch: int) -> list[float]:
        """The values of one epoch, one per block that has one."""
        row = self.values[self.epochs.index(epoch)]
        return [float(value) for value in row[~np.isnan(row)]]


@dataclass(frozen=True, slots=True)
class EpochEffects:
    """The fit. ``level`` + ``effects`` are the epochs' means on equal terms (adjusted for prompts that some epochs lack).

    ``information`` (epochs, epochs) is the precision of the effects in units of 1 / ``noise_variance``; its null space is
    the common level. ``noise_variance`` is of one cell, None without degrees of freedom. ``within_variance`` is the spread
    within prompts, effects included. ``p_value`` is of the F test "do epochs differ at all?". ``blocks`` are the prompts it rests on.
    """

    epochs: tuple[int, ...]
    level: float
    effects: Floats
    information: Floats
    noise_variance: float | None
    noise_df: int
    within_variance: float
    p_value: float | None
    blocks: int


def tabulate(scores: Iterable[Score], metric: str) -> Cells:
    """Arrange the measured scores of a metric by epoch and prompt, averaged over seeds. Order of the scores does not matter."""
    kept = [score for score in scores if score.metric == metric and score.value is not None and np.isfinite(score.value)]
    by_seed = len({score.prompt for score in kept}) == 1 and len({score.seed for score in kept}) > 1
    found: dict[tuple[int, str], list[float]] = {}
    for score in kept:
        block = f"seed {score.seed}" if by_seed else score.prompt
        found.setdefault((score.epoch, block), []).append(float(score.value or 0.0))
    epochs, blocks = sorted({epoch for epoch, _ in found}), sorted({block for _, block in found})
    values, images = np.full((len(epochs), len(blocks)), np.nan), np.zeros((len(epochs), len(blocks)), np.int64)
    rows, columns = ({name: place for place, name in enumerate(names)} for names in (epochs, blocks))
    for (epoch, block), numbers in found.items():
        at = rows[epoch], columns[block]
        values[at], images[at] = numbers[0] if len(numbers) == 1 else np.mean(sorted(numbers)), len(numbers)
    return Cells(tuple(epochs), tuple(blocks), values, images, by_seed)


def copied(cells: Cells) -> bool:
    """Whether every epoch has one and the same value on all of several prompts: one number per checkpoint, written for each prompt.

    Answers of yes or no do come out so.
    """
    several = (~np.isnan(cells.values)).sum(axis=1) > 1
    if not several.all() or len(cells.epochs) < 2:
        return False
    same = np.nanmin(cells.values, axis=1) == np.nanmax(cells.values, axis=1)
    levels = np.unique(cells.values[~np.isnan(cells.values)])
    return bool(same.all()) and len(levels) > 1 and not set(levels.tolist()) <= {0.0, 1.0}


def fit(cells: Cells) -> EpochEffects:
    """Fit epoch + prompt effects over the largest group of epochs that share prompts (others cannot be compared).

    Raises:
        ValueError: there are no values at all.
    """
    if not cells.epochs:
        raise ValueError("no values to fit")
    rows = _comparable(~np.isnan(cells.values))
    there = ~np.isnan(cells.values[rows])
    columns = there.any(axis=0)
    there, values = there[:, columns], np.where(there, cells.values[rows], 0.0)[:, columns]
    incidence, per_block = there.astype(np.float64), there.sum(axis=0)
    block_means = values.sum(axis=0) / per_block
    centered = np.where(there, values - block_means, 0.0)
    information = np.diag(incidence.sum(axis=1)) - (incidence / per_block) @ incidence.T
    effects: Floats = np.linalg.pinv(information, hermitian=True) @ centered.sum(axis=1)
    total, explained = float((centered**2).sum()), float(effects @ centered.sum(axis=1))
    epochs, cells_df = len(rows), int(there.sum()) - int(columns.sum())
    residual, df = max(0.0, total - explained), cells_df - (epochs - 1)
    level = float(np.mean(block_means - (incidence.T @ effects) / per_block))
    if residual <= 1e-12 * max(total, float((values**2).sum()) * 1e-6):
        residual = 0.0
    return EpochEffects(
        epochs=tuple(cells.epochs[row] for row in rows),
        level=level,
        effects=effects,
        information=information,
        noise_variance=residual / df if df > 0 else None,
        noise_df=max(0, df),
        within_variance=total / cells_df if cells_df > 0 and total > 1e-24 * float((values**2).sum()) else 0.0,
        p_value=_f_test(explained, epochs - 1, residual, df),
        blocks=int(columns.sum()),
    )


def _f_test(explained: float, epochs_df: int, residual: float, df: int) -> float | None:
    """The chance of so large a difference between epochs that are all the same; None when there is nothing to test."""
    if epochs_df < 1 or df < 1 or residual <= 0:
        return None
    return float(fdtrc(epochs_df, df, (explained / epochs_df) / (residual / df)))


def _comparable(there: NDArray[np.bool_]) -> list[int]:
    """Rows of the largest group of epochs that are linked through shared prompts; of equal groups the earliest."""
    linked = (there.astype(np.int64) @ there.T.astype(np.int64)) > 0
    groups: list[list[int]] = []
    left = set(range(len(there)))
    while left:
        group, frontier = set(), {min(left)}
        while frontier:
            group |= frontier
            frontier = {int(other) for row in frontier for other in np.flatnonzero(linked[row])} - group
        left -= group
        groups.append(sorted(group))
    return max(groups, key=lambda group: int(there[group].sum()))
