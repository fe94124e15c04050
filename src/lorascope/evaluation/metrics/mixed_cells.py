"""How many cells are not of one color?

Never to be read alone: a photograph is smooth inside its cells and has few. With a low grid_confidence this number says nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.grounds import NATIVE, NO_GRID
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture
from lorascope.pixels.cells import Scale, sample, samples_a_side
from lorascope.records.color import TO_LMS, TO_OKLAB

MIXED_OKLAB = 0.02


def measure(picture: Picture) -> float | NotMeasurable:
    """Share of cells whose central half spreads by more than a just visible difference."""
    cells = picture.look.cells
    if cells.scale in {Scale.NATIVE, Scale.EXACT}:
        return NATIVE if cells.scale is Scale.NATIVE else 0.0
    if cells.grid is None or cells.scale is Scale.NONE:
        return NO_GRID
    a_side = samples_a_side(cells.grid)
    samples = cells.samples
    if samples is None or samples.shape[1] != a_side**2:
        samples = sample(picture.pixels, cells.grid, a_side)
    return float((_spreads(samples) > MIXED_OKLAB).mean())


def _spreads(samples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(cells,) root mean square distance in OKLab from the cell's mean color, of its pixels, (3, n, rows, columns).

    OKLab is taken as straight around each cell's mean: the covariance of the 8-bit levels, carried over by the slopes of the color space
    there. That costs a tenth of converting every pixel, and near the limit, where it matters, the two agree.
    """
    n = samples.shape[1]
    channels = samples.reshape(3, n, -1).astype(np.float32)
    sums = np.add.reduce(channels, axis=1)
    # Slopes: of linear light by level, and of the roots of the cones' answers by the answers; at black, infinite, taken at half a level.
    levels = np.maximum(sums / n, 0.5) / 255
    dark, curve = levels <= 0.04045, ((levels + 0.055) / 1.055) ** 1.4
    linear = np.where(dark, levels / 12.92, curve * (levels + 0.055) / 1.055)
    gamma = np.where(dark, 1 / 12.92, 2.4 / 1.055 * curve) / 255
    roots = 1 / (3 * np.cbrt(_TO_LMS @ linear) ** 2)
    covariances = np.stack([np.add.reduce(channels[i] * channels[j]) for i, j in _PAIRS]) - _products(sums) / n
    squares = np.add.reduce(_products(roots) * (_CARRIED @ (_products(gamma) * covariances))) / n
    spreads: NDArray[np.float32] = np.sqrt(np.maximum(squares, 0))
    return spreads


def _products(channels: NDArray[np.floating]) -> NDArray[np.floating]:
    """Of each pair of channels, (6, cells)."""
    products: NDArray[np.floating] = channels[_FIRST] * channels[_SECOND]
    return products


def _carried() -> NDArray[np.float32]:
    """(6, 6): what the covariance of each pair of linear channels adds to the squared OKLab distance, by pair of cones."""
    table = np.empty((6, 6))
    for row, (m, n) in enumerate(_PAIRS):
        both = np.outer(TO_LMS[m], TO_LMS[n])
        both = both + both.T - np.diag(both.diagonal())
        table[row] = [(TO_OKLAB.T @ TO_OKLAB)[m, n] * (1 if m == n else 2) * both[i, j] for i, j in _PAIRS]
    return table.astype(np.float32)


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
_FIRST, _SECOND = ([pair[place] for pair in _PAIRS] for place in (0, 1))
_TO_LMS = TO_LMS.astype(np.float32)
_CARRIED = _carried()


METRIC = Metric(
    name="mixed_cells",
    title="mixed cells",
    unit="share of cells",
    low=0,
    high=1,
    direction=Direction.LOWER,
    meaning=(
        f"Share of cells whose central half spreads by more than OKLab {MIXED_OKLAB:g} (root mean square distance from its mean "
        "color). Never to be read alone: a photograph is smooth inside its cells; read grid_confidence first. Not measurable at "
        "native scale and without a pixel grid."
    ),
    measure=measure,
)
