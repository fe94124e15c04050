"""How many colors would be as diverse as the figure's, were they equally frequent?"""

from __future__ import annotations

import math

from lorascope.evaluation.grounds import effective_number, foreground_colors, without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """The exponential of the entropy of the figure's merged colors."""
    return without_foreground(picture.look) or effective_number(foreground_colors(picture.look))


METRIC = Metric(
    name="foreground_effective_colors",
    title="effective colors of the figure",
    unit="colors",
    low=1,
    high=math.inf,
    direction=Direction.NONE,
    meaning=(
        "exp of the entropy of the merged colors' shares of the figure, background left out. Not measurable without a pixel grid, "
        "without a figure, and before a complex background."
    ),
    measure=measure,
)
