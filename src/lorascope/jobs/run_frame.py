"""Runs as a table: facts, parameters, and the metrics' last and best values, one column each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from lorascope.analysis.where_text import parse_where
from lorascope.errors import MissingExtra
from lorascope.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from lorascope.store.queries import Sort

Columns = dict[str, list[Any]]


def parse_sort(text: str) -> Sort:
    """What to sort by: a name, with a minus before it for the greatest first.

    >>> parse_sort("-best.eval/quality")
    Sort(name='best.eval/quality', descending=True, which=None)
    """
    from lorascope.store.queries import Sort

    return Sort(text.removeprefix("-"), descending=text.startswith("-"))


def found_columns(store: Store, where: str | None, sort: str | None, columns: Sequence[str] | None, limit: int | None) -> Columns:
    """The runs that were asked for, as columns of equal length; without ``columns`` all there is.

    Raises:
        BadParameter: the condition cannot be read.
        NotFound: a name means nothing here.
    """
    store.take_journals()
    with store.snapshot():
        found = store.query_runs(parse_where(where) if where else None, parse_sort(sort) if sort else None, columns or (), limit)
        if columns is not None:
            table: Columns = {"name": [one.name for one in found]}
            return table | {column: [one[column] for one in found] for column in columns if column != "name"}
        everything = where is None and limit is None
        return store.run_columns([one.name for one in found], everything=everything)


@overload
def data_frame(columns: Mapping[str, list[Any]], kind: Literal["polars"]) -> pl.DataFrame: ...
@overload
def data_frame(columns: Mapping[str, list[Any]], kind: Literal["pandas"]) -> pd.DataFrame: ...
def data_frame(columns: Mapping[str, list[Any]], kind: Literal["polars", "pandas"]) -> pl.DataFrame | pd.DataFrame:
    """A data frame of these columns.

    Raises:
        MissingExtra: the library is not installed.
    """
    try:
        if kind == "pandas":
            import pandas as pd

            return pd.DataFrame(dict(columns))
        import polars as pl
    except ImportError as error:
        raise MissingExtra(f"{kind} is not installed", next_step="pip install 'lorascope[frames]'") from error
    return pl.DataFrame({name: _one_kind(values) for name, values in columns.items()}, strict=False)


def _one_kind(values: list[Any]) -> list[Any]:
    """polars has one type in a column; a parameter that some runs give as a text and others as a number becomes text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return values
    return [value if value is None or isinstance(value, str) else str(value) for value in values]
