"""Is there dithering: two colors that alternate like the fields of a chessboard?"""

from __future__ import annotations

from lorascope.evaluation.grounds import without_cells
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture

TOO_SMALL = NotMeasurable("fewer than 2 x 2 cells")


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of 2 x 2 blocks AB over BA, less the share that chance would make of these colors."""
    lacking = without_cells(picture.look)
    if lacking is not None:
        return lacking
    merged = picture.look.merged
    colors = merged.labels
    if min(colors.shape) < 2:
        return TOO_SMALL
    first, second, third, fourth = colors[:-1, :-1], colors[:-1, 1:], colors[1:, :-1], colors[1:, 1:]
    found = ((first == fourth) & (second == third) & (first != second)).mean()
    shares = merged.counts / merged.counts.sum()
    by_chance = (shares**2).sum() ** 2 - (shares**4).sum()
    return max(0.0, float(found - by_chance))


METRIC = Metric(
    name="dither",
    title="dither",
    unit="share of 2 x 2 blocks",
    low=0,
    high=1,
    direction=Direction.NONE,
    meaning=(
        "Share of 2 x 2 blocks of cells in which two merged colors stand crosswise (AB over BA), less the share to be expected if "
        "cells had their colors by chance. Checkered backgrounds and clothes count as well. Not measurable without a pixel grid."
    ),
    measure=measure,
)
