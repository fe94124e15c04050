"""``loss_log.db``: the numbers that ai-toolkit logs at every step, in an SQLite file. Source: ostris/ai-toolkit, toolkit/logging_aitk.py.

Tables ``steps`` (step, wall_time), ``metrics`` (step, key, value_real, value_text), ``metric_keys``. It is read while the trainer may
be writing it, and never written to: no file of SQLite's appears beside it.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lorascope.errors import BadFile, LorascopeError, MissingFile, UnfinishedFile
from lorascope.importers.evidence import Evidence, SeriesSeen
from lorascope.importers.importer import Imported
from lorascope.records.run import JsonValue

_MAGIC = b"SQLite format 3\0"
_NAME = "loss_log.db"
_TABLES = {"steps": {"step", "wall_time"}, "metrics": {"step", "key", "value_real", "value_text"}}
_MOST_BYTES = 2 * 2**30
_MOST_POINTS = 5_000_000
_MOST_METRICS, _MOST_TEXTS = 1_000, 1_000
_MOST_LETTERS = 1_000_000
_WATCH_EVERY, _MOST_WATCHES = 1_000_000, 3_000  # steps of SQLite's machine: a minute or two, whatever the file asks for
_COPY_TRIES = 5
_QUERY = (
    "SELECT metrics.key, metrics.step, metrics.value_real, metrics.value_text, steps.wall_time"
    " FROM metrics LEFT JOIN steps ON steps.step = metrics.step ORDER BY metrics.key, metrics.step"
)


class _LossLog:
    """The step log of ai-toolkit."""

    name = "ai-toolkit loss_log.db"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether it is an SQLite file that has ai-toolkit's name for it or its tables on the first page."""
        return head.startswith(_MAGIC) and (path.name == _NAME or (b"metric_keys" in head and b"wall_time" in head))

    def read(self, path: Path) -> Iterator[Imported]:
        """All series as one Evidence.

        Raises:
            MissingFile: it is not there or cannot be read.
            UnfinishedFile: it is written to all the time; try again.
            BadFile: it is damaged, or the database of another program.
        """
        with _opened(path) as database:
            try:
                _check_tables(database, path)
                points = _points(database, path)
            except sqlite3.Error as error:
                raise _bad(path, f"cannot be read as SQLite: {error}") from error
        yield Imported(evidence=(_evidence(path, points),))


LOSS_LOG = _LossLog()


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database for reading. Its log of recent writes (``-wal``), if there is one, is read with it."""
    log = path.with_name(path.name + "-wal")
    try:
        size = path.stat().st_size + (log.stat().st_size if log.is_file() else 0)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if size > _MOST_BYTES:
        raise _bad(path, f"is larger than {_MOST_BYTES // 2**30} GiB: no training logs so much")
    if not log.is_file() or log.stat().st_size == 0:
        before = _state(path)
        with _connected(path, path) as database:
            yield database
        if _state(path) != before:
            raise _busy(path)
        return
    # SQLite would make files beside the original, or wait for the trainer: a copy of both files does neither.
    with tempfile.TemporaryDirectory(prefix="lorascope-") as folder:
        copy = Path(folder) / _NAME
        _copy_at_rest(path, log, copy)
        with _connected(copy, path) as database:
            yield database


def _copy_at_rest(path: Path, log: Path, copy: Path) -> None:
    """Copy both files as they were at one moment: when one of them changed meanwhile, again."""
    for _ in range(_COPY_TRIES):
        try:
            before = _state(path), _state(log)
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
            after = _state(path), _state(log)
        except OSError as error:
            raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
        if before == after:
            return
    raise _busy(path)


def _state(path: Path) -> tuple[int, int]:
    """What changes when a file is written; zeros when it is not there (the last writer takes its log away)."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


