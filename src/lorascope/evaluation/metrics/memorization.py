"""Is the picture a copy of a training image?

Many different sprites are nearly alike: of 10,000 known ones, 14 % have another one that differs in no more than 1 % of the cells. So the
number stands beside the training images' own nearest neighbors, and only what lies above their band looks copied.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.grounds import without_cells
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.training_set import COARSE_STEPS, TrainingSet, coarse
from lorascope.pixels.palette import MERGE_OKLAB


def measure(picture: Picture) -> Reading | NotMeasurable:
    """Share of cells that are equal to the nearest training image's."""
    training = picture.training
    if training is None or len(training.cells) == 0:
        return NotMeasurable("the training images are not known, or have no common number of cells")
    lacking = without_cells(picture.look)
    if lacking is not None:
        return lacking
    if picture.look.cells.rgb.shape != training.cells.shape[1:]:
        rows, columns = training.cells.shape[1:3]
        return NotMeasurable(f"the training images have {columns} x {rows} cells, this picture has not")
    at_most = _most_alike(training, picture.look.lab)
    if picture.itself is not None:
        if len(at_most) == 1:
            return NotMeasurable("the only training image")
        at_most[picture.itself] = -1
    own, best, nearest = picture.look.lab.reshape(-1, 3), -1.0, 0
    for image in np.argsort(-at_most, kind="stable"):
        if at_most[image] < best:
            break
        away = training.cells_lab[image] - own
        share = float((np.einsum("nc,nc->n", away, away) <= MERGE_OKLAB**2).mean())
        if share > best or (share == best and image < nearest):
            best, nearest = share, int(image)
    return Reading(best, {"nearest": training.names[nearest]})


def _most_alike(training: TrainingSet, lab: NDArray[np.float32]) -> NDArray[np.float64]:
    """(images,) the share of cells that may be equal to each training image's, and no less: each of L, a and b is compared coarsely."""
    limit = int(MERGE_OKLAB * COARSE_STEPS) + 1
    own = np.ascontiguousarray(coarse(lab).reshape(-1, 3).T)
    _, images, cells = training.cells_coarse.shape
    near = np.ones((images, cells), bool)
    for channel in range(3):
        # Levels wrap around: what is lower by up to the limit, or higher, becomes 0 to twice the limit.
        near &= training.cells_coarse[channel] - (own[channel] - np.uint8(limit)) <= np.uint8(2 * limit)
    shares: NDArray[np.float64] = near.sum(axis=1, dtype=np.uint16 if cells < 65536 else np.uint32) / cells
    return shares


METRIC = Metric(
    name="memorization",
    title="memorization",
    unit="share of cells",
    low=0,
    high=1,
    direction=Direction.LOWER,
    meaning=(
        f"Share of cells that have the color (within OKLab {MERGE_OKLAB:g}) of the same cell of the nearest training image, which is "
        "named: 1 less the Hamming distance. 0.99 and more would be a copy, were it not that different sprites can be that alike: "
        "the band holds the training images' own nearest neighbors, and what lies above it is suspicious. Not measurable without "
        "training images of the same number of cells."
    ),
    measure=measure,
    of_training=True,
)
