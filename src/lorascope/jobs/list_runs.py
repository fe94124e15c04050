"""List what runs are recorded, and how complete the record of each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lorascope.analysis.completeness import Checked, Recorded, check, completeness
from lorascope.analysis.where_text import parse_where
from lorascope.jobs.run_frame import parse_sort
from lorascope.records.dataset import Dataset
from lorascope.records.run import ParameterValue, Run
from lorascope.store import Store, Tally

_FEW = 50  # runs that are read one by one; more are read all at once


@dataclass(frozen=True, slots=True)
class RunListing:
    """A run, how much is recorded of it, and the checklist of a complete record worked through. ``values`` are the columns asked for."""

    run: Run
    tally: Tally
    checked: tuple[Checked, ...]
    values: Mapping[str, ParameterValue] = field(default_factory=dict)

    @property
    def completeness(self) -> float:
        """The share of the checklist that is there, 0 to 1."""
        return completeness(self.checked)

    @property
    def missing(self) -> tuple[str, ...]:
        """The items of which nothing is there."""
        return tuple(checked.item.name for checked in self.checked if checked.share == 0)


@dataclass(frozen=True, slots=True)
class RunsQuestion:
    """Which runs to list: those for which ``where`` holds, sorted by ``sort`` (a leading "-": largest first), with ``columns``.

    All name facts of a run, parameters and metrics, as ``analysis/where.py`` understands them.
    """

    where: str | None = None
    sort: str | None = None
    columns: tuple[str, ...] = ()
    limit: int | None = None


def list_runs(store: Store, question: RunsQuestion | None = None) -> list[RunListing]:
    """The runs that answer a question, or all, in the order they started.

    Raises:
        BadParameter: the condition cannot be read; the message has the column.
        NotFound: a field, parameter or metric is not there; the nearest ones are suggested.
    """
    asked = question or RunsQuestion()
    where = parse_where(asked.where) if asked.where is not None else None
    sort = parse_sort(asked.sort) if asked.sort else None
    with store.snapshot():
        found = store.query_runs(where, sort, asked.columns, asked.limit)
        runs = {run.name: run for run in store.runs_named([row.name for row in found])}
        listed = listings(store, [runs[row.name] for row in found])
        return [replace(listing, values=row.values) for listing, row in zip(listed, found, strict=True)]


def listings(store: Store, runs: Sequence[Run]) -> list[RunListing]:
    """The runs' lines in the list, in the order given."""
    tallies = store.tallies([run.name for run in runs] if len(runs) <= _FEW else None)
    datasets = {dataset.digest: dataset for dataset in store.datasets()}
    return [listing_of(run, tallies[run.name], datasets) for run in runs]


def listing_of(run: Run, tally: Tally, datasets: Mapping[str, Dataset]) -> RunListing:
    """A run's line in the list; ``datasets`` are the known versions by digest."""
    dataset = datasets.get(run.dataset_digest or "")
    recorded = Recorded(
        run,
        images=None if dataset is None else len(dataset.items),
        captions=None if dataset is None else dataset.captions,
        checkpoints=tally.checkpoints,
        with_bytes=tally.with_bytes,
        with_duration=tally.with_duration,
        with_loss=tally.with_loss,
        with_memory=tally.checkpoints if tally.has_memory_series else tally.with_memory,
        has_loss_series=tally.has_loss_series,
        drawn=tally.drawn,
        measured=tally.measured,
        rated=tally.rated,
        kept=tally.kept,
    )
    return RunListing(run, tally, check(recorded))


def varying(runs: Sequence[Run]) -> list[str]:
    """The parameters that do not have one and the same value in all runs (not recorded is a value too), by name."""
    names = sorted({name for run in runs for name in run.parameters})
    return [name for name in names if len({_comparable(run, name) for run in runs}) > 1]


def _comparable(run: Run, name: str) -> tuple[str, ParameterValue]:
    """True and 1 are equal in Python, and are not the same setting."""
    value = run.parameters.get(name)
    return ("absent" if name not in run.parameters else type(value).__name__ if isinstance(value, bool) else "value"), value
