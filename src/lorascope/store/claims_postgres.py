"""Who works on which run, on PostgreSQL: locks of a session. The server gives them back when the connection ends, however it ends.

They live on a connection of their own, which does nothing else, so that no transaction's end touches them.
"""

from __future__ import annotations

import threading

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from lorascope.errors import Busy
from lorascope.store.address import PostgresAddress
from lorascope.store.failures import in_our_words
from lorascope.store.postgres import connect_outside_transactions, lock_key

# pg_locks shows a 64-bit advisory lock as two halves
_HOLDER = text("""
    SELECT coalesce(nullif(a.application_name, ''), 'another process') FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = ((:key >> 32) & 4294967295)::oid AND l.objid = (:key & 4294967295)::oid
""")


class PostgresClaims:
    """Claims as advisory locks, seen by every process that opens the same store, from any machine."""

    def __init__(self, address: PostgresAddress, engine: Engine) -> None:
        self._where, self._schema = str(address), address.schema
        self._engine = connect_outside_transactions(address)
        self._connection: Connection | None = None
        self._held: set[str] = set()
        self._lock = threading.RLock()
        # A restarted server has forgotten the claims. The store then needs a new connection, and its first act is to renew them.
        event.listen(engine.pool, "connect", lambda *_: self.renew())

    def claim(self, run: str) -> bool:
        """Take a run; False when this store has it already.

        Raises:
            Busy: another process, or another open store of this one, has it.
        """
        with self._lock, in_our_words(self._where):
            if run in self._held:
                return False
            self._take(self._connected(), run)
            self._held.add(run)
            return True

    def release(self, run: str) -> None:
        """Give a run back."""
        with self._lock:
            if run not in self._held:
                return
            self._held.discard(run)
            if self._connection is not None:
                try:
                    self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key(run)})
                except DBAPIError:  # the connection is gone, and with it the lock
                    self._forget()

    def is_claimed(self, run: str) -> bool:
        """Whether anybody works on the run."""
        with self._lock, in_our_words(self._where):
            if run in self._held and self._connection is not None:
                return True
            return self._holder(self._connected(), run) is not None

    def renew(self) -> None:
        """Take all claims again when the server has lost them (it was restarted). Costs nothing while nothing is claimed.

        A run that another process took meanwhile is no longer claimed here: whoever claims it next is told.
        """
        with self._lock:
            if self._held:
                self._connected()

    def close(self) -> None:
        """Give all runs back."""
        with self._lock:
            self._held.clear()
            self._forget()
            self._engine.dispose()

    def _connected(self) -> Connection:
        """A living connection that holds every claim."""
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                self._forget()
            else:
                return self._connection
        with in_our_words(self._where):
            self._connection = self._engine.connect()
            for run in sorted(self._held):
                if not self._try(self._connection, run):
                    self._held.discard(run)
        return self._connection

    def _take(self, connection: Connection, run: str) -> None:
        if not self._try(connection, run):
            holder = (self._holder(connection, run) or "another process").removeprefix("lorascope ")
            raise Busy(f"run {run!r} is being worked on by {holder}", next_step="wait until it is done, or stop that process")

    def _try(self, connection: Connection, run: str) -> bool:
        return bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key(run)}).scalar_one())

    def _holder(self, connection: Connection, run: str) -> str | None:
        holder: str | None = connection.execute(_HOLDER, {"key": self._key(run)}).scalars().first()
        return holder

    def _key(self, run: str) -> int:
        return lock_key(self._schema, "run", run)

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
