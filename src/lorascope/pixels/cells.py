"""Bring a picture to one pixel a cell, and say how sure that scale is.

Models that draw 24 x 24 sprites draw them at 512 px and more, with noise inside every cell and mixed colors at its edges.
The median over the central half of each cell keeps neither. Where no grid is certain nothing is sampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lorascope.pixels.grid import Grid, find_grid

NATIVE_SIDE_PX = 64  # pictures up to this size are taken as they are
LEAST_NATIVE_SIDE_PX = 8
_MOST_SAMPLES = 5  # along each side of a cell: 25 levels, whose median is steady to a fraction of the noise


class Scale(StrEnum):
    """How the scale is known.

    ``native``: small enough to be one pixel a cell as it is. ``exact``: equal square blocks, losslessly enlarged. ``detected``: a grid
    was found with confidence. ``assumed``: none was, and the caller's number of cells was taken. ``none``: no grid (a photograph, a
    smooth upscale): ``rgb`` is then only a small picture of it, good for colors and not for cells.
    """

    NATIVE = "native"
    EXACT = "exact"
    DETECTED = "detected"
    ASSUMED = "assumed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cells:
    """A picture at native scale: ``rgb`` (rows, columns, 3) uint8. ``grid`` is None where none was looked for or found.

    ``samples`` (3, k * k, rows, columns) uint8 are the pixels of which ``rgb`` is the median, where a grid was sampled.
    """

    rgb: NDArray[np.uint8]
    scale: Scale
    grid: Grid | None = None
    samples: NDArray[np.uint8] | None = None

    @property
    def certain(self) -> bool:
        """Whether each pixel of ``rgb`` is one cell of the picture, beyond doubt: only then are regions and counts meaningful."""
        return self.scale in {Scale.NATIVE, Scale.EXACT, Scale.DETECTED}


def to_cells(pixels: NDArray[np.uint8], declared_side: int | None = None) -> Cells:
    """The cells of a picture, (height, width, 3) uint8. ``declared_side`` is how many cells the short side has, if the caller knows.

    A picture without a certain grid is not sampled: it comes back reduced, as ``Scale.NONE``, unless the number of cells is declared.
    """
    height, width = pixels.shape[:2]
    if max(height, width) <= NATIVE_SIDE_PX:
        return Cells(pixels, Scale.NATIVE)
    factor = _block_side(pixels)
    if declared_side and factor > 1 and min(height, width) % declared_side == 0 and factor % (min(height, width) // declared_side) == 0:
        factor = min(height, width) // declared_side  # a sprite drawn in blocks of cells
    if factor > 1:
        return Cells(np.ascontiguousarray(pixels[::factor, ::factor]), Scale.EXACT)
    grid = find_grid(pixels)
    if grid is not None and grid.certain:
        return _sampled(pixels, grid, Scale.DETECTED)
    if declared_side is not None and 0 < declared_side <= min(height, width):
        cell_px = min(height, width) / declared_side
        assumed = Grid(round(width / cell_px), round(height / cell_px), cell_px, 0.0, 0.0, grid.confidence if grid else 0.0)
        return _sampled(pixels, assumed, Scale.ASSUMED)
    return Cells(_reduced(pixels), Scale.NONE, grid)


def lossless(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The picture with one pixel a cell where nothing is lost by it (small, or equal square blocks), else None: for drawing."""
    height, width = pixels.shape[:2]
    if max(height, width) <= NATIVE_SIDE_PX:
        return pixels
    factor = _block_side(pixels)
    return np.ascontiguousarray(pixels[::factor, ::factor]) if factor > 1 else None


