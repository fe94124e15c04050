"""Which way of a metric is better, also for metrics that are not ours."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import metric_named
from lorascope.records.sample import Score

# Last words of names that say it themselves: a distance from what was wanted, or how much of it is there.
LOWER_WORDS = frozenset({"difference", "distance", "error", "fid", "lpips", "loss", "mae", "mse", "perplexity", "rmse"})
HIGHER_WORDS = frozenset({"accuracy", "adherence", "consistency", "fidelity", "psnr", "quality", "rating", "score", "similarity", "ssim"})
_SEPARATORS = re.compile(r"[\W_]+")


def direction_of(metric: str, scores: Iterable[Score]) -> Direction | None:
    """Ours: the metric's own. Others: what a score says (``extra`` key ``direction``), else what the name says; else None.

    >>> direction_of("dominant_color_difference", []), direction_of("quality_score", [])
    (<Direction.LOWER: 'lower'>, <Direction.HIGHER: 'higher'>)
    >>> direction_of("beauty", []) is None
    True
    """
    known = metric_named(metric)
    if known is not None:
        return known.direction
    said = {str(score.extra.get("direction")) for score in scores}
    return next((way for way in (Direction.HIGHER, Direction.LOWER) if way in said), None) or _of_name(metric)


def _of_name(metric: str) -> Direction | None:
    last = next((word for word in reversed(_SEPARATORS.split(metric.lower())) if word), "")
    if last in LOWER_WORDS:
        return Direction.LOWER
    return Direction.HIGHER if last in HIGHER_WORDS else None
