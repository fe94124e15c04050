"""Waits for a database that is away for a while: a restart of the server, a network that comes back. One policy, here.

What never reached its commit is done again; nobody notices but by the clock. A commit whose answer was lost is never repeated blindly.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from lorascope.errors import OperationFailed
from lorascope.store.failures import in_our_words
from lorascope.store.failures_postgres import ConnectionLost

PATIENCE_S = 60.0
_PAUSE_S = (0.05, 0.1, 0.2, 0.5, 1.0)  # then a second each
_TIMES = 5  # how often a transaction that was cut short is done again

S = TypeVar("S")


@contextmanager
def transaction(engine: Engine, where: str) -> Iterator[Connection]:
    """A transaction, begun as soon as the database is there.

    Raises:
        ConnectionLost: it was cut short before its commit; nothing of it is kept.
        OperationFailed: the database stayed away; or its answer to the commit was lost.
    """
    with in_our_words(where), _begun(engine, where) as connection:
        yield connection
        try:
            connection.commit()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            raise OperationFailed(
                "the connection was lost while saving: the last step may be kept or not",
                where=where,
                next_step="look whether it is there before doing it again",
            ) from error.orig


@contextmanager
def _begun(engine: Engine, where: str) -> Iterator[Connection]:
    give_up_at = time.monotonic() + PATIENCE_S
    tries = 0
    while True:
        try:
            with in_our_words(where), ExitStack() as undo:
                connection = undo.enter_context(engine.connect())
                connection.begin()
                opened = undo.pop_all()
            break
        except ConnectionLost as error:
            if time.monotonic() >= give_up_at:
                message = f"the database could not be reached for {PATIENCE_S:.0f} s; nothing half-written was kept"
                raise OperationFailed(message, where=where, next_step=error.next_step) from error
            time.sleep(_PAUSE_S[min(tries, len(_PAUSE_S) - 1)])
            tries += 1
    with opened:  # closing what was not committed undoes it
        yield connection


def patient(kind: type[S]) -> type[S]:
    """Every public method of this class that is one transaction is done again when the transaction was cut short.

    The class says with ``in_transaction()`` whether the caller's own transaction is open: then only the caller can do it again.
    """
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        once = hasattr(method, "__wrapped__")  # a context manager can be entered only once
        if not once and not name.startswith("_") and name not in {"close", "in_transaction"}:
            setattr(kind, name, _patient(method))
    return kind


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def again_if_cut_short(self: Any, *arguments: Any, **named: Any) -> Any:
        for _ in range(_TIMES):
            try:
                return method(self, *arguments, **named)
            except ConnectionLost:
                if self.in_transaction():
                    raise
        return method(self, *arguments, **named)

    return again_if_cut_short
