"""Promote a checkpoint, and be killed at a given moment: run as a script by the tests.

``python kill_promotion.py FOLDER`` does it once for every moment, in a process of its own each, on copies of FOLDER/lab (FOLDER/1,
FOLDER/2 …): it kills itself (SIGKILL, as ``kill -9``) right before its first, second … opening, renaming, making or removing of a file
below ``out``, or when the decision is about to be recorded, or has been. It ends with the first process that comes to its end, and
prints how many were killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

CALLS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.link", "shutil.copyfile")


def main(folder: Path, last: int) -> None:
    import lorascope.jobs.promote as job
    from lorascope.store import Store

    seen = 0

    def moment() -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event, arguments):
        if event in CALLS and str(folder / "out") in str(arguments):
            moment()

    record = job._record

    def recorded(*arguments):
        moment()
        decision = record(*arguments)
        moment()
        return decision

    job._record = recorded
    with Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs") as store:
        sys.addaudithook(watch)
        job.promote(store, job.PromoteRequest("my run", 2, "green background", folder / "out" / "it"))


def each_moment(folder: Path) -> int:
    import lorascope.jobs.promote  # noqa: F401 - loaded once for all children

    call = 0
    while True:
        call += 1
        here = folder / str(call)
        shutil.copytree(folder / "lab", here)
        child = os.fork()
        if child == 0:
            main(here, call)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return call - 1


if __name__ == "__main__":
    sys.stdout.write(f"{each_moment(Path(sys.argv[1]))}\n")
