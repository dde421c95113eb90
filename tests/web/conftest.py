"""A page server in the test's own process: real app, real database, a clock that the test sets."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from store import keys
from store import staff as accounts
from store.tables import metadata
from tests.town import install
from tidings.role import Role
from web.app import create
from web.staff import cookie_name, csrf_token

BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
}


class Clock:
    """The moment, until the test moves it."""

    def __init__(self):
        self.now = datetime(2026, 3, 3, 12, tzinfo=UTC)

    def __call__(self):
        return self.now

    def on(self, **step):
        self.now += timedelta(**step)


class Door:
    """A visitor's side of the app, and what they may look up in the database."""

    def __init__(self, installation, clock):
        self.installation = installation
        self.clock = clock
        self.app = create(installation, clock=clock)
        self.client = TestClient(self.app, base_url=installation.settings.public_url, headers=BROWSER)

    @property
    def links(self):
        return self.installation.links

    def form(self, customer, brand="nordlys"):
        return self.links.preferences(customer, brand)

    def ask(self, query, **values):
        with self.installation.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def key(self, role, name=None, scopes=()):
        with self.installation.engine.begin() as connection:
            secret = keys.add(connection, name=name or f"test-{role}", role=Role(role), scopes=scopes)
        return {"Authorization": f"Bearer {secret}"}


class StaffClient(TestClient):
    """Somebody who is logged in; what they post carries the token of their session."""

    def __init__(self, door, *roles):
        site = door.app.state.site
        with door.installation.engine.begin() as connection:
            number = accounts.count(connection) + len(accounts.listed(connection)) + 1
            self.name = f"{'-'.join(sorted(roles))}-{number}"
            account = accounts.add(connection, name=self.name, roles=map(Role, roles), now=door.clock())
            life = door.installation.settings.login.life
            secret = accounts.begin_session(connection, account, now=door.clock(), life=life)
        self.csrf = csrf_token(secret)
        super().__init__(
            door.app,
            base_url=door.installation.settings.public_url,
            headers=BROWSER,
            cookies={cookie_name(site): secret},
            follow_redirects=False,
        )

    def post(self, url, data=None, **more):
        return super().post(url, data={"csrf": self.csrf, **(data or {})}, **more)


@pytest.fixture(scope="session")
def house(server, session_store):
    """One migrated database for all tests of the doors: they are many and small."""
    name = f"doors_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {session_store.engine.url.database}"))
    engine = create_engine(server.url.set(database=name))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def engine(house):
    """The house, swept: append-only tables too, which only a test may do."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    with house.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("; ".join(f"DELETE FROM {name}" for name in tables)))
    return house


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(settings, engine, clock):
    return Door(install(settings, engine), clock)


@pytest.fixture
def garden(settings, engine, clock):
    """A door of a brand that lets customers choose for parts of its offers."""
    installation = install(settings, engine)
    [brand] = installation.organisation.brands
    topics = {"offer.garden": {"en": "Garden", "nb": "Hage"}, "offer.tools": {"nb": "Verktøy"}}
    own = brand.model_copy(update={"topics": topics})
    organisation = installation.organisation.model_copy(update={"brands": (own,)})
    object.__setattr__(installation, "organisation", organisation)
    return Door(installation, clock)


@pytest.fixture
def staff(door):
    """Return a function: `staff(Role.BILLING, ...)` is a client of somebody with these roles, logged in."""
    return lambda *roles: StaffClient(door, *roles)
