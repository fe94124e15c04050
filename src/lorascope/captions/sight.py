"""What the pixels of one picture say: its colors, and the color of its background where that is beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.pixels.look import Look
from lorascope.pixels.palette import coarse_colors, distinct_colors
from lorascope.records.color import Floats, Rgb, hex_code, oklab

EXACT_COLORS = 4096  # pictures with more colors are photographs: their colors are counted in steps of 8 levels
BIN_LEVELS = 8
BIN_BLUR = 0.02  # OKLab; half a step of 8 levels, except in the dark


@dataclass(frozen=True, slots=True)
class Sight:
    """``background`` is the median color of the background region, None where it is not certain; ``kind`` what the background is made of.

    ``palette`` is every color of the picture, (n, 3) uint8; ``blur`` is how far (OKLab) it may be off by counting in steps.
    ``shares`` (n,) is the share of the picture that each color has, ``behind`` (n,) the share of each color's pixels that lie in the
    background; ``background_colors`` are a patterned background's main colors. ``scale`` tells how the picture's scale is known,
    ``cells`` is the picture at that scale, (rows, columns, 3) uint8, None in examples that only name colors.
    """

    background: Rgb | None
    palette: NDArray[np.uint8]
    palette_lab: Floats
    blur: float = 0.0
    kind: BackgroundKind | None = None
    background_colors: tuple[Rgb, ...] = ()
    shares: Floats | None = None
    behind: Floats | None = None
    scale: Scale = Scale.NATIVE
    cells: NDArray[np.uint8] | None = None

    @classmethod
    def of_colors(cls, palette: ArrayLike, background_rgb: Rgb | None = None, blur: float = 0.0) -> Sight:
        """From known colors, (n, 3)."""
        colors = np.asarray(palette, np.uint8).reshape(-1, 3)
        solid = () if background_rgb is None else (background_rgb,)
        return cls(background_rgb, colors, oklab(colors), blur, BackgroundKind.SOLID if solid else None, solid)

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


def see(pixels: NDArray[np.uint8], declared_side: int | None = None, look: Look | None = None) -> Sight:
    """What is seen in a picture, (height, width, 3) uint8. ``declared_side``: how many cells its short side has, if the user says so.
    ``look``: the same picture looked at already, where somebody has.

    Where the scale is certain, colors are those of the cells. Elsewhere (photographs, illustrations) they are those of all pixels, and
    the background is named only where a reduced picture shows a solid one: at least 90 % of the ring in one color. It then has no
    pattern, and ``behind`` is not known.
    """
    look = look or Look(pixels, declared_side)
    region, cells = look.background, look.cells
    solid = region.kind is BackgroundKind.SOLID
    if not cells.certain:
        colors, counts, blur = _all_colors(pixels)
        return Sight(
            background=region.rgb if solid else None,
            palette=colors,
            palette_lab=oklab(colors),
            blur=blur,
            kind=region.kind if solid else None,
            background_colors=region.colors if solid else (),
            shares=counts / counts.sum(),
            scale=cells.scale,
            cells=cells.rgb,
        )
    palette = look.exact
    behind = np.bincount(palette.labels.ravel(), weights=region.mask.ravel(), minlength=len(palette)) / palette.counts
    return Sight(
        background=region.rgb if solid else None,
        palette=palette.rgb,
        palette_lab=oklab(palette.rgb),
        kind=region.kind,
        background_colors=region.colors,
        shares=palette.counts / palette.counts.sum(),
        behind=behind,
        scale=cells.scale,
        cells=cells.rgb,
    )


def _all_colors(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64], float]:
    """The colors of a large picture, the most frequent first, their counts, and how far they may be off (OKLab)."""
    colors, counts = distinct_colors(pixels)
    blur = 0.0
    if len(colors) > EXACT_COLORS:
        colors, counts = coarse_colors(colors, counts, BIN_LEVELS)
        blur = BIN_BLUR
    order = np.argsort(-counts, kind="stable")
    return colors[order], counts[order], blur
