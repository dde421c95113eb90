"""What a database says that is away for a while, and may do the same transaction a little later."""

import psycopg
from sqlalchemy import exc

AWAY = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.InternalError,
    exc.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
)
"""It restarts, fails over (its standby takes no writes), has no connection, lock or room left, or chose us to end a
deadlock. Statements of `store.hot` raise what the driver raises, all others what SQLAlchemy makes of it."""
