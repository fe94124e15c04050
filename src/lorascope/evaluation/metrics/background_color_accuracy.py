"""Is the background the color that the prompt asks for?

Looked at are the ring (top row, left and right column) and everything connected to it in the ring's main color, or in any
other that holds a quarter of the ring: a background half green, half brown is half right. The ring is always in: a noisy or
striped background, where hardly anything is connected, then scores the few pixels that happen to be right and not
"undefined". A figure that touches the ring costs a little: its ring pixels count as wrong.

The tolerance, CIEDE2000 15, was chosen on twelve basic colors jittered by 8 levels per channel, as sprite palettes vary: at 15 a color
is accepted as itself in 99.2 % of draws (worst: black, 94 %) and as one of the other eleven in 0.2 % (worst: blue as purple, 15 %).
At 20 it would be 100 % and 2.2 %, with blue and purple (17 apart) hardly told from each other; at 10, 93 % and 0.0 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.evaluation.native import native
from lorascope.records.color import ciede2000
from lorascope.records.region import background, ring

TOLERANCE_DE2000 = 15.0
LARGE_RING_SHARE = 0.25


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of the background's pixels within the tolerance of the color that the prompt expects."""
    asked = picture.prompt.expected("background")
    if asked is None:
        return NotMeasurable("the prompt does not say what color the background is")
    pixels = native(picture.pixels)
    distances = ciede2000(pixels[looked_at(pixels)], np.array(asked.rgb))
    return float((distances <= TOLERANCE_DE2000).mean())


def looked_at(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(height, width): the ring and what is connected to it in one of its large colors."""
    on_ring = ring(*pixels.shape[:2])
    region = background(pixels).mask
    while (left := on_ring & ~region).sum() >= LARGE_RING_SHARE * on_ring.sum():
        part = background(pixels, among=left).mask
        if (part & left).sum() < LARGE_RING_SHARE * on_ring.sum():
            break
        region = region | part
    return region | on_ring


METRIC = Metric(
    name="background_color_accuracy",
    title="background color accuracy",
    unit="share of background pixels",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        f"Share of the background's pixels within CIEDE2000 {TOLERANCE_DE2000:g} of the color that the prompt asks for, at 24 px native "
        "scale. The background is the ring (top row, left and right column) and what is connected to it in the ring's main colors: a wrong "
        "or noisy background scores near 0, a flawless one 1. Not measurable when the prompt names no background color."
    ),
    measure=measure,
)
