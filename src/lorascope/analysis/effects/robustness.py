"""Would a claim about settings still stand without the one run that carries it most, and if outcomes merely drifted with time?

One run that failed, or was lucky, makes every setting that only this run had look like a cause. And where outcomes drift (another
machine, another rater, a base model replaced), every setting that was changed once and kept goes along with the drift: then only
differences between one run and the next tell anything, since the drift is nearly the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.association import rank_within
from lorascope.analysis.effects.block_susie import SingleEffects, block_susie
from lorascope.analysis.effects.sums import Moments
from lorascope.analysis.table import Table, center
from lorascope.records.history import History

# What must be left of a claim's probability, of one setting and of several together. A setting of which nothing is known has 0.11. On
# simulated projects (tools/simulated_projects.py) all of this takes back one true claim in eight at 50 runs and one in twenty at 100.
STANDS_FROM, SETS_STAND_FROM = 0.15, 0.35
MOST_RUNS = 2000  # beyond it, one run carries nothing
FEW_STEPS = 60  # beyond it, one step carries little of a drift that has a hundred
_DROPPED = 2  # runs that carry a claim most: each is left out once
_DRIFTS_FROM = 1.2816  # standard normal quantile: one in ten projects without a drift is looked at more closely
_FEWEST_IN_ORDER = 6

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weakest:
    """The least probability that is left of a claim, and why ("" where it stands). ``run`` carries it alone, where one does."""

    probability: float
    why: str = ""
    run: str = ""


@dataclass(slots=True)
class _Rows:
    """Rows that a fit may be made of: runs, or differences between one run and the next. Fits are kept: several claims share them."""

    columns: Array
    y: Array
    group: NDArray[np.int64]
    names: tuple[str, ...]
    offsets: tuple[int, ...]
    fits: dict[int | None, SingleEffects] = field(default_factory=dict)

    def fit(self, dropped: int | None = None) -> SingleEffects:
        """All effects, without one row if named."""
        if dropped not in self.fits:
            kept = np.arange(len(self.y)) != dropped if dropped is not None else np.ones(len(self.y), bool)
            x, y, group = self.columns[kept], self.y[kept], self.group[kept]
            if group.size and int(group.max()) >= 0:
                x, y = center(x, group), center(y[:, None], group)[:, 0]
            degrees = max(1, len(y) - len(set(group.tolist()) - {-1}))
            self.fits[dropped] = block_susie(Moments(x.T @ x, x.T @ y, float(y @ y), degrees, self.offsets))
        return self.fits[dropped]

    def carriers(self, blocks: Sequence[int]) -> list[int]:
        """The rows that most of what these blocks explain comes from."""
        wanted = [column for block in blocks for column in range(self.offsets[block], self.offsets[block + 1])]
        left, sizes, _ = np.linalg.svd(self.columns[:, wanted], full_matrices=False)
        basis = left[:, sizes > 1e-9 * max(1.0, float(sizes.max(initial=0.0)))]
        part = np.round((basis @ (basis.T @ self.y)) * self.y, 12)
        return [int(at) for at in np.argsort(-part, kind="stable")[:_DROPPED]]


class Doubts:
    """What may take a claim back. ``drifts`` says whether the outcomes depend on when the runs were made."""

    def __init__(self, table: Table, history: History, offsets: tuple[int, ...]) -> None:
        columns = np.hstack([np.zeros((len(table.runs), 0)), *(block.columns for block in table.blocks)])
        self._runs = _Rows(columns, table.centered, table.group, table.runs, offsets)
        order = _in_order(table, history)
        self.drifts = order is not None and _drifts(table, order)
        self._steps = _steps(self._runs, order) if self.drifts and order is not None else None

    def weakest(self, blocks: Sequence[int]) -> Weakest:
        """What is left of the probability that one of these blocks matters."""
        found = [Weakest(1.0)]
        if len(self._runs.y) <= MOST_RUNS:
            found += [Weakest(p, "it rests on one run", self._runs.names[at]) for at, p in _without_each(self._runs, blocks)]
        if self._steps is not None:
            why = "the outcomes drift with time, and the differences between one run and the next do not show it"
            found.append(Weakest(_probability(self._steps.fit(), blocks), why))
            if len(self._steps.y) <= FEW_STEPS:
                found += [Weakest(p, why) for _, p in _without_each(self._steps, blocks)]
        least = min(found, key=lambda one: one.probability)
        return least if least.probability < (STANDS_FROM if len(blocks) == 1 else SETS_STAND_FROM) else Weakest(1.0)


def _without_each(rows: _Rows, blocks: Sequence[int]) -> list[tuple[int, float]]:
    return [(at, _probability(rows.fit(at), blocks)) for at in rows.carriers(blocks)]


def _probability(fit: SingleEffects, blocks: Sequence[int]) -> float:
    return float(1 - np.prod(1 - np.minimum(1.0, fit.alpha[:, list(blocks)].sum(axis=1))))


def _in_order(table: Table, history: History) -> NDArray[np.int64] | None:
    """The rows in the order in which the runs were started; None where that is not recorded of all."""
    started = {past.name: past.run.started_at for past in history.runs}
    times = [started.get(name) for name in table.runs]
    known = [time for time in times if time is not None]
    if len(known) < max(_FEWEST_IN_ORDER, len(times)) or len(set(known)) < len(known):
        return None
    return np.lexsort((np.array(known), table.group))


def _drifts(table: Table, order: NDArray[np.int64]) -> bool:
    """Whether neighbors in time are more alike than chance makes them (the rank version of von Neumann's ratio; Bartels, 1982)."""
    ranks, group = rank_within(table.y, table.group)[order], table.group[order]
    within = group[1:] == group[:-1]
    squares, count = float(ranks @ ranks), int(within.sum())
    if squares <= 0 or count < _FEWEST_IN_ORDER - 1:
        return False
    ratio = float((np.diff(ranks)[within] ** 2).sum()) / squares
    return bool((2 * count / len(ranks) - ratio) * np.sqrt(len(ranks)) / 2 > _DRIFTS_FROM)


def _steps(rows: _Rows, order: NDArray[np.int64]) -> _Rows:
    """Each run minus the one before it, within its class: not centered, since a drift is nearly the same in both."""
    group = rows.group[order]
    within = group[1:] == group[:-1]
    columns, y = np.diff(rows.columns[order], axis=0)[within], np.diff(rows.y[order])[within]
    names = tuple(rows.names[at] for at in order[1:][within].tolist())
    return _Rows(columns, y, np.full(len(y), -1, np.int64), names, rows.offsets)
