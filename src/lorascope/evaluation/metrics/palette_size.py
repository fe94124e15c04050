"""How many colors does the picture have, when colors that cannot be told apart count once?

A flawless eight-color sprite with a decoder's faint noise has some 250 exact colors, and 13 to 16 of these.
"""

from __future__ import annotations

import math

from lorascope.evaluation.metric import Direction, Metric, Picture
from lorascope.pixels.palette import MERGE_OKLAB


def measure(picture: Picture) -> float:
    """Number of merged colors at native scale."""
    return float(len(picture.look.merged))


METRIC = Metric(
    name="palette_size",
    title="palette size",
    unit="colors",
    low=1,
    high=math.inf,
    direction=Direction.NONE,
    meaning=(
        f"Colors at native scale, merged: by descending count, each joins the nearest one within OKLab distance {MERGE_OKLAB:g}, "
        "about a just visible difference. Steadier under noise than unique_colors. A real gradient counts as many colors. Pictures "
        "without a grid are read at 64 px."
    ),
    measure=measure,
)
