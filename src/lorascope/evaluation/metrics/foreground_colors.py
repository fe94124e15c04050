"""How many colors does the figure have?"""

from __future__ import annotations

import math

import numpy as np

from lorascope.evaluation.grounds import foreground_colors, without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """Number of merged colors in the figure."""
    return without_foreground(picture.look) or float(np.count_nonzero(foreground_colors(picture.look)))


METRIC = Metric(
    name="foreground_colors",
    title="colors of the figure",
    unit="colors",
    low=1,
    high=math.inf,
    direction=Direction.NONE,
    meaning=(
        "Merged colors (as for palette_size) that the figure has, background left out. How many are right is a matter of style: read "
        "it beside the training images' band. Not measurable without a pixel grid, without a figure, and before a complex background."
    ),
    measure=measure,
)
