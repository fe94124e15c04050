"""Insert, or replace what is there under the same key; the same twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table, or_
from sqlalchemy.dialects import postgresql, sqlite

_FEW_ROWS = 3  # up to here single statements are faster than a COPY


def upsert(connection: Connection, table: Table, key: Sequence[Any], values: Sequence[str], rows: Sequence[dict[str, Any]]) -> int:
    """Write rows in one transaction step; ``key`` are the elements of a unique index, ``values`` the columns to replace.

    Returns how many rows are new or differ from what was there. Rows all have the same columns; of two with one key the later counts.
    """
    if not rows:
        return 0
    if connection.dialect.name != "postgresql":
        statement = _or_replace(sqlite.insert(table), table, key, values)
        return connection.execute(statement, rows).rowcount
    if len(rows) > _FEW_ROWS:
        from lorascope.store.bulk import upsert_many

        return upsert_many(connection, table, key, rows, lambda insert: _or_replace(insert, table, key, values))
    statement = _or_replace(postgresql.insert(table), table, key, values)
    return sum(connection.execute(statement, row).rowcount for row in rows)


def _or_replace(insert: Any, table: Table, key: Sequence[Any], values: Sequence[str]) -> Any:
    new = insert.excluded
    changed = or_(*(_comparable(table.c[name]).is_distinct_from(_comparable(new[name])) for name in values))
    replacing = insert.on_conflict_do_update(index_elements=list(key), set_={name: new[name] for name in values}, where=changed)
    return replacing.execution_options(preserve_rowcount=True)


def _comparable(column: Any) -> Any:
    """As ``jsonb``, 1 and 1.0 are equal; as its text they differ, as everywhere else here."""
    return sa.cast(column, sa.Text) if isinstance(column.type, sa.JSON) else column
