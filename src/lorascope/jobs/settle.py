"""Wait until what was written is on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

MOST_ONE_BY_ONE = 500  # beyond it one wait for everything is shorter


def settle(paths: Sequence[Path]) -> None:
    """Return when the contents of these files, and the names in these folders, outlast a loss of power."""
    if len(paths) > MOST_ONE_BY_ONE and hasattr(os, "sync"):
        os.sync()
        return
    for path in paths:
        try:
            handle = os.open(path, os.O_RDONLY)
        except PermissionError:  # a folder cannot be opened on Windows; its names are written with it there
            continue
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
