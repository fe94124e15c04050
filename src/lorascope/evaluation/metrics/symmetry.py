"""Is the figure's outline the same left and right?"""

from __future__ import annotations

from lorascope.evaluation.grounds import without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of cells that are figure on both sides or on neither."""
    lacking = without_foreground(picture.look)
    if lacking is not None:
        return lacking
    figure = picture.look.foreground
    return float((figure == figure[:, ::-1]).mean())


METRIC = Metric(
    name="symmetry",
    title="symmetry",
    unit="share of cells",
    low=0,
    high=1,
    direction=Direction.NONE,
    meaning=(
        "Share of cells that are figure where their mirror image (left and right exchanged) is figure, and background where it is "
        "background. Only the outline counts, not colors. Not measurable without a pixel grid, without a figure, and before a "
        "complex background."
    ),
    measure=measure,
)
