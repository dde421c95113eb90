"""Opens the store: the server that `TIDINGS_DATABASE` names, else the embedded one of the home, migrated either way."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from pydantic_core import from_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, OperationalError, ProgrammingError

from store import embedded
from tidings.problem import Exit, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy.pool import ConnectionPoolEntry

    from tidings.settings import Settings

_STEPS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 8_436_464
_DRIVER = "postgresql+psycopg"
_CONNECT_SECONDS = 10
_FRESH_SECONDS = 1.0
"""A connection that was in use so recently is not tried first: a page that is asked for often pays it every time."""
_BACK_AT = "back_at"


@dataclass(frozen=True, kw_only=True)
class Store:
    """An open, migrated database."""

    engine: Engine
    """A pool; safe for threads. A forked process opens its own store."""
    lease: embedded.Lease | None

    def close(self) -> None:
        """Close the connections, and let the embedded server go."""
        self.engine.dispose()
        if self.lease is not None:
            self.lease.close()


def open_store(settings: Settings) -> Store:
    """Open the store and bring its schema up to date.

    Raises:
        Problem: the server cannot be reached, or the database was made by a newer version. The password is never told.
    """
    if settings.database is None:
        return _open_embedded(settings.root)
    return _migrated(Store(engine=_engine(settings.database.get_secret_value()), lease=None))


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Open the store for one command and close it afterwards; errors as `open_store`."""
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


def _open_embedded(home: Path) -> Store:
    """Join the home's server, and another time should it be on its way down because somebody killed its guardian."""
    deadline = time.monotonic() + _CONNECT_SECONDS
    while True:
        lease = embedded.join(home)
        # The person's PGOPTIONS are meant for another server.
        store = Store(engine=_engine(lease.url, options="-c search_path=public"), lease=lease)
        try:
            return _migrated(store)
        except Problem as problem:
            if time.monotonic() > deadline or not isinstance(problem.__cause__, OperationalError):
                raise
        time.sleep(0.1)


def _migrated(store: Store) -> Store:
    try:
        migrate(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def head() -> str:
    """Return the newest revision this program knows: the name of the last file in migrations/versions."""
    return max(path.stem for path in (_STEPS / "versions").glob("0*.py"))


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; one process does it, the others wait for it.

    Raises:
        Problem: the server cannot be reached, refuses, or the database was made by a newer version.
    """
    try:
        with engine.connect() as connection:
            if _revision(connection) == head():
                return
            connection.rollback()
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                _upgrade(connection)
    except (OperationalError, ProgrammingError) as error:
        raise Problem(
            f"The database {engine.url.database!r} cannot be used: {_reason(error)}.",
            todo="Check TIDINGS_DATABASE, that the server runs, and the user's rights."
            if engine.url.host
            else "",
            code=Exit.FAILED,
        ) from error


def migrations(connection: Connection) -> Config:
    """Return alembic's configuration for our steps on this connection."""
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    configuration.set_main_option("file_template", "%%(rev)s")
    configuration.attributes["connection"] = connection
    return configuration


def _upgrade(connection: Connection) -> None:
    revision = _revision(connection)
    if revision == head():
        return
    if revision is not None and not (_STEPS / "versions" / f"{revision}.py").exists():
        raise Problem(
            f"The database is at revision {revision!r}, which this version of Tidings does not know.",
            todo="Use the newer version that made it.",
        )
    from alembic import command

    command.upgrade(migrations(connection), "head")


def _revision(connection: Connection) -> str | None:
    known = connection.execute(text("SELECT to_regclass('alembic_version')")).scalar()
    if known is None:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _engine(address: str, **options: str) -> Engine:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise Problem(
            "TIDINGS_DATABASE is not a database URL.", todo="Write postgresql://user:password@host/name."
        ) from error
    if url.drivername not in {"postgresql", "postgres", _DRIVER}:
        raise Problem(
            f"TIDINGS_DATABASE names the database kind {url.drivername!r}; Tidings keeps its data in PostgreSQL.",
            todo="Write postgresql://user:password@host/name.",
        )
    engine = create_engine(
        url.set(drivername=_DRIVER),
        pool_size=5,
        max_overflow=15,
        json_deserializer=_from_json,
        hide_parameters=True,  # an error is shown and logged; what customers gave us is not
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "tidings", **options},
    )
    event.listen(engine, "connect", _use_utc)
    event.listen(engine, "checkin", _note_when)
    event.listen(engine, "checkout", _still_there)
    return engine


def _from_json(text: bytes) -> Any:
    """Return what a JSON column holds; a claim reads the data of each message, in a quarter of the usual time."""
    try:
        return from_json(text)
    except ValueError:  # nested deeper than that reader goes
        return json.loads(text)


def _note_when(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_BACK_AT] = time.monotonic()


def _still_there(connection: psycopg.Connection[object], record: ConnectionPoolEntry, _: object) -> None:
    """Try a connection that has rested, as `pool_pre_ping` does with every one: the server may have restarted."""
    if time.monotonic() - record.info.get(_BACK_AT, 0.0) < _FRESH_SECONDS:
        return
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _use_utc(connection: psycopg.Connection[object], _: object) -> None:
    if (
        connection.info.parameter_status("TimeZone") != "UTC"
    ):  # a start-up option would be refused by PgBouncer
        connection.execute("SET timezone TO 'UTC'")
        connection.commit()


def _reason(error: OperationalError | ProgrammingError) -> str:
    lines = str(error.orig).strip().splitlines() or ["no reason given"]
    return lines[0].rstrip(". ")
