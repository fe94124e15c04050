"""How many colors would be as diverse as these, were they equally frequent? A color of a few cells hardly counts here."""

from __future__ import annotations

import math

from lorascope.evaluation.grounds import effective_number
from lorascope.evaluation.metric import Direction, Metric, Picture


def measure(picture: Picture) -> float:
    """The exponential of the entropy of the merged colors."""
    return effective_number(picture.look.merged.counts)


METRIC = Metric(
    name="effective_colors",
    title="effective colors",
    unit="colors",
    low=1,
    high=math.inf,
    direction=Direction.NONE,
    meaning=(
        "exp of the entropy of the merged colors' shares of the picture (colors merged as for palette_size). A large flat background "
        "lowers it whatever stands before it: foreground_effective_colors leaves the background out."
    ),
    measure=measure,
)
