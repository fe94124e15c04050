"""Which way of a metric is better, also for metrics that are not ours."""

from __future__ import annotations

from collections.abc import Iterable

from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import metric_named
from lorascope.records.sample import Score

# Endings of names that say it themselves: a distance from what was wanted.
LOWER_ENDINGS = ("_difference", "_distance", "_error", "_loss")


def direction_of(metric: str, scores: Iterable[Score]) -> Direction | None:
    """Ours: the metric's own. Others: what a score says (``extra`` key ``direction``), else what the name says; else None.

    >>> direction_of("dominant_color_difference", [])
    <Direction.LOWER: 'lower'>
    >>> direction_of("beauty", []) is None
    True
    """
    known = metric_named(metric)
    if known is not None:
        return known.direction
    said = {str(score.extra.get("direction")) for score in scores}
    found = next((way for way in (Direction.HIGHER, Direction.LOWER) if way in said), None)
    return found or (Direction.LOWER if metric.endswith(LOWER_ENDINGS) else None)
