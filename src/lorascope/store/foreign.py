"""Records of other programs that have no place of their own here: kept whole, given back on export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lorascope.records.run import JsonValue
from lorascope.store.escapes import json_text
from lorascope.store.tables import foreign_records
from lorascope.store.upsert import upsert

ForeignRecord = Mapping[str, JsonValue]


def put(connection: Connection, records: Sequence[tuple[ForeignRecord, int]]) -> int:
    """Keep records, each with its number among the equal ones of its file (0, 1, 2 …). Returns how many are new."""
    rows = []
    for record, copy in records:
        run = record.get("run")
        digest = hashlib.blake2b(json_text(dict(record)).encode(), digest_size=16).hexdigest()
        row = {"record_type": str(record.get("type", "")), "run_name": run if _is_text(run) else None, "copy": copy}
        rows.append({**row, "digest": digest, "body": dict(record)})
    return upsert(connection, foreign_records, [foreign_records.c.digest, foreign_records.c.copy], ["body"], rows)


def listed(connection: Connection, record_type: str | None, run: str | None) -> Iterator[dict[str, Any]]:
    """The kept records, of one type or one run if named, in the order they came."""
    wanted = select(foreign_records.c.body).order_by(foreign_records.c.record_id)
    if record_type is not None:
        wanted = wanted.where(foreign_records.c.record_type == record_type)
    if run is not None:
        wanted = wanted.where(foreign_records.c.run_name == run)
    yield from connection.execute(wanted).scalars()


def _is_text(value: JsonValue) -> bool:
    """Whether a column of text can hold it (half a surrogate pair cannot be a run's name)."""
    return isinstance(value, str) and value.encode("utf-8", "ignore").decode() == value
