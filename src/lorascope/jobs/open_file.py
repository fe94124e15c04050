"""Open a file of a folder that somebody else may be writing in: what took its place is found out, and never waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_file(path: str | bytes | Path) -> BinaryIO:
    """Open a file to read its bytes. A pipe or a device, which might never end or never begin, is refused.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a Path takes twice the time; to open some devices does something
        raise OSError(errno.EINVAL, _NO_FILE, os.fsdecode(path))
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - as above; the caller closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()  # it took the file's place just now
    raise OSError(errno.EINVAL, _NO_FILE, os.fsdecode(path))


_NO_FILE = "it is a pipe or a device, not a file"


def _without_waiting(path: str | bytes, flags: int) -> int:
    """Opening a pipe waits for who writes to it; some of the system's own files wait for news when they are read."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
