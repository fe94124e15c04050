"""Which pixels of a small picture are its background.

Portraits touch the lower edge, so the background is looked for along a ring of the top row and the left and right columns:
the color most of the ring shares, and everything of that color connected to the ring. Meant for pictures at their native
scale, one pixel a cell (24 x 24, say); larger ones are first brought there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.records.color import Rgb, oklab

RING_TOLERANCE = 0.04  # OKLab distance within which a ring pixel counts as background; twice a just visible difference


@dataclass(frozen=True, slots=True)
class Background:
    """``mask`` (height, width) is True on the background; ``rgb`` its median color; ``ring_share`` how much of the ring agrees (0 to 1)."""

    mask: NDArray[np.bool_]
    rgb: Rgb
    ring_share: float


def ring(height: int, width: int) -> NDArray[np.bool_]:
    """True on the top row and the left and right columns."""
    mask = np.zeros((height, width), bool)
    mask[0, :] = mask[:, 0] = mask[:, -1] = True
    return mask


def background(pixels: NDArray[np.uint8], tolerance: float = RING_TOLERANCE, among: NDArray[np.bool_] | None = None) -> Background:
    """The background of an RGB picture, (height, width, 3) uint8. ``among`` looks at a part of the ring only (height, width)."""
    lab = oklab(pixels)
    height, width = lab.shape[:2]
    on_ring = ring(height, width) if among is None else among
    ring_lab = lab[on_ring]
    near = np.linalg.norm(ring_lab[:, None] - ring_lab[None], axis=-1) <= tolerance
    seed = ring_lab[near[near.sum(axis=1).argmax()]].mean(axis=0)
    alike = np.linalg.norm(lab - seed, axis=-1) <= tolerance
    mask = _connected(alike, on_ring & alike)
    red, green, blue = (int(level) for level in np.median(pixels[mask], axis=0)) if mask.any() else (0, 0, 0)
    return Background(mask, (red, green, blue), float(alike[on_ring].mean()))


def _connected(allowed: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The 4-connected part of ``allowed`` that touches ``seeds``."""
    reached = seeds & allowed
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= allowed
        if (grown == reached).all():
            return reached
        reached = grown
