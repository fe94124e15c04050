"""One picture looked at: everything that checks and metrics ask of its pixels, each found when first asked for, and once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lorascope.pixels.background import Background, find_background
from lorascope.pixels.cells import Cells, to_cells
from lorascope.pixels.palette import Palette, exact_palette, merge
from lorascope.records.color import oklab_fast


@dataclass(frozen=True)
class Look:
    """``pixels`` (height, width, 3) uint8, read-only. ``declared_side``: how many cells the short side has, if that is known."""

    pixels: NDArray[np.uint8]
    declared_side: int | None = None

    @cached_property
    def cells(self) -> Cells:
        """The picture at native scale."""
        return to_cells(self.pixels, self.declared_side)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """The cells in OKLab, (rows, columns, 3)."""
        return oklab_fast(self.cells.rgb)

    @cached_property
    def background(self) -> Background:
        """The background, at native scale."""
        return find_background(self.cells.rgb, lab=self.lab)

    @cached_property
    def foreground(self) -> NDArray[np.bool_]:
        """(rows, columns): what is not background."""
        return ~self.background.mask

    @cached_property
    def exact(self) -> Palette:
        """Every distinct color at native scale."""
        return exact_palette(self.cells.rgb)

    @cached_property
    def merged(self) -> Palette:
        """The colors at native scale with noise merged."""
        return merge(self.exact)
