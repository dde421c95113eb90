"""Who is sending: each sending process holds a PostgreSQL advisory lock for as long as it lives.

A lease alone makes everybody wait for its end after a crash. The lock ends with the process's connection, so what a
dead process was sending is known at once; the lease still covers a process that is alive but stuck, and one whose lock
went when the server restarted.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from sqlalchemy import Connection, Engine, text

from store.away import AWAY

LOCK_CLASS = 0x7469  # "ti": keeps our advisory locks apart from those of others in the same database
ALONE_CLASS = LOCK_CLASS + 1


class Owner:
    """A lock of our own on a connection of its own, for all threads of a sender."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked = Lock()
        self._connection: Connection | None = None

    def number(self) -> int:
        """Return the number of our lock, which goes into `attempts.owner`; another one when the lock was lost.

        It is the backend's process id, unique among the sessions that live at the same time. To be asked within the
        transaction that writes it: the server that holds the lock then is the one that commits.
        """
        with self._asked:
            if self._connection is not None:
                try:
                    return _number_of(self._connection)
                except AWAY:  # the server has restarted
                    self._connection.invalidate()
                    self.close()
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            number = _number_of(self._connection)
            values = {"class": LOCK_CLASS, "number": number}
            self._connection.execute(text("SELECT pg_advisory_lock(:class, :number)"), values)
            return number

    def close(self) -> None:
        """Let the lock go, which may be gone already."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with connection, suppress(*AWAY):
                if not connection.invalidated:
                    connection.execute(text("SELECT pg_advisory_unlock_all()"))


@contextmanager
def owner(engine: Engine) -> Iterator[Owner]:
    """Hold a lock of our own for the duration."""
    held = Owner(engine)
    try:
        held.number()
        yield held
    finally:
        held.close()


def _number_of(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[bool]:
    """Tell whether nobody else does a certain thing at this moment, and keep them from it for the duration."""
    with _locked(engine, what, take="pg_try_advisory_lock") as got:
        yield got is True


@contextmanager
def in_turn(engine: Engine, what: str) -> Iterator[None]:
    """Wait until nobody else does a certain thing, and keep them from it for the duration."""
    with _locked(engine, what, take="pg_advisory_lock"):
        yield


@contextmanager
def _locked(engine: Engine, what: str, *, take: str) -> Iterator[object]:
    """Take the lock on a thing for the duration; yields what the taking said, False when somebody else has it."""
    values = {"class": ALONE_CLASS, "what": what}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.scalar(text(f"SELECT {take}(:class, hashtext(:what))"), values)
        try:
            yield got
        finally:
            if got is not False:
                connection.execute(text("SELECT pg_advisory_unlock(:class, hashtext(:what))"), values)


DEAD = text(f"""
    NOT EXISTS (
        SELECT 1 FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = {LOCK_CLASS} AND l.objid = a.owner AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AND d.updated_at > (
        SELECT min(s.backend_start) FROM pg_stat_activity s
        WHERE s.datname = current_database() AND s.usename = current_user
    )
""")
"""SQL condition over attempts `a` that are `sending`, and their deliveries `d`: whoever claimed them is dead.

When the server restarts, crashes or fails over, locks go with all sessions and their holders live on. So a lock proves
something only while a session of ours goes on since before the claim; otherwise the lease decides.
"""