@contextmanager
def _connected(file: Path, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, and gives up on a file that asks for too much. ``path`` is for messages."""
    is_copy = file != path
    address = file.resolve().as_uri() + ("?mode=rw" if is_copy else "?mode=ro&immutable=1")
    try:
        connection = sqlite3.connect(address, uri=True, timeout=5)
    except sqlite3.Error as error:
        raise _bad(path, f"cannot be opened: {error}") from error
    watches = 0

    def watch() -> bool:
        nonlocal watches
        watches += 1
        return watches > _MOST_WATCHES

    with closing(connection) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_LETTERS)
        database.set_progress_handler(watch, _WATCH_EVERY)
        database.text_factory = _text
        try:
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise _bad(path, f"cannot be read as SQLite: {error}") from error
        yield database


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _check_tables(database: sqlite3.Connection, path: Path) -> None:
    """The tables must be plain tables with the columns ai-toolkit gives them: no views, nothing computed."""
    for table, columns in _TABLES.items():
        kind = database.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        is_plain = kind is not None and kind[0] == "table" and not str(kind[1]).upper().startswith("CREATE VIRTUAL")
        found = {row[1]: row[6] for row in database.execute(f"PRAGMA table_xinfo({table})")} if is_plain else {}
        if not columns <= found.keys() or any(found[column] for column in columns):
            raise _bad(path, f"is an SQLite database without ai-toolkit's table {table!r}: another program's")


@dataclass(slots=True)
class _Metric:
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    unset: int = 0


@dataclass(slots=True)
class _Points:
    metrics: dict[str, _Metric] = field(default_factory=dict)
    texts: dict[str, list[JsonValue]] = field(default_factory=dict)
    strange: int = 0


def _points(database: sqlite3.Connection, path: Path) -> _Points:
    points = _Points()
    for count, (key, step, real, text, time) in enumerate(database.execute(_QUERY)):
        if count >= _MOST_POINTS or len(points.metrics) > _MOST_METRICS:
            raise _bad(path, f"holds more than {_MOST_POINTS:,} points or {_MOST_METRICS:,} metrics: no training logs so much")
        if not isinstance(key, str) or not key or not isinstance(step, int):
            points.strange += 1
        elif isinstance(text, str):
            texts = points.texts.setdefault(key, [])
            if len(texts) < _MOST_TEXTS:
                texts.append([step, text])
        elif real is None or isinstance(real, int | float):
            metric = points.metrics.setdefault(key, _Metric())
            metric.steps.append(step)
            metric.values.append(math.nan if real is None else float(real))
            metric.times.append(float(time) if isinstance(time, int | float) else math.nan)
            metric.unset += real is None
        else:
            points.strange += 1
    return points


def _evidence(path: Path, points: _Points) -> Evidence:
    notes = [
        f"{path}: {metric.unset} of {len(metric.steps)} values of {name!r} are empty, which is how SQLite keeps NaN: read as NaN"
        for name, metric in points.metrics.items()
        if metric.unset
    ]
    if points.strange:
        notes.append(f"{path}: {points.strange} rows are not what ai-toolkit writes: left out")
    notes += [
        f"{path}: only the first {_MOST_TEXTS} texts of {name!r} are kept"
        for name, texts in points.texts.items()
        if len(texts) == _MOST_TEXTS
    ]
    kept: dict[str, JsonValue] = {f"logged texts of {name}": texts for name, texts in points.texts.items()}
    return Evidence(
        source=path,
        format=LOSS_LOG.name,
        folder=path.parent,
        trainer="ai-toolkit",
        series=tuple(
            SeriesSeen(name, tuple(metric.steps), tuple(metric.values), tuple(metric.times)) for name, metric in points.metrics.items()
        ),
        kept=kept,
        notes=tuple(notes),
    )


def _busy(path: Path) -> UnfinishedFile:
    return UnfinishedFile("is being written to", where=str(path), next_step="try again in a moment")


def _bad(path: Path, message: str) -> LorascopeError:
    return BadFile(message, where=str(path), next_step="check that it is ai-toolkit's loss_log.db, copied as a whole")
