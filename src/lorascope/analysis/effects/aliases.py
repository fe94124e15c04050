"""Settings that cannot be told apart: exactly, because they split the runs alike, or nearly, because others explain them.

Exact: two settings that group the runs of every class the same way carry the same information about any outcome, however their values
are called. Partial: a setting whose columns lie in the span of all others (only together they could imitate it), and how much its
variance is inflated by the others (VIF).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.sums import Moments, turn
from lorascope.analysis.table import UNSTATED, Table, scramble

Partition = frozenset[tuple[int, int]]
_LOW = np.uint64((1 << 32) - 1)
_SPAN = 1e-7


@dataclass(frozen=True, slots=True)
class Separability:
    """Whether a setting can be estimated beside all others at all, and if so how much they inflate its variance (VIF; None: not)."""

    name: str
    separable: bool
    vif: float | None


def alias_groups(table: Table) -> tuple[tuple[str, ...], ...]:
    """Groups of two and more settings that split the runs of every class alike, by name."""
    rows = row_tokens(len(table.runs))
    found: dict[Partition, list[str]] = defaultdict(list)
    for block in table.blocks:
        cells = cell_tokens(block.codes, table.group, rows)
        found[partition(cells)].append(block.name)
    return tuple(sorted(tuple(sorted(names)) for names in found.values() if len(names) > 1))


def row_tokens(count: int, first: int = 0) -> NDArray[np.uint64]:
    """A number of 64 bits for each of ``count`` rows; a later shard begins at ``first``."""
    return scramble(np.arange(first, first + count, dtype=np.uint64) + np.uint64(1))


def cell_tokens(codes: NDArray[np.int64], group: NDArray[np.int64], rows: NDArray[np.uint64]) -> dict[tuple[int, int], tuple[int, int]]:
    """Per class and level the sum of the tokens of the rows that are there (two halves). Sums of shards add up: ``add_cells``."""
    levels = int(codes.max(initial=0)) + 2
    at = group * levels + (codes - UNSTATED)
    here, inverse = np.unique(at, return_inverse=True)
    high = np.bincount(inverse, (rows >> np.uint64(32)).astype(np.float64))
    low = np.bincount(inverse, (rows & _LOW).astype(np.float64))  # exact: 2^53 holds two million halves
    return {
        (int(cell) // levels, int(cell) % levels + UNSTATED): (int(above), int(below))
        for cell, above, below in zip(here.tolist(), high.tolist(), low.tolist(), strict=True)
    }


def add_cells(shards: Sequence[Mapping[tuple[int, int], tuple[int, int]]]) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells of all shards together."""
    total: dict[tuple[int, int], tuple[int, int]] = {}
    for shard in shards:
        for cell, (high, low) in shard.items():
            before = total.get(cell, (0, 0))
            total[cell] = before[0] + high, before[1] + low
    return total


def partition(cells: Mapping[tuple[int, int], tuple[int, int]]) -> Partition:
    """How a setting splits the runs, whatever its values are called: equal for settings that split them alike."""
    return frozenset(cells.values())


def separability(data: Moments, names: Sequence[str]) -> dict[str, Separability]:
    """For every block: whether its columns are outside the span of all others', and its VIF (the largest of its columns)."""
    turned = turn(data)
    if not turned.lam.size:
        return {name: Separability(name, separable=False, vif=None) for name in names}
    scale = np.sqrt(turned.lam)
    values, vectors = np.linalg.eigh(turned.xx / scale / scale[:, None])
    kept = values > _SPAN * max(1.0, float(values.max()))
    hidden = (vectors[:, ~kept] ** 2).sum(axis=1)
    inflation = (vectors[:, kept] ** 2 / values[kept]).sum(axis=1)
    found = {}
    for index, name in enumerate(names):
        own = turned.block == index
        apart = bool(own.any()) and float(hidden[own].max()) < _SPAN
        found[name] = Separability(name, apart, float(inflation[own].max()) if apart else None)
    return found
