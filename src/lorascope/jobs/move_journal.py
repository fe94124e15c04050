"""Move what a run logs from its journal into the database, in a thread of its own, so that the training waits for neither.

Whatever fails here (the database is locked, gone, full) is said once and tried again; nothing is lost, since the journal stays
until everything in it was taken.
"""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.errors import LorascopeError
from lorascope.store.journal import JournalReader

if TYPE_CHECKING:
    from lorascope.store import Store

FIRST_PAUSE_S = 0.5
PAUSE_S = 2.0

_open: dict[tuple[str, Path], Store] = {}
_opening = threading.Lock()


def say(text: str) -> None:
    """A line for the person at the terminal. A training must not end because nobody listens."""
    try:
        print(f"lorascope: {text}", file=sys.stderr, flush=True)  # noqa: T201
    except (OSError, ValueError, AttributeError):
        return


class Mover:
    """Takes one journal into its store, every two seconds and at the end.

    ``describe`` adds to the journal what takes too long for the caller of ``start``. ``claims_in_store``: the claim of the run is
    kept in the database as well, where other machines see it.
    """

    def __init__(self, url: str, blobs: Path, file: Path, run: str, *, claims_in_store: bool) -> None:
        self._where = url, blobs
        self._file, self._run, self._claims_in_store = file, run, claims_in_store
        self._wake, self._stopped, self._removing = threading.Event(), threading.Event(), threading.Lock()
        self._ends = self._given_up = self._said = False
        self._taken_bytes = 0
        self.recorded_as = run

    def start(self, describe: Callable[[], None]) -> None:
        """Begin."""
        threading.Thread(target=self._move, args=[describe], name=f"lorascope {self._run}", daemon=True).start()

    def finish(self, patience_s: float) -> bool:
        """Take the rest; False when the store did not take it in that time: the journal stays and is taken in later."""
        self._ends = True
        self._wake.set()
        if self._stopped.wait(patience_s):
            return True
        with self._removing:  # from here on the journal may belong to somebody who resumes the run
            self._given_up = True
        return self._stopped.is_set()

    def _move(self, describe: Callable[[], None]) -> None:
        reader = JournalReader.open(self._file)
        if reader is None:
            return
        with reader:
            describe()
            self._wake.wait(FIRST_PAUSE_S)
            while not self._take(reader) and not self._given_up:
                self._wake.wait(PAUSE_S)
                self._wake.clear()

    def _take(self, reader: JournalReader) -> bool:
        """Take what is there; whether that was all there will ever be."""
        ends = self._ends  # read first: whatever was appended before it was set is taken below
        try:
            store = shared_store(*self._where)
            if self._claims_in_store:
                store.claim_run(self._run)
            if ends or self._file.stat().st_size > self._taken_bytes:
                more = True
                while more:
                    taken = store.take_journal(reader)
                    more, self.recorded_as, self._taken_bytes = taken.more, taken.run, reader.offset
            if ends:
                self._remove()
                if self._claims_in_store:
                    store.release_run(self._run)
        except (LorascopeError, OSError) as error:
            self._say_once(error)
            return False
        self._said = False
        return ends

    def _remove(self) -> None:
        with self._removing:
            if not self._given_up:
                self._file.unlink(missing_ok=True)
                self._stopped.set()

    def _say_once(self, error: Exception) -> None:
        if not self._said:
            self._said = True
            say(f"run {self._run} cannot be brought into the store now: {error}. The training goes on; its log is kept in {self._file}")


def shared_store(url: str, blobs: Path) -> Store:
    """The store at this address, opened once in a process and closed when the process ends."""
    from lorascope.store import Store

    with _opening:
        if (url, blobs) not in _open:
            if not _open:
                atexit.register(_close_all)
            _open[url, blobs] = Store.open(url, blobs)
        return _open[url, blobs]


def already_open(url: str, blobs: Path) -> Store | None:
    """The store at this address if this process has it open."""
    return _open.get((url, blobs))


def close_shared(url: str, blobs: Path) -> None:
    """Close the store at this address if this process has it open."""
    with _opening:
        store = _open.pop((url, blobs), None)
    if store is not None:
        store.close()


def _close_all() -> None:
    for url, blobs in list(_open):
        close_shared(url, blobs)
