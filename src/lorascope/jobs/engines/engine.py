"""What an engine is: it applies one function to many items and gives the results in the order of the items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from lorascope.jobs.progress import Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

# A piece of work: it gets its item and somewhere to tell how far it is. It must be importable (a top-level function).
Work = Callable[[Item, Progress], Result]


class Engine(Protocol):
    """Runs work. Equal items give equal results on every engine."""

    def map(self, work: Work[Item, Result], items: Iterable[Item], progress_of: Callable[[int], Progress]) -> Iterator[Result]:
        """Apply ``work`` to each item; ``progress_of(i)`` is told how far item i is. An error in one item is raised in its turn."""
