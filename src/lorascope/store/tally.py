"""How much is recorded of each run: counts for all runs in a handful of statements, however many runs there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, distinct, func, or_, select

from lorascope.store.tables import epoch_results, foreign_records, metric_series, prompt_test_images, prompt_test_results, training_runs

RATING = "rating"  # the metric under which what people said of an image is kept


@dataclass(frozen=True, slots=True)
class Tally:
    """What a store holds of one run. ``with_bytes`` to ``with_memory`` count checkpoints that have the fact; ``drawn``, ``measured``
    and ``rated`` count checkpoints with images, scores and ratings by people; ``kept`` other records by type.
    """

    checkpoints: int = 0
    with_bytes: int = 0
    with_duration: int = 0
    with_loss: int = 0
    with_memory: int = 0
    has_loss_series: bool = False
    has_memory_series: bool = False
    samples: int = 0
    drawn: int = 0
    scores: int = 0
    measured: int = 0
    rated: int = 0
    kept: Mapping[str, int] = field(default_factory=dict)


def tallies(connection: Connection, runs: Sequence[str] | None) -> dict[str, Tally]:
    """The tally of every run, or of those named that exist."""
    wanted = select(training_runs.c.run_id, training_runs.c.run_name)
    if runs is not None:
        wanted = wanted.where(training_runs.c.run_name.in_(runs))
    names: dict[int, str] = {row.run_id: row.run_name for row in connection.execute(wanted)}
    facts: dict[int, dict[str, Any]] = defaultdict(dict)
    for statement in (_checkpoints(), _images(), _scores(), _series()):
        restricted = statement.where(statement.selected_columns.run_id.in_(names)) if runs is not None else statement
        for row in connection.execute(restricted).mappings():
            facts[row["run_id"]].update({name: value for name, value in row.items() if name != "run_id"})
    found = {name: Tally(**_typed(facts[run_id])) for run_id, name in names.items()}
    return _with_kept(connection, found)


def _checkpoints() -> Select[Any]:
    table = epoch_results.c
    memory = table.extra["peak_memory_bytes"].as_string()
    return (
        select(
            table.run_id,
            func.count().label("checkpoints"),
            func.count(table.file_bytes).label("with_bytes"),
            func.count(table.duration_s).label("with_duration"),
            func.count(table.mean_loss).label("with_loss"),
            func.count(memory).label("with_memory"),
        )
        .where(table.is_checkpoint)
        .group_by(table.run_id)
    )


def _images() -> Select[Any]:
    table = prompt_test_images.c
    return select(table.run_id, func.count().label("samples"), func.count(distinct(table.epoch)).label("drawn")).group_by(table.run_id)


def _scores() -> Select[Any]:
    table = prompt_test_results.c
    by_people = table.metric == RATING
    return select(
        table.run_id,
        func.count().label("scores"),
        func.count(distinct(case((~by_people, table.epoch)))).label("measured"),
        func.count(distinct(case((by_people, table.epoch)))).label("rated"),
    ).group_by(table.run_id)


def _series() -> Select[Any]:
    name = func.lower(metric_series.c.metric)
    return select(
        metric_series.c.run_id,
        _any(name.like("%loss%")).label("has_loss_series"),
        _any(or_(name.like("%memory%"), name.like("%vram%"))).label("has_memory_series"),
    ).group_by(metric_series.c.run_id)


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))


def _typed(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: bool(value) if name.startswith("has_") else value for name, value in facts.items()}


def _with_kept(connection: Connection, found: dict[str, Tally]) -> dict[str, Tally]:
    table = foreign_records.c
    kept: defaultdict[str, dict[str, int]] = defaultdict(dict)
    counted = select(table.run_name, table.record_type, func.count()).where(table.run_name.is_not(None))
    for run, kind, count in connection.execute(counted.group_by(table.run_name, table.record_type)):
        kept[run][kind] = count
    return {run: replace(tally, kept=kept.get(run, {})) for run, tally in found.items()}
