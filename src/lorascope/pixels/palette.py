"""The colors of a picture: every distinct one, and the few that remain when noise is merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.records.color import oklab_fast

MERGE_OKLAB = 0.02  # a just visible difference
MOST_COLORS = 65_536
_BLOCK = 16384
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Palette:
    """``rgb`` (n, 3) uint8, the most frequent first; ``counts`` (n,) pixels of each; ``labels`` (height, width) the color of each pixel."""

    rgb: NDArray[np.uint8]
    counts: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """How many colors."""
        return len(self.rgb)


def count_colors(pixels: NDArray[np.uint8]) -> int:
    """How many different RGB values there are, exactly: each packed into one integer, sorted, changes counted."""
    levels = np.ascontiguousarray(pixels).reshape(-1)
    packed = np.empty(levels.size // 3, np.uint32)
    # Four bytes are read from where each pixel begins, and that of the next pixel is dropped: half the time of three shifts.
    np.bitwise_and(np.ndarray(len(packed) - 1, "<u4", levels, strides=(3,)), np.uint32(0xFFFFFF), out=packed[:-1])
    packed[-1] = int.from_bytes(levels[-3:].tobytes(), "little")
    packed.sort()
    return int(np.count_nonzero(packed[1:] != packed[:-1])) + 1


def distinct_colors(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Every color of a large picture, (n, 3) in the order of their values, and how many pixels have it."""
    packed = _packed(pixels)
    packed.sort()
    values, counts = _counted(packed)
    return _unpacked(values), counts


def coarse_colors(colors: NDArray[np.uint8], counts: NDArray[np.int64], step: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Colors in cubes of ``step`` levels a side: the mean of the pixels in each, and how many they are."""
    cubes = colors // step
    side = 255 // step + 1
    place = (cubes[:, 0].astype(np.int64) * side + cubes[:, 1]) * side + cubes[:, 2]
    totals = np.bincount(place, weights=counts, minlength=side**3)
    used = np.flatnonzero(totals)
    means = [np.bincount(place, weights=counts * colors[:, channel], minlength=side**3)[used] / totals[used] for channel in range(3)]
    return np.rint(np.stack(means, axis=-1)).astype(np.uint8), totals[used].astype(np.int64)


def exact_palette(pixels: NDArray[np.uint8]) -> Palette:
    """Every distinct color of a picture, (height, width, 3) uint8; equally frequent ones in the order of their values."""
    packed = _packed(pixels)
    order = packed.argsort(kind="stable")
    values, counts = _counted(packed[order])
    labels = np.empty(len(packed), np.int64)
    labels[order] = np.repeat(np.arange(len(values)), counts)
    return _by_frequency(_unpacked(values), counts, labels, pixels.shape[:2])


def merged_palette(pixels: NDArray[np.uint8], tolerance: float = MERGE_OKLAB) -> Palette:
    """The colors of a picture, (height, width, 3) uint8, with noise merged; see :func:`merge`."""
    return merge(exact_palette(pixels), tolerance)


def merge(exact: Palette, tolerance: float = MERGE_OKLAB) -> Palette:
    """Merge a palette's colors by greedy leader clustering in OKLab: by descending count, a color farther than the tolerance from every
    leader becomes one; then each joins its nearest leader.

    More than 65,536 colors (no pixel picture has them) are counted in steps of 8 levels first: the time stays bounded.
    """
    if len(exact) > MOST_COLORS:
        coarse = exact_palette((exact.rgb & np.uint8(0xF8) | np.uint8(4))[None])
        counts = np.bincount(coarse.labels[0], weights=exact.counts, minlength=len(coarse)).astype(np.int64)
        exact = _by_frequency(coarse.rgb, counts, coarse.labels[0][exact.labels.ravel()], exact.labels.shape)
    distances = _Distances.of(oklab_fast(exact.rgb))
    leaders = _leaders(distances, tolerance)
    joined = np.empty(len(exact), np.int64)
    for start in range(0, len(exact), _BLOCK):  # many colors times many leaders would not fit into memory
        joined[start : start + _BLOCK] = distances.squared(slice(start, start + _BLOCK), leaders).argmin(axis=1)
    counts = np.bincount(joined, weights=exact.counts, minlength=len(leaders)).astype(np.int64)
    return _by_frequency(exact.rgb[leaders], counts, joined[exact.labels.ravel()], exact.labels.shape)


@dataclass(frozen=True, slots=True)
class _Distances:
    """Between colors, as one matrix product: a² - 2ab + b² is (a², 1, -2a) times (1, b², b)."""

    first: NDArray[np.float32]
    second: NDArray[np.float32]

    @classmethod
    def of(cls, lab: NDArray[np.float32]) -> _Distances:
        squares, ones = (lab * lab).sum(axis=1, keepdims=True), np.ones((len(lab), 1), np.float32)
        return cls(np.hstack([squares, ones, -2 * lab]), np.hstack([ones, squares, lab]))

    def squared(self, some: slice | NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.first[some] @ self.second[others].T
        return found


def _leaders(distances: _Distances, tolerance: float) -> NDArray[np.int64]:
    """In order, each color farther than the tolerance from all leaders before it; looked for in batches, for speed."""
    found: list[NDArray[np.int64]] = []
    left = np.arange(len(distances.first))
    while len(left):
        batch, left = left[:_BATCH], left[_BATCH:]
        far = distances.squared(batch, batch) > tolerance**2
        free = np.ones(len(batch), bool)
        chosen = []
        for at in range(len(batch)):
            if free[at]:
                chosen.append(at)
                free &= far[at]
        found.append(batch[chosen])
        left = left[distances.squared(found[-1], left).min(axis=0) > tolerance**2]
    return np.concatenate(found)


def _by_frequency(rgb: NDArray[np.uint8], counts: NDArray[np.int64], labels: NDArray[np.int64], shape: tuple[int, int]) -> Palette:
    order = np.argsort(-counts, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Palette(rgb[order], counts[order].astype(np.int64), place[labels].reshape(shape).astype(np.int64))


def _packed(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    levels = pixels.reshape(-1, 3)
    packed = np.left_shift(levels[:, 0], 16, dtype=np.uint32)
    packed |= np.left_shift(levels[:, 1], 8, dtype=np.uint32)
    packed |= levels[:, 2]
    return packed


def _counted(ranked: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The values in a sorted array, and how often each stands there."""
    bounds = np.concatenate(([0], np.flatnonzero(ranked[1:] != ranked[:-1]) + 1, [len(ranked)]))
    return ranked[bounds[:-1]], bounds[1:] - bounds[:-1]


def _unpacked(values: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return values.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].copy()
