"""Which pixels of a small picture are its background, and what it is made of.

Portraits touch the lower edge, so the background is looked for along a ring of the top row and the left and right columns:
the color most of the ring shares, and everything of that color connected to the ring. Meant for pictures at their native
scale, one pixel a cell (24 x 24, say); larger ones are first brought there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lorascope.records.color import Rgb, oklab_fast

RING_TOLERANCE = 0.04  # OKLab distance within which a ring pixel counts as background; twice a just visible difference
SOLID_RING_SHARE = 0.9  # below it the background has more than one color
LEAST_MODE_SHARE = 0.25  # of the ring, for each of two colors
_TWO_COLORS_SHARE = 0.8  # of the ring that two colors must hold together: a figure's shoulders touch it too
_SPLIT_MIXED_SHARE = 0.1  # of the two colors' ring pixels that may lie on the other's side of the line between them
_LEAST_GRADIENT = 0.08  # OKLab from one end of the ring to the other
_GRADIENT_OFF = 0.03  # OKLab (root mean square) by which the ring may leave the straight change of a gradient
_MOST_COMPARED = 1024  # ring pixels compared with each other

Flags = NDArray[np.bool_]
Lab = NDArray[np.float32]


class BackgroundKind(StrEnum):
    """What a background is made of.

    ``solid``: at least 90 % of the ring has one color. ``split``: two colors, each on a quarter of the ring or more, on two sides of a
    line. ``checkered``: two colors that alternate in steps of equal length. ``gradient``: a color that changes steadily. ``complex``:
    anything else, of which no single color may be said.
    """

    SOLID = "solid"
    SPLIT = "split"
    CHECKERED = "checkered"
    GRADIENT = "gradient"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Background:
    """``mask`` (height, width) is True on the background; ``rgb`` is the median of its main color; ``ring_share`` how much of the ring
    has that color (0 to 1).

    ``colors`` are the ring's main colors, the most frequent first: one of a solid background, two of a split or checkered one (``mask``
    covers both), the two ends of a gradient. Of a complex one ``mask`` covers the main color only.
    """

    mask: Flags
    rgb: Rgb
    ring_share: float
    kind: BackgroundKind
    colors: tuple[Rgb, ...]


def ring(height: int, width: int) -> Flags:
    """True on the top row and the left and right columns."""
    mask = np.zeros((height, width), bool)
    mask[0, :] = mask[:, 0] = mask[:, -1] = True
    return mask


def find_background(
    pixels: NDArray[np.uint8], tolerance: float = RING_TOLERANCE, among: Flags | None = None, lab: Lab | None = None
) -> Background:
    """The background of an RGB picture, (height, width, 3) uint8.

    ``among`` (height, width) looks at a part of the ring only, and then for one color: the kind is solid or complex. ``lab`` is the
    picture in OKLab, where somebody has it already.
    """
    lab = oklab_fast(pixels) if lab is None else lab
    on_ring = ring(*pixels.shape[:2]) if among is None else among
    ring_lab = lab[on_ring]
    mode = _mode(ring_lab, tolerance)
    alike = _within(lab, mode, tolerance)
    share = _share(alike, on_ring)
    if share < SOLID_RING_SHARE and among is None:
        pattern = _split_or_checkered(pixels, lab, on_ring, alike, tolerance) or _gradient(pixels, lab, on_ring, share)
        if pattern:
            return pattern
    mask = connected(alike, on_ring)
    main = _median(pixels, mask)
    return Background(mask, main, share, BackgroundKind.SOLID if share >= SOLID_RING_SHARE else BackgroundKind.COMPLEX, (main,))


def connected(allowed: Flags, seeds: Flags) -> Flags:
    """The 4-connected part of ``allowed`` that touches ``seeds``: whole runs are filled along rows and columns in turn."""
    reached = seeds & allowed
    rows, columns = _runs(allowed), _runs(allowed.T)
    count, most = -1, int(np.count_nonzero(allowed))
    while (now := int(np.count_nonzero(reached))) not in {count, most}:
        count = now
        reached = _filled(reached, rows) & allowed
        reached = _filled(reached.T, columns).T & allowed
    return reached


def _runs(allowed: Flags) -> NDArray[np.int64]:
    """Number the runs of True along the rows; what lies between two runs has the number of one of them, and is not asked."""
    starts = allowed.copy()
    starts[:, 1:] &= ~allowed[:, :-1]
    numbers: NDArray[np.int64] = np.cumsum(starts.ravel(), dtype=np.int64).reshape(allowed.shape)
    return numbers


def _filled(reached: Flags, runs: NDArray[np.int64]) -> Flags:
    hit = np.zeros(int(runs[-1, -1]) + 1, bool)
    hit[runs[reached]] = True
    return hit[runs]


def _mode(colors: Lab, tolerance: float) -> Lab:
    """The mean of the largest group of colors within the tolerance of one of them."""
    some = colors[:: -(-len(colors) // _MOST_COMPARED)]
    squares = (some**2).sum(axis=1)
    near = squares[:, None] + squares - 2 * (some @ some.T) <= tolerance**2
    mean: Lab = some[near[near.sum(axis=1).argmax()]].mean(axis=0)
    return mean


def _within(lab: Lab, color: Lab, tolerance: float) -> Flags:
    off = lab - color
    off *= off
    near: Flags = off[..., 0] + off[..., 1] + off[..., 2] <= tolerance**2
    return near


def _median(pixels: NDArray[np.uint8], where: Flags) -> Rgb:
    if not where.any():
        return 0, 0, 0
    levels = pixels[where]
    low, high = (len(levels) - 1) // 2, len(levels) // 2
    middle = np.partition(levels, (low, high), axis=0)
    red, green, blue = ((middle[low].astype(int) + middle[high]) // 2).tolist()
    return red, green, blue


def _share(some: Flags, of: Flags) -> float:
    """How much of the one lies in the other."""
    return np.count_nonzero(some & of) / np.count_nonzero(of)


def _split_or_checkered(pixels: NDArray[np.uint8], lab: Lab, on_ring: Flags, first: Flags, tolerance: float) -> Background | None:
    """The background where two colors hold most of the ring."""
    rest = on_ring & ~first
    second = _within(lab, _mode(lab[rest], tolerance), tolerance) & ~first
    shares = _share(first, on_ring), _share(second, on_ring)
    if min(shares) < LEAST_MODE_SHARE or sum(shares) < _TWO_COLORS_SHARE:
        return None
    if _separable(first & on_ring, second & on_ring):
        kind = BackgroundKind.SPLIT
    elif _alternate(first, second):
        kind = BackgroundKind.CHECKERED
    else:
        return None
    mask = connected(first | second, on_ring)
    colors = _median(pixels, mask & first), _median(pixels, mask & second)
    return Background(mask, colors[0], shares[0], kind, colors)


def _separable(first: Flags, second: Flags) -> bool:
    """Whether a straight line has all but a few of the first on one side and of the second on the other."""
    places, others = np.argwhere(first).astype(float), np.argwhere(second).astype(float)
    weights = np.r_[np.full(len(places), 1 / len(places)), np.full(len(others), 1 / len(others))]
    design = np.c_[np.r_[places, others], np.ones(len(weights))]
    wanted = np.r_[np.ones(len(places)), -np.ones(len(others))]
    root = np.sqrt(weights)
    line = np.linalg.lstsq(design * root[:, None], wanted * root, rcond=None)[0]
    side = design @ line
    order = np.argsort(side)
    # The best cut along this direction: below it the second, above it the first.
    below = np.cumsum(wanted[order] > 0)
    above = (len(others)) - np.cumsum(wanted[order] < 0)
    return bool((below + above).min() <= _SPLIT_MIXED_SHARE * len(wanted))


def _alternate(first: Flags, second: Flags) -> bool:
    """Whether two colors change places in equal steps along the ring: one step on is mostly the other color, two steps the same."""
    signs = first.astype(np.int8) - second.astype(np.int8)
    lines = (signs[0], signs[:, 0], signs[:, -1])
    for step in range(1, max(2, min(signs.shape) // 4 + 1)):
        turned = same = seen = 0
        for line in lines:
            turned += int((line[step:] * line[:-step] < 0).sum())
            same += int((line[2 * step :] * line[: -2 * step] > 0).sum()) if len(line) > 2 * step else 0
            seen += int((line != 0).sum())
        if turned >= 0.7 * (seen - 3 * step) and same >= 0.7 * (seen - 6 * step) > 0:
            return True
    return False


def _gradient(pixels: NDArray[np.uint8], lab: Lab, on_ring: Flags, share: float) -> Background | None:
    """The background where the ring's color changes straight from one side to another; figures on up to a third of it are left out."""
    height, width = on_ring.shape
    y, x = np.mgrid[:height, :width]
    plane = np.stack([np.ones(x.shape), x / max(1, width - 1), y / max(1, height - 1)], axis=-1)
    places, colors = plane[on_ring], lab[on_ring].astype(np.float64)
    kept = np.ones(len(places), bool)
    for _ in range(4):
        change = np.linalg.lstsq(places[kept], colors[kept], rcond=None)[0]
        off = np.linalg.norm(places @ change - colors, axis=1)
        kept = off <= max(2 * float(np.median(off)), _GRADIENT_OFF)
    expected = plane @ change
    if kept.mean() < 2 / 3 or np.sqrt((off[kept] ** 2).mean()) > _GRADIENT_OFF:
        return None
    along = places @ change @ np.linalg.svd(change[1:])[2][0]
    ends = on_ring.nonzero()
    low, high = (int(at) for at in (np.where(kept, along, np.inf).argmin(), np.where(kept, along, -np.inf).argmax()))
    if np.linalg.norm(places[high] @ change - places[low] @ change) < _LEAST_GRADIENT:
        return None
    mask = connected(np.linalg.norm(expected - lab, axis=-1) <= 1.5 * RING_TOLERANCE, on_ring)
    first, last = ((int(r), int(g), int(b)) for r, g, b in (pixels[ends[0][at], ends[1][at]] for at in (low, high)))
    return Background(mask, _median(pixels, mask), share, BackgroundKind.GRADIENT, (first, last))
