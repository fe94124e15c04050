"""Are the picture's colors those of the training images?

The union of many images' colors accepts much: the 288 merged colors of 203 sprites have one near 24 % of all colors. So a color counts by
how many training images have it: one of a twentieth of them, or more, in full; a rarer one in proportion (what a single image of 203 has, a
tenth). Random colors then reach 0.12, and the training images themselves still 0.98 in the median.
"""

from __future__ import annotations

import numpy as np

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.records.color import oklab

NEAR_OKLAB = 0.03  # one and a half times a just visible difference
FULL_SHARE = 0.05  # of the training images


def measure(picture: Picture) -> float | NotMeasurable:
    """Mean over cells of what the commonest palette color near each one's merged color counts."""
    training = picture.training
    if training is None or len(training.palette) == 0:
        return NotMeasurable("the training images are not known")
    merged, palette = picture.look.merged, training.palette_lab
    colors = oklab(merged.rgb)
    # |a - b|² as |a|² - 2ab + |b|²: one matrix product for all pairs.
    squares = (colors**2).sum(axis=1)[:, None] - 2 * colors @ palette.T + (palette**2).sum(axis=1)
    worth = np.where(squares <= NEAR_OKLAB**2, np.minimum(training.weights / FULL_SHARE, 1), 0).max(axis=1)
    return min(float(worth @ merged.counts / merged.counts.sum()), 1.0)


METRIC = Metric(
    name="palette_adherence",
    title="palette adherence",
    unit="share of cells",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        f"Share of cells whose merged color lies within OKLab {NEAR_OKLAB:g} of a color of the training images, each cell weighed by "
        f"how common that color is there: a color of {FULL_SHARE:.0%} of the images or more counts 1, a rarer one in proportion, "
        "since all colors together would accept nearly any. Read it beside the training images' band. Not measurable without "
        "training images."
    ),
    measure=measure,
    version=2,
    of_training=True,
)
