"""Find the grid of an enlarged pixel picture: how many cells it has, and where their borders run.

A pixel-art picture has all its edges on a grid. The strength of the edges along an axis is therefore periodic, and the
period that explains it (with its second harmonic) is the cell. Nothing is sampled before the grid is known: reading the
cells of a 576 px picture as if it had 24 is how captions came to carry background colors as eye colors.

Four things make a grid certain, and the confidence is their product: edges are periodic (F, the spectrum at one and two lines a
cell); cells are flat inside, measured against the steps between them (a bicubic enlargement is periodic, a JPEG has blocks of
8 px, and both fail here by a factor of five); there are several lines at all; and a fair part of the grid's lines is used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ACCEPT_CONFIDENCE = 0.40  # benchmarks/bench_pixels.py: sprites 0.5 to 1, through a decoder or JPEG too; all else up to 0.3
LEAST_CELL_PX = 4.0
LARGEST_CELL_PX = 64.0  # or an eighth of the short side, where that is more

_FAINT_LEVELS = 6  # steps up to this many levels are noise: grain, JPEG blocks, slopes of an enlargement
_LINES_READ = 60  # rows and columns of which the edges are read
_OVERSAMPLING = 8
_HARMONIC_SHARE = 0.9  # the largest period that scores this share of the best: smaller ones are its fractions
_HIDDEN_SHARE = 0.02  # of the edges between the lines of a period, at which it is a multiple of the true one
_UNEVEN = 0.012  # variance inside cells by squared step between cells: sprites up to 0.007, smooth pictures from 0.024
_FEW_LINES = 10.0
_SPARSE_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells of ``cell_px``; the first column and row begin at ``left_px`` and ``top_px``, half a cell from the edge at most.

    These are negative where the picture's edge cuts the first cells; cells of which less than half is in the picture do not count.
    ``confidence`` (0 to 1) at :data:`ACCEPT_CONFIDENCE` and above says that the grid may be relied on.
    """

    columns: int
    rows: int
    cell_px: float
    left_px: float
    top_px: float
    confidence: float

    @property
    def certain(self) -> bool:
        """Whether cells may be sampled on this grid."""
        return self.confidence >= ACCEPT_CONFIDENCE


