"""The part of the store that analyses of a whole project read: many runs at once, averaged in the database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from lorascope.store import cells
from lorascope.store.cells import Cell, SavedEpoch


class HistoryDoor(ABC):
    """What ``Store`` reads for analyses. Every method is one transaction."""

    def cells(self, metrics: Sequence[str] | None = None) -> list[Cell]:
        """The scores of all runs, averaged over the images of each prompt; of these metrics if named."""
        with self._read() as connection:
            return list(cells.cells(connection, metrics))

    def measured_metrics(self) -> list[str]:
        """The names of all metrics that any score is of."""
        with self._read() as connection:
            return cells.measured_metrics(connection)

    def saved_epochs(self) -> list[SavedEpoch]:
        """All saved checkpoints of all runs, in short."""
        with self._read() as connection:
            return list(cells.saved_epochs(connection))

    def given_means(self) -> list[tuple[str, int, dict[str, dict[str, object]]]]:
        """Run, epoch and measurements (metric → numbers) of all that were imported without their scores."""
        with self._read() as connection:
            return list(cells.given_means(connection))

    @abstractmethod
    def _read(self) -> AbstractContextManager[Connection]: ...
