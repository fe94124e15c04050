"""Is the background one color? Stands beside background_color_accuracy: low here explains pictures not measured there."""

from __future__ import annotations

from lorascope.evaluation.metric import Direction, Metric, Picture
from lorascope.pixels.background import RING_TOLERANCE


def measure(picture: Picture) -> float:
    """Share of the ring that has the ring's main color."""
    return picture.look.background.ring_share


METRIC = Metric(
    name="background_uniformity",
    title="background uniformity",
    unit="share of ring pixels",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        f"Share of the ring (top row, left and right column) within OKLab distance {RING_TOLERANCE:g} of its main color, at native "
        "scale. 1 for a solid background of any color; patterns, gradients and noise lower it, and so does a figure that touches the "
        "ring. Where a prompt asks for a pattern, lower is not worse."
    ),
    measure=measure,
    version=2,
)
