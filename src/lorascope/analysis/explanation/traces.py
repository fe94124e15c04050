"""What weights, loss and checkpoints of one run say, as numbers that can be compared between runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from statistics import fmean, pstdev

from lorascope.analysis.explanation.causes.cause_kind import Trace
from lorascope.analysis.explanation.shifts import Shift
from lorascope.records.history import PastRun


def run_traces(run: PastRun) -> dict[Trace, float]:
    """The diagnostics of a run that are recorded: logarithms, and shares as they are.

    >>> from lorascope.records.run import Run, RunStatus
    >>> run_traces(PastRun(Run("a", "kohya", RunStatus.IMPORTED), weights={"norm": 1.0, "nan_share": 0.1}))
    {<Trace.NORM: 'norm of the weight change'>: 0.0, <Trace.BROKEN_WEIGHTS: 'share of weights that are not finite'>: 0.1}
    """
    weights, loss = run.weights, run.loss
    text, unet = weights.get("text_encoder_norm"), weights.get("unet_norm")
    ratio = weights.get("te_unet_ratio", text / unet if text is not None and unet else None)
    logs = {
        Trace.NORM: weights.get("norm", unet),
        Trace.TEXT_RATIO: ratio,
        Trace.EFFECTIVE_RANK: weights.get("effective_rank", weights.get("stable_rank")),
        Trace.LOSS_END: loss.get("final"),
        Trace.LOSS_ROUGHNESS: loss.get("roughness"),
    }
    shares = {
        Trace.BROKEN_WEIGHTS: _broken(weights),
        Trace.DEAD_WEIGHTS: weights.get("zero_share"),
        Trace.BROKEN_LOSS: loss.get("nan_share"),
    }
    found = {trace: math.log(max(value, 1e-6)) for trace, value in logs.items() if value is not None and value >= 0}
    found.update({trace: value for trace, value in shares.items() if value is not None})
    return {trace: value for trace, value in found.items() if math.isfinite(value)}


def _broken(weights: Mapping[str, float]) -> float | None:
    """The share of weights that are not finite; 1 where only a count above 0 is known."""
    share, count = weights.get("nan_share"), weights.get("nan_count")
    return share if share is not None or count is None else float(count > 0)


def curve_traces(run: PastRun, metrics: Mapping[str, Shift], ways: Mapping[str, int]) -> dict[Trace, float]:
    """What the row of checkpoints looks like, averaged over metrics, in standard deviations between good runs; {} for fewer than 4."""
    rows: dict[float, list[float]] = {}
    for metric, shifted in metrics.items():
        curve = [point for point in run.curves.get(metric, ()) if math.isfinite(point.value)]
        way = ways.get(metric, 0)
        if not way or len(curve) < 4 or shifted.sd <= 0:
            continue
        for place, point in enumerate(curve):
            rows.setdefault(place / (len(curve) - 1), []).append(way * (point.value - shifted.mean) / shifted.sd)
    series = [fmean(values) for _, values in sorted(rows.items())]
    if len(series) < 4:
        return {}
    third = max(1, len(series) // 3)
    smooth = [fmean(series[max(0, at - 1) : at + 2]) for at in range(len(series))]
    steps = [after - before for before, after in pairwise(series)]
    rise = max(-20.0, min(20.0, fmean(series[-max(1, third // 2) :]) - fmean(series[-2 * third : -third])))
    return {Trace.LATE_RISE: rise, Trace.LATE_FALL: max(smooth) - smooth[-1], Trace.JAGGED: math.log(max(pstdev(steps), 0.05))}
