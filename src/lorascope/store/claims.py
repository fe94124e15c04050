"""Who works on which run. A claim is a lock that the operating system gives back when its process dies, however it dies.

So a run that says "running" while nobody claims it was interrupted, and two processes cannot record the same run. No heartbeat,
no process numbers that come round again. The lock files lie beside the database; they stay there, empty of meaning, when released.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from lorascope.errors import Busy

if TYPE_CHECKING:  # a script that only logs needs claims, but not SQLAlchemy
    from sqlalchemy import Engine

    from lorascope.store.address import Address

# Somebody who only looks whether a run is claimed holds its lock for microseconds; a claim waits that out.
_PATIENCE_S = 0.25


class Claims(Protocol):
    """Claims of runs by name."""

    def claim(self, run: str) -> bool:
        """Take a run; False when this store has it already. Raises Busy when another has it."""

    def release(self, run: str) -> None:
        """Give a run back; nothing happens when it is not claimed."""

    def is_claimed(self, run: str) -> bool:
        """Whether anybody, this store included, works on the run."""

    def close(self) -> None:
        """Give all runs back."""


def claims_of(address: Address, engine: Engine) -> Claims:
    """The claims of the store at this address, whose connections come from this engine."""
    from lorascope.store.address import PostgresAddress

    if isinstance(address, PostgresAddress):
        from lorascope.store.claims_postgres import PostgresClaims

        return PostgresClaims(address, engine)
    return FileClaims(address.file.with_name(f"{address.file.name}-claims")) if address.file else MemoryClaims()


class MemoryClaims:
    """The claims of a store that only this process can see."""

    def __init__(self) -> None:
        self._runs: set[str] = set()

    def claim(self, run: str) -> bool:
        """Take a run; False when it is taken already."""
        new = run not in self._runs
        self._runs.add(run)
        return new

    def release(self, run: str) -> None:
        """Give a run back."""
        self._runs.discard(run)

    def is_claimed(self, run: str) -> bool:
        """Whether the run is taken."""
        return run in self._runs

    def close(self) -> None:
        """Give all runs back."""
        self._runs.clear()


class FileClaims:
    """Claims as locked files in a folder, seen by every process that opens the same store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, BinaryIO] = {}

    def claim(self, run: str) -> bool:
        """Take a run; False when this store has it already.

        Raises:
            Busy: another process, or another open store of this one, has it.
        """
        if run in self._held:
            return False
        self._folder.mkdir(exist_ok=True)
        file = self._file(run).open("a+b")
        give_up_at = time.monotonic() + _PATIENCE_S
        while not _lock(file, shared=False):
            if time.monotonic() > give_up_at:
                holder = _holder(file)
                file.close()
                raise Busy(f"run {run!r} is being worked on by {holder}", next_step="wait until it is done, or stop that process")
            time.sleep(0.01)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
        file.flush()
        self._held[run] = file
        return True

    def release(self, run: str) -> None:
        """Give a run back."""
        file = self._held.pop(run, None)
        if file is not None:
            file.close()

    def is_claimed(self, run: str) -> bool:
        """Whether anybody works on the run."""
        if run in self._held:
            return True
        try:
            with self._file(run).open("rb") as file:
                return not _lock(file, shared=True)
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Give all runs back."""
        for run in list(self._held):
            self.release(run)

    def _file(self, run: str) -> Path:
        """A run's name may hold any character; its digest is a safe file name."""
        return self._folder / f"{hashlib.blake2b(run.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}.lock"


def _holder(file: BinaryIO) -> str:
    file.seek(0)
    return file.read(200).decode("utf-8", "replace") or "another process"


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30  # a byte behind the text, so that others can read who holds the lock

    def _lock(file: BinaryIO, *, shared: bool) -> bool:  # noqa: ARG001 - there is no shared lock here
        try:
            file.seek(_FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: BinaryIO, *, shared: bool) -> bool:
        """Take the lock without waiting; False when somebody has it. Closing the file gives it back."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
