"""What the pixels of one picture say: its colors, and the color of its background where that is beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lorascope.records.color import Floats, Rgb, hex_code, oklab
from lorascope.records.region import background

SOLID_RING_SHARE = 0.9  # below it the background has more than one color, and nothing is said about it
EXACT_COLORS = 4096  # pictures with more colors are photographs: their colors are counted in steps of 8 levels
BIN_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Sight:
    """``background`` is the median color of the background region, None where it is not certain.

    ``palette`` is every color of the picture, (n, 3) uint8; ``blur`` is how far (OKLab) it may be off by counting in steps.
    """

    background: Rgb | None
    palette: NDArray[np.uint8]
    palette_lab: Floats
    blur: float = 0.0

    @classmethod
    def of_colors(cls, palette: ArrayLike, background_rgb: Rgb | None = None, blur: float = 0.0) -> Sight:
        """From known colors, (n, 3)."""
        colors = np.asarray(palette, np.uint8).reshape(-1, 3)
        return cls(background_rgb, colors, oklab(colors), blur)

    def nearest(self, rgb: Rgb) -> tuple[Rgb, float]:
        """The picture's color most like another one, and how far it is in OKLab."""
        distances = np.linalg.norm(self.palette_lab - oklab(rgb), axis=-1)
        at = int(distances.argmin())
        red, green, blue = (int(level) for level in self.palette[at])
        return (red, green, blue), float(distances[at])

    @property
    def background_code(self) -> str | None:
        """The background's color as a hex code."""
        return None if self.background is None else hex_code(self.background)


def see(pixels: NDArray[np.uint8], native: NDArray[np.uint8] | None) -> Sight:
    """What is seen in a picture, (height, width, 3) uint8. ``native`` is the same picture with one pixel a cell, if that is certain.

    Only then is the background looked for: in photographs and blurred upscales the region would be a guess.
    """
    colors = _colors(pixels if native is None else native)
    blur = 0.0
    if len(colors) > EXACT_COLORS:
        colors = _colors((pixels // BIN_LEVELS) * BIN_LEVELS + BIN_LEVELS // 2)
        blur = 0.02
    if native is None:
        return Sight.of_colors(colors, None, blur)
    region = background(native)
    return Sight.of_colors(colors, region.rgb if region.ring_share >= SOLID_RING_SHARE else None, blur)


def _colors(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The distinct colors, sorted."""
    wide = pixels.reshape(-1, 3).astype(np.uint32)
    packed = np.sort((wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2])
    distinct = packed[np.concatenate([[True], packed[1:] != packed[:-1]])]
    return np.stack([distinct >> 16, (distinct >> 8) & 255, distinct & 255], axis=-1).astype(np.uint8)
