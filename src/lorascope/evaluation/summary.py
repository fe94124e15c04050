"""From image scores to measurements: one number per checkpoint and metric, with its interval and n.

The mean is over prompts, each first averaged over its seeds. The interval (95 %) is Student's t over prompts, cut at the
metric's range. Where a share metric gave every prompt a plain 0 or 1, it is Wilson's interval of a share instead: eight
of eight prompts right does not show that all prompts would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from lorascope.evaluation.metric import Metric
from lorascope.evaluation.metrics import METRICS
from lorascope.records.interval import Interval, mean_interval, share_interval
from lorascope.records.measurement import Measurement
from lorascope.records.sample import Score


def summarize(scores: Iterable[Score], metrics: Sequence[Metric] = METRICS) -> tuple[Measurement, ...]:
    """Measurements of every run, metric and epoch that has scores, in that order.

    Scores of metrics that are not in ``metrics`` (imported ones) are summarized too, with an empty unit and no range.
    """
    groups: dict[tuple[str, str], dict[int, list[Score]]] = {}
    for score in scores:
        groups.setdefault((score.run, score.metric), {}).setdefault(score.epoch, []).append(score)
    known = {metric.name: metric for metric in metrics}
    result = []
    for (run, name), epochs in sorted(groups.items()):
        metric = known.get(name)
        share = _is_share(metric, [score.value for group in epochs.values() for score in group])
        result += [_measurement(run, epoch, name, metric, group, share=share) for epoch, group in sorted(epochs.items())]
    return tuple(result)


def level_interval(per_prompt: Sequence[float], metric: Metric | None, *, share: bool) -> Interval | None:
    """The 95 % interval of a checkpoint's level from its per-prompt means; None when they cannot show their spread."""
    if share and len(per_prompt) > 1 and all(value in {0.0, 1.0} for value in per_prompt):
        return share_interval(round(sum(per_prompt)), len(per_prompt))
    interval = mean_interval(per_prompt)
    if interval is None:
        return None
    low, high = (metric.low, metric.high) if metric else (0.0, 1.0) if share else (float("-inf"), float("inf"))
    return Interval(max(low, interval.low), min(high, interval.high))


def _is_share(metric: Metric | None, values: Sequence[float | None]) -> bool:
    """A share has the range 0 to 1; of an imported metric it is inferred when all its values are 0 or 1."""
    if metric is not None:
        return (metric.low, metric.high) == (0, 1)
    return all(value in {0.0, 1.0} for value in values if value is not None)


def _measurement(run: str, epoch: int, name: str, metric: Metric | None, scores: Sequence[Score], *, share: bool) -> Measurement:
    by_prompt: dict[str, list[float]] = {}
    for score in scores:
        if score.value is not None:
            by_prompt.setdefault(score.prompt, []).append(score.value)
    per_prompt = [fmean(sorted(values)) for _, values in sorted(by_prompt.items())]
    interval = level_interval(per_prompt, metric, share=share) if per_prompt else None
    images = sum(map(len, by_prompt.values()))
    return Measurement(
        run=run,
        epoch=epoch,
        metric=name,
        unit=metric.unit if metric else "",
        mean=fmean(per_prompt) if per_prompt else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        prompts=len(per_prompt),
        images=images,
        not_measurable=len(scores) - images,
    )
