"""Ratings from 0 to 10: what is the picture's, and what is the rater's (level, scale, drift over a session, consistency with themselves).

Additive least squares: rating = checkpoint + prompt + rater + the rater's drift over the session. Ratings are then put on one scale:
minus the rater's level, divided by how widely they spread (shrunk towards 1), minus a drift that is shown. Pictures come in random
order, so a drift is told apart from the checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri, stdtrit

SCALE_FROM = 10  # ratings, below which a rater's spread says nothing about their scale
_SHRINK = 20.0  # ratings that the belief in a common scale is worth


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating of one picture. ``position`` counts within the session, from 1 (0: not known); ``image`` names the picture."""

    rater: str
    checkpoint: Hashable
    prompt: str
    image: Hashable
    value: float
    position: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RaterFacts:
    """One rater. ``offset``: above or below the other raters, in points, for the same pictures (None: alone). ``scale``: how widely they
    spread beside the others (None: alone, or too few ratings). ``drift``: points per 100 ratings of a session. ``repeat_sd``: the standard
    deviation of one rating of theirs about its repetitions; ``icc``: how much of the variance is the pictures' (None: nothing repeated).
    """

    rater: str
    ratings: int
    mean: float
    sd: float | None
    offset: Estimate | None
    scale: float | None
    drift: Estimate | None
    repeats: int
    repeat_sd: float | None
    icc: Estimate | None


@dataclass(frozen=True, slots=True)
class AdjustedRatings:
    """Ratings on one scale, in the order given, cut at 0 and 10, and what is known of each rater."""

    values: tuple[float, ...]
    raters: tuple[RaterFacts, ...]
    adjusted: bool


def adjust(ratings: Sequence[Rating]) -> AdjustedRatings:
    """Put ratings on one scale. One rater without drift: they stay as they are."""
    raters = sorted({rating.rater for rating in ratings})
    effects = _fit(ratings, raters)
    scales = _scales(ratings, raters)
    facts = []
    values = [rating.value for rating in ratings]
    for rater in raters:
        mine = [index for index, rating in enumerate(ratings) if rating.rater == rater]
        offset, drift = effects.get(("offset", rater)), effects.get(("drift", rater))
        facts.append(_facts(rater, [ratings[index] for index in mine], offset, scales.get(rater), drift))
        middle = fmean(ratings[index].value for index in mine)
        slope = drift.value / 100 if drift and drift.low * drift.high > 0 else 0.0
        center = _middle(ratings, rater)
        for index in mine:
            here = ratings[index]
            steady = here.value - (slope * (here.position - center) if here.position else 0.0)
            own = middle + (steady - middle) / (scales.get(rater) or 1.0)
            values[index] = min(10.0, max(0.0, own - (offset.value if offset else 0.0)))
    changed = any(abs(value - rating.value) > 1e-12 for value, rating in zip(values, ratings, strict=True))
    return AdjustedRatings(tuple(values), tuple(facts), changed)


def _middle(ratings: Sequence[Rating], rater: str) -> float:
    """The mean of a rater's positions, those that are known: a rating of unknown position counts as one from the middle."""
    return fmean([rating.position for rating in ratings if rating.rater == rater and rating.position] or [0])