def _block_side(pixels: NDArray[np.uint8]) -> int:
    """The side of the equal square blocks that a losslessly enlarged picture consists of; 1 when it does not.

    It divides every place where a row or column differs from the one before. One column and one row settle most pictures; then
    rows are compared, and columns only once in each block.
    """
    height, width = pixels.shape[:2]
    side = math.gcd(height, width)
    for line in (pixels[:, width // 2], pixels[height // 2]):
        side = math.gcd(side, *_changes(line))
        if side == 1:
            return 1
    flat = pixels.reshape(height, -1)
    side = math.gcd(side, *_changes(flat))
    side = math.gcd(side, *_changes(np.ascontiguousarray(pixels[::side].swapaxes(0, 1))))
    return next((part for part in range(side, 1, -1) if side % part == 0 and min(height, width) // part >= LEAST_NATIVE_SIDE_PX), 1)


def _changes(lines: NDArray[np.uint8]) -> list[int]:
    """The places along the first axis where a line is not the same as the one before."""
    data = np.ascontiguousarray(lines).reshape(len(lines), -1)
    if data.shape[1] % 8 == 0:
        data = data.view(np.uint64)
    places: list[int] = (np.flatnonzero((data[1:] != data[:-1]).any(axis=1)) + 1).tolist()
    return places


def sample(pixels: NDArray[np.uint8], grid: Grid, a_side: int) -> NDArray[np.uint8]:
    """Pixels spread over the central half of each cell, ``a_side`` by ``a_side``: (3, a_side * a_side, rows, columns)."""
    height, width = pixels.shape[:2]
    rows = _central_half(height, grid.rows, grid.cell_px, grid.top_px, a_side)
    columns = _central_half(width, grid.columns, grid.cell_px, grid.left_px, a_side)
    levels = (3 * columns + np.arange(3)[:, None, None]).ravel()
    found = pixels.reshape(height, -1)[rows.ravel()].take(levels, axis=1).reshape(a_side, grid.rows, 3, a_side, grid.columns)
    return found.transpose(2, 0, 3, 1, 4).reshape(3, -1, grid.rows, grid.columns)


def samples_a_side(grid: Grid) -> int:
    """How many different pixels lie along a side of a cell's central half; no more than are needed."""
    return min(_MOST_SAMPLES, max(1, int(grid.cell_px / 2)))


def _sampled(pixels: NDArray[np.uint8], grid: Grid, scale: Scale) -> Cells:
    a_side = samples_a_side(grid)
    samples = sample(pixels, grid, a_side - (a_side % 2 == 0))  # an odd number, so that a median is one of them
    return Cells(_median(samples), scale, grid, samples)


def _median(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of each cell's samples, an odd number: a level that the picture has. Found bit by bit, as many as the samples spread
    over: the largest level that more than half of them reach. Twice as fast as sorting.
    """
    least = samples.min(axis=1)
    above = samples - least[:, None]
    median = np.zeros_like(least)
    for bit in reversed(range(int(above.max()).bit_length())):
        higher = above >= (median + np.uint8(1 << bit))[:, None]
        reached = np.add.reduce(higher, axis=1, dtype=np.uint8) > samples.shape[1] // 2
        median += reached.view(np.uint8) << np.uint8(bit)
    return np.ascontiguousarray(np.moveaxis(median + least, 0, 2))


def _central_half(side_px: int, count: int, cell_px: float, first_px: float, steps: int) -> NDArray[np.int64]:
    """(steps, count): pixels spread over the central half of each cell along a side."""
    first = (np.arange(count) + 0.25) * cell_px + first_px
    places = np.floor(first + (np.arange(steps)[:, None] + 0.5) * (cell_px / 2 / steps) + 1e-9).astype(np.int64)
    return places.clip(max(0, math.ceil(first_px)), side_px - 1)


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A small picture of a large one: means over square blocks, the longer side 64 to 128 px, more for strips."""
    height, width = pixels.shape[:2]
    block = max(1, min(max(height, width) // NATIVE_SIDE_PX, min(height, width) // LEAST_NATIVE_SIDE_PX))
    rows, columns = height // block, width // block
    blocks = pixels[: rows * block, : columns * block].reshape(rows, block, columns * 3 * block)
    sums = blocks.sum(axis=1, dtype=np.uint32).reshape(rows, columns, block, 3).sum(axis=2)
    means: NDArray[np.uint8] = np.rint(sums / block**2).astype(np.uint8)
    return means
