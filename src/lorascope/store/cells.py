"""The scores of many runs at once, averaged over images in the database: what an analysis of a whole project reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from lorascope.store import json_paths
from lorascope.store.tables import epoch_results, prompt_test_results, training_runs


@dataclass(frozen=True, slots=True)
class Cell:
    """The mean of one metric over the images of one prompt at one checkpoint, and how many images gave a number.

    ``version``, ``unit`` and ``direction`` are what the scores themselves say of their metric (1 and empty where they do not).
    """

    run: str
    metric: str
    epoch: int
    prompt: str
    mean: float
    images: int
    version: int
    unit: str
    direction: str


@dataclass(frozen=True, slots=True)
class SavedEpoch:
    """One saved checkpoint in short; ``tensor_hash`` is None where it is not known."""

    run: str
    epoch: int
    duration_s: float | None
    mean_loss: float | None
    tensor_hash: str | None


def cells(connection: Connection, metrics: Sequence[str] | None) -> Iterator[Cell]:
    """All cells, or those of some metrics, by run as recorded, metric, epoch and prompt."""
    table = prompt_test_results.c
    key = (table.run_id, table.metric, table.epoch, table.prompt)
    dialect = connection.dialect.name
    wanted = select(
        *key, func.avg(table.value), func.count(table.value),
        func.max(_said(dialect, "version")), func.max(_said(dialect, "unit")), func.max(_said(dialect, "direction")),
    ).where(table.value.is_not(None)).group_by(*key).order_by(*key)  # fmt: skip
    if metrics is not None:
        wanted = wanted.where(table.metric.in_(list(metrics)))
    names = _names(connection)
    for run_id, metric, epoch, prompt, mean, images, version, unit, direction in connection.execute(wanted):
        yield Cell(
            names[run_id], metric, epoch, prompt, float(mean), images, _whole(version), str(unit or ""), str(direction or "")
        )  # fmt: skip


def measured_metrics(connection: Connection) -> list[str]:
    """The names of all metrics that any score is of."""
    return sorted(connection.execute(select(prompt_test_results.c.metric).distinct()).scalars())


def saved_epochs(connection: Connection) -> Iterator[SavedEpoch]:
    """All saved checkpoints of all runs, by run as recorded and epoch."""
    table = epoch_results.c
    wanted = select(table.run_id, table.epoch, table.duration_s, table.mean_loss, table.tensor_hash).where(table.is_checkpoint)
    names = _names(connection)
    for run_id, epoch, duration_s, mean_loss, tensor_hash in connection.execute(wanted.order_by(table.run_id, table.epoch)):
        yield SavedEpoch(names[run_id], epoch, duration_s, mean_loss, tensor_hash)


def given_means(connection: Connection) -> Iterator[tuple[str, int, dict[str, dict[str, object]]]]:
    """Run, epoch and the measurements that were imported as such (metric → numbers), where there are any."""
    table = epoch_results.c
    wanted = select(table.run_id, table.epoch, table.quantitative_metrics).where(table.quantitative_metrics.is_not(None))
    names = _names(connection)
    for run_id, epoch, metrics in connection.execute(wanted.order_by(table.run_id, table.epoch)):
        if metrics:
            yield names[run_id], epoch, metrics


def _names(connection: Connection) -> dict[int, str]:
    return {row.run_id: row.run_name for row in connection.execute(select(training_runs.c.run_id, training_runs.c.run_name))}


def _said(dialect: str, key: str) -> ColumnElement[Any]:
    """What a score's ``extra`` says under a key, as text."""
    return literal_column((json_paths.number if key == "version" else json_paths.text)(dialect, "extra", key))


def _whole(version: object) -> int:
    return int(version) if isinstance(version, int | float) else 1
