"""Pictures compared cell by cell: which are the same, and which differ in a few cells only.

Perceptual hashes are useless for sprites: of 1,500 distinct ones before one background, 98 % have a 64-bit DCT hash within the
distance of 10 that such tools take for a duplicate. Equal cells are counted instead.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.sight import Sight
from lorascope.pixels.cells import Scale

SAME_LEVELS = 8  # of 255, in every channel: cells no farther apart are the same (a JPEG's noise)
COMPARED = 16  # each picture is compared with so many others that agree with it in a part
_CERTAIN = frozenset({Scale.NATIVE, Scale.EXACT, Scale.DETECTED})


@dataclass(frozen=True, slots=True)
class Twin:
    """Two pictures by position, the first being the earlier; ``cells`` of ``of`` differ."""

    first: int
    second: int
    cells: int
    of: int


def different_share(first: Sight, second: Sight) -> float | None:
    """The share of cells in which two pictures differ visibly, 1 for different sizes; None where their cells are not known."""
    if first.cells is None or second.cells is None:
        return None
    if first.cells.shape != second.cells.shape:
        return 1.0
    rows, columns = first.cells.shape[:2]
    return _different(first.cells, second.cells) / int(rows * columns)


def digest(sight: Sight) -> str | None:
    """A name for the picture's cells: equal pictures have equal ones, whatever their scale and file format."""
    if sight.cells is None:
        return None
    head = f"{sight.scale in _CERTAIN} {sight.cells.shape} ".encode()
    return hashlib.blake2b(head + np.ascontiguousarray(sight.cells).tobytes(), digest_size=16).hexdigest()


def nearly_same(pictures: Mapping[int, Sight], share: float) -> tuple[list[Twin], int]:
    """Pictures of certain scale that differ in at most ``share`` of their cells, and how many pairs were left uncompared.

    Every picture is cut into one more part than cells may differ, each part spread over the whole picture: two that differ in so few
    cells agree in at least one part exactly, so only those are compared. (Pictures that differ by noise everywhere agree in none.)
    """
    by_shape: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for position, sight in pictures.items():
        if sight.cells is not None and sight.scale in _CERTAIN:
            by_shape[sight.cells.shape].append(position)
    twins: dict[tuple[int, int], Twin] = {}
    left = 0
    for shape, positions in by_shape.items():
        size = shape[0] * shape[1]
        for crowd in _crowds(pictures, positions, int(share * size) + 1):
            for at, second in enumerate(crowd):
                left += max(0, at - COMPARED)
                for first in crowd[max(0, at - COMPARED) : at]:
                    if (first, second) not in twins:
                        cells = _different_cells(pictures[first], pictures[second])
                        twins[first, second] = Twin(first, second, cells, size)
    return [twin for _, twin in sorted(twins.items()) if twin.cells <= share * twin.of], left


def _crowds(pictures: Mapping[int, Sight], positions: Sequence[int], parts: int) -> Iterator[list[int]]:
    """The pictures that agree in a part, for every part."""
    crowds: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    order: NDArray[np.int64] | None = None
    for position in positions:
        cells = pictures[position].cells
        assert cells is not None
        flat = cells.reshape(-1, cells.shape[2])
        if order is None:
            order = np.random.default_rng(0).permutation(len(flat))
        mixed = np.ascontiguousarray(flat[order]).tobytes()
        step = -(-len(flat) // parts) * cells.shape[2]
        for part in range(parts):
            crowds[part, hashlib.blake2b(mixed[part * step : (part + 1) * step], digest_size=16).digest()].append(position)
    for crowd in crowds.values():
        if len(crowd) > 1:
            yield crowd


def _different_cells(first: Sight, second: Sight) -> int:
    assert first.cells is not None
    assert second.cells is not None
    return _different(first.cells, second.cells)


def _different(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    """How many cells differ visibly."""
    apart = np.maximum(first, second) - np.minimum(first, second) > SAME_LEVELS
    return int(np.count_nonzero(apart[..., 0] | apart[..., 1] | apart[..., 2]))
