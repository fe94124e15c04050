"""Engines give equal results in equal order, show progress, and pass errors on."""

from __future__ import annotations

import os
import time

import pytest

from lorascope.errors import BadFile
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


def test_two_processes_are_children_and_one_is_this_one():
    assert list(LocalEngine(1).map(process_of, [1], lambda _: Silent())) == [os.getpid()]
    assert os.getpid() not in list(LocalEngine(2).map(process_of, [1, 2], lambda _: Silent()))
