"""Gives the sample images and the series of one training their place: the session they are of, its numbers, and their prompts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from lorascope.importers.evidence import Evidence, SampleSeen
from lorascope.importers.group_checkpoints import Numbered, Offset
from lorascope.importers.training import Drawn, Lineage
from lorascope.records.run import CountedIn, JsonValue, ParameterValue
from lorascope.records.series import Series

_ZONE_S = 14 * 3600  # file names hold local times: no zone is farther from UTC


def place_samples(lineage: Lineage, numbered: Numbered, parameters: Mapping[str, ParameterValue]) -> tuple[tuple[Drawn, ...], list[str]]:
    """The samples under the numbers of the training's checkpoints, and what could not be placed."""
    per_epoch = parameters.get("steps_per_epoch")
    prompts = {position: text for each in lineage.others for position, text in each.prompts.items()}
    seen = sorted(
        ((each, sample) for each in lineage.all for sample in each.samples), key=lambda pair: (pair[1].drawn_at or 0.0, str(pair[1].file))
    )
    draws: defaultdict[tuple[int, str, int | None], int] = defaultdict(int)
    drawn: list[Drawn] = []
    left_out = 0
    for evidence, sample in seen:
        offset = _offset_at(lineage, numbered, sample.drawn_at, zone_s=_ZONE_S)
        moved = sample.number + (offset.epochs if sample.counted_in is CountedIn.EPOCHS else offset.steps)
        number = _converted(moved, sample.counted_in, numbered.counted_in, per_epoch if isinstance(per_epoch, int) else None)
        if number is None:
            left_out += 1
            continue
        prompt = sample.prompt_text or prompts.get(sample.position) or f"prompt {sample.position:02d}"
        key = number, prompt, sample.seed
        drawn.append(Drawn(sample.file, number, prompt, sample.seed, draws[key], _extra(evidence, sample)))
        draws[key] += 1
    notes = [f"{left_out} sample images cannot be placed: which {numbered.counted_in} they are of does not follow"] if left_out else []
    return tuple(drawn), notes


def _extra(evidence: Evidence, sample: SampleSeen) -> dict[str, JsonValue]:
    known: dict[str, JsonValue] = {"position": sample.position, "file": str(sample.file), "drawn_at": sample.drawn_at}
    return {**evidence.kept, **{key: value for key, value in known.items() if value is not None}}


def _offset_at(lineage: Lineage, numbered: Numbered, moment: float | None, *, zone_s: float) -> Offset:
    """How far the numbers of the session that ran at a moment were moved."""
    if len(numbered.offsets) < 2 or moment is None:
        return Offset()
    chosen = numbered.offsets[0]
    for session, offset in zip(lineage.sessions, numbered.offsets, strict=True):
        ended = session.ended_at
        if session.started_at is not None and session.started_at <= moment:
            chosen = offset
        elif ended is not None and moment <= ended + zone_s and session is lineage.sessions[0]:
            return offset
    return chosen


def _converted(number: int, counted: CountedIn, wanted: CountedIn, per_epoch: int | None) -> int | None:
    """A number of epochs as steps, or of steps as epochs; None where that is not known or between two epochs."""
    if counted is wanted or number == 0:
        return number
    if not per_epoch:
        return None
    if wanted is CountedIn.STEPS:
        return number * per_epoch
    return number // per_epoch if number % per_epoch == 0 else None


def join_series(lineage: Lineage, numbered: Numbered) -> tuple[Series, ...]:
    """One series a metric: those of several logs one after the other; a step that two logs have is the later log's."""
    found: defaultdict[str, list[tuple[float, Evidence, int]]] = defaultdict(list)
    for each in lineage.all:
        for position, series in enumerate(each.series):
            found[series.metric].append((series.times[0] if series.times else 0.0, each, position))
    joined = []
    for metric, parts in sorted(found.items()):
        points: list[tuple[int, float, float]] = []
        for _, each, position in sorted(parts, key=lambda part: (part[0], str(part[1].source))):
            series = each.series[position]
            offset = _offset_at(lineage, numbered, series.times[0] if series.times else None, zone_s=0)
            by = offset.epochs if "epoch" in metric else offset.steps
            new = [(step + by, value, time) for step, value, time in zip(series.steps, series.values, series.times, strict=True)]
            points = [*_before(points, new), *new]
        if points:
            steps, values, times = zip(*points, strict=True)
            joined.append(Series("", metric, steps, values, times))
    return tuple(joined)


def _before(points: list[tuple[int, float, float]], new: list[tuple[int, float, float]]) -> Iterator[tuple[int, float, float]]:
    """The points of an earlier log up to where a later one takes over."""
    first = min((step for step, _, _ in new), default=None)
    yield from (point for point in points if first is None or point[0] < first)
