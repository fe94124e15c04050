"""Follow trainings of other programs while they train: look at their folder again and again, and record what is new.

What is recorded is what an import of the folder gives; at the end one is made. All state is in the store, so that a watch that was
killed goes on where it was. While it goes, a training that lives says that it runs, and belongs to this process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from lorascope.errors import Busy, MissingFile, OperationFailed
from lorascope.jobs.import_runs import ImportSummary, import_paths
from lorascope.jobs.process_alive import SeenProcess, see_process, still_runs
from lorascope.jobs.watch_folder import look_into
from lorascope.jobs.watch_news import news_lines
from lorascope.jobs.watch_reading import FolderReading
from lorascope.jobs.watch_recording import HeldElsewhere, Recording
from lorascope.jobs.watch_status import Standing
from lorascope.store import Store

# After a final file, this long without any change, and at least two looks, before the watch ends: the log is closed behind it.
_QUIET_S = 3.0
# Recording must not take more than this share of the time: with 10,000 sample images it takes 0.6 s.
_RECORDING_SHARE = 0.1
_RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0)
T = TypeVar("T")


class Ending(StrEnum):
    """Why a watch ended, as it is said."""

    FINAL_FILE = "the trainer wrote its final file"
    PROCESS_GONE = "the trainer's process has ended"
    IDLE = "nothing changed for a long time"
    INTERRUPTED = "it was interrupted"
    ONCE = "one look was asked for"


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What to follow. ``every_s`` is the pause between two looks; with a ``pid`` that process alone decides when the training ends."""

    folder: Path
    name: str | None = None
    every_s: float = 2.0
    until_idle_s: float = 3600.0
    pid: int | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class WatchSummary:
    """How a watch ended, and where its runs stand. ``imported`` is the import of the folder that was made at its end."""

    folder: Path
    ending: Ending
    runs: tuple[Standing, ...]
    notes: tuple[str, ...]
    imported: ImportSummary


class Listener(Protocol):
    """Is told how a watch goes."""

    def news(self, line: str) -> None:
        """Something happened."""

    def standing(self, runs: Sequence[Standing]) -> None:
        """Where the living runs stand after a look."""


def watch(store: Store, request: WatchRequest, listener: Listener) -> WatchSummary:
    """Follow the trainings in a folder until they end; the folder may appear later.

    Raises:
        MissingFile: there is no process of this number; or the folder is not one.
        HeldElsewhere: another process follows one of the runs.
        BadParameter: a name was given, and there is more than one training.
        AlreadyExists: another run has the given name.
    """
    if request.folder.exists() and not request.folder.is_dir():
        raise MissingFile("this is a file, not a folder", where=str(request.folder), next_step="name the trainer's output folder")
    process = see_process(request.pid) if request.pid is not None else None
    if request.pid is not None and process is None:
        raise MissingFile(f"there is no process {request.pid} on this machine", next_step="leave --pid out, or look it up again")
    following = _Following(store, request, listener, process, Recording(store, request.name))
    try:
        ending = Ending.ONCE if request.once else following.until_it_ends()
    except KeyboardInterrupt:
        ending = Ending.INTERRUPTED
    return following.end(ending)


