"""Number of different colors at 24 x 24: the metric many sprite makers count by.

Kept so that numbers can be compared with theirs. It takes one pixel of each cell, noise and all: a flawless eight-color
sprite with a decoder's faint noise counts some 250 colors, and a picture of one wrong color counts 1. It describes; it
does not judge.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.metric import Direction, Metric, Picture
from lorascope.pixels.palette import count_colors

SIDE_CELLS = 24


def measure(picture: Picture) -> float:
    """Different RGB values after taking the nearest pixel of each of 24 x 24 cells."""
    return float(count_colors(nearest(picture.pixels)))


def nearest(pixels: NDArray[np.uint8], side_px: int = SIDE_CELLS) -> NDArray[np.uint8]:
    """Resize to ``side_px`` x ``side_px`` by the nearest pixel, pixel for pixel as Pillow's NEAREST does."""
    return pixels[_nearest_indices(pixels.shape[0], side_px)].take(_nearest_indices(pixels.shape[1], side_px), axis=1)


@lru_cache(maxsize=64)
def _nearest_indices(length: int, side_px: int) -> NDArray[np.int64]:
    """The source pixel of each cell, floor((i + 0.5) * scale).

    Summed step by step, as Pillow does: at 512 px some centers lie exactly between two pixels, and rounding decides.
    """
    scale = length / side_px
    steps = np.full(side_px, scale)
    steps[0] = scale * 0.5
    return np.minimum(np.cumsum(steps).astype(np.int64), length - 1)


METRIC = Metric(
    name="unique_colors",
    title="unique colors",
    unit="colors",
    low=1,
    high=SIDE_CELLS**2,
    direction=Direction.NONE,
    meaning=(
        "Different RGB values after nearest-neighbor reduction to 24 x 24 px. One pixel a cell is read, with its noise, so the count "
        "is mostly noise in pictures that a model drew; it says nothing about which colors they are. For comparison with counts made "
        "elsewhere."
    ),
    measure=measure,
)
