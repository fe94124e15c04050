"""The same analysis of more runs than fit in one table: every shard gives sums, sums are added, and the answer is computed from them.

A shard is known by the index of each value (``codes``), the outcomes and the classes of its runs. What it gives adds up exactly: products
for block-SuSiE, and per class and level a sum of row numbers, from which exact aliases show. Shards may be read one after another or on
many machines; only the sums travel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.aliases import Partition, add_cells, cell_tokens, partition, row_tokens
from lorascope.analysis.effects.block_susie import SingleEffects, block_susie
from lorascope.analysis.effects.sums import Moments, Sums, add_sums, moments_of_sums, shard_sums
from lorascope.analysis.table import level_columns
from lorascope.records.run import ParameterValue

Cells = Mapping[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Coding:
    """What all shards agree on: the settings' names, their levels in order, and what stands in their columns."""

    names: tuple[str, ...]
    levels: tuple[tuple[ParameterValue, ...], ...]
    columns: tuple[NDArray[np.float64], ...]

    @property
    def offsets(self) -> tuple[int, ...]:
        """The first column of each setting, and the number of all."""
        return tuple(np.cumsum([0, *(of_setting.shape[1] for of_setting in self.columns)]).tolist())


@dataclass(frozen=True, slots=True)
class ShardStatistics:
    """What a shard, or many, add up to."""

    runs: int
    sums: Mapping[int, Sums]
    cells: tuple[Cells, ...]


@dataclass(frozen=True, slots=True)
class ShardedFit:
    """Which settings matter over all shards: ``names`` of those that vary within a class, with the fit and the exact aliases."""

    runs: int
    names: tuple[str, ...]
    fit: SingleEffects
    aliases: tuple[tuple[str, ...], ...]


def coding(levels: Mapping[str, Sequence[ParameterValue]], counts: Mapping[str, Sequence[int]]) -> Coding:
    """The coding of settings whose levels (in order, as ``code_levels`` gives them) and their counts over all shards are known."""
    names = tuple(sorted(levels))
    columns = tuple(level_columns(name, tuple(levels[name]), list(counts[name]))[0] for name in names)
    return Coding(names, tuple(tuple(levels[name]) for name in names), columns)


def shard_statistics(
    agreed: Coding, codes: NDArray[np.integer], y: NDArray[np.float64], group: NDArray[np.int64], first_row: int
) -> ShardStatistics:  # fmt: skip
    """The statistics of one shard. ``codes`` is runs × settings in the order of ``agreed.names``; ``first_row`` is how many runs all
    shards before it hold. Subtract one level near the mean from the ``y`` of all shards.
    """
    columns = np.hstack([of_setting[codes[:, index]] for index, of_setting in enumerate(agreed.columns)])
    rows = row_tokens(len(y), first_row)
    cells = tuple(cell_tokens(codes[:, index].astype(np.int64), group, rows) for index in range(len(agreed.names)))
    return ShardStatistics(len(y), shard_sums(columns, y, group), cells)


def add_statistics(shards: Sequence[ShardStatistics]) -> ShardStatistics:
    """The statistics of all shards together. At least one is needed."""
    cells = tuple(add_cells(of_setting) for of_setting in zip(*(shard.cells for shard in shards), strict=True))
    return ShardStatistics(sum(shard.runs for shard in shards), add_sums([shard.sums for shard in shards]), cells)


def fit_statistics(agreed: Coding, total: ShardStatistics) -> ShardedFit:
    """Which settings matter, from the sums of all shards."""
    varied = [index for index, cells in enumerate(total.cells) if _varies(cells)]
    data = _of_blocks(moments_of_sums(total.sums, agreed.offsets), varied)
    found: dict[Partition, list[str]] = {}
    for index in varied:
        found.setdefault(partition(total.cells[index]), []).append(agreed.names[index])
    aliases = tuple(sorted(tuple(sorted(names)) for names in found.values() if len(names) > 1))
    return ShardedFit(total.runs, tuple(agreed.names[index] for index in varied), block_susie(data), aliases)


def _varies(cells: Cells) -> bool:
    """Whether some class has two stated levels."""
    classes = [group for group, code in cells if code >= 0]
    return len(classes) > len(set(classes))


def _of_blocks(data: Moments, kept: Sequence[int]) -> Moments:
    columns = [column for index in kept for column in range(data.offsets[index], data.offsets[index + 1])]
    widths = [data.offsets[index + 1] - data.offsets[index] for index in kept]
    offsets = tuple(np.cumsum([0, *widths]).tolist())
    return Moments(data.xx[np.ix_(columns, columns)], data.xy[columns], data.yy, data.degrees, offsets)
