"""A look into an SQLite store without opening it: does a run of this name exist? Quick, and only the standard library is needed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_PATIENCE_S = 0.5
_RUN = (
    "SELECT status, (SELECT max(last_step) FROM metric_series s WHERE s.run_id = r.run_id AND s.source = 'logged')"
    " FROM training_runs r WHERE run_name = ?"
)


@dataclass(frozen=True, slots=True)
class Glance:
    """What is recorded of a run: its status, and the last step that was logged."""

    status: str
    last_step: int | None


def glance_at(file: Path, run: str) -> Glance | None:
    """What a store's file says of a run; None when it is not there or the file cannot be asked now (new, busy, of an older schema)."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=_PATIENCE_S)) as connection:
            row = connection.execute(_RUN, [run]).fetchone()
    except (sqlite3.Error, UnicodeEncodeError):
        return None
    return None if row is None else Glance(*row)
