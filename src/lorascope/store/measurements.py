"""Samples, their scores, and the measurements made of them, in the database."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from lorascope.errors import BadParameter
from lorascope.records.measurement import Measurement
from lorascope.records.sample import Sample, Score
from lorascope.store import runs
from lorascope.store.tables import epoch_results, image_key, prompt_test_images, prompt_test_results
from lorascope.store.upsert import upsert


def put_samples(connection: Connection, samples: Sequence[Sample]) -> int:
    """Record images; one of the same run, epoch, prompt, seed and draw is replaced. Returns how many are new or changed."""
    run_ids = runs.ids(connection, [sample.run for sample in samples])
    rows = [{**_key(sample, run_ids), "image_digest": sample.image_digest, "extra": dict(sample.extra) or None} for sample in samples]
    return upsert(connection, prompt_test_images, image_key(prompt_test_images), ["image_digest", "extra"], rows)


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
    return upsert(connection, prompt_test_results, image_key(prompt_test_results), ["value", "reason", "extra"], rows)


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
    return changed


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
