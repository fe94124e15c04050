"""Whose color is it: does a code's color lie in the background, before it, or on both?

Only pictures whose scale is certain and whose background was told apart can answer. The background owns a color when at least
90 % of the pixels that have it (within a just visible difference) lie in the background.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from lorascope.captions.sight import Sight
from lorascope.pixels.background import BackgroundKind
from lorascope.records.color import Floats, Rgb, oklab

SAME_DISTANCE = 0.02  # OKLab: just visible
OTHER_DISTANCE = 0.04  # beyond it a code is not the background's color
ABSENT_DISTANCE = 0.04  # a color farther from every color of the picture is not in it
OWNED_SHARE = 0.9
FEW_COLORS = 256  # up to so many colors, looking a code up among them is cheaper than measuring distances


class Owner(StrEnum):
    """``background``: its color. ``front``: not its color. ``both``: its, and that of things before it. ``unknown``: pixels do not tell."""

    BACKGROUND = "background"
    FRONT = "front"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ownership:
    """``distance`` (OKLab) from the nearest color of the background; ``behind``, the share of the color's pixels lying in it, if known."""

    owner: Owner
    distance: float | None = None
    behind: float | None = None


def owner_of(rgb: Rgb, sight: Sight | None) -> Ownership:
    """Whose a color is in a picture."""
    if sight is None or not background_colors(sight):
        return Ownership(Owner.UNKNOWN)
    lab = _lab(rgb)
    distance = min(math.dist(lab, _lab(color)) for color in background_colors(sight))
    if distance > OTHER_DISTANCE:
        return Ownership(Owner.FRONT, distance)
    behind = _share_behind(rgb, np.array(lab), sight)
    if distance > SAME_DISTANCE:
        return Ownership(Owner.UNKNOWN, distance, behind)
    return Ownership(Owner.BACKGROUND if behind is None or behind >= OWNED_SHARE else Owner.BOTH, distance, behind)


def background_colors(sight: Sight) -> tuple[Rgb, ...]:
    """The colors that the background certainly has: one of a solid background, the main ones of a split or checkered one, else none."""
    if sight.background is not None:
        return (sight.background,)
    return sight.background_colors if sight.kind in {BackgroundKind.SPLIT, BackgroundKind.CHECKERED} else ()


def nearest_front(rgb: Rgb, sight: Sight) -> tuple[Rgb, float] | None:
    """The color most like another one among those that the background does not own, and how far it is; None when there is none."""
    distances = np.linalg.norm(sight.palette_lab - oklab(rgb), axis=-1)
    if sight.behind is not None:
        distances = np.where(sight.behind >= OWNED_SHARE, np.inf, distances)
    elif sight.background is not None:
        distances = np.where((sight.palette == np.array(sight.background, np.uint8)).all(axis=-1), np.inf, distances)
    at = int(distances.argmin())
    red, green, blue = (int(level) for level in sight.palette[at])
    return ((red, green, blue), float(distances[at])) if np.isfinite(distances[at]) else None


def share_of(rgb: Rgb, sight: Sight) -> float | None:
    """The share of the picture that has exactly this color, where that was counted."""
    same = (sight.palette == np.array(rgb, np.uint8)).all(axis=-1)
    return None if sight.shares is None else float(sight.shares[same].sum())


def exact_colors(sight: Sight) -> frozenset[Rgb]:
    """The picture's colors, to tell the usual case (a code that is exactly one of them) without measuring; empty where there are many."""
    if len(sight.palette) > FEW_COLORS:
        return frozenset()
    return frozenset((red, green, blue) for red, green, blue in sight.palette.tolist())


@lru_cache(maxsize=1 << 16)
def _lab(rgb: Rgb) -> tuple[float, ...]:
    """A color in OKLab; a dataset's captions and backgrounds share few."""
    return tuple(float(level) for level in oklab(rgb))


def _share_behind(rgb: Rgb, lab: Floats, sight: Sight) -> float | None:
    """The share of a color's pixels that lie in the background; None where that was not measured or no pixel has the color.

    A picture of few colors has no noise: where a pixel has exactly this color, it alone counts. So yellow hair keeps its code before a
    yellow that is hardly another.
    """
    if sight.behind is None or sight.shares is None:
        return None
    exact = (sight.palette == np.array(rgb, np.uint8)).all(axis=-1)
    if len(sight.palette) <= FEW_COLORS and exact.any():
        return float(sight.behind[exact][0])
    near = np.linalg.norm(sight.palette_lab - lab, axis=-1) <= SAME_DISTANCE
    total = float(sight.shares[near].sum())
    return float((sight.shares * sight.behind)[near].sum()) / total if total > 0 else None
