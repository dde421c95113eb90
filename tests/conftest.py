"""What the tests share: one embedded PostgreSQL for the session, and a fresh migrated database for each test."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, create_engine, make_url, text

# Nothing leaves the machine, whatever the person's environment says; set before anything imports Prefect or boto3.
os.environ.update(
    {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
)
for _name in [
    name
    for name in os.environ
    if name.startswith(("TIDINGS_", "AWS_ACCESS", "AWS_SECRET", "AWS_PROFILE", "TWILIO_", "PREFECT_API"))
    and name != "TIDINGS_LAWS"  # how many examples the laws are held against, no setting of the program
]:
    del os.environ[_name]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in its background leaves them, and every process of theirs, deaf for Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

from store.connect import Store, opened  # noqa: E402 -- the environment comes first
from tidings.settings import Settings  # noqa: E402

hypothesis_settings.register_profile("tidings", deadline=None, max_examples=60, database=None)
hypothesis_settings.load_profile("tidings")

_numbers = itertools.count(1)
_used: list[str] = []


@pytest.fixture(scope="session")
def session_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The session's own server; every xdist worker joins the same one."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-home"
    with opened(Settings(home=home)) as store:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))  # a power cut ends the tests anyway
            connection.execute(text("SELECT pg_reload_conf()"))
        store.engine.dispose()  # a database with connections cannot be copied
        yield store


@pytest.fixture(scope="session")
def server(session_store: Store) -> Iterator[Engine]:
    """An autocommitting engine on the server's maintenance database, to make and drop databases with."""
    url = make_url(session_store.lease.url).set(database="template1")
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(server: Engine, session_store: Store) -> Iterator[Engine]:
    """An empty, migrated database of the test's own."""
    with _database(server, session_store) as engine:
        yield engine


@pytest.fixture(scope="module")
def module_engine(server: Engine, session_store: Store) -> Iterator[Engine]:
    """One such database for a module, for tests that roll back what they do."""
    with _database(server, session_store) as engine:
        yield engine


@contextmanager
def _database(server: Engine, session_store: Store) -> Iterator[Engine]:
    name = f"t_{os.getpid()}_{next(_numbers)}"
    with server.connect() as connection:
        while _used:
            connection.execute(text(f"DROP DATABASE {_used.pop()} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {session_store.engine.url.database}"))
    engine = create_engine(server.url.set(database=name))
    yield engine
    engine.dispose()
    _used.append(
        name
    )  # dropped by the next test: right now the server would wait 0.1 s for its own processes to end


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A TIDINGS_HOME of the test's own; it does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path, engine: Engine) -> Settings:
    """Settings with the test's own home and database; nothing else is configured."""
    home.mkdir()
    return Settings(home=home, database=engine.url.render_as_string(hide_password=False))
