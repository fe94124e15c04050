"""Work on this machine: in this process, or in several child processes.

Children are started fresh (spawned), so that libraries with threads of their own behave. What they tell of their progress
travels through a queue and is shown by the parent.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.queues import Queue
from typing import Any, TypeVar

from lorascope.jobs.engines.engine import Work
from lorascope.jobs.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")
Message = tuple[int, str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Up to ``processes`` items at a time; with one process the work runs in this one."""

    processes: int = 1

    def map(self, work: Work[Item, Result], items: Iterable[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        """Apply ``work`` to each item, in order."""
        if self.processes <= 1:
            for index, item in enumerate(items):
                yield work(item, progress_of(index))
            return
        yield from self._spread(work, list(items), progress_of)

    def _spread(self, work: Work[Item, Result], items: list[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        context = multiprocessing.get_context("spawn")
        messages: Queue[Message | None] = context.Queue()
        listener = threading.Thread(target=_listen, args=(messages, progress_of), daemon=True)
        listener.start()
        pool = ProcessPoolExecutor(min(self.processes, len(items)) or 1, context, initializer=_begin, initargs=(messages,))
        try:
            waiting: list[Future[Result]] = [pool.submit(_run, work, index, item) for index, item in enumerate(items)]
            for future in waiting:
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            messages.put(None)
            listener.join()


@dataclass(frozen=True, slots=True)
class _Told:
    """A Progress whose words are sent to the parent."""

    index: int

    def start(self, title: str, total: int) -> None:
        """Send it on."""
        _outgoing().put((self.index, "start", (title, total)))

    def advance(self, count: int = 1, note: str = "") -> None:
        """Send it on."""
        _outgoing().put((self.index, "advance", (count, note)))

    def finish(self, note: str = "") -> None:
        """Send it on."""
        _outgoing().put((self.index, "finish", (note,)))


_child: dict[str, Queue[Message | None]] = {}


def _outgoing() -> Queue[Message | None]:
    return _child["messages"]


def _begin(messages: Queue[Message | None]) -> None:
    """In a child: remember the queue; leave Ctrl-C to interrupt the work as it would here."""
    _child["messages"] = messages
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(work: Work[Item, Result], index: int, item: Item) -> Result:
    return work(item, _Told(index))


def _listen(messages: Queue[Message | None], progress_of: Callable[[int], Progress]) -> None:
    shown: dict[int, Progress] = {}
    while (message := messages.get()) is not None:
        index, what, arguments = message
        progress = shown.setdefault(index, progress_of(index))
        getattr(progress, what)(*arguments)
