"""Whether a process of this machine still runs, told apart from another one that got its number later."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """A process as it was seen: its number, and when it began (in the system's own count; None where that is not told)."""

    pid: int
    began: str | None


def see_process(pid: int) -> SeenProcess | None:
    """The process of this number; None when there is none, or it has ended and only waits to be collected."""
    if pid <= 0 or not _exists(pid):
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return SeenProcess(pid, None)
    return None if fields[0] in {"Z", "X"} else SeenProcess(pid, fields[19])  # fields 3 and 22 of proc(5)


def still_runs(seen: SeenProcess) -> bool:
    """Whether that same process is there."""
    return see_process(seen.pid) == seen


if sys.platform == "win32":
    import ctypes

    _SYNCHRONIZE, _STILL_WAITING = 0x00100000, 0x102

    def _exists(pid: int) -> bool:
        handle = ctypes.windll.kernel32.OpenProcess(_SYNCHRONIZE, 0, pid)
        if not handle:
            return False
        runs = ctypes.windll.kernel32.WaitForSingleObject(handle, 0) == _STILL_WAITING
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(runs)

else:

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # somebody else's
            return True
        except OverflowError:
            return False
        return True
