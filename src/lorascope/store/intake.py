"""Takes a journal into the database: what it holds and how far it was taken in one transaction, so that nothing comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, Run, RunStatus
from lorascope.records.sample import Sample
from lorascope.store import measurements, runs, series
from lorascope.store.journal import Event, JournalReader, Stretch
from lorascope.store.series import Points
from lorascope.store.tables import training_runs

_CHECKPOINT_FIELDS = {one.name for one in fields(Checkpoint)}
_SAMPLE_FIELDS = {one.name for one in fields(Sample)}


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a journal was taken: under which name the run is recorded, whether more follows, and whether the run has ended."""

    run: str
    more: bool
    ended: bool


def take(connection: Connection, journal: JournalReader) -> Taken:
    """Take the next records of a journal, of some megabytes at once."""
    place = _place(connection, journal)
    journal.seek(place.taken)
    batch = journal.read()
    news = _News(place.run, place.process)
    for event in batch.events:
        news.hear(event)
    if place.run_id is None:
        run_id = runs.add(connection, news.run, news.process)
    else:
        run_id = place.run_id
        if news.run != place.run:
            runs.replace(connection, news.run, news.process)
    if news.checkpoints:
        runs.put_checkpoints(connection, [replace(one, run=news.run.name) for one in news.checkpoints])
    if news.samples:
        measurements.put_samples(connection, [replace(one, run=news.run.name) for one in news.samples])
    if batch.stretches:
        series.append(connection, run_id, by_metric(batch.stretches))
    connection.execute(_MARK, {"of": run_id, "journal": journal.journal, "journal_taken": journal.offset})
    return Taken(news.run.name, batch.more, news.ended or news.run.status is not RunStatus.RUNNING)


def not_taken(connection: Connection, run: str, journal: JournalReader) -> dict[str, Points]:
    """The points of a run, by metric, that its journal has and the database has not."""
    row = connection.execute(_STATE, {"name": run}).first()
    if row is None or not (row.journal == journal.journal or journal.begin.get("resume")):
        return {}
    journal.seek(row.journal_taken if row.journal == journal.journal else 0)
    stretches: list[Stretch] = []
    more = True
    while more:
        batch = journal.read()
        stretches += batch.stretches
        more = batch.more
    return by_metric(stretches)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a journal's run is in the database, and how far it was taken. A run that is not there yet has no id."""

    run_id: int | None
    run: Run
    process: runs.Process | None
    taken: int


def _place(connection: Connection, journal: JournalReader) -> _Place:
    begun = run_of(journal.begin)
    name, number = begun.name, 1
    while True:
        row = connection.execute(_STATE, {"name": name}).first()
        if row is None:
            return _Place(None, replace(begun, name=name), None, 0)
        if row.journal == journal.journal or journal.begin.get("resume"):
            run, process = runs.find(connection, [name])[name]
            return _Place(row.run_id, run, process, row.journal_taken if row.journal == journal.journal else 0)
        # Somebody recorded another run of this name while the database could not be asked: neither is lost.
        number += 1
        name = f"{begun.name} ({number})"


class _News:
    """What the events of a journal make of a run."""

    def __init__(self, run: Run, process: runs.Process | None) -> None:
        self.run, self.process = run, process
        self.checkpoints: list[Checkpoint] = []
        self.samples: list[Sample] = []
        self.ended = False

    def hear(self, event: Event) -> None:
        """One event. Those of a later version that are not known are passed over; the journal is kept by nobody."""
        match event.get("event"):
            case "begin":
                begun = run_of(event)
                self.process = event.get("process")
                self.run = replace(
                    self.run,
                    status=RunStatus.RUNNING,
                    finished_at=None,
                    reason="",
                    parameters={**self.run.parameters, **begun.parameters},
                    environment={**self.run.environment, **begun.environment},
                )
                self.ended = False
            case "facts":
                self.run = replace(
                    self.run,
                    parameters={**self.run.parameters, **event.get("parameters", {})},
                    environment={**self.run.environment, **event.get("environment", {})},
                    counted_in=CountedIn(event.get("counted_in", self.run.counted_in)),
                )
            case "checkpoint":
                self.checkpoints.append(Checkpoint(run="", **_known(event, _CHECKPOINT_FIELDS)))
            case "sample":
                self.samples.append(Sample(run="", **_known(event, _SAMPLE_FIELDS)))
            case "end":
                self.run = replace(self.run, status=RunStatus(event["status"]), finished_at=event["at"], reason=event.get("reason", ""))
                self.ended = True


def run_of(begin: Event) -> Run:
    """The run that a journal's first event tells of."""
    facts = begin["run"]
    return Run(**{**facts, "status": RunStatus.RUNNING, "counted_in": CountedIn(facts.get("counted_in", CountedIn.EPOCHS))})


def _known(event: Event, names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name in names and name != "run"}


def by_metric(stretches: Sequence[Stretch]) -> dict[str, Points]:
    """The points of each metric. Metrics that were always logged together share their steps and times."""
    where: dict[str, tuple[int, ...]] = {}
    for index, stretch in enumerate(stretches):
        for name in stretch.names:
            where[name] = (*where.get(name, ()), index)
    positions: dict[tuple[int, ...], tuple[list[int], list[float]]] = {}
    points = {}
    for name, indexes in where.items():
        if indexes not in positions:
            found = [stretches[index] for index in indexes]
            positions[indexes] = [step for one in found for step in one.steps], [ms / 1000 for one in found for ms in one.millis]
        values = [value for index in indexes for value in _column(stretches[index], name)]
        points[name] = Points(positions[indexes][0], values, positions[indexes][1])
    return points


def _column(stretch: Stretch, name: str) -> Sequence[float]:
    return stretch.values[stretch.names.index(name) :: len(stretch.names)]


_STATE = select(training_runs.c.run_id, training_runs.c.journal, training_runs.c.journal_taken).where(
    training_runs.c.run_name == bindparam("name")
)
_MARK = update(training_runs).where(training_runs.c.run_id == bindparam("of"))
