"""How much of the figure is its largest patch of one color?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from lorascope.evaluation.grounds import without_foreground
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture


def measure(picture: Picture) -> float | NotMeasurable:
    """Cells of the largest patch over all cells of the figure."""
    lacking = without_foreground(picture.look)
    if lacking is not None:
        return lacking
    figure = picture.look.foreground
    return _largest_patch(picture.look.merged.labels, figure) / int(figure.sum())


def _largest_patch(colors: NDArray[np.int64], figure: NDArray[np.bool_]) -> int:
    """Cells are linked to equal neighbors: a grid of cells and of the links between them has the patches as its components."""
    rows, columns = colors.shape
    links = np.zeros((2 * rows - 1, 2 * columns - 1), bool)
    links[::2, ::2] = figure
    links[::2, 1::2] = (colors[:, 1:] == colors[:, :-1]) & figure[:, 1:] & figure[:, :-1]
    links[1::2, ::2] = (colors[1:] == colors[:-1]) & figure[1:] & figure[:-1]
    patches, _ = label(links)
    return int(np.bincount(patches[::2, ::2][figure]).max())


METRIC = Metric(
    name="largest_cluster",
    title="largest cluster",
    unit="share of the figure's cells",
    low=0,
    high=1,
    direction=Direction.NONE,
    meaning=(
        "Share of the figure that is its largest patch of one merged color (cells linked over their four sides). Flat drawing has "
        "large patches, noise none; how large is right, the training images' band says. Not measurable without a pixel grid, without "
        "a figure, and before a complex background."
    ),
    measure=measure,
)
