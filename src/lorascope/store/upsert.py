"""Insert, or replace what is there under the same key; the same twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, or_
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, key: Sequence[Any], values: Sequence[str], rows: Sequence[dict[str, Any]]) -> int:
    """Write rows in one transaction step; ``key`` are the elements of a unique index, ``values`` the columns to replace.

    Returns how many rows are new or differ from what was there.
    """
    if not rows:
        return 0
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    new = statement.excluded
    changed = or_(*(table.c[name].is_distinct_from(new[name]) for name in values))
    statement = statement.on_conflict_do_update(index_elements=list(key), set_={name: new[name] for name in values}, where=changed)
    return connection.execute(statement, rows).rowcount
