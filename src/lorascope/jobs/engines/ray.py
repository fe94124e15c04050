"""Work on a Ray cluster, through Ray Data: the same results in the same order as on this machine.

Items travel to wherever there is room and results come back in order. The cluster is the one that ``RAY_ADDRESS`` or the caller names;
without one, Ray starts on this machine. Workers need lorascope installed, and must be able to read what the items name.
"""

from __future__ import annotations

import pickle
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa

from lorascope.errors import LorascopeError, MissingExtra, OperationFailed
from lorascope.jobs.engines.engine import Work
from lorascope.jobs.progress import Progress, Silent

Item = TypeVar("Item")
Result = TypeVar("Result")
_ERROR = re.compile(r"[\w.]+(?:Error|Exception|Interrupt)\b")
_PATIENCE_S = 5
_ITEMS_AT_ONCE = 4096  # that one pass of Ray Data is given; more of a stream wait for the next


@dataclass(frozen=True, slots=True)
class RayEngine:
    """``address`` of the cluster: None for what ``RAY_ADDRESS`` says or else this machine; "auto" for a cluster that runs here."""

    address: str | None = None

    def map(self, work: Work[Item, Result], items: Iterable[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        """Apply ``work`` to each item, in order. What an item tells of its progress stays where it runs; its end is told here.

        Raises:
            MissingExtra: Ray is not installed. OperationFailed: the cluster cannot be reached, or a worker died.
        """
        ray = _ray()
        self._connect(ray)
        coming = iter(items)
        done = 0
        while some := list(islice(coming, _ITEMS_AT_ONCE)):
            packed = pa.table({"item": pa.array([pickle.dumps(item) for item in some], pa.binary())})
            for batch in self._batches(ray, packed, partial(_work_on, work), rows=1):
                for answer in batch.column("answer").to_pylist():
                    result = pickle.loads(answer)  # noqa: S301 - our own workers' answer
                    if isinstance(result, LorascopeError):
                        raise result
                    progress_of(done).advance()
                    done += 1
                    yield result.value

    def map_batches(self, measure: Callable[[pa.RecordBatch], pa.RecordBatch], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Apply a function of record batches to each batch, in order.

        Raises:
            MissingExtra: Ray is not installed. OperationFailed: the cluster cannot be reached, or a worker died.
        """
        ray = _ray()
        self._connect(ray)
        tables = [pa.Table.from_batches([batch]) for batch in batches]
        yield from self._batches(ray, tables, partial(_measure_table, measure), rows=None)

    def _connect(self, ray: Any) -> None:
        if ray.is_initialized():
            return
        try:
            if self.address and "://" not in self.address and ":" in self.address:  # Ray itself would try for half a minute
                host, _, port = self.address.rpartition(":")
                socket.create_connection((host, int(port)), _PATIENCE_S).close()
            ray.init(self.address, log_to_driver=False, include_dashboard=False if self.address is None else None, logging_level="error")
        except (OSError, ValueError, RuntimeError) as error:
            next_step = "start it (ray start --head), or name another address"
            raise OperationFailed(f"no Ray cluster at {self.address or 'this machine'}", next_step=next_step) from error

    def _batches(self, ray: Any, tables: Any, function: Callable[[pa.Table], pa.Table], rows: int | None) -> Iterator[pa.Table]:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        dataset = ray.data.from_arrow(tables)
        if rows is not None:
            dataset = dataset.repartition(tables.num_rows)
        mapped = dataset.map_batches(function, batch_format="pyarrow", batch_size=rows, zero_copy_batch=True)
        try:
            yield from mapped.iter_batches(batch_size=None, batch_format="pyarrow")
        except ray.exceptions.RayError as error:
            raise OperationFailed(
                f"a worker of the cluster failed: {_said(error)}", next_step="run it again; what is finished is kept"
            ) from error


def _said(error: BaseException) -> str:
    """The worker's own error, out of the traces around it."""
    lines = [line for line in str(error).splitlines() if _ERROR.match(line) and not line.startswith("ray.")]
    return (lines or [type(error).__name__])[0][:300]


@dataclass(frozen=True, slots=True)
class _Answer:
    """A result, told apart from an error that is passed on."""

    value: Any


def _ray() -> Any:
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise MissingExtra("Ray is not installed", next_step="pip install 'lorascope[scale,ray]'") from error
    return ray


def _work_on(work: Work[Any, Any], table: pa.Table) -> pa.Table:
    """On a worker: one item after another. Our own errors are answers: they are raised where the engine was called."""
    answers = []
    for packed in table.column("item").to_pylist():
        try:
            answers.append(pickle.dumps(_Answer(work(pickle.loads(packed), Silent()))))  # noqa: S301 - our own item
        except LorascopeError as error:
            answers.append(pickle.dumps(error))
    return pa.table({"answer": pa.array(answers, pa.binary())})


def _measure_table(measure: Callable[[pa.RecordBatch], pa.RecordBatch], table: pa.Table) -> pa.Table:
    """On a worker: a table is a batch, however it was cut."""
    return pa.Table.from_batches([measure(batch) for batch in table.combine_chunks().to_batches()], schema=None)
