"""Are the picture's colors those of the training images?

Read beside the palette's size: the union of many images' colors can cover so much of the color space that nearly everything adheres.
"""

from __future__ import annotations

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.evaluation.native import native
from lorascope.records.color import oklab

NEAR_OKLAB = 0.03  # one and a half times a just visible difference


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of pixels that have a palette color nearby."""
    if picture.palette is None or len(picture.palette) == 0:
        return NotMeasurable("the training images' palette is not known")
    have, wanted = oklab(native(picture.pixels).reshape(-1, 3)), oklab(picture.palette.reshape(-1, 3))
    # |a - b|² as |a|² - 2ab + |b|²: one matrix product for all pairs.
    beyond_own = (wanted**2).sum(axis=1) - 2 * have @ wanted.T
    squared = beyond_own.min(axis=1) + (have**2).sum(axis=1)
    return float((squared <= NEAR_OKLAB**2).mean())


METRIC = Metric(
    name="palette_adherence",
    title="palette adherence",
    unit="share of pixels",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        f"Share of pixels within OKLab distance {NEAR_OKLAB:g} of a color of the training images, at 24 px native scale. A large palette "
        "accepts nearly anything: compare with the share that the training images of one trait reach. "
        "Not measurable without a training palette."
    ),
    measure=measure,
)
