"""Bring a large picture of a small sprite back to one pixel a cell.

Models that draw 24 x 24 sprites draw them at 512 px and more, with noise inside every cell and mixed colors at its edges.
The median over the central half of each cell keeps neither. A picture's short side is taken to be 24 cells; where it is no
multiple of 24 px, cells have a fractional width and their central half is rounded to whole pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NATIVE_SIDE_PX = 24


def native(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 at native scale; pictures whose short side is 24 px or less come back as they are.

    Per channel the (upper) median, so every level is one that the picture has.
    """
    height, width = pixels.shape[:2]
    if min(height, width) <= NATIVE_SIDE_PX:
        return pixels
    scale = min(height, width) / NATIVE_SIDE_PX
    rows, columns = _central_half(height, scale), _central_half(width, scale)
    cells = pixels[rows[:, None, :, None], columns[None, :, None, :]]  # (rows, columns, k, k, 3)
    flat = cells.reshape(*cells.shape[:2], -1, 3)
    middle = flat.shape[2] // 2
    return np.partition(flat, middle, axis=2)[:, :, middle]


def _central_half(side_px: int, scale: float) -> NDArray[np.int64]:
    """For each cell along a side, (cells, k), the indices of its central half."""
    centers = (np.arange(round(side_px / scale)) + 0.5) * scale
    width = max(1, round(scale / 2))
    starts = np.floor(centers - width / 2 + 1e-9).astype(np.int64)
    indices: NDArray[np.int64] = np.clip(starts[:, None] + np.arange(width), 0, side_px - 1)
    return indices