def find_grid(pixels: NDArray[np.uint8]) -> Grid | None:
    """The grid of a picture, (height, width, 3) uint8, with how sure it is; None for pictures without edges or too small for one."""
    height, width = pixels.shape[:2]
    if min(height, width) < 4 * LEAST_CELL_PX:
        return None
    edges = _edges(pixels)
    if edges is None:
        return None
    transform = -(-_OVERSAMPLING * edges.shape[1] // 1024) * 1024
    strength = np.abs(np.fft.rfft(edges, transform))
    cell_px, (left, top) = _refined(edges, _period(strength, transform, max(LARGEST_CELL_PX, min(height, width) / 8)))
    grid = _fitted(height, width, cell_px, left, top)
    periodic = float(_periodic(strength, transform / cell_px).min())
    confidence = periodic * _used(edges, grid) * _flatness(pixels, grid)
    return Grid(grid.columns, grid.rows, grid.cell_px, grid.left_px, grid.top_px, round(confidence, 4))


def _edges(pixels: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """Per axis (x, y) the strength of the step before each pixel, summing to 1; about sixty rows and twice as many columns are read.

    The distance between the rows is odd and so out of step with the blocks of a JPEG; down the columns one channel a pixel is read,
    another each time. An axis without edges takes those of the other; None when both have none.
    """
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, 3 * width)
    apart = max(1, height // _LINES_READ) | 1
    rows = flat[apart // 2 :: apart]
    across = steps(rows[:, 3:], rows[:, :-3], _FAINT_LEVELS).sum(axis=0, dtype=np.uint16).astype(np.int32)
    apart = max(1, 3 * width // (2 * _LINES_READ)) | 1
    apart += 2 * (apart % 3 == 0)
    columns = np.ascontiguousarray(flat[:, apart // 2 :: apart])
    down = steps(columns[1:], columns[:-1], _FAINT_LEVELS).sum(axis=1, dtype=np.int32)
    edges = np.zeros((2, max(height, width)))
    for axis, profile in enumerate((across[::3] + across[1::3] + across[2::3], down)):
        faint = np.partition(profile, len(profile) // 2)[len(profile) // 2]
        edges[axis, 1 : len(profile) + 1] = np.maximum(profile, faint) - faint
    total = edges.sum(axis=1, keepdims=True)
    if not total.any():
        return None
    if not total.all():
        edges[:] = edges[int(total.argmax())]
        total[:] = total.max()
    edges /= total
    return edges


def steps(after: NDArray[np.uint8], before: NDArray[np.uint8], least: int = 0) -> NDArray[np.uint8]:
    """The size of each step between levels; no less than ``least``, which counts as noise (the same everywhere, it falls out of a sum)."""
    found = np.maximum(after, before)
    found -= np.minimum(after, before)
    return np.clip(found, np.uint8(least), np.uint8(255), out=found) if least else found  # maximum with a number is ten times slower


def _period(strength: NDArray[np.float64], transform: int, largest_px: float) -> float:
    """The cell (px) that explains the edges of both axes best, to a fraction of a bin of the spectrum."""
    first, last = math.ceil(transform / largest_px), int(transform / LEAST_CELL_PX)
    both = strength[0] + strength[1]
    scores = both[first : last + 1] + both[2 * first : 2 * last + 1 : 2]
    start = int((scores >= _HARMONIC_SHARE * scores.max()).argmax())
    peak = start + int(scores[start : start + _OVERSAMPLING].argmax())
    at = float(first + peak)
    if 0 < peak < len(scores) - 1:
        before, here, after = (float(score) for score in scores[peak - 1 : peak + 2])
        bend = before - 2 * here + after
        at += 0.5 * (before - after) / bend if bend < 0 else 0.0
    return transform / at


def _refined(edges: NDArray[np.float64], cell_px: float) -> tuple[float, tuple[float, float]]:
    """A half or a third of the cell, as long as edges hide on the lines this adds: half the lines of a sprite may carry next to none.

    With it where a line runs, per axis. The strength within a pixel of all lines is summed at every twelfth of a cell: the lines that a
    half adds are the sixths twelfths, and those between its lines, where nothing should be, the third and ninth; for a third, likewise.
    """
    near = np.zeros_like(edges)
    near[:, 1:-1] = edges[:, :-2] + edges[:, 1:-1] + edges[:, 2:]
    while True:
        first = _phases(edges, cell_px)
        places = np.rint(np.array(first)[:, None] + np.arange(12 * int(edges.shape[1] / cell_px + 1)) * (cell_px / 12)).astype(np.int64)
        places[(places < 0) | (places >= edges.shape[1])] = 0
        twelfths = np.take_along_axis(near, places, axis=1).reshape(-1, 12).sum(axis=0)
        for part in (2, 3):
            if cell_px / part < LEAST_CELL_PX:
                return cell_px, first
            added = twelfths[12 // part :: 12 // part].sum() * part / (part - 1)
            between = twelfths[6 // part :: 12 // part].sum()
            if added - 2 * between > _HIDDEN_SHARE * 2:
                cell_px /= part
                break
        else:
            return cell_px, first


def _phases(edges: NDArray[np.float64], cell_px: float) -> tuple[float, float]:
    """Per axis where a line runs (px), half a cell from 0 at most."""
    turns = np.exp(2j * np.pi / cell_px * np.arange(edges.shape[1]))
    x, y = (np.angle(edges @ turns) / (2 * np.pi) * cell_px).tolist()
    return x, y


def _fitted(height: int, width: int, cell_px: float, left: float, top: float) -> Grid:
    """The grid in the picture. Where whole cells fill it up to rounding, they fill it exactly: that is what an enlargement does."""
    columns, rows = max(1, round((width - left) / cell_px)), max(1, round((height - top) / cell_px))
    fits = max(abs(columns * cell_px - width), abs(rows * cell_px - height)) < 0.1 * cell_px
    if fits and max(abs(left), abs(top)) < max(0.75, 0.05 * cell_px):
        return Grid(columns, rows, (width / columns + height / rows) / 2, 0.0, 0.0, 0.0)
    return Grid(columns, rows, cell_px, left, top, 0.0)


def _periodic(strength: NDArray[np.float64], at: float) -> NDArray[np.float64]:
    """Per axis the mean of the spectrum at one and two lines a cell."""
    once, twice = round(at), min(round(2 * at), strength.shape[1] - 1)
    found: NDArray[np.float64] = (strength[:, once - 1 : once + 2].max(axis=1) + strength[:, twice - 1 : twice + 2].max(axis=1)) / 2
    return found


def _used(edges: NDArray[np.float64], grid: Grid) -> float:
    """1 where many of the grid's lines carry edges; less for a few lines, through which some grid can always be laid."""
    lines = 0.0
    for profile, first in zip(edges, (grid.left_px, grid.top_px), strict=True):
        nearest = np.rint((np.arange(len(profile)) - first) / grid.cell_px).astype(np.int64)
        weights = np.bincount(nearest - int(nearest[0]), weights=profile)
        lines += 1 / float(weights @ weights)
    share = lines / max(1, grid.columns + grid.rows - 2)
    return min(1.0, lines / _FEW_LINES) * min(1.0, share / _SPARSE_SHARE)


def _flatness(pixels: NDArray[np.uint8], grid: Grid) -> float:
    """1 where the colors of a cell's central half are the same compared with the next cell's; near 0 in smooth pictures."""
    height, width = pixels.shape[:2]
    rows, columns = _quarters(height, grid.rows, grid.cell_px, grid.top_px), _quarters(width, grid.columns, grid.cell_px, grid.left_px)
    levels = (3 * columns[:, None] + np.arange(3)).ravel()
    corners = pixels.reshape(height, -1)[rows].take(levels, axis=1).astype(np.float32).reshape(2, grid.rows, 2, 3 * grid.columns)
    both, turned = corners[0] + corners[1], corners[0] - corners[1]
    sums, other = both[:, 0] + both[:, 1], both[:, 0] - both[:, 1]
    inside = _squared(other) + 2 * _squared(turned)  # 16 times the variance, summed over cells and channels
    across, down = sums[1:] - sums[:-1], sums[:, 3:] - sums[:, :-3]
    step = _squared(across) / max(1, grid.rows - 1) * grid.rows + _squared(down) / max(1, grid.columns - 1) * grid.columns
    unevenness = inside / max(step, 1e-9) / _UNEVEN
    return float(1 / (1 + unevenness**2))


def _squared(values: NDArray[np.float32]) -> float:
    flat = values.ravel()
    return float(flat @ flat)


def _quarters(side_px: int, count: int, cell_px: float, first_px: float) -> NDArray[np.int64]:
    """The pixels a quarter into each cell, then those three quarters into each."""
    places = (np.arange(count) + np.array([[0.25], [0.75]])) * cell_px + first_px
    inside: NDArray[np.int64] = np.clip(np.floor(places), 0, side_px - 1).astype(np.int64).ravel()
    return inside
