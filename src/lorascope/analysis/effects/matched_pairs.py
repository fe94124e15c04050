"""Pairs of runs that differ in one setting alone: the plainest evidence there is. And the graph of runs that differ in up to three.

A configuration is a sum of numbers, one per setting and level; without one setting's number, runs that differ in nothing else have
equal sums. So pairs are found by sorting, once per setting, and not by comparing all runs with all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from lorascope.analysis.replicates import Replicates
from lorascope.analysis.table import UNSTATED, Block, Table, level_tokens
from lorascope.records.effect import MatchedPairs

MOST_LISTED = 1000  # pairs per setting; all are counted
GRAPH_UP_TO = 5000  # runs: beyond, all pairs are too many to look at
_NO_SPREAD = 1e-7  # of the largest distance from a mean: less is rounding
LEAST_RESIDUALS = 2  # degrees of freedom of the pairs' own scatter that carry an interval

Tokens = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Edge:
    """Two runs of one comparability class and the one to three settings they differ in."""

    first: str
    second: str
    settings: tuple[str, ...]


def configuration_tokens(table: Table) -> Tokens:
    """One number per run for its whole configuration and class: equal for twins."""
    total = table.rest.copy()
    for block in table.blocks:
        total += tokens_of(block)
    return total


def tokens_of(block: Block, codes: NDArray[np.int64] | None = None) -> Tokens:
    """What a setting adds to the number of each run's configuration; of other ``codes`` when given."""
    every = level_tokens(block.name, np.arange(UNSTATED, len(block.levels)).astype(np.uint64))
    return every[(block.codes if codes is None else codes) - UNSTATED]


def twin_groups(block: Block, configurations: Tokens) -> tuple[NDArray[np.int64], ...]:
    """Groups of rows that are equal in everything but this setting, and state at least two values of it."""
    stated = np.flatnonzero(block.codes != UNSTATED)
    key = (configurations - tokens_of(block))[stated]
    order = np.argsort(key, kind="stable")
    ends = np.flatnonzero(np.diff(key[order])) + 1
    sizes = np.diff(np.concatenate([[0], ends, [len(order)]]))
    starts = np.concatenate([[0], ends])
    found = []
    for first, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        rows = np.sort(stated[order[first : first + size]])
        if len(np.unique(block.codes[rows])) > 1:
            found.append(rows)
    return tuple(sorted(found, key=lambda rows: int(rows[0])))


def pair_up(table: Table, block: Block, groups: Sequence[NDArray[np.int64]], replicates: Replicates | None = None) -> MatchedPairs:
    """The pairs of a setting, their number, and the mean difference of the metric per step up with its 95 % interval.

    The noise of the interval is that of replicates where there are any, else the pairs' own scatter where they are enough to show it.
    """
    listed = [
        (table.runs[low], table.runs[high])
        for rows in groups
        for low, high in _ordered_pairs(block, rows)
    ][:MOST_LISTED]  # fmt: skip
    if not groups or not block.ordered:
        return MatchedPairs(tuple(listed), count=count_pairs(block, groups))
    steps, y = _from_means(block.codes.astype(np.float64), groups), _from_means(table.y, groups)
    length = float(steps @ steps)
    slope = float(steps @ y) / length
    residuals = sum(map(len, groups)) - len(groups) - 1
    if replicates is not None:
        sd, df = replicates.shrunk_sd, replicates.shrunk_df
    elif residuals >= LEAST_RESIDUALS:
        sd, df = float(np.sqrt(max(0.0, float(y @ y) - slope**2 * length) / residuals)), residuals
    else:
        sd, df = 0.0, 0
    if sd <= _NO_SPREAD * float(np.abs(y).max()):  # a few equal differences do not show that all others would be equal
        return MatchedPairs(tuple(listed), slope, count=count_pairs(block, groups))
    half = float(stdtrit(df, 0.975)) * sd / np.sqrt(length)
    return MatchedPairs(tuple(listed), slope, slope - half, slope + half, count_pairs(block, groups))


def count_pairs(block: Block, groups: Sequence[NDArray[np.int64]]) -> int:
    """How many pairs differ in this setting alone."""
    total = 0
    for rows in groups:
        counts = np.bincount(block.codes[rows])
        total += (len(rows) ** 2 - int((counts**2).sum())) // 2
    return total


def ablation_graph(table: Table, most: int = 3) -> tuple[Edge, ...]:
    """All pairs of runs of one class that differ in one to ``most`` settings, by name; empty above ``GRAPH_UP_TO`` runs."""
    count = len(table.runs)
    if count > GRAPH_UP_TO or not table.blocks:
        return ()
    codes = np.stack([block.codes for block in table.blocks], axis=1)
    edges = []
    for row in range(count):
        apart = codes[row + 1 :] != codes[row]
        unknown = ((codes[row + 1 :] == UNSTATED) | (codes[row] == UNSTATED)) & apart
        number = apart.sum(axis=1)
        near = (number > 0) & (number <= most) & ~unknown.any(axis=1) & (table.rest[row + 1 :] == table.rest[row])
        for other in np.flatnonzero(near).tolist():
            names = tuple(table.blocks[index].name for index in np.flatnonzero(apart[other]).tolist())
            edges.append(Edge(table.runs[row], table.runs[row + 1 + other], names))
    return tuple(edges)


def _ordered_pairs(block: Block, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of a group, the lower level first; no more than are listed."""
    found: list[tuple[int, int]] = []
    for first, second in combinations(rows.tolist(), 2):
        if block.codes[first] != block.codes[second]:
            found.append((first, second) if block.codes[first] < block.codes[second] else (second, first))
            if len(found) >= MOST_LISTED:
                break
    return found


def _from_means(values: NDArray[np.float64], groups: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Values of all groups, each minus its group's mean."""
    return np.concatenate([values[rows] - values[rows].mean() for rows in groups])
