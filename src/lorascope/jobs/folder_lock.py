"""One process at a time may change a folder. The lock goes with the process, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lorascope.errors import Busy

if sys.platform == "win32":

    @contextmanager
    def locked(folder: Path) -> Iterator[None]:  # noqa: ARG001 - a folder cannot be locked here; the steps of a change are safe without
        """Hold the folder."""
        yield

else:
    import fcntl

    @contextmanager
    def locked(folder: Path) -> Iterator[None]:
        """Hold the folder. Raises Busy when another process holds it."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems lock no folders: go on without
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Busy("another process is changing this folder", where=str(folder), next_step="wait until it is done") from None
            yield
        finally:
            os.close(handle)
