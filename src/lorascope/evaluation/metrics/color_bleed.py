"""Has the background's color spread into the figure?"""

from __future__ import annotations

import numpy as np

from lorascope.evaluation.asked_color import asked_alike
from lorascope.evaluation.grounds import without_foreground, without_one_background_color
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.records.color import oklab
from lorascope.records.color_names import AGREE_DISTANCE, LIGHTNESS_WEIGHT


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of the figure's cells that have nearly the background's color."""
    lacking = without_one_background_color(picture.look) or without_foreground(picture.look)
    if lacking is not None:
        return lacking
    alike = asked_alike(picture.prompt, picture.names)
    if alike:
        return NotMeasurable(f"the prompt asks for one color of background and {' and '.join(alike)}")
    away = (picture.look.lab[picture.look.foreground] - oklab(picture.look.background.rgb)) * (LIGHTNESS_WEIGHT, 1, 1)
    return float(np.count_nonzero(np.einsum("nc,nc->n", away, away) <= AGREE_DISTANCE**2) / len(away))


METRIC = Metric(
    name="color_bleed",
    title="color bleed",
    unit="share of the figure's cells",
    low=0,
    high=1,
    direction=Direction.LOWER,
    meaning=(
        f"Share of the figure's cells within OKLab {AGREE_DISTANCE:g} (lightness at half weight) of the background's median color. "
        "Art has some of it (a green cap before green): flawless sprites reach 0.125 at the 95th percentile, so read it beside the "
        "training images' band. Where the prompt itself asks for one color of background and something else, how much was asked for "
        "is not known, and it is not measurable; nor before a background of several colors or without a figure."
    ),
    measure=measure,
)
