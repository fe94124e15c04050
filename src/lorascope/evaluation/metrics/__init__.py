"""The metrics. Adding one: a file here with ``measure()`` and ``METRIC``, and its line in ``METRICS``."""

from __future__ import annotations

from lorascope.evaluation.metric import Metric
from lorascope.evaluation.metrics import background_color_accuracy, background_uniformity, palette_adherence, unique_colors

METRICS: tuple[Metric, ...] = (
    background_color_accuracy.METRIC,
    background_uniformity.METRIC,
    palette_adherence.METRIC,
    unique_colors.METRIC,
)


def metric_named(name: str) -> Metric | None:
    """The metric of this name, or None for one that is not ours (imported scores may carry any name)."""
    return next((metric for metric in METRICS if metric.name == name), None)
