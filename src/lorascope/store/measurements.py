"""Samples, their scores, and the measurements made of them, in the database."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, exists, func, select

from lorascope.errors import BadParameter
from lorascope.records.measurement import Measurement
from lorascope.records.sample import Sample, Score
from lorascope.store import runs
from lorascope.store.summaries import MEASURED, Summary, put_summaries
from lorascope.store.tables import epoch_results, image_key, prompt_test_images, prompt_test_results
from lorascope.store.upsert import upsert


def put_samples(connection: Connection, samples: Sequence[Sample]) -> int:
    """Record images; one of the same run, epoch, prompt, seed and draw is replaced. Returns how many are new or changed."""
    run_ids = runs.ids(connection, [sample.run for sample in samples])
    rows = [{**_key(sample, run_ids), "image_digest": sample.image_digest, "extra": dict(sample.extra) or None} for sample in samples]
    return upsert(connection, prompt_test_images, image_key(prompt_test_images), ["image_digest", "extra"], rows)


def forget_samples(connection: Connection, samples: Sequence[Sample]) -> int:
    """Remove the records of images, as told apart by run, epoch, prompt, seed and draw. Returns how many there were."""
    run_ids, table = runs.ids(connection, [sample.run for sample in samples]), prompt_test_images
    chosen = ([table.c[name] == value for name, value in _key(sample, run_ids).items()] for sample in samples)  # None: IS NULL
    return sum(connection.execute(delete(table).where(*each)).rowcount for each in chosen)


def put_scores(connection: Connection, scores: Sequence[Score]) -> int:
    """Record scores; one of the same image and metric is replaced. Returns how many are new or changed.

    Raises:
        BadParameter: a value is not finite. What could not be measured is None, with a reason.
    """
    run_ids = runs.ids(connection, [score.run for score in scores])
    rows = []
    for score in scores:
        if score.value is not None and not math.isfinite(score.value):
            where = f"run {score.run}, epoch {score.epoch}, prompt {score.prompt}"
            raise BadParameter(f"{score.metric} = {score.value}: must be finite, or None with a reason", where=where)
        value = {"metric": score.metric, "value": score.value, "reason": score.reason, "extra": dict(score.extra) or None}
        rows.append({**_key(score, run_ids), **value})
    changed = upsert(connection, prompt_test_results, image_key(prompt_test_results), ["value", "reason", "extra"], rows)
    if changed:
        _summarize_scores(connection, set(run_ids.values()), {score.metric for score in scores})
    return changed


def _summarize_scores(connection: Connection, run_ids: Collection[int], metrics: Collection[str]) -> None:
    """Keep the least, greatest and last checkpoint of these metrics: means over prompts of the means over images."""
    table = prompt_test_results.c
    saved = exists().where(epoch_results.c.run_id == table.run_id, epoch_results.c.epoch == 0, epoch_results.c.is_checkpoint)
    per_prompt = (
        select(table.run_id, table.metric, table.epoch, func.avg(table.value).label("mean"))
        .where(table.run_id.in_(run_ids), table.metric.in_(metrics), table.value.is_not(None), (table.epoch != 0) | saved)
        .group_by(table.run_id, table.metric, table.epoch, table.prompt)
        .subquery()
    )
    key = (per_prompt.c.run_id, per_prompt.c.metric, per_prompt.c.epoch)
    found: dict[tuple[int, str], tuple[list[int], list[float]]] = {}
    for run_id, metric, epoch, mean in connection.execute(select(*key, func.avg(per_prompt.c.mean)).group_by(*key).order_by(*key)):
        epochs, means = found.setdefault((run_id, metric), ([], []))
        epochs.append(epoch)
        means.append(float(mean))
    put_summaries(connection, MEASURED, {key: Summary.of(*points) for key, points in found.items()})


def _key(image: Sample | Score, run_ids: Mapping[str, int]) -> dict[str, Any]:
    return {"run_id": run_ids[image.run], "epoch": image.epoch, "prompt": image.prompt, "seed": image.seed, "draw": image.draw}


def samples_of(connection: Connection, run: str, epoch: int | None) -> Iterator[Sample]:
    """The images of a run, by epoch, prompt, seed (none first) and draw."""
    for row in connection.execute(_of_run(connection, prompt_test_images, run, epoch)):
        yield Sample(run, row.epoch, row.prompt, row.seed, row.image_digest, draw=row.draw, extra=row.extra or {})


def scores_of(connection: Connection, run: str, metric: str | None) -> Iterator[Score]:
    """The scores of a run, by epoch, prompt, seed (none first), draw and metric."""
    wanted = _of_run(connection, prompt_test_results, run, None)
    if metric is not None:
        wanted = wanted.where(prompt_test_results.c.metric == metric)
    for row in connection.execute(wanted):
        yield Score(run, row.epoch, row.prompt, row.seed, row.metric, row.value, reason=row.reason, extra=row.extra or {}, draw=row.draw)


def _of_run(connection: Connection, table: Table, run: str, epoch: int | None) -> Select[Any]:
    run_id = runs.ids(connection, [run])[run]
    wanted = select(table).where(table.c.run_id == run_id).order_by(*image_key(table))
    return wanted if epoch is None else wanted.where(table.c.epoch == epoch)


def metrics_of(connection: Connection, run: str) -> list[str]:
    """The names of the metrics a run has scores of."""
    run_id = runs.ids(connection, [run])[run]
    wanted = select(prompt_test_results.c.metric).where(prompt_test_results.c.run_id == run_id).distinct()
    return sorted(connection.execute(wanted).scalars())


_NUMBERS = ("unit", "mean", "low", "high", "prompts", "images", "not_measurable")


def put_measurements(connection: Connection, measurements: Sequence[Measurement]) -> int:
    """Record measurements; one of the same run, epoch and metric is replaced. Returns how many are new or changed."""
    run_ids = runs.ids(connection, [measurement.run for measurement in measurements])
    changed = 0
    by_epoch: dict[tuple[int, int], list[Measurement]] = {}
    for measurement in measurements:
        by_epoch.setdefault((run_ids[measurement.run], measurement.epoch), []).append(measurement)
    for (run_id, epoch), news in by_epoch.items():
        here = (epoch_results.c.run_id == run_id) & (epoch_results.c.epoch == epoch)
        row = connection.execute(select(epoch_results.c.quantitative_metrics, epoch_results.c.is_checkpoint).where(here)).first()
        before: dict[str, Any] = (row.quantitative_metrics if row else None) or {}
        added = {new.metric: _numbers(new) for new in news}
        changed += sum(before.get(metric) != numbers for metric, numbers in added.items())
        new_row = {
            "run_id": run_id,
            "epoch": epoch,
            "is_checkpoint": bool(row and row.is_checkpoint),
            "quantitative_metrics": before | added,
        }
        upsert(connection, epoch_results, [epoch_results.c.run_id, epoch_results.c.epoch], ["quantitative_metrics"], [new_row])
    _summarize(connection, {run_ids[one.run] for one in measurements})
    return changed


def _summarize(connection: Connection, run_ids: Iterable[int]) -> None:
    """Keep the least, greatest and last mean of each metric of these runs."""
    found: dict[tuple[int, str], tuple[list[int], list[float]]] = {}
    table = epoch_results.c
    wanted = select(table.run_id, table.epoch, table.quantitative_metrics).where(table.run_id.in_(run_ids))
    for run_id, epoch, metrics in connection.execute(wanted.order_by(table.run_id, table.epoch)):
        for metric, numbers in (metrics or {}).items():
            if numbers.get("mean") is not None and epoch > 0:  # the base model is no checkpoint that could be the best
                epochs, means = found.setdefault((run_id, metric), ([], []))
                epochs.append(epoch)
                means.append(float(numbers["mean"]))
    put_summaries(connection, MEASURED, {key: Summary.of(*points) for key, points in found.items()})


def _numbers(measurement: Measurement) -> dict[str, Any]:
    numbers = {name: getattr(measurement, name) for name in _NUMBERS}
    return {**numbers, "extra": dict(measurement.extra)} if measurement.extra else numbers


def measurements_of(connection: Connection, run: str, metric: str | None) -> list[Measurement]:
    """The measurements of a run, by epoch and metric."""
    run_id = runs.ids(connection, [run])[run]
    wanted = select(epoch_results.c.epoch, epoch_results.c.quantitative_metrics).where(epoch_results.c.run_id == run_id)
    return [
        Measurement(run=run, epoch=row.epoch, metric=name, **numbers)
        for row in connection.execute(wanted.order_by(epoch_results.c.epoch))
        for name, numbers in sorted((row.quantitative_metrics or {}).items())
        if metric in {None, name}
    ]
