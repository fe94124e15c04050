"""The part of ``Store`` that keeps series, and takes in what logging runs left in their journals."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from lorascope.analysis.where import Where
from lorascope.errors import BadFile, Busy, MissingFile, NotFound, OperationFailed, did_you_mean
from lorascope.records.run import Run
from lorascope.records.series import Series
from lorascope.store import intake, runs, series
from lorascope.store.claims import Claims, FileClaims
from lorascope.store.glance import Glance
from lorascope.store.intake import Taken
from lorascope.store.journal import JournalReader, journal_file, journals_folder, journals_in
from lorascope.store.queries import Found, Question, Sort, query
from lorascope.store.run_columns import run_columns
from lorascope.store.runs import Process
from lorascope.store.series import Points

_PATIENCE_S = 30.0  # after a journal could not be taken, reading does not try again so soon


class SeriesDoor(ABC):
    """What ``Store`` does with series and journals. Every method is one transaction."""

    _journals: Path | None = None
    _claims: Claims
    _journal_claims: Claims
    _not_before_s = 0.0

    def _watch_journals(self, url: str, blobs: Path, claims: Claims) -> None:
        """Say where journals lie. On SQLite a run's claim guards its journal too; elsewhere a lock beside the journals does."""
        self._journals = journals_folder(url, blobs)
        beside = self._journals is not None and not url.startswith("sqlite:")
        self._journal_claims = FileClaims(self._journals) if beside and self._journals else claims

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]:
        """A transaction that reads."""

    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction or snapshot open."""

    def put_series(self, news: Sequence[Series]) -> int:
        """Record series; each of a run and metric becomes exactly these points. Returns how many are new or changed.

        Raises:
            NotFound: there is no such run.
        """
        with self._write() as connection:
            return series.put(connection, news)

    def add_points(self, run: str, batch: Mapping[str, Points]) -> None:
        """Add points, by metric, behind those that a run's series have. Raises NotFound when there is no such run."""
        with self._write() as connection:
            series.append(connection, runs.ids(connection, [run])[run], batch)

    def series(self, run: str, metric: str | None = None) -> list[Series]:
        """A run's series, of one metric if named, by name; of a run that is logging, up to its last step.

        Raises:
            NotFound: there is no such run.
        """
        self.take_journals()
        with ExitStack() as stack:
            # Opened first: what is taken and removed meanwhile is either read here, or already in the state read below.
            journal = JournalReader.open(journal_file(self._journals, run)) if self._journals else None
            if journal is not None:
                stack.enter_context(journal)
            connection = stack.enter_context(self._read())
            found = series.of_run(connection, run, metric)
            if journal is None:
                return found
            tail = intake.not_taken(connection, run, journal)
            return series.with_points(found, run, {name: points for name, points in tail.items() if metric in {None, name}})

    def one_series(self, run: str, metric: str) -> Series:
        """One series of a run. Raises NotFound when there is no such run, or it has no such series."""
        found = self.series(run, metric)
        if not found:
            there = [one.metric for one in self.series(run)]
            raise NotFound(
                f"run {run} has no series {metric!r}",
                next_step=did_you_mean(metric, there) or f"it has: {', '.join(there[:10]) or 'none'}",
            )
        return found[0]

    def runs_named(self, names: Sequence[str]) -> list[Run]:
        """These runs, in this order; those that are not there are left out."""
        with self._read() as connection:
            found = runs.find_all(connection, names)
            return [self._seen(*found[name]) for name in names if name in found]

    @abstractmethod
    def _seen(self, run: Run, process: Process | None) -> Run:
        """A run as it stands: one that says it runs while its process is gone was interrupted."""

    def query_runs(
        self, where: Where | None = None, sort: Sort | None = None, columns: Sequence[str] = (), limit: int | None = None
    ) -> list[Found]:
        """The runs for which ``where`` holds, sorted (by their start without ``sort``), with the values of ``columns``.

        Fields, columns and sort name facts of a run, parameters (in any known spelling) and metrics (``best.NAME``, ``last.NAME`` …):
        see ``analysis/where.py``; ``analysis/where_text.py`` reads a condition.

        Raises:
            NotFound: a name means nothing here; the nearest ones are suggested.
            BadParameter: a value cannot be compared so.
        """
        self.take_journals()
        with self._read() as connection:
            return query(connection, Question(where, sort, columns, limit), lambda: self._interrupted(connection))

    def run_columns(self, names: Sequence[str], *, everything: bool = False) -> dict[str, list[Any]]:
        """All facts, parameters and metrics of these runs as columns; ``everything`` says that these are all runs there are."""
        with self._read() as connection:
            return run_columns(connection, names, self._interrupted(connection), everything=everything)

    def _interrupted(self, connection: Connection) -> list[int]:
        """The rows of runs that say they run while nobody claims them."""
        rows = runs.running(connection)
        return [run_id for run_id, name in rows if not self._claims.is_claimed(name)]

    def glance(self, run: str) -> Glance | None:
        """The status of a run and the last step that was logged; None when there is no such run."""
        with self._read() as connection:
            return series.glance(connection, run)

    # Journals

    def take_journal(self, journal: JournalReader) -> Taken:
        """Take the next records of a journal, of some megabytes at once. Nothing comes twice, whoever was killed in between."""
        with self._write() as connection:
            return intake.take(connection, journal)

    def take_journals(self) -> list[str]:
        """Take in the journals of runs whose process is gone; returns their names. Opening and reading do this by themselves.

        A store that is busy or cannot be written keeps them for later.
        """
        if self._journals is None or self.in_transaction() or time.monotonic() < self._not_before_s:
            return []
        taken = []
        for file in journals_in(self._journals):
            try:
                name = self._take_left_behind(file)
            except (Busy, BadFile, MissingFile, OperationFailed):
                self._not_before_s = time.monotonic() + _PATIENCE_S
                break
            if name is not None:
                taken.append(name)
        return taken

    def _take_left_behind(self, file: Path) -> str | None:
        journal = JournalReader.open(file)
        if journal is None:
            return None
        with journal:
            name = str(journal.begin["run"]["name"])
            if self._journal_claims.is_claimed(name):
                return None
            try:
                self._journal_claims.claim(name)
            except Busy:  # it has just been resumed, or another process takes it
                return None
            try:
                while (taken := self.take_journal(journal)).more:
                    pass
                if journal.damaged:
                    file.replace(file.with_suffix(".damaged"))
                file.unlink(missing_ok=True)
            finally:
                self._journal_claims.release(name)
            return taken.run