def _fit(ratings: Sequence[Rating], raters: Sequence[str]) -> dict[tuple[str, str], Estimate]:
    """Each rater's offset (with two raters or more that rated common pictures or checkpoints) and drift, with intervals."""
    drifting = [rater for rater in raters if len({rating.position for rating in ratings if rating.rater == rater and rating.position}) > 2]
    names: list[tuple[str, Hashable]] = [("checkpoint", item) for item in sorted({rating.checkpoint for rating in ratings}, key=repr)]
    names += [("prompt", item) for item in sorted({rating.prompt for rating in ratings})[1:]]
    names += [("offset", rater) for rater in raters] if len(raters) > 1 else []
    names += [("drift", rater) for rater in drifting]
    place = {name: index for index, name in enumerate(names)}
    centers = {rater: _middle(ratings, rater) for rater in raters}
    design = np.zeros((len(ratings), len(names)))
    for row, rating in enumerate(ratings):
        for key in (("checkpoint", rating.checkpoint), ("prompt", rating.prompt), ("offset", rating.rater)):
            if key in place:
                design[row, place[key]] = 1.0
        if ("drift", rating.rater) in place and rating.position:
            design[row, place["drift", rating.rater]] = (rating.position - centers[rating.rater]) / 100
    values = np.array([rating.value for rating in ratings])
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-10, hermitian=True)
    fitted = inverse @ design.T @ values
    rank = int(np.linalg.matrix_rank(design))
    freedom = len(ratings) - rank
    if freedom < 1:
        return {}
    noise = float(((values - design @ fitted) ** 2).sum()) / freedom
    factor = float(stdtrit(freedom, 0.975))
    found = {}
    mean = np.zeros(len(names))
    mean[[place["offset", rater] for rater in raters if ("offset", rater) in place]] = 1 / len(raters)
    for kind, who in names:
        if kind not in {"offset", "drift"}:
            continue
        contrast = np.zeros(len(names))
        contrast[place[kind, who]] = 1.0
        contrast -= mean if kind == "offset" else 0.0
        if not _estimable(design, contrast):
            continue
        half = factor * math.sqrt(max(0.0, noise * float(contrast @ inverse @ contrast)))
        value = float(contrast @ fitted)
        found[kind, str(who)] = Estimate(value, value - half, value + half)
    return found


def _estimable(design: NDArray[np.float64], contrast: NDArray[np.float64]) -> bool:
    """Whether the data say anything about a contrast: it lies in the span of the rows."""
    solved, *_ = np.linalg.lstsq(design.T, contrast, rcond=None)
    return bool(np.allclose(design.T @ solved, contrast, atol=1e-8))


def _scales(ratings: Sequence[Rating], raters: Sequence[str]) -> dict[str, float]:
    """How widely each rater spreads beside the others (1: as they do), shrunk by how few ratings say so."""
    spreads = {}
    for rater in raters:
        values = [rating.value for rating in ratings if rating.rater == rater]
        if len(values) >= SCALE_FROM and stdev(values) > 0:
            spreads[rater] = (stdev(values), len(values))
    if len(spreads) < 2:
        return {}
    middle = math.exp(fmean(math.log(spread) for spread, _ in spreads.values()))
    return {rater: (spread / middle) ** (count / (count + _SHRINK)) for rater, (spread, count) in spreads.items()}


def _facts(
    rater: str, ratings: Sequence[Rating], offset: Estimate | None, scale: float | None, drift: Estimate | None
) -> RaterFacts:  # fmt: skip
    values = [rating.value for rating in ratings]
    groups: dict[Hashable, list[float]] = {}
    for rating in ratings:
        groups.setdefault(rating.image, []).append(rating.value)
    again = [group for group in groups.values() if len(group) > 1]
    within = sum(len(group) - 1 for group in again)
    spread = math.sqrt(sum((value - fmean(group)) ** 2 for group in again for value in group) / within) if within else None
    sd = stdev(values) if len(values) > 1 else None
    return RaterFacts(rater, len(values), fmean(values), sd, offset, scale, drift, within, spread, icc(again))


def icc(groups: Sequence[Sequence[float]]) -> Estimate | None:
    """The intraclass correlation of repeated ratings, one way, single rating, with its exact interval (Shrout and Fleiss 1979).

    Groups are cut to two ratings each, the first and the last. None for fewer than three, or where all
    were repeated exactly: that shows no spread, not that there is none.
    """
    pairs = [(group[0], group[-1]) for group in groups if len(group) > 1]
    count = len(pairs)
    if count < 3:
        return None
    overall = fmean(value for pair in pairs for value in pair)
    between = 2 * sum((fmean(pair) - overall) ** 2 for pair in pairs) / (count - 1)
    within = sum((first - second) ** 2 / 2 for first, second in pairs) / count
    if within == 0:
        return None
    ratio = between / within
    low, high = ratio / float(fdtri(count - 1, count, 0.975)), ratio * float(fdtri(count, count - 1, 0.975))
    return Estimate((ratio - 1) / (ratio + 1), (low - 1) / (low + 1), (high - 1) / (high + 1))
