"""Runs and their checkpoints in the database. Functions of an open transaction; ``Store`` opens it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from lorascope.errors import NotFound, did_you_mean
from lorascope.parameters.catalogue import flat, grouped
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, JsonValue, Run, RunStatus
from lorascope.store.summaries import put_outcome
from lorascope.store.tables import epoch_results, prompt_test_images, prompt_test_results, training_runs
from lorascope.store.upsert import upsert

Process = dict[str, JsonValue]
_MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is recorded of a run. ``losses`` are the checkpoints that have a loss."""

    checkpoints: int
    losses: int
    samples: int
    scores: int


def _run_row(run: Run) -> dict[str, Any]:
    return {
        "run_name": run.name,
        "trainer": run.trainer,
        "status": str(run.status),
        "all_parameters": grouped(run.parameters),
        "outcome": dict(run.outcome),
        "parent": run.parent,
        "dataset_digest": run.dataset_digest,
        "base_model": run.base_model,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "reason": run.reason,
        "environment": dict(run.environment),
        "counted_in": str(run.counted_in),
        "extra": dict(run.extra) or None,
    }


def _run(row: Row[Any]) -> Run:
    return Run(
        name=row.run_name,
        trainer=row.trainer,
        status=RunStatus(row.status),
        parameters=flat(row.all_parameters),
        outcome=row.outcome,
        parent=row.parent,
        dataset_digest=row.dataset_digest,
        base_model=row.base_model,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.reason,
        environment=row.environment,
        counted_in=CountedIn(row.counted_in),
        extra=row.extra or {},
    )


def add(connection: Connection, run: Run, process: Process | None) -> int:
    """Insert a run and return its row id; ``process`` says who records it, None when it was imported."""
    inserted = connection.execute(insert(training_runs), {**_run_row(run), "process": process})
    assert inserted.inserted_primary_key is not None
    run_id = int(inserted.inserted_primary_key[0])
    if run.outcome:
        put_outcome(connection, run_id, run.outcome)
    return run_id


def replace(connection: Connection, run: Run, process: Process | None) -> None:
    """Everything about the run of this name is what ``run`` says."""
    changed = update(training_runs).where(training_runs.c.run_name == run.name)
    connection.execute(changed, {**_run_row(run), "process": process})
    put_outcome(connection, ids(connection, [run.name])[run.name], run.outcome)


def find(connection: Connection, names: Sequence[str]) -> dict[str, tuple[Run, Process | None]]:
    """The runs of these names that exist, each with the process that recorded it."""
    rows = connection.execute(select(training_runs).where(training_runs.c.run_name.in_(names)))
    return {row.run_name: (_run(row), row.process) for row in rows}


def find_all(connection: Connection, names: Sequence[str]) -> dict[str, tuple[Run, Process | None]]:
    """The same of any number of names: databases limit how many values a statement may name."""
    found: dict[str, tuple[Run, Process | None]] = {}
    for start in range(0, len(names), _MOST_NAMED):
        found |= find(connection, names[start : start + _MOST_NAMED])
    return found


def listed(connection: Connection) -> list[tuple[Run, Process | None]]:
    """All runs in the order they started; those without a start time last, in the order they were recorded."""
    started = training_runs.c.started_at
    rows = connection.execute(select(training_runs).order_by(started.is_(None), started, training_runs.c.run_id))
    return [(_run(row), row.process) for row in rows]


def running(connection: Connection) -> list[tuple[int, str]]:
    """Row id and name of the runs recorded here that say they run."""
    wanted = select(training_runs.c.run_id, training_runs.c.run_name).where(
        training_runs.c.status == RunStatus.RUNNING.value, training_runs.c.process.is_not(None)
    )
    return [(row.run_id, row.run_name) for row in connection.execute(wanted)]


def ids(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """Name → row id of these runs.

    Raises:
        NotFound: one of them is not there.
    """
    wanted = sorted(set(names))
    rows = connection.execute(select(training_runs.c.run_name, training_runs.c.run_id).where(training_runs.c.run_name.in_(wanted)))
    found: dict[str, int] = {row.run_name: row.run_id for row in rows}
    for name in wanted:
        if name not in found:
            raise not_found(connection, name)
    return found


def not_found(connection: Connection, name: str) -> NotFound:
    """The error that names the runs most like a name that is not there."""
    known = connection.execute(select(training_runs.c.run_name)).scalars().all()
    return NotFound(f"no run {name!r} in the store", next_step=did_you_mean(name, known) or "see the runs there are: lorascope runs")


def put_checkpoints(connection: Connection, checkpoints: Sequence[Checkpoint]) -> int:
    """Record checkpoints; one of the same run and epoch is replaced. Returns how many are new or changed."""
    run_ids = ids(connection, [checkpoint.run for checkpoint in checkpoints])
    rows = [
        {
            "run_id": run_ids[checkpoint.run],
            "epoch": checkpoint.epoch,
            "is_checkpoint": True,
            **{name: getattr(checkpoint, name) for name in _CHECKPOINT_COLUMNS},
            "extra": dict(checkpoint.extra) or None,
        }
        for checkpoint in checkpoints
    ]
    table = epoch_results
    return upsert(connection, table, [table.c.run_id, table.c.epoch], ["is_checkpoint", *_CHECKPOINT_COLUMNS, "extra"], rows)


_CHECKPOINT_COLUMNS = ("step", "samples_seen", "file", "file_bytes", "digest", "mean_loss", "duration_s", "saved_at", "tensor_hash")


def forget_checkpoints(connection: Connection, run: str, epochs: Sequence[int]) -> int:
    """The run has no checkpoints of these numbers. Rows that hold measurements stay, without the checkpoint."""
    table = epoch_results
    chosen = (table.c.run_id == ids(connection, [run])[run]) & table.c.epoch.in_(epochs) & table.c.is_checkpoint
    without = {"is_checkpoint": False, "extra": None, **dict.fromkeys(_CHECKPOINT_COLUMNS)}
    emptied = connection.execute(update(table).where(chosen & table.c.quantitative_metrics.is_not(None)).values(without)).rowcount
    return emptied + connection.execute(delete(table).where(chosen)).rowcount


def checkpoints_of(connection: Connection, run: str) -> list[Checkpoint]:
    """The checkpoints of a run, in order of epoch.

    Raises:
        NotFound: there is no such run.
    """
    run_id = ids(connection, [run])[run]
    wanted = select(epoch_results).where(epoch_results.c.run_id == run_id, epoch_results.c.is_checkpoint)
    return [
        Checkpoint(run=run, epoch=row.epoch, **{name: getattr(row, name) for name in _CHECKPOINT_COLUMNS}, extra=row.extra or {})
        for row in connection.execute(wanted.order_by(epoch_results.c.epoch))
    ]


def counts_of(connection: Connection, run: str) -> Counts:
    """How much is recorded of a run.

    Raises:
        NotFound: there is no such run.
    """
    run_id = ids(connection, [run])[run]
    saved = (epoch_results.c.run_id == run_id) & epoch_results.c.is_checkpoint
    checkpoints, losses = connection.execute(select(func.count(), func.count(epoch_results.c.mean_loss)).where(saved)).one()
    samples, scores = (
        connection.execute(select(func.count()).where(table.c.run_id == run_id)).scalar_one()
        for table in (prompt_test_images, prompt_test_results)
    )
    return Counts(checkpoints, losses, samples, scores)
