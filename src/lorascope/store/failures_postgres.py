"""What PostgreSQL and its driver say when they fail, in our words. The password is in none of them."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from lorascope.errors import BadFile, BadParameter, Busy, LorascopeError, MissingFile, OperationFailed


class ConnectionLost(OperationFailed):
    """The connection was lost, or the database undid the transaction, before it was saved. The same again may work."""


_Meaning = tuple[type[LorascopeError], str, str]
_AWAY: _Meaning = (ConnectionLost, "the database cannot be reached; nothing half-written was kept", "see that it runs, and run it again")
_PASSWORD: _Meaning = (BadFile, "the database does not know this user and password", "check user and password in LORASCOPE_STORE")
_NO_DATABASE: _Meaning = (MissingFile, "there is no such database on this server", "make it (createdb NAME), or name another one")
_FORBIDDEN: _Meaning = (
    BadFile,
    "this user may not do that in the store",
    "ask its owner for the role lorascope_editor: lorascope store sql --roles",
)
_FULL: _Meaning = (OperationFailed, "the database's disk is full; nothing half-written was kept", "free some space there, run it again")
_DAMAGED: _Meaning = (OperationFailed, "the database is damaged", "restore it from a backup")
_TOO_LARGE: _Meaning = (BadParameter, "a value is too large to be stored", "whole numbers have 64 bits here")

# SQLSTATE, or its first two signs → (error, what happened, what to do)
_MEANINGS: dict[str, _Meaning] = {
    "08": _AWAY,
    "57P": _AWAY,
    "40": (ConnectionLost, "another program's transaction got in the way; nothing half-written was kept", "run it again"),
    "55P03": (Busy, "another process is writing to the store and did not finish in time", "try again when it is done"),
    "57014": (OperationFailed, "the database stopped the statement: it took too long", "raise statement_timeout, or try again"),
    "53100": _FULL,
    "53300": (Busy, "the database has too many connections", "close other programs, or raise max_connections"),
    "53": (OperationFailed, "the database lacks memory, disk or connections", "see the server's log"),
    "58": (OperationFailed, "the database's disk cannot be read or written", "see the server's log"),
    "28": _PASSWORD,
    "3D000": _NO_DATABASE,
    "42501": _FORBIDDEN,
    "25006": (BadFile, "the database is read-only", "connect to the one that may be written, not to its copy"),
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
    "22003": _TOO_LARGE,
    "22021": (BadParameter, "a text cannot be stored in this database", "its encoding must be UTF8: createdb --encoding UTF8"),
    "22P05": (BadParameter, "a text cannot be stored in this database", "its encoding must be UTF8: createdb --encoding UTF8"),
    "54": (BadParameter, "a value or a row is too large to be stored", "leave it out, or store it as a file"),
}
# When no connection comes about, the driver has only the server's sentence. Servers that speak another language get the general answer.
_SENTENCES: tuple[tuple[str, _Meaning], ...] = (
    ("password authentication failed", _PASSWORD),
    ("no password supplied", _PASSWORD),
    ("tenant or user not found", _PASSWORD),
    ("no pg_hba.conf entry", (BadFile, "the database does not let this user in from here", "see the server's pg_hba.conf")),
    ("does not exist", _NO_DATABASE),
    ("too many clients", _MEANINGS["53300"]),
    ("remaining connection slots", _MEANINGS["53300"]),
    ("permission denied", _FORBIDDEN),
    (
        "invalid connection option",
        (BadParameter, "the store's address has an option that PostgreSQL does not know", "see ?… in the address"),
    ),
    ("could not translate host name", (MissingFile, "there is no server of this name", "check the host in LORASCOPE_STORE")),
    ("failed to resolve host", (MissingFile, "there is no server of this name", "check the host in LORASCOPE_STORE")),
)


def translated(error: DBAPIError, where: str) -> LorascopeError | None:
    """Our words for an error of the driver; None when we have none."""
    state = getattr(error.orig, "sqlstate", None)
    meaning = _by_state(state) if state else _by_sentence(error)
    if meaning is None:
        return None
    kind, message, next_step = meaning
    return kind(message, where=where, next_step=next_step)


def cause(error: DBAPIError) -> BaseException | None:
    """What a traceback may show as the cause: the driver's own error (its text names host and user, never the password)."""
    return error.orig


def _by_state(state: str) -> _Meaning | None:
    if state == "28P01":
        return _PASSWORD
    return next((_MEANINGS[key] for key in (state, state[:3], state[:2]) if key in _MEANINGS), None)


def _by_sentence(error: DBAPIError) -> _Meaning | None:
    said = str(error.orig).lower()
    if type(error.orig).__name__ not in {"OperationalError", "ConnectionTimeout", "InterfaceError", "ProgrammingError"}:
        return None
    return next((meaning for sentence, meaning in _SENTENCES if sentence in said), _AWAY if _is_lost(error) else None)


def _is_lost(error: DBAPIError) -> bool:
    return error.connection_invalidated or type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"}
