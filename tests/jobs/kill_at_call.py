"""Clean a folder in place, and be killed at a given moment: run as a script by the tests.

``python kill_at_call.py FOLDER CALL COMMAND`` does COMMAND ("clean" or "undo") and kills itself (SIGKILL, as ``kill -9``) right before
its CALL-th opening, renaming, making or removing of a file. It prints how many such calls there were when it came to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

CALLS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.link")


def main(folder: Path, last: int, command: str) -> int:
    from lorascope.jobs.clean import carry_out, plan_cleaning
    from lorascope.jobs.undo_clean import undo

    plan = plan_cleaning(folder, trigger="bespoke") if command == "clean" else None
    repairs = plan.repairs(lambda _: True) if plan else ()
    seen = 0

    def watch(event, arguments):
        nonlocal seen
        if event in CALLS and str(folder) in str(arguments):
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    if plan:
        carry_out(plan, repairs, None, in_place=True)
    else:
        undo(folder)
    return seen


def each_moment(folder: Path, command: str, calls: range) -> None:
    """Do it once for every moment, each in a process of its own, on the copy in a folder named after the moment."""
    import lorascope.jobs.clean
    import lorascope.jobs.undo_clean  # noqa: F401 - loaded once for all children
    from lorascope.jobs.read_assets import knowledge

    knowledge()
    for call in calls:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            main(folder.parent / str(call) / folder.name, call, command)
            os._exit(0)
        sys.stdout.write(f"{call} {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")


if __name__ == "__main__":
    if sys.argv[2] == "count":
        sys.stdout.write(f"{main(Path(sys.argv[1]), -1, sys.argv[3])}\n")
    else:
        each_moment(Path(sys.argv[1]), sys.argv[3], range(1, 1 + int(sys.argv[2]), int(sys.argv[4])))
