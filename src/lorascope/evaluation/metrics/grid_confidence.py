"""Is there a pixel grid at all, and how clearly?"""

from __future__ import annotations

from lorascope.evaluation.grounds import NATIVE
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.pixels.cells import Scale
from lorascope.pixels.grid import ACCEPT_CONFIDENCE


def measure(picture: Picture) -> float | NotMeasurable:
    """The grid's confidence, that of the weaker axis."""
    cells = picture.look.cells
    if cells.scale is Scale.NATIVE:
        return NATIVE
    if cells.scale is Scale.EXACT:
        return 1.0
    if cells.grid is None:
        return NotMeasurable("no edges: a picture of one color has no grid")
    return min(max(cells.grid.confidence, 0.0), 1.0)


METRIC = Metric(
    name="grid_confidence",
    title="grid confidence",
    unit="share of edge strength",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        "How much of the strength of all edges repeats with the period of the cells (Fourier transform of the edge profile at the "
        "first two harmonics; the weaker axis counts). 1 where the picture consists of equal blocks; about 0.8 with a decoder's "
        f"noise; up to 0.27 for photographs. From {ACCEPT_CONFIDENCE:g} on cells are sampled. Not measurable at native scale and in "
        "pictures of one color."
    ),
    measure=measure,
)