@dataclass(slots=True)
class _Following:
    """One watch at work. Moments are of the steady clock, in seconds."""

    store: Store
    request: WatchRequest
    listener: Listener
    process: SeenProcess | None
    recording: Recording
    reading: FolderReading = field(default_factory=FolderReading)
    moved_at: float = field(default_factory=time.monotonic)
    ever_lived: bool = False
    told: set[str] = field(default_factory=set)
    unrecorded: set[Path] = field(default_factory=set)
    record_again_at: float = 0.0

    @property
    def folder(self) -> Path:
        """The folder as an absolute path; links in it are kept, as an import keeps them."""
        return Path(os.path.abspath(self.request.folder))  # noqa: PTH100

    def until_it_ends(self) -> Ending:
        """Look again and again."""
        is_first = True
        while True:
            is_gone = self.process is not None and not still_runs(self.process)
            self.look(everything=is_first)
            if is_first:
                self._say_what_is_waited_for()
            ending = Ending.PROCESS_GONE if is_gone else self._ending()
            if ending is not None:
                return ending
            is_first = False
            time.sleep(self.request.every_s)

    def look(self, *, everything: bool = False, as_running: bool = True) -> None:
        """Look once, and record what is new; or ``everything``, whether it is new or not."""
        look = look_into(self.folder)
        changes = self.reading.update(look)
        if changes.is_moving:
            self.moved_at = time.monotonic()
        self.unrecorded.update(changes.read, changes.gone)
        if everything or (self.unrecorded and time.monotonic() >= self.record_again_at):
            worked_s = time.process_time()  # not by the clock: waiting for a store that was away is no work
            before = dict(self.recording.runs)
            evidence, changed = self.reading.evidence(), frozenset(self.unrecorded)
            live_since_ns = time.time_ns() - int(self.request.until_idle_s * 1e9)
            self._patiently(lambda: self.recording.record(evidence, look.files, changed, live_since_ns, as_running=as_running))
            self.unrecorded.clear()
            self.record_again_at = time.monotonic() + (time.process_time() - worked_s) / _RECORDING_SHARE
            for line in news_lines(before, self.recording.runs):
                self.listener.news(line)
            self._tell_unnamed()
        lives = [followed.standing for followed in self.recording.runs.values() if followed.is_live] + self.recording.unnamed
        self.ever_lived |= bool(lives)
        self.listener.standing(lives)

    def _tell_unnamed(self) -> None:
        for standing in self.recording.unnamed:
            if standing.run not in self.told:
                self.told.add(standing.run)
                self.listener.news(
                    f"{standing.run}: a log is being written; recorded from the first checkpoint on, which says the training's name "
                    "(or say it: --name)"
                )

    def _ending(self) -> Ending | None:
        if self.process is not None or self.unrecorded:
            return None
        quiet_s = time.monotonic() - self.moved_at
        if quiet_s < max(_QUIET_S, 2 * self.request.every_s) and quiet_s < self.request.until_idle_s:
            return None
        runs = self.recording.runs.values()
        has_ended = any(followed.has_ended and (self.ever_lived or self._is_recent(followed.training.sources)) for followed in runs)
        if has_ended and not self.recording.unnamed and not any(followed.is_live for followed in runs):
            return Ending.FINAL_FILE
        return Ending.IDLE if quiet_s >= self.request.until_idle_s else None

    def _is_recent(self, sources: Sequence[Path]) -> bool:
        """Whether a training's files were written lately: one that ended while nobody watched is not waited for."""
        since = time.time() - self.request.until_idle_s
        return any(path.stat().st_mtime >= since for path in sources if path.is_file())

    def _say_what_is_waited_for(self) -> None:
        """At the beginning, when there is nothing to follow yet."""
        if not self.recording.runs and not self.recording.unnamed:
            self.listener.news(f"waiting for a training to appear in {self.folder}")
        elif not self.ever_lived and self._ending() is None:
            self.listener.news("no training here was written to lately; waiting for one that is")

    def end(self, ending: Ending) -> WatchSummary:
        """Record the folder as it is now, as an import does, and give the runs back."""
        self.look(everything=True, as_running=ending is not Ending.ONCE)
        imported = self._patiently(lambda: import_paths([self.folder], self.store))
        for name in self.recording.runs:
            self.store.release_run(name)
        standings = tuple(followed.standing for _, followed in sorted(self.recording.runs.items()))
        return WatchSummary(self.folder, ending, standings, (*self.recording.notes, *imported.notes), imported)

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do it; while the store is locked or away, wait and do it again, and say so once."""
        tries = 0
        while True:
            try:
                result = action()
            except HeldElsewhere:
                raise
            except (Busy, OperationFailed) as error:
                if tries == 0:
                    self.listener.news(f"the store cannot be written to ({error.message}); waiting for it, nothing is lost meanwhile")
                time.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1
                continue
            if tries:
                self.listener.news("the store is back")
            return result
