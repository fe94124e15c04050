"""Engines give equal results in equal order, show progress, and pass errors on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lorascope.errors import BadFile, OperationFailed
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.progress import Silent


class Told:
    """Remembers what it was told."""

    def __init__(self):
        self.words = []

    def start(self, title, total):
        self.words.append(("start", title, total))

    def advance(self, count=1, note=""):
        self.words.append(("advance", count, note))

    def finish(self, note=""):
        self.words.append(("finish", note))


def slow_square(number, progress):
    progress.start(f"square {number}", 1)
    time.sleep(0.2 / number)  # later items are done first
    progress.advance(note="nearly")
    progress.finish(str(number * number))
    return number * number


def process_of(_number, _progress):
    return os.getpid()


def refuse(number, _progress):
    if number == 2:
        raise BadFile("no such luck", where="item 2", next_step="try another")
    return number


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_the_order_of_the_items(processes):
    assert list(LocalEngine(processes).map(slow_square, [1, 2, 3, 4], lambda _: Silent())) == [1, 4, 9, 16]


@pytest.mark.parametrize("processes", [1, 2])
def test_each_item_tells_its_own_progress(processes):
    told = [Told(), Told()]
    list(LocalEngine(processes).map(slow_square, [1, 2], told.__getitem__))
    assert told[1].words == [("start", "square 2", 1), ("advance", 1, "nearly"), ("finish", "4")]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_arrives_whole_after_the_results_before_it(processes):
    results = LocalEngine(processes).map(refuse, [1, 2, 3], lambda _: Silent())
    assert next(results) == 1
    with pytest.raises(BadFile, match="no such luck") as caught:
        next(results)
    assert (caught.value.where, caught.value.next_step) == ("item 2", "try another")


def fail_or_dawdle(number, _progress):
    if number == 1:
        raise BadFile("no such luck")
    dawdle()


def die_or_dawdle(number, _progress):
    if number == 1:
        os._exit(9)
    dawdle()


def dawdle():
    for _ in range(600):
        time.sleep(0.1)


@pytest.mark.parametrize(("work", "error"), [(fail_or_dawdle, BadFile), (die_or_dawdle, OperationFailed)])
def test_when_one_fails_the_others_do_not_work_on(work, error):
    began = time.monotonic()
    with pytest.raises(error):
        list(LocalEngine(2).map(work, [1, 2], lambda _: Silent()))
    assert time.monotonic() - began < 30


PARENT = """
import os, sys, time
from pathlib import Path
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.progress import Silent

def work(number, progress):
    Path(f"child-{number}").write_text(str(os.getpid()))
    try:
        for _ in range(600):
            time.sleep(0.1)
    except KeyboardInterrupt:
        Path(f"farewell-{number}").touch()
        raise

if __name__ == "__main__":
    list(LocalEngine(2).map(work, [1, 2], lambda _: Silent()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_children_end_with_their_parent(tmp_path, how):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen([sys.executable, "parent.py"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    marks = [tmp_path / f"child-{number}" for number in (1, 2)]
    wait_until(lambda: all(mark.is_file() and mark.read_text() for mark in marks))
    parent.send_signal(how)
    parent.wait(30)
    wait_until(lambda: not any(is_alive(int(mark.read_text())) for mark in marks))
    assert {path.name for path in tmp_path.glob("farewell-*")} == {"farewell-1", "farewell-2"}


def wait_until(done):
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")  # an orphan may stay as a zombie where nobody collects it
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_two_processes_are_children_and_one_is_this_one():
    assert list(LocalEngine(1).map(process_of, [1], lambda _: Silent())) == [os.getpid()]
    assert os.getpid() not in list(LocalEngine(2).map(process_of, [1, 2], lambda _: Silent()))
