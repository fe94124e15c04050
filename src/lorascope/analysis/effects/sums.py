"""What a table adds up to: all that block-SuSiE needs of it. Sums of shards are the sums of the whole, so a million runs fit anywhere.

A shard holds per class the sums of products of columns and outcomes, with those of who states what, so that centering within classes
and the entries that are not stated come out exactly as in one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.table import Table

Array = NDArray[np.float64]
_RANK = 1e-9  # of the largest: smaller directions of a block are rounding


@dataclass(frozen=True, slots=True)
class Moments:
    """Centered products: ``xx`` of columns, ``xy`` of columns with the outcome, ``yy`` of the outcome; ``degrees`` of freedom left.

    Block b has the columns from ``offsets[b]`` to ``offsets[b + 1]``.
    """

    xx: Array
    xy: Array
    yy: float
    degrees: int
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of one class in one shard or several: ``Sums + Sums`` is the sum of both.

    ``x`` are columns with 0 where not stated, ``s`` is 1 where stated; ``y`` is the outcome minus a level that all shards agree on.
    """

    n: int
    y: float
    yy: float
    x: Array
    s: Array
    xy: Array
    sy: Array
    xx: Array
    xs: Array
    ss: Array

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def shard_sums(columns: Array, y: Array, group: NDArray[np.int64]) -> dict[int, Sums]:
    """The sums of a shard by class. ``columns`` has NaN where a run does not state a setting; it is not centered.

    Subtract one level that is near the mean from all ``y`` first: it changes nothing but the rounding.
    """
    found = {}
    for index in np.unique(group).tolist():
        rows = group == index
        there = ~np.isnan(columns[rows])
        x, s, of_class = np.where(there, columns[rows], 0.0), there.astype(np.float64), y[rows]
        found[index] = Sums(
            n=int(rows.sum()),
            y=float(of_class.sum()),
            yy=float(of_class @ of_class),
            x=x.sum(axis=0),
            s=s.sum(axis=0),
            xy=x.T @ of_class,
            sy=s.T @ of_class,
            xx=x.T @ x,
            xs=x.T @ s,
            ss=s.T @ s,
        )
    return found


def add_sums(shards: Sequence[Mapping[int, Sums]]) -> dict[int, Sums]:
    """The sums of all shards, class by class."""
    total: dict[int, Sums] = {}
    for shard in shards:
        for index, of_class in shard.items():
            total[index] = total[index] + of_class if index in total else of_class
    return dict(sorted(total.items()))


def moments_of_sums(total: Mapping[int, Sums], offsets: Sequence[int]) -> Moments:
    """The centered products of all classes together."""
    width = offsets[-1]
    xx, xy, yy, degrees = np.zeros((width, width)), np.zeros(width), 0.0, 0
    for of_class in total.values():
        mean = of_class.x / np.maximum(of_class.s, 1)
        level = of_class.y / of_class.n
        cross = mean[None, :] * of_class.xs
        xx += of_class.xx - cross - cross.T + mean[:, None] * mean[None, :] * of_class.ss
        xy += of_class.xy - mean * of_class.sy
        yy += of_class.yy - of_class.n * level**2
        degrees += of_class.n - 1
    return Moments(xx, xy, max(yy, 0.0), degrees, tuple(offsets))


def moments(table: Table) -> Moments:
    """The centered products of a table."""
    widths = [block.columns.shape[1] for block in table.blocks]
    columns = np.hstack([np.zeros((len(table.runs), 0)), *(block.columns for block in table.blocks)])
    y = table.centered
    return Moments(columns.T @ columns, columns.T @ y, float(y @ y), table.degrees, tuple(np.cumsum([0, *widths]).tolist()))


@dataclass(frozen=True, slots=True)
class Turned:
    """The same products with the columns of each block made orthogonal, and directions without length dropped.

    ``lam`` are the columns' squared lengths, ``back`` turns coefficients back, ``block`` is the block of a column, ``member`` the same as
    columns × blocks of 0 and 1.
    """

    xx: Array
    xy: Array
    lam: Array
    back: Array
    block: NDArray[np.int64]
    member: Array

    @property
    def blocks(self) -> int:
        """How many blocks there are, those without a column included."""
        return int(self.member.shape[1])


def turn(data: Moments) -> Turned:
    """Make the columns of each block orthogonal: an enum's columns add up to a constant, so one direction of them has no length."""
    width, blocks = data.offsets[-1], len(data.offsets) - 1
    back, lam = np.zeros((width, width)), np.zeros(width)
    block = np.repeat(np.arange(blocks), np.diff(data.offsets))
    for first, last in pairwise(data.offsets):
        if last > first:
            lam[first:last], back[first:last, first:last] = np.linalg.eigh(data.xx[first:last, first:last])
    kept = lam > _RANK * max(1.0, float(lam.max(initial=0.0)))
    back, block = back[:, kept], block[kept]
    member = (block[:, None] == np.arange(blocks)).astype(np.float64)
    return Turned(back.T @ data.xx @ back, back.T @ data.xy, lam[kept], back, block, member)
