"""Work on this machine: in this process, or in several child processes.

Children are started fresh (spawned), so that libraries with threads of their own behave. What they tell of their progress
travels through a queue and is shown by the parent.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from typing import Any, TypeVar

from lorascope.errors import OperationFailed
from lorascope.jobs.engines.engine import Work
from lorascope.jobs.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")
_FAREWELL_S = 10  # for the interrupted work to record that it was
_AHEAD = 4  # items handed out for each process when they come as a stream: its end may be a million items away
Message = tuple[int, str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Up to ``processes`` items at a time; with one process the work runs in this one.

    A stream of items (a generator) is read only a few items ahead of the work.
    """

    processes: int = 1

    def map(self, work: Work[Item, Result], items: Iterable[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        """Apply ``work`` to each item, in order."""
        if self.processes <= 1:
            for index, item in enumerate(items):
                yield work(item, progress_of(index))
            return
        yield from self._spread(work, items, progress_of)

    def _spread(self, work: Work[Item, Result], items: Iterable[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        context = multiprocessing.get_context("spawn")
        messages: Queue[Message | None] = context.Queue()
        alive, lifeline = context.Pipe(duplex=False)
        listener = threading.Thread(target=_listen, args=(messages, progress_of), daemon=True)
        listener.start()
        most = min(self.processes, len(items)) or 1 if isinstance(items, Sized) else self.processes
        ahead = len(items) if isinstance(items, Sized) else _AHEAD * self.processes
        pool = ProcessPoolExecutor(most, context, initializer=_begin, initargs=(messages, alive))
        is_done = False
        try:
            coming = enumerate(items)
            waiting: deque[Future[Result]] = deque(pool.submit(_run, work, index, item) for index, item in islice(coming, ahead))
            for _ in range(self.processes):  # wakes the pool, which else would not notice the death of the child that was started last
                pool.submit(_rest)
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(_run, work, index, item) for index, item in islice(coming, 1))
            is_done = True
        except BrokenProcessPool as error:
            next_step = "run it again, one process at a time; what was recorded is kept"
            raise OperationFailed("a child process was ended from outside, perhaps for want of memory", next_step=next_step) from error
        finally:
            if not is_done:  # an error, or Ctrl-C: do not wait until the others have done all their work
                lifeline.close()
            pool.shutdown(wait=True, cancel_futures=True)
            lifeline.close()
            messages.put(None)
            listener.join(_FAREWELL_S)
            if listener.is_alive():  # a child was killed while it spoke, and its words will never end
                messages.cancel_join_thread()


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


@dataclass(slots=True)
class _Child:
    """What a child process knows: where its words go, and whether it is at work (or waits for some)."""

    messages: Queue[Message | None] | None = None
    is_working: bool = False


_child = _Child()


def _outgoing() -> Queue[Message | None]:
    assert _child.messages is not None
    return _child.messages


def _begin(messages: Queue[Message | None], alive: Connection) -> None:
    """In a child: remember the queue; leave Ctrl-C to interrupt the work as it would here; end when the parent says so or is gone."""
    _child.messages = messages
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_watch, args=(alive,), daemon=True).start()


def _watch(alive: Connection) -> None:
    """Interrupt the work when the parent closes its end of this pipe, as it does when it is killed. The child then ends soon."""
    with suppress(EOFError):
        alive.recv_bytes()
    if _child.is_working:
        os.kill(os.getpid(), signal.SIGINT)
    give_up_at = time.monotonic() + _FAREWELL_S
    while _child.is_working and time.monotonic() < give_up_at:
        time.sleep(0.1)
    time.sleep(1)  # a parent that lives says itself that there is no more work
    os._exit(1)


def _run(work: Work[Item, Result], index: int, item: Item) -> Result:
    _child.is_working = True
    try:
        return work(item, _Told(index))
    finally:
        _child.is_working = False


def _rest() -> None:
    """No work at all."""


def _listen(messages: Queue[Message | None], progress_of: Callable[[int], Progress]) -> None:
    shown: dict[int, Progress] = {}
    while (message := messages.get()) is not None:
        index, what, arguments = message
        progress = shown.setdefault(index, progress_of(index))
        getattr(progress, what)(*arguments)
