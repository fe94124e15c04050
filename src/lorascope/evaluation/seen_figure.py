"""The figure of a picture as it is shown to what was learned from the training images; or why it must not be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.grounds import without_foreground
from lorascope.evaluation.metric import NotMeasurable, Picture
from lorascope.pixels.figure import Floats32, figure_lab

NOTHING_LEARNED = NotMeasurable("nothing was learned from training images: they are not known, too few, or of different sizes")


@dataclass(frozen=True, slots=True)
class SeenFigure:
    """``lab`` (rows, columns, 3) OKLab with a neutral background, ``mask`` (rows, columns), ``distance`` from the nearest known one."""

    lab: Floats32
    mask: NDArray[np.bool_]
    distance: float


def seen_figure(picture: Picture) -> SeenFigure | NotMeasurable:
    """The figure, where its cells are certain, as many as the training images', and not stranger than those are to each other."""
    likeness = picture.training.likeness if picture.training else None
    if likeness is None:
        return NOTHING_LEARNED
    look = picture.look
    if not look.cells.certain:
        return NotMeasurable("undecided: the picture's cells are not certain")
    lacking = without_foreground(look)
    if lacking is not None:
        return lacking
    if look.cells.rgb.shape != likeness.shape:
        rows, columns = likeness.shape[:2]
        return NotMeasurable(f"the training images have {columns} x {rows} cells, this picture has not")
    lab = figure_lab(look.cells.rgb, look.foreground)
    distance = likeness.distance(lab)
    if distance > likeness.limit:
        return NotMeasurable(
            f"undecided: the figure is unlike every training image (distance {distance:.2f}, 99 % of those lie within {likeness.limit:.2f} "
            "of another one)"
        )
    return SeenFigure(lab, look.foreground, distance)
