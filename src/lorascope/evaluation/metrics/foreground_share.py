"""How much of the picture is figure?"""

from __future__ import annotations

from lorascope.evaluation.grounds import NO_FOREGROUND, without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of cells that are not background; 0 for an empty picture."""
    lacking = without_foreground(picture.look)
    if lacking is not None and lacking is not NO_FOREGROUND:
        return lacking
    return float(picture.look.foreground.mean())


METRIC = Metric(
    name="foreground_share",
    title="share of the figure",
    unit="share of cells",
    low=0,
    high=1,
    direction=Direction.NONE,
    meaning=(
        "Share of cells that are not background (everything of the ring's color that is connected to the ring). A matter of framing: "
        "read it beside the training images' band. Not measurable without a pixel grid and before a complex background."
    ),
    measure=measure,
)
