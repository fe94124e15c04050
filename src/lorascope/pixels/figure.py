"""Figures before their backgrounds, as numbers that can be learned from, and whether a new one is like those known.

The background is painted over in one neutral color: what stands before it is looked at, and twelve background colors are not twelve
kinds of figure. Pictures that a model draws carry a faint noise in every cell; what is learned on flawless sprites must hold for them,
so everything is measured on copies with such noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.pixels.background import find_background
from lorascope.records.color import oklab

Floats32 = NDArray[np.float32]

NEUTRAL_LAB = (0.5, 0.0, 0.0)
NOISE_LEVELS = 6.0  # standard deviation per channel and cell, 8-bit levels: measured on backgrounds that a pixel-space model drew
ALIKE_SHARE = 0.99  # of the known figures are as near to another one as the limit says


@dataclass(frozen=True, slots=True)
class Unlearned:
    """Nothing could be learned from the pictures; ``reason`` says why and what would help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Known pictures of one size: ``rgb`` (n, rows, columns, 3) uint8, ``mask`` (n, rows, columns) True on the figure.

    ``lab`` are they in OKLab with the background neutral; the ``noisy_`` ones are the same pictures with a drawn picture's noise.
    """

    rgb: NDArray[np.uint8]
    lab: Floats32
    mask: NDArray[np.bool_]
    noisy_rgb: NDArray[np.uint8]
    noisy_lab: Floats32
    noisy_mask: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many."""
        return len(self.lab)

    def among(self, chosen: NDArray[np.bool_]) -> Figures:
        """Those that are ``chosen`` (n,)."""
        return Figures(*(getattr(self, part)[chosen] for part in self.__slots__))


def known_figures(cells: NDArray[np.uint8], figure: NDArray[np.bool_]) -> Figures:
    """Prepare pictures, (n, rows, columns, 3) uint8, with what stands before their backgrounds, (n, rows, columns), for learning."""
    noise = np.random.default_rng(0).normal(0, NOISE_LEVELS, cells.shape)
    noisy = np.clip(np.rint(cells + noise), 0, 255).astype(np.uint8)
    noisy_mask = np.stack([~find_background(one).mask for one in noisy]) if len(noisy) else figure.copy()
    return Figures(cells, figure_lab(cells, figure), figure, noisy, figure_lab(noisy, noisy_mask), noisy_mask)


def figure_lab(cells: NDArray[np.uint8], figure: NDArray[np.bool_]) -> Floats32:
    """Cells (…, rows, columns, 3) uint8 in OKLab, everything but the figure (…, rows, columns) in one neutral color."""
    lab = oklab(cells).astype(np.float32)
    lab[~figure] = NEUTRAL_LAB
    return lab


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near figures are to the nearest known one: ``known`` (n, cells * 3), ``limit`` the distance that 99 % of them keep with noise.

    A distance is the root of the summed squares of OKLab differences over all cells.
    """

    known: Floats32
    limit: float
    shape: tuple[int, ...]

    @classmethod
    def of(cls, figures: Figures) -> Likeness:
        """From known figures: each one, with noise, against all others. Raises ValueError for fewer than two."""
        if len(figures) < 2:
            raise ValueError("likeness needs two figures")
        known = figures.lab.reshape(len(figures), -1)
        away = _squared(figures.noisy_lab.reshape(len(figures), -1), known)
        np.fill_diagonal(away, np.inf)
        limit = float(np.sqrt(np.quantile(away.min(axis=1), ALIKE_SHARE)))
        return cls(known, limit, figures.lab.shape[1:])

    def distance(self, lab: Floats32) -> float:
        """How far a figure, (rows, columns, 3), is from the nearest known one. It must have the shape of the known ones."""
        away = self.known - lab.reshape(1, -1)
        return float(np.sqrt(np.einsum("nd,nd->n", away, away).min()))


def _squared(first: Floats32, second: Floats32) -> NDArray[np.float64]:
    """Squared distances of all pairs, (len(first), len(second))."""
    one, two = first.astype(np.float64), second.astype(np.float64)
    pairs = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)[None] - 2 * one @ two.T
    distances: NDArray[np.float64] = np.maximum(pairs, 0)
    return distances
