"""One installation: its settings, organisation, store and key, opened once and handed to every function of `work`."""

import json
import socket
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects.postgresql import insert

from preferences.policy import Policy, policy_from
from store.audit import note
from store.connect import opened as opened_store
from store.dump import is_half_restored
from store.tables import installation as installation_table
from tidings.log import tell
from tidings.organisation import Organisation
from tidings.problem import Problem
from tidings.settings import Mode, Settings
from tidings.signing import signing_key
from tidings.stand_in import organisation_of
from work.links import Links

LINKS_MADE_AT = "links_made_at"
MOST_URLS = 8
"""A message is tried for hours; who moved more often than that meanwhile has other cares."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Everything that belongs to one `TIDINGS_HOME`."""

    settings: Settings
    organisation: Organisation
    engine: Engine
    key: bytes

    @property
    def home(self) -> Path:
        """The folder that everything is written to."""
        return self.settings.root

    @property
    def own_templates(self) -> Path:
        """The organisation's own templates, beside those that come with the program."""
        return self.home / "templates"

    @property
    def archive(self) -> Path:
        """Documents by their hash."""
        return self.home / "archive"

    @cached_property
    def links(self) -> Links:
        """Makes signed links."""
        with self.engine.begin() as connection:
            known = _value(connection, LINKS_MADE_AT)
        made_at = datetime.fromisoformat(known) if known else None
        return Links(key=self.key, public_url=self.settings.public_url, made_at=made_at)

    @property
    def former(self) -> Iterator["Installation"]:
        """This installation as it was under other values of TIDINGS_PUBLIC_URL, the last one first."""
        with self.engine.begin() as connection:
            urls = public_urls(connection)
        for url in urls:
            if url != self.settings.public_url:
                yield replace(self, settings=self.settings.model_copy(update={"public_url": url}))

    @cached_property
    def policy(self) -> Policy:
        """The rules in `policy.toml`, else the careful defaults in the organisation's time zone.

        Raises:
            Problem: the file cannot be read, or a rule in it is wrong.
        """
        path = self.home / "policy.toml"
        if not path.exists():
            return Policy(time_zone=self.organisation.time_zone)
        try:
            return policy_from(
                {"time_zone": self.organisation.time_zone, **tomllib.loads(path.read_text("utf-8-sig"))}
            )
        except (OSError, ValueError) as error:
            raise Problem(f"{path}: {error}", todo="Correct it, or delete it for the defaults.") from error

    @cached_property
    def mode(self) -> Mode:
        """The mode that holds for this database; see `mode_of`."""
        with self.engine.begin() as connection:
            return mode_of(connection, self.settings)


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """Open the installation of `settings.home`, making key and database on first use.

    Raises:
        Problem: organisation.toml is wrong, or missing where messages leave; the database cannot be reached.
    """
    tell(settings.log)
    organisation = organisation_of(settings)
    key = signing_key(settings.root / "signing.key")
    with opened_store(settings) as store:
        with store.engine.begin() as connection:
            remember_public_url(connection, settings.public_url)
        yield Installation(settings=settings, organisation=organisation, engine=store.engine, key=key)


PUBLIC_URLS = "public_urls"


def remember_public_url(connection: Connection, url: str) -> None:
    """Remember what links begin with: another attempt of a message has the links of the first one."""
    known = public_urls(connection)
    if known[:1] != [url]:
        value = json.dumps([url, *(one for one in known if one != url)][:MOST_URLS])
        connection.execute(
            insert(installation_table)
            .values(key=PUBLIC_URLS, value=value)
            .on_conflict_do_update(index_elements=["key"], set_={"value": value})
        )


def public_urls(connection: Connection) -> list[str]:
    """Return what links have begun with, the last first."""
    found = _value(connection, PUBLIC_URLS)
    return list(json.loads(found)) if found else []


def let_links_live_from(connection: Connection, at: datetime) -> None:
    """Let the links of all messages live from a moment on, for good: another attempt has the links of the first one.

    For the demo, whose clock stands still on another day than its reader's.
    """
    value = at.isoformat()
    connection.execute(
        insert(installation_table)
        .values(key=LINKS_MADE_AT, value=value)
        .on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )


def _value(connection: Connection, key: str) -> str | None:
    found = connection.scalar(text("SELECT value FROM installation WHERE key = :key"), {"key": key})
    return str(found) if found else None


def mode_of(connection: Connection, settings: Settings) -> Mode:
    """Return the mode to use: the one that is set, unless this database is a copy of the one that was made live.

    A database remembers where it first went live. A restored or copied one, or one that another machine or home opens,
    falls back to the outbox until `tidings adopt` says that it is the real one now (design/delivery.md, rule 11).
    """
    if settings.mode is Mode.OUTBOX or is_half_restored(connection):
        return Mode.OUTBOX
    here = fingerprint(connection, settings)
    connection.execute(
        insert(installation_table)
        .values(key="live_at", value=here)
        .on_conflict_do_nothing(index_elements=["key"])
    )
    known = connection.scalar(text("SELECT value FROM installation WHERE key = 'live_at'"))
    return settings.mode if known == here else Mode.OUTBOX


def fingerprint(connection: Connection, settings: Settings) -> str:
    """Return what tells this database from a copy of it: server, database and, for an embedded one, the home."""
    row = connection.execute(
        text("""
            SELECT (SELECT system_identifier FROM pg_control_system())::text AS server,
                   (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database
        """)
    ).one()
    place = f"{socket.gethostname()}:{settings.root}" if settings.database is None else "server"
    return f"{row.server}/{row.database}/{place}"


def adopt(connection: Connection, settings: Settings, *, by: str) -> None:
    """Say that this copy is the real database from now on.

    Raises:
        Problem: no name was given.
    """
    if not by.strip():
        raise Problem("Adopting a database needs a name.", todo="Say who decides with --by NAME.")
    here = fingerprint(connection, settings)
    connection.execute(
        insert(installation_table)
        .values(key="live_at", value=here)
        .on_conflict_do_update(index_elements=["key"], set_={"value": here})
    )
    note(connection, actor=f"staff:{by.strip()}", action="adopt", subject="database")
