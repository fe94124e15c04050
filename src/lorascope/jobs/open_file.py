"""Open a file of a folder that somebody else may be writing in: what took its place is found out, and never waited for."""

from __future__ import annotations

import errno
import os
import re
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


def open_caption(path: str | bytes | Path) -> BinaryIO:
    """Open a caption file as :func:`open_file` does. A link must lead to a caption, or to a blob that is named by its digest.

    A dataset from elsewhere may hold a link to a file of yours, which would then stand in reports and in repaired copies.

    Raises:
        OSError: it cannot be opened, is no file, or is a link to another kind of file.
    """
    if os.path.islink(path):  # noqa: PTH114 - as below: names may be no text
        target = os.fsdecode(os.path.basename(os.path.realpath(path)))  # noqa: PTH119 - as above
        own = os.path.splitext(os.fsdecode(path))[1]  # noqa: PTH122 - as above
        if not target.lower().endswith((*_CAPTIONS, own.lower())) and not _BLOB.fullmatch(target):
            raise OSError(errno.EINVAL, "it is a link to a file that is no caption", os.fsdecode(path))
    return open_file(path)


_CAPTIONS = (".txt", ".caption")
_BLOB = re.compile("[0-9a-f]{40,128}")  # as caches of model hubs name their files
_NO_FILE = "it is a pipe or a device, not a file"


def _without_waiting(path: str | bytes, flags: int) -> int:
    """Opening a pipe waits for who writes to it; some of the system's own files wait for news when they are read."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
