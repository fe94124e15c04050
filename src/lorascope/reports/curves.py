"""The numbers behind a chart: one metric over epochs, one line per run, with intervals and the prompts' own means."""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.records.measurement import Measurement
from lorascope.records.sample import Score
from lorascope.reports.answers import HIGHER, LOWER
from lorascope.reports.evidence import Evidence, MetricNote, RunEvidence
from lorascope.reports.table import Column, Row, Table
from lorascope.reports.wording import amount, interval, number, shortened, unit_shown, visible

BETTER = {HIGHER: "higher is better", LOWER: "lower is better"}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The mean over prompts at one epoch, with its 95 % interval and counts."""

    epoch: int
    mean: float
    low: float | None
    high: float | None
    prompts: int
    images: int


@dataclass(frozen=True, slots=True)
class PromptPoint:
    """One prompt's mean over seeds at one epoch."""

    epoch: int
    prompt: str
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One run's curve. ``place`` (0 or 1) decides its color and dash in every chart; ``picked`` is the epoch with a ring."""

    place: int
    run: str
    points: tuple[CurvePoint, ...]
    prompt_points: tuple[PromptPoint, ...]
    picked: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric over epochs. ``label`` says in words what the chart shows."""

    metric: str
    title: str
    unit: str
    unit_shown: str
    direction: str
    meaning: str
    low: float
    high: float
    lines: tuple[Line, ...]
    base_epoch: int | None
    label: str


def curves(evidence: Evidence) -> tuple[Curve, ...]:
    """One curve per metric that was measured, the chosen one first; what only describes is left to the table beside the training images."""
    measured = [
        one.metric for run in evidence.runs for one in run.measurements if one.mean is not None and not _only_beside(evidence, one.metric)
    ]
    names = [evidence.metric, *(note.name for note in evidence.metrics), *sorted(measured)]
    return tuple(curve(evidence, name) for name in dict.fromkeys(names) if name in measured)


def _only_beside(evidence: Evidence, metric: str) -> bool:
    described = evidence.note(metric).direction not in BETTER and metric != evidence.metric
    return described and all(metric in run.bands for run in evidence.runs)


def curve(evidence: Evidence, metric: str) -> Curve:
    """The numbers of one metric, for all runs."""
    note = evidence.note(metric)
    lines = tuple(_line(place, run, metric, judged=metric == evidence.metric) for place, run in enumerate(evidence.runs))
    return Curve(
        metric=metric,
        title=visible(note.title),
        unit=note.unit,
        unit_shown=unit_shown(note.unit),
        direction=BETTER.get(note.direction, "describes, does not judge"),
        meaning=visible(note.meaning),
        low=note.low,
        high=note.high,
        lines=lines,
        base_epoch=evidence.base_epoch,
        label=_label(evidence, note, lines),
    )


def _line(place: int, run: RunEvidence, metric: str, *, judged: bool) -> Line:
    points = [_point(measurement) for measurement in run.measurements if measurement.metric == metric and measurement.mean is not None]
    picked = run.choice.leader if judged and run.choice else None
    name = shortened(run.run.name)
    return Line(place, name, tuple(sorted(points, key=lambda point: point.epoch)), _prompt_points(run.scores, metric), picked)


def _point(measurement: Measurement) -> CurvePoint:
    assert measurement.mean is not None
    return CurvePoint(measurement.epoch, measurement.mean, measurement.low, measurement.high, measurement.prompts, measurement.images)


def _prompt_points(scores: tuple[Score, ...], metric: str) -> tuple[PromptPoint, ...]:
    values: dict[tuple[int, str], list[float]] = {}
    for score in scores:
        if score.metric == metric and score.value is not None:
            values.setdefault((score.epoch, score.prompt), []).append(score.value)
    return tuple(PromptPoint(epoch, visible(prompt), sum(found) / len(found)) for (epoch, prompt), found in sorted(values.items()))


def _label(evidence: Evidence, note: MetricNote, lines: tuple[Line, ...]) -> str:
    parts = []
    for line in lines:
        if line.points:
            first, last = line.points[0], line.points[-1]
            start = f"{amount(first.mean, note.unit)} at epoch {evidence.epoch_shown(first.epoch)}"
            end = f"{amount(last.mean, note.unit)} at epoch {evidence.epoch_shown(last.epoch)}"
            parts.append(f"run {line.run} goes from {start} to {end}")
    return f"{visible(note.title)} over epochs: {'; '.join(parts) or 'not measured'}"


def curve_table(shown: Curve) -> Table:
    """The chart's numbers, one row per epoch."""
    unit = unit_shown(shown.unit)
    columns = [Column("epoch")]
    for line in shown.lines:
        columns += [Column(f"{line.run}: mean", unit), Column("95 % interval", unit), Column("n prompts"), Column("n images")]
    by_epoch = [{point.epoch: point for point in line.points} for line in shown.lines]
    rows = []
    for epoch in sorted({epoch for points in by_epoch for epoch in points}):
        cells = ["base" if epoch == shown.base_epoch else str(epoch)]
        for points in by_epoch:
            point = points.get(epoch)
            if point is None:
                cells += [number(None)] * 4
            else:
                bounds = interval(point.low, point.high, shown.unit)
                cells += [number(point.mean, shown.unit), bounds, str(point.prompts), str(point.images)]
        rows.append(Row(tuple(cells)))
    return Table(f"{shown.title} by epoch ({shown.direction})", tuple(columns), tuple(rows))
