"""The metrics. Adding one: a file here with ``measure()`` and ``METRIC``, and its line in ``METRICS``."""

from __future__ import annotations

from lorascope.evaluation.metric import Metric
from lorascope.evaluation.metrics import (
    background_color_accuracy,
    background_color_score,
    background_uniformity,
    color_bleed,
    color_leak,
    dither,
    edge_crispness,
    effective_colors,
    feature_color_accuracy,
    foreground_colors,
    foreground_effective_colors,
    foreground_share,
    grid_confidence,
    largest_cluster,
    memorization,
    mixed_cells,
    orphan_rate,
    palette_adherence,
    palette_size,
    photorealism,
    symmetry,
    trait_accuracy,
    unique_colors,
)

METRICS: tuple[Metric, ...] = (
    background_color_accuracy.METRIC,
    background_color_score.METRIC,
    background_uniformity.METRIC,
    color_bleed.METRIC,
    color_leak.METRIC,
    dither.METRIC,
    edge_crispness.METRIC,
    effective_colors.METRIC,
    feature_color_accuracy.METRIC,
    foreground_colors.METRIC,
    foreground_effective_colors.METRIC,
    foreground_share.METRIC,
    grid_confidence.METRIC,
    largest_cluster.METRIC,
    memorization.METRIC,
    mixed_cells.METRIC,
    orphan_rate.METRIC,
    palette_adherence.METRIC,
    palette_size.METRIC,
    photorealism.METRIC,
    symmetry.METRIC,
    trait_accuracy.METRIC,
    unique_colors.METRIC,
)


def metric_named(name: str) -> Metric | None:
    """The metric of this name, or None for one that is not ours (imported scores may carry any name)."""
    return next((metric for metric in METRICS if metric.name == name), None)
