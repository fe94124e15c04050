"""How far has the picture left pixel art, in the direction of photographs, by the training images' own measure?

No threshold of what pixel art is: three numbers that photographs have on the far side of every sprite (more colors, edges off the grid,
less of a grid) are held against how the training images spread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.evaluation.metrics import edge_crispness, grid_confidence, palette_size
from lorascope.evaluation.training_set import Band

# Toward photographs: more colors (counted in doublings), less crisp, less of a grid. The least spreads keep training images that are all
# alike from making any difference infinitely large: a quarter of a doubling, and a twentieth of the range.
TOWARD = {"palette_size": 1.0, "edge_crispness": -1.0, "grid_confidence": -1.0}
LEAST_SPREAD = {"palette_size": 0.25, "edge_crispness": 0.05, "grid_confidence": 0.05}
PERCENTILES_IN_DEVIATIONS = 2 * 1.645  # from the 5th to the 95th of a normal distribution


def measure(picture: Picture) -> float | NotMeasurable:
    """Root mean square of the distances toward photographs, in standard deviations of the training images."""
    if picture.training is None:
        return NotMeasurable("the training images are not known")
    found = {part.METRIC.name: picture.of(part.METRIC) for part in (palette_size, edge_crispness, grid_confidence)}
    values = {name: value for name, value in found.items() if isinstance(value, float)}
    result = distance(values, picture.training.bands)
    return NotMeasurable("picture and training images share none of palette size, crispness and grid") if result is None else result


def distance(values: Mapping[str, float], bands: Mapping[str, Band]) -> float | None:
    """The distance of these values from these bands, None when they share no part."""
    squares = []
    for name, sign in TOWARD.items():
        if name in values and name in bands:
            band, scale = bands[name], math.log2 if name == "palette_size" else float
            spread = (scale(band.high) - scale(band.low)) / PERCENTILES_IN_DEVIATIONS
            away = sign * (scale(values[name]) - scale(band.median)) / max(spread, LEAST_SPREAD[name])
            squares.append(max(away, 0.0) ** 2)
    return math.sqrt(sum(squares) / len(squares)) if squares else None


METRIC = Metric(
    name="photorealism",
    title="photorealism",
    unit="standard deviations",
    low=0,
    high=math.inf,
    direction=Direction.LOWER,
    meaning=(
        "Distance from the training images toward photographs: more colors (in doublings of palette_size), lower edge_crispness, "
        "lower grid_confidence, each in standard deviations of the training images (from their 5th to 95th percentile), root mean "
        "square of those that both have. 0 for a picture no nearer to a photograph than the median training image. Not measurable "
        "without training images."
    ),
    measure=measure,
    of_training=True,
)
