"""Begin to record a run: claim its name, make its journal, start the thread that moves it into the store."""

from __future__ import annotations

import atexit
import os
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lorascope.errors import AlreadyExists, BadParameter, LorascopeError, OperationFailed
from lorascope.jobs.log_run import LoggingRun
from lorascope.jobs.move_journal import Mover, already_open, say, shared_store
from lorascope.jobs.plain_values import plain_parameters
from lorascope.jobs.run_name import check_run_name
from lorascope.store.claims import FileClaims
from lorascope.store.glance import Glance, glance_at
from lorascope.store.journal import Event, JournalReader, JournalWriter, journal_file, journals_folder

_LOOK_PATIENCE_S = 10.0
_live: set[LoggingRun] = set()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a run when it begins."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trainer: str = "script"
    base_model: str | None = None
    dataset_digest: str | None = None
    parent: str | None = None


def start_run(url: str, blobs: Path, begins: Beginning, *, resume: bool) -> LoggingRun:
    """Begin to record; with ``resume`` a run of this name goes on if there is one.

    Raises:
        AlreadyExists: a run of this name is recorded.
        Busy: another process records it now.
        BadParameter: the name cannot be used.
        OperationFailed: nothing can be written where the journal belongs.
    """
    check_run_name(begins.name)
    folder = journals_folder(url, blobs)
    if folder is None:
        raise BadParameter("a store in memory cannot take a run that logs", next_step="name a file: sqlite:///lab.db")
    in_file = url.startswith("sqlite:")
    database = Path(url.removeprefix("sqlite:///"))
    with ExitStack() as undo:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            claims = FileClaims(database.with_name(f"{database.name}-claims") if in_file else folder)
            undo.callback(claims.close)
            claims.claim(begins.name)
            file = journal_file(folder, begins.name)
            known, last_step = _known(file, _recorded(url, blobs, begins.name))
            if known and not resume:
                raise AlreadyExists(f"a run {begins.name!r} is in the store", next_step="give the new run another name, or resume=True")
            journal = JournalWriter(file, _begin(begins, resume=resume))
        except OSError as error:
            raise OperationFailed(f"the run cannot be recorded: {error.strerror or error}", where=str(folder)) from error
        undo.pop_all()
    mover = Mover(url, blobs, file, begins.name, claims_in_store=not in_file)
    run = LoggingRun(begins.name, journal, mover, claims, blobs, last_step)
    _remember(run)
    mover.start(lambda: _describe(run))
    return run


def new_name() -> str:
    """A name for a run that nobody named: the time, and three letters so that two of one second differ."""
    return f"run-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def _known(file: Path, recorded: Glance | None) -> tuple[bool, int]:
    """Whether a run is recorded or left in a journal, and its last step (0 when it has none)."""
    left = JournalReader.open(file)
    last = (recorded.last_step if recorded else None) or 0
    if left is None:
        return recorded is not None, last
    with left:
        more = True
        while more:
            batch = left.read()
            last = max([last, *(max(stretch.steps) for stretch in batch.stretches)])
            more = batch.more
    return True, last


def _recorded(url: str, blobs: Path, name: str) -> Glance | None:
    """What the store says of a run, asked in the quickest way."""
    if not url.startswith("sqlite:"):
        return _look(url, blobs, name)
    store = already_open(url, blobs)
    return glance_at(Path(url.removeprefix("sqlite:///")), name) if store is None else store.glance(name)


def _look(url: str, blobs: Path, name: str) -> Glance | None:
    """What a database elsewhere says of a run. When it does not answer in some seconds, the training begins all the same."""
    found: list[Glance | None] = []

    def look() -> None:
        try:
            found.append(shared_store(url, blobs).glance(name))
        except LorascopeError as error:
            say(f"the store does not answer ({error}); what run {name} logs is kept on this machine until it does")
            found.append(None)

    looking = threading.Thread(target=look, name="lorascope looks", daemon=True)
    looking.start()
    looking.join(_LOOK_PATIENCE_S)
    if not found:
        say(f"the store does not answer; what run {name} logs is kept on this machine until it does")
    return found[0] if found else None


def _begin(begins: Beginning, *, resume: bool) -> Event:
    facts = {
        "name": begins.name,
        "trainer": begins.trainer,
        "parameters": plain_parameters(begins.parameters),
        "base_model": begins.base_model,
        "dataset_digest": begins.dataset_digest,
        "parent": begins.parent,
        "started_at": time.time(),
    }
    return {"event": "begin", "run": facts, "resume": resume, "process": {"host": socket.gethostname(), "pid": os.getpid()}}


_environment: dict[str, Any] = {}
_describing = threading.Lock()


def _describe(run: LoggingRun) -> None:
    """Add what the result may depend on besides the parameters: asked once in a process, and not by the thread that trains."""
    from lorascope.jobs.environment import environment_snapshot

    with _describing:
        if not _environment:
            try:
                _environment.update(environment_snapshot())
            except OSError as error:  # the working folder is gone, for example
                say(f"the environment of run {run.name} cannot be described ({error})")
    run.describe(_environment)


def _remember(run: LoggingRun) -> None:
    """Runs that a script leaves open end with its process; a forked child does not go on with its parent's."""
    _live.difference_update([one for one in _live if one.ended])
    _live.add(run)


def _end_all() -> None:
    for run in list(_live):
        run.ends_with_process()


def _leave_to_parent() -> None:
    for run in list(_live):
        run.belongs_to_parent()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
