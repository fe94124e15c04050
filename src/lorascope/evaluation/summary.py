"""From image scores to measurements: one number per checkpoint and metric, with its interval and n.

The mean is over prompts, each first averaged over its seeds. The interval (95 %) is Student's t over prompts, cut at the
metric's range. Where every picture is answered with yes or no (1 or 0), it is Wilson's interval of a share instead, with as many
pictures as they are worth: the seeds of one prompt are alike, and eight of eight prompts right do not show that all prompts would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from lorascope.evaluation.metric import Metric
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.scale import Scale, scale_of
from lorascope.records.interval import Interval, clustered_share_interval, mean_interval
from lorascope.records.measurement import Measurement
from lorascope.records.sample import Score


def summarize(scores: Iterable[Score], metrics: Sequence[Metric] = METRICS) -> tuple[Measurement, ...]:
    """Measurements of every run, metric and epoch that has scores, in that order.

    Scores of metrics that are not in ``metrics`` (imported ones) are summarized too, with the unit they say and the range of that unit.
    """
    groups: dict[tuple[str, str], dict[int, list[Score]]] = {}
    for score in scores:
        groups.setdefault((score.run, score.metric), {}).setdefault(score.epoch, []).append(score)
    known = {metric.name: metric for metric in metrics}
    result = []
    for (run, name), epochs in sorted(groups.items()):
        metric = known.get(name)
        every = [score for group in epochs.values() for score in group]
        yes_or_no, scale = _yes_or_no(metric, [score.value for score in every]), scale_of(metric, every)
        result += [_measurement(run, epoch, name, scale, group, yes_or_no=yes_or_no) for epoch, group in sorted(epochs.items())]
    return tuple(result)


def level_interval(by_prompt: Sequence[Sequence[float]], scale: Scale, *, yes_or_no: bool) -> Interval | None:
    """The 95 % interval of a checkpoint's level from the values of each prompt; None when they cannot show their spread."""
    if yes_or_no:
        return clustered_share_interval(by_prompt)
    interval = mean_interval([fmean(values) for values in by_prompt])
    return None if interval is None else Interval(max(scale.low, interval.low), min(scale.high, interval.high))


def _yes_or_no(metric: Metric | None, values: Sequence[float | None]) -> bool:
    """Ours say whether they answer yes or no (imported values beyond 0 to 1 under their name are no shares); of an imported metric it is
    inferred when all its values are 0 or 1.
    """
    if metric is not None:
        return metric.yes_or_no and all(0 <= value <= 1 for value in values if value is not None)
    return all(value in {0.0, 1.0} for value in values if value is not None)


def _measurement(run: str, epoch: int, name: str, scale: Scale, scores: Sequence[Score], *, yes_or_no: bool) -> Measurement:
    by_prompt: dict[str, list[float]] = {}
    for score in scores:
        if score.value is not None:
            by_prompt.setdefault(score.prompt, []).append(score.value)
    values = [sorted(values) for _, values in sorted(by_prompt.items())]
    per_prompt = [fmean(of_prompt) for of_prompt in values]
    interval = level_interval(values, scale, yes_or_no=yes_or_no) if values else None
    images = sum(map(len, by_prompt.values()))
    return Measurement(
        run=run,
        epoch=epoch,
        metric=name,
        unit=scale.unit,
        mean=fmean(per_prompt) if per_prompt else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        prompts=len(per_prompt),
        images=images,
        not_measurable=len(scores) - images,
    )
