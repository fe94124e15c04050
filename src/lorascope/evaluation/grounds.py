"""What a picture must have for a metric to be measured on it; each question is answered with a reason, or None where it has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.metric import NotMeasurable
from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.pixels.look import Look

NO_GRID = NotMeasurable("no pixel grid")
NATIVE = NotMeasurable("one pixel a cell already: there is no grid to look at")
NO_FOREGROUND = NotMeasurable("nothing stands before the background")
NO_BACKGROUND = NotMeasurable("no background was found: nothing along the edges has one color")


def without_cells(look: Look) -> NotMeasurable | None:
    """Cells are needed: a photograph or a smooth picture has none."""
    return NO_GRID if look.cells.scale is Scale.NONE else None


def without_one_background_color(look: Look) -> NotMeasurable | None:
    """The background must be solid: of a pattern, a gradient or a scene no one color can be said."""
    kind = look.background.kind
    return None if kind is BackgroundKind.SOLID else NotMeasurable(f"the background has no single color ({kind.value})")


def without_foreground(look: Look) -> NotMeasurable | None:
    """A figure told from the background, cell by cell."""
    if look.background.kind is BackgroundKind.COMPLEX:
        return NotMeasurable("the background has no single color (complex): no figure can be told from it")
    return without_cells(look) or (None if look.foreground.any() else NO_FOREGROUND)


def foreground_colors(look: Look) -> NDArray[np.int64]:
    """How many cells of the figure each merged color has; colors that only the background has count 0."""
    counts: NDArray[np.int64] = np.bincount(look.merged.labels[look.foreground], minlength=len(look.merged))
    return counts


def effective_number(counts: NDArray[np.int64]) -> float:
    """How many equally frequent kinds would be as diverse as these: the exponential of the entropy (Hill number of order 1)."""
    shares = counts[counts > 0] / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
