"""``lorascope.open``: what was recorded, in Python and in data frames."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, overload

from lorascope.api.where import store_at
from lorascope.jobs.run_frame import data_frame, found_columns
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run
from lorascope.records.series import Series

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class Lab:
    """A lab that is open for reading. Use it as a context manager, or call ``close``; made by ``lorascope.open``."""

    def __init__(self, place: str | os.PathLike[str] | None) -> None:
        from lorascope.store import Store

        self._store = Store.open(*store_at(place))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    @overload
    def runs(
        self, where: str | None = None, sort: str | None = None, columns: Sequence[str] | None = None, limit: int | None = None,
        frame: Literal["polars"] = "polars",
    ) -> pl.DataFrame: ...  # fmt: skip
    @overload
    def runs(
        self, where: str | None = None, sort: str | None = None, columns: Sequence[str] | None = None, limit: int | None = None,
        *, frame: Literal["pandas"],
    ) -> pd.DataFrame: ...  # fmt: skip
    @overload
    def runs(
        self, where: str | None = None, sort: str | None = None, columns: Sequence[str] | None = None, limit: int | None = None,
        *, frame: None,
    ) -> list[Run]: ...  # fmt: skip
    def runs(
        self,
        where: str | None = None,
        sort: str | None = None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
        frame: Literal["polars", "pandas"] | None = "polars",
    ) -> pl.DataFrame | pd.DataFrame | list[Run]:
        """The runs, as a data frame or (``frame=None``) as records.

        ``where`` is a condition such as ``network_dim >= 32 and keep_tokens = 1``; ``sort`` a name, with a minus before it for the
        greatest first, such as ``-best.eval/quality``; ``columns`` names facts, parameters and metrics (``best.NAME``, ``last.NAME``,
        ``min.NAME``, ``max.NAME``); without it the frame has all there is.

        Raises:
            BadParameter: the condition cannot be read; the message has the column.
            NotFound: a name means nothing here; the nearest ones are suggested.
            MissingExtra: the library of the frame is not installed.
        """
        if frame is None:
            names = found_columns(self._store, where, sort, [], limit)["name"]
            return self._store.runs_named(names)
        return data_frame(found_columns(self._store, where, sort, columns, limit), frame)

    def run(self, name: str) -> Run:
        """One run. Raises NotFound."""
        return self._store.run(name)

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """A run's checkpoints, by epoch. Raises NotFound."""
        return self._store.checkpoints(run)

    def series(self, run: str, metric: str) -> Series:
        """The points of one metric of a run, in the order they were logged; of a run that is logging, up to its last step.

        Raises:
            NotFound: there is no such run, or it has no such metric.
        """
        return self._store.one_series(run, metric)

    def metrics(self, run: str) -> list[str]:
        """The names of a run's series. Raises NotFound."""
        return [one.metric for one in self._store.series(run)]


def open(place: str | os.PathLike[str] | None = None) -> Lab:  # noqa: A001 - lorascope.open() opens a lab, as the name says
    """Open a lab: the nearest one at or above the working folder, or that in a folder, a file, or at a URL.

    Raises:
        MissingFile: there is no lab.
    """
    return Lab(place)
