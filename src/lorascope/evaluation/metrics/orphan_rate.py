"""How many of the figure's cells stand alone, of another color than all their neighbors?

Noise makes such cells, and so do eyes: no rate is wrong in itself, only one that the training images do not have.
"""

from __future__ import annotations

import numpy as np

from lorascope.evaluation.grounds import without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of the figure's cells without an equal neighbor above, below, left or right."""
    lacking = without_foreground(picture.look)
    if lacking is not None:
        return lacking
    colors, figure = picture.look.merged.labels, picture.look.foreground
    alone = np.ones(colors.shape, bool)
    across, down = colors[:, 1:] == colors[:, :-1], colors[1:] == colors[:-1]
    alone[:, 1:] &= ~across
    alone[:, :-1] &= ~across
    alone[1:] &= ~down
    alone[:-1] &= ~down
    return float(alone[figure].mean())


METRIC = Metric(
    name="orphan_rate",
    title="orphan rate",
    unit="share of the figure's cells",
    low=0,
    high=1,
    direction=Direction.NONE,
    meaning=(
        "Share of the figure's cells that have the same merged color as none of their four neighbors. Detail is made of such cells "
        "as much as noise is: only a rate outside the training images' band, on either side, says something. Not measurable without "
        "a pixel grid, without a figure, and before a complex background."
    ),
    measure=measure,
)
