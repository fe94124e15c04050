"""``Store``: everything that was recorded, behind one door. Every method is one transaction; what returned is on the disk."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from lorascope.errors import AlreadyExists
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import JsonValue, Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.store import datasets, foreign, hypotheses, measurements, runs
from lorascope.store.address import parse
from lorascope.store.blobs import Blobs
from lorascope.store.claims import claims_of
from lorascope.store.connect import connect
from lorascope.store.failures import in_our_words
from lorascope.store.foreign import ForeignRecord
from lorascope.store.history_door import HistoryDoor
from lorascope.store.migrate import migrate
from lorascope.store.patience import patient, transaction
from lorascope.store.runs import Counts, Process
from lorascope.store.series_door import SeriesDoor
from lorascope.store.tally import Tally, tallies
from lorascope.store.upkeep import UpkeepDoor


@patient
class Store(SeriesDoor, UpkeepDoor, HistoryDoor):
    """A lab's memory. Open it with ``Store.open``, as a context manager; several processes may have it open at once.

    Methods raise Busy when another process keeps the database longer than 30 s, and OperationFailed when the disk is full or
    broken; nothing half-written stays.
    """

    def __init__(self, url: str, blobs: Path) -> None:
        self.address = parse(url)
        self._where = str(self.address)
        self._reading, self._writing = connect(self.address)
        self._claims = claims_of(self.address, self._reading)
        self._blobs = Blobs(blobs)
        self._open = threading.local()
        self._watch_journals(url, blobs, self._claims)

    @classmethod
    def open(cls, url: str, blobs: Path, *, must_exist: bool = False) -> Store:
        """Open a store, or make it when it is not there (unless it ``must_exist``).

        ``url`` is ``sqlite:///path``, ``sqlite://`` (in memory) or ``postgresql://user:password@host:port/database?schema=lorascope``.

        Raises:
            BadFile: it is not a store, was written by a newer lorascope, or may not be opened.
            MissingFile: its folder, database or server does not exist.
            MissingExtra: it is on PostgreSQL, and psycopg is not installed.
        """
        store = cls(url, blobs)
        with ExitStack() as undo, in_our_words(store._where):
            undo.callback(store.close)
            store.schema_before = migrate(store._reading, store._writing, store.address, must_exist=must_exist)
            undo.pop_all()
        store.take_journals()
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give back the claimed runs and the connections."""
        self._claims.close()
        self._reading.dispose()

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside is one transaction: all of it is kept, or after an error nothing."""
        with self._write():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read inside sees the same state, whatever others write meanwhile."""
        with self._read():
            yield

    def in_transaction(self) -> bool:
        """Whether this thread has a transaction or snapshot open."""
        return getattr(self._open, "connection", None) is not None

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._within(writes=True) as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._within(writes=False) as connection:
            yield connection

    @contextmanager
    def _within(self, *, writes: bool) -> Iterator[Connection]:
        """The transaction this thread has open, or a new one."""
        connection: Connection | None = getattr(self._open, "connection", None)
        if connection is not None:
            with in_our_words(self._where):
                yield connection
            return
        with transaction(self._writing if writes else self._reading, self._where) as connection:
            self._open.connection = connection
            try:
                yield connection
            finally:
                self._open.connection = None

    # Runs

    def add_run(self, run: Run) -> None:
        """Record a new run. One that is running is claimed by this process until it is updated to another status.

        Raises:
            AlreadyExists: a run of this name is there.
        """
        with self._write() as connection:
            if runs.find(connection, [run.name]):
                raise AlreadyExists(f"a run {run.name!r} is in the store", next_step="give the new run another name")
            with ExitStack() as undo:
                if run.status is RunStatus.RUNNING and self._claims.claim(run.name):
                    undo.callback(self._claims.release, run.name)
                runs.add(connection, run, _this_process())
                undo.pop_all()

    def update_run(self, run: Run) -> None:
        """Everything about the run of this name becomes what ``run`` says; its claim ends when it no longer runs.

        Raises:
            NotFound: there is no such run.
            Busy: another process works on it.
        """
        with self._write() as connection:
            if not runs.find(connection, [run.name]):
                raise runs.not_found(connection, run.name)
            self._claims.claim(run.name)
            runs.replace(connection, run, _this_process())
        if run.status is not RunStatus.RUNNING:
            self._claims.release(run.name)

    def import_runs(self, imported: Sequence[Run]) -> int:
        """Record runs that were trained elsewhere; one that was imported before is replaced. Returns how many are new or changed.

        Raises:
            AlreadyExists: a run of this name was recorded here and differs; it is never overwritten.
        """
        changed = 0
        with self._write() as connection:
            known = runs.find(connection, [run.name for run in imported])
            for run in imported:
                before, process = known.get(run.name, (None, None))
                if before is not None and self._seen(before, process) == run:
                    continue
                if before is not None and process is not None and not process.get("follows"):
                    raise AlreadyExists(
                        f"a run {run.name!r} was recorded here and differs from the imported one; it is not overwritten",
                        next_step="rename the run in the file, or import into another store",
                    )
                (runs.add if before is None else runs.replace)(connection, run, None)
                known[run.name] = run, None
                changed += 1
        return changed

    def follow_runs(self, names: Sequence[str]) -> None:
        """Say of imported runs that they train elsewhere right now: they run, claimed by this process, until imported anew.

        Raises:
            Busy: another process works on one of them.
        """
        with self._write() as connection:
            for name, (run, _) in runs.find(connection, names).items():
                self._claims.claim(name)
                runs.replace(connection, replace(run, status=RunStatus.RUNNING), {**_this_process(), "follows": True})

    def run(self, name: str) -> Run:
        """The run of this name. One that says it runs while its process is gone comes back as interrupted.

        Raises:
            NotFound: there is none; the nearest names are suggested.
        """
        self.take_journals()
        with self._read() as connection:
            found = runs.find(connection, [name])
            if not found:
                raise runs.not_found(connection, name)
            return self._seen(*found[name])

    def runs(self) -> list[Run]:
        """All runs in the order they started; those whose start is unknown come last, as recorded."""
        self.take_journals()
        with self._read() as connection:
            return [self._seen(run, process) for run, process in runs.listed(connection)]

    def _seen(self, run: Run, process: Process | None) -> Run:
        gone = run.status is RunStatus.RUNNING and process is not None and not self._claims.is_claimed(run.name)
        return replace(run, status=RunStatus.INTERRUPTED) if gone else run

    def counts(self, run: str) -> Counts:
        """How many checkpoints, losses, samples and scores a run has. Raises NotFound when there is no such run."""
        with self._read() as connection:
            return runs.counts_of(connection, run)

    def tallies(self, runs: Sequence[str] | None = None) -> dict[str, Tally]:
        """How much is recorded of every run, or of those named that exist."""
        with self._read() as connection:
            return tallies(connection, runs)

    def mark_interrupted(self) -> list[str]:
        """Write down which runs were interrupted (reading shows it anyway); returns their names."""
        with self._write() as connection:
            found = [(run, process) for run, process in runs.listed(connection) if run.status is RunStatus.RUNNING]
            gone = [(self._seen(run, process), process) for run, process in found]
            interrupted = [(run, process) for run, process in gone if run.status is RunStatus.INTERRUPTED]
            for run, process in interrupted:
                runs.replace(connection, run, process)
        return [run.name for run, _ in interrupted]

    def claim_run(self, name: str) -> None:
        """Say that this process works on a run, until ``release_run``, ``close`` or the process's end.

        Raises:
            Busy: another process does already; the message names it.
        """
        self._claims.claim(name)

    def release_run(self, name: str) -> None:
        """This process no longer works on the run."""
        self._claims.release(name)

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Record a checkpoint; one of the same run and epoch is replaced. Raises NotFound when there is no such run."""
        self.add_checkpoints([checkpoint])

    def add_checkpoints(self, checkpoints: Sequence[Checkpoint]) -> int:
        """Record several checkpoints. Returns how many are new or changed."""
        with self._write() as connection:
            return runs.put_checkpoints(connection, checkpoints)

    def forget_checkpoints(self, run: str, epochs: Sequence[int]) -> int:
        """The run has no checkpoints of these numbers; what was measured under them stays. Returns how many there were."""
        with self._write() as connection:
            return runs.forget_checkpoints(connection, run, epochs)

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """A run's checkpoints in order of epoch. Raises NotFound when there is no such run."""
        with self._read() as connection:
            return runs.checkpoints_of(connection, run)

    # Datasets and prompts

    def add_dataset(self, dataset: Dataset) -> bool:
        """Record a dataset version; one of the same digest stays as it is. Returns whether it is new."""
        with self._write() as connection:
            return datasets.add_dataset(connection, dataset)

    def dataset(self, digest_or_name: str) -> Dataset:
        """The version with this digest, or the latest with this name. Raises NotFound."""
        with self._read() as connection:
            return datasets.dataset(connection, digest_or_name)

    def datasets(self) -> list[Dataset]:
        """All dataset versions in the order they were recorded."""
        with self._read() as connection:
            return datasets.datasets(connection)

    def add_suite(self, suite: PromptSuite) -> bool:
        """Record a prompt suite; returns whether it is new. Raises AlreadyExists when another one has its name."""
        with self._write() as connection:
            return datasets.add_suite(connection, suite)

    def suite(self, name: str) -> PromptSuite:
        """The suite of this name. Raises NotFound."""
        with self._read() as connection:
            return datasets.suite(connection, name)

    def suites(self) -> list[PromptSuite]:
        """All suites in the order they were recorded."""
        with self._read() as connection:
            return datasets.suites(connection)

    # Samples, scores, measurements

    def add_samples(self, samples: Sequence[Sample]) -> int:
        """Record images; one of the same run, epoch, prompt, seed and draw is replaced. Returns how many are new or changed."""
        with self._write() as connection:
            return measurements.put_samples(connection, samples)

    def forget_samples(self, samples: Sequence[Sample]) -> int:
        """These images are not of their epoch, prompt, seed and draw; their scores stay. Returns how many there were."""
        with self._write() as connection:
            return measurements.forget_samples(connection, samples)

    def samples(self, run: str, epoch: int | None = None) -> list[Sample]:
        """A run's images, by epoch, prompt, seed (none first) and draw."""
        with self._read() as connection:
            return list(measurements.samples_of(connection, run, epoch))

    def add_scores(self, scores: Sequence[Score]) -> int:
        """Record scores; one of the same run, epoch, prompt, seed, draw and metric is replaced. Returns how many are new or changed.

        "No seed" counts as a seed: two scores without one are the same score unless their ``draw`` differs.

        Raises:
            BadParameter: a value is not finite; what could not be measured is None.
        """
        with self._write() as connection:
            return measurements.put_scores(connection, scores)

    def scores(self, run: str, metric: str | None = None) -> list[Score]:
        """A run's scores, of one metric if named, by epoch, prompt, seed (none first), draw and metric."""
        with self._read() as connection:
            return list(measurements.scores_of(connection, run, metric))

    def add_evaluation(self, samples: Sequence[Sample], scores: Sequence[Score]) -> None:
        """Record images together with their scores: both, or after an error neither."""
        with self._write() as connection:
            measurements.put_samples(connection, samples)
            measurements.put_scores(connection, scores)

    def metrics(self, run: str) -> list[str]:
        """The names of the metrics that a run has scores of."""
        with self._read() as connection:
            return measurements.metrics_of(connection, run)

    def add_measurements(self, news: Sequence[Measurement]) -> int:
        """Record measurements; one of the same run, epoch and metric is replaced. Returns how many are new or changed."""
        with self._write() as connection:
            return measurements.put_measurements(connection, news)

    def measurements(self, run: str, metric: str | None = None) -> list[Measurement]:
        """A run's measurements, of one metric if named, by epoch and metric."""
        with self._read() as connection:
            return measurements.measurements_of(connection, run, metric)

    # Hypotheses

    def put_hypotheses(self, news: Sequence[Hypothesis]) -> int:
        """Record hypotheses; one of the same name is replaced, but what is open does not undo a verdict.

        Returns how many are new or changed.
        """
        with self._write() as connection:
            return hypotheses.put(connection, news)

    def hypotheses(self) -> list[Hypothesis]:
        """All hypotheses in the order they were recorded."""
        with self._read() as connection:
            return hypotheses.listed(connection)

    # Foreign records and files

    def keep_foreign(self, records: Sequence[tuple[ForeignRecord, int]]) -> int:
        """Keep records that have no place here, each with its number among the equal ones of its file. Returns how many are new."""
        with self._write() as connection:
            return foreign.put(connection, records)

    def foreign_records(self, record_type: str | None = None, run: str | None = None) -> list[dict[str, JsonValue]]:
        """The kept records, of one type or one run if named, in the order they came."""
        with self._read() as connection:
            return list(foreign.listed(connection, record_type, run))

    def put_blob(self, content: bytes | Path) -> str:
        """Store bytes, or a copy of a file, under their digest, and return it. The same bytes are stored once."""
        return self._blobs.put(content)

    def blob_path(self, digest: str) -> Path:
        """Where a stored file lies. Raises NotFound."""
        return self._blobs.path(digest)

    def damaged_blobs(self) -> list[str]:
        """The digests of stored files whose bytes have changed since they were put there."""
        return self._blobs.damaged()


def _this_process() -> Process:
    return {"host": socket.gethostname(), "pid": os.getpid()}
