"""What the database says when it fails, in our words: what happened, where, and what to do next."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lorascope.errors import BadFile, BadParameter, Busy, LorascopeError, MissingFile, OperationFailed
from lorascope.store import failures_postgres

# primary result code of SQLite → (error, what happened, what to do)
_MEANINGS: dict[int, tuple[type[LorascopeError], str, str]] = {
    sqlite3.SQLITE_BUSY: (Busy, "another process is writing to the store and did not finish in time", "try again when it is done"),
    sqlite3.SQLITE_LOCKED: (Busy, "another connection is writing to the store", "try again when it is done"),
    sqlite3.SQLITE_FULL: (OperationFailed, "the disk is full; nothing half-written was kept", "free some space and run it again"),
    sqlite3.SQLITE_IOERR: (
        OperationFailed,
        "the store's disk cannot be read or written; nothing half-written was kept",
        "check the disk (full, a quota, a network folder that went away) and run it again",
    ),
    sqlite3.SQLITE_READONLY: (BadFile, "the store is read-only", "make the file and its folder writable"),
    sqlite3.SQLITE_PERM: (BadFile, "the store may not be opened", "make the file and its folder readable and writable"),
    sqlite3.SQLITE_CANTOPEN: (MissingFile, "the store cannot be opened", "see that its folder exists and is writable: lorascope init"),
    sqlite3.SQLITE_NOTADB: (BadFile, "this file is not a lorascope store", "name another file in LORASCOPE_STORE, or move this one away"),
    sqlite3.SQLITE_CORRUPT: (
        OperationFailed,
        "the store is damaged",
        "restore it from a backup, or save what can be read: sqlite3 lab.db .recover",
    ),
}


@contextmanager
def in_our_words(where: str) -> Iterator[None]:
    """Raise the database's errors as ours. Those we have no words for pass through: they are bugs."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(error, where) from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _translated(error.orig, where) from error
        words = failures_postgres.translated(error, where)
        if words is None:
            raise
        raise words from failures_postgres.cause(error)
    except PoolTimeout as error:
        raise Busy("too many transactions of this process are open at once", where=where, next_step="try again") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:  # what was read; SQLite does not look at what it holds
        raise _damaged(where) from error
    except StatementError as error:
        raise _of_a_value(error, where) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise BadParameter(f"a value cannot be stored: {error}", where=where) from error


def _of_a_value(error: StatementError, where: str) -> Exception:
    if isinstance(error.orig, UnicodeDecodeError):
        return _damaged(where)
    unfit = isinstance(error.orig, ValueError | TypeError)
    return BadParameter(f"a value cannot be stored: {error.orig}", where=where) if unfit else error


def _damaged(where: str) -> LorascopeError:
    kind, message, next_step = _MEANINGS[sqlite3.SQLITE_CORRUPT]
    return kind(message, where=where, next_step=next_step)


def _translated(error: sqlite3.Error, where: str) -> Exception:
    if str(error).startswith(("Could not decode to UTF-8", "malformed JSON")):  # of what is stored: its code is that of any error
        return _damaged(where)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if code not in _MEANINGS:
        return error
    kind, message, next_step = _MEANINGS[code]
    return kind(message, where=where, next_step=next_step)
