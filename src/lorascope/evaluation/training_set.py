"""What the training images look like: the yardstick beside every metric of the pictures drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.traits import TraitCheck
from lorascope.pixels.feature_map import FeatureMap
from lorascope.pixels.figure import Likeness, Unlearned
from lorascope.records.color import oklab

COARSE_STEPS = 200
_COARSE_ZERO = np.array([0, 0.5, 0.5], np.float32)  # a and b lie within -0.4 and 0.4


@dataclass(frozen=True, slots=True)
class Band:
    """Where 90 % of the training images lie for one metric: ``low`` and ``high`` are the 5th and 95th percentile, of ``n`` images."""

    low: float
    median: float
    high: float
    n: int

    def place(self, value: float) -> str:
        """Where a value lies: "below", "inside" or "above".

        >>> Band(6, 9, 12, 203).place(9.1), Band(6, 9, 12, 203).place(14)
        ('inside', 'above')
        """
        return "below" if value < self.low else "above" if value > self.high else "inside"


@dataclass(frozen=True)
class TrainingSet:
    """The training images at native scale.

    ``side_cells`` is how many cells their short side has, None where they disagree or have no grid. ``palette`` (n, 3) uint8 are their
    merged colors with ``weights`` (n,), the share of images that hold each. ``cells`` (images, rows, columns, 3) uint8 are those of the
    commonest size, ``names`` (images) their files. ``bands`` maps a metric's name to its band.
    What a suite asks about is learned from them: ``traits`` by label, ``feature_maps`` by noun, and ``likeness``, which says of what other
    pictures that holds; None and empty where nothing was asked.
    """

    side_cells: int | None
    palette: NDArray[np.uint8]
    weights: NDArray[np.float64]
    cells: NDArray[np.uint8]
    names: tuple[str, ...]
    bands: Mapping[str, Band] = field(default_factory=dict)
    likeness: Likeness | None = None
    traits: Mapping[str, TraitCheck | Unlearned] = field(default_factory=dict)
    feature_maps: Mapping[str, FeatureMap | Unlearned] = field(default_factory=dict)

    @cached_property
    def palette_lab(self) -> NDArray[np.float64]:
        """The palette in OKLab, (n, 3)."""
        return oklab(self.palette)

    @cached_property
    def cells_lab(self) -> NDArray[np.float32]:
        """The cells in OKLab, (images, rows * columns, 3): computed once for all pictures."""
        return oklab(self.cells).astype(np.float32).reshape(len(self.cells), -1, 3)

    @cached_property
    def cells_coarse(self) -> NDArray[np.uint8]:
        """The same in :func:`coarse` levels, (3, images, rows * columns)."""
        return np.ascontiguousarray(np.moveaxis(coarse(self.cells_lab), 2, 0))


def coarse(lab: NDArray[np.float32]) -> NDArray[np.uint8]:
    """OKLab in steps of 1 / COARSE_STEPS, for comparing many colors fast: what differs by d does so by d * COARSE_STEPS + 1 at most."""
    levels: NDArray[np.uint8] = np.rint((lab + _COARSE_ZERO) * COARSE_STEPS).astype(np.uint8)
    return levels
