"""Who is sending: each sending process holds a PostgreSQL advisory lock for as long as it lives.

A lease alone makes everybody wait for its end after a crash. The lock ends with the process's connection, so what a
dead process was sending is known at once; the lease still covers a process that is alive but stuck.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

LOCK_CLASS = 0x7469  # "ti": keeps our advisory locks apart from those of others in the same database
ALONE_CLASS = LOCK_CLASS + 1


@contextmanager
def owner(engine: Engine) -> Iterator[int]:
    """Hold a lock of our own for the duration; yields its number, which goes into `attempts.owner`.

    The number is the backend's process id, unique among the sessions that live at the same time.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.execute(
            text("SELECT pg_advisory_lock(:class, :number)"), {"class": LOCK_CLASS, "number": number}
        )
        try:
            yield int(number)
        finally:
            connection.execute(
                text("SELECT pg_advisory_unlock(:class, :number)"), {"class": LOCK_CLASS, "number": number}
            )


@contextmanager
def alone(engine: Engine, what: str) -> Iterator[bool]:
    """Tell whether nobody else does a certain thing at this moment, and keep them from it for the duration."""
    values = {"class": ALONE_CLASS, "what": what}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.scalar(text("SELECT pg_try_advisory_lock(:class, hashtext(:what))"), values)
        try:
            yield bool(got)
        finally:
            if got:
                connection.execute(text("SELECT pg_advisory_unlock(:class, hashtext(:what))"), values)


DEAD = text(f"""
    NOT EXISTS (
        SELECT 1 FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.classid = {LOCK_CLASS} AND l.objid = a.owner AND l.granted
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
""")
"""SQL condition over attempts `a`: the process that made it holds its lock no more."""
