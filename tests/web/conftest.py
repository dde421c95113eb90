"""A page server in the test's own process: real app, real database, a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from store import keys
from store.keys import Role
from tests.town import install
from web.app import create

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
        self.links = installation.links
        self.clock = clock
        self.app = create(installation, clock=clock)
        self.client = TestClient(self.app, base_url=installation.settings.public_url, headers=BROWSER)

    def form(self, customer, brand="nordlys"):
        return self.links.preferences(customer, brand)

    def ask(self, query, **values):
        with self.installation.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def key(self, role, name=None):
        with self.installation.engine.begin() as connection:
            secret = keys.add(connection, name=name or f"test-{role}", role=Role(role))
        return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def door(settings, engine, clock):
    return Door(install(settings, engine), clock)
