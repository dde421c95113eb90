"""The whole database as one file, by PostgreSQL's own pg_dump and pg_restore, and back."""

import os
import subprocess
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from store import embedded
from tidings.problem import Exit, Problem

OURS = ("--format=custom", "--compress=gzip:1", "--no-owner", "--no-privileges", "--schema=public")


LOST_NUMBERS = 10_000_000
"""Customers, and events, that the lost store may have had: their numbers are part of dedupe keys, of ours and of the
systems that heard of the events, and are given to nobody else."""


def dump(engine: Engine, target: Path) -> None:
    """Write the database to a file: one consistent moment, while everything goes on.

    Raises:
        Problem: pg_dump failed, for example because the server is newer than the PostgreSQL that we bring.
    """
    _run("pg_dump", engine, [*OURS, f"--file={target}"])


_HALF = "half_restored"
"""An empty schema: no backup has it, so it is there from before the first row is read until `end_restore`."""


def is_half_restored(connection: Connection) -> bool:
    """Tell whether a restore was begun and has not ended: until every doubt has its name nothing leaves."""
    return bool(connection.scalar(text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": _HALF}))


def end_restore(connection: Connection) -> None:
    """Note that what may have left is named."""
    connection.execute(text(f"DROP SCHEMA IF EXISTS {_HALF}"))


def load(engine: Engine, source: Path) -> None:
    """Read a file of `dump` into an empty database, or one that is half restored: everything or nothing.

    It is half restored from then on, until `end_restore`.

    Raises:
        Problem: the database is not empty, or the file is damaged.
    """
    with engine.begin() as connection:
        used = text("SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM runs)")
        if not is_half_restored(connection) and connection.scalar(used):
            raise Problem(
                f"The database {engine.url.database} is in use.",
                todo="Restore into a new home or a new database; this one is left as it is.",
            )
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {_HALF}"))
    engine.dispose()
    whole = ["--no-owner", "--exit-on-error", "--single-transaction", "--schema=public", str(source)]
    try:
        _run("pg_restore", engine, whole)
    except Problem:
        with engine.begin() as connection:
            end_restore(connection)  # nothing was read
        raise
    with engine.begin() as connection:
        told = connection.scalar(
            text("SELECT to_regclass('events') IS NOT NULL")
        )  # not by the first releases
        for numbers in ("customers_id_seq", "events_id_seq") if told else ("customers_id_seq",):
            connection.execute(
                text(f"SELECT setval('{numbers}', (SELECT last_value FROM {numbers}) + :gap)"),
                {"gap": LOST_NUMBERS},
            )
        if told:
            # This server counts its own transactions: what has another one's numbers would not be told for years.
            connection.execute(text("UPDATE events SET transaction = 0 WHERE transaction >= txid_current()"))


def _run(program: str, engine: Engine, options: list[str]) -> None:
    url = engine.url
    place = {
        # A long home is reached through our open directory, which a child finds under our number.
        "PGHOST": str(url.query.get("host") or url.host or "").replace(
            "/proc/self/", f"/proc/{os.getpid()}/"
        ),
        "PGPORT": str(url.query.get("port") or url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
    }
    given = {key: value for key, value in place.items() if value}
    named = [f"--dbname={url.database}"] if program == "pg_restore" else []
    done = subprocess.run(  # noqa: S603 -- our own binaries
        [embedded.programs_folder() / program, *named, *options],
        env={**os.environ, **given},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Problem(f"{program} failed: {' '.join(said) or 'no reason given'}", code=Exit.FAILED)
