"""Opening the store at a named server, and saying clearly why it cannot be."""

import threading

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from store.connect import head, migrate, opened
from tidings.problem import Exit, Problem
from tidings.settings import Settings


def at(home, url):
    return Settings(home=home, database=SecretStr(url))


@pytest.fixture
def empty(server):
    """A database without any table."""
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty_one WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE empty_one TEMPLATE template0"))
    return server.url.set(database="empty_one")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_named_database_is_migrated_and_used(home, empty, scheme):
    url = empty.set(drivername=scheme).render_as_string(hide_password=False)
    for _ in range(2):
        with opened(at(home, url)) as store, store.engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == head()
            assert connection.execute(text("SHOW TimeZone")).scalar() == "UTC"
    assert not home.exists()


def test_two_that_migrate_at_once_do_it_once(empty):
    failures = []

    def run():
        engine = create_engine(empty)
        try:
            migrate(engine)
        except Exception as error:
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures


def test_a_database_of_a_newer_version_is_left_alone(home, engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))

    with (
        pytest.raises(Problem, match="9999_future"),
        opened(at(home, engine.url.render_as_string(hide_password=False))),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "said", "code"),
    [
        pytest.param(
            "postgresql://ann:s3cret@127.0.0.1:1/x", "Connection refused", Exit.FAILED, id="nobody listens"
        ),
        pytest.param("postgresql://ann:s3cret@no.invalid/x", "no.invalid", Exit.FAILED, id="no such host"),
        pytest.param(
            "postgresql://ann@/x?host=/nowhere&password=s3cret", "No such file", Exit.FAILED, id="no socket"
        ),
        pytest.param("mysql://ann:s3cret@host/x", "PostgreSQL", Exit.UNUSABLE, id="another kind of database"),
        pytest.param("s3cret", "not a database URL", Exit.UNUSABLE, id="no URL at all"),
        pytest.param(
            "postgresql://ann:s3cret@host:port/x", "not a database URL", Exit.UNUSABLE, id="a wrong port"
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(home, url, said, code):
    with pytest.raises(Problem, match=said) as raised, opened(at(home, url)):
        pass

    assert raised.value.code == code
    assert "s3cret" not in str(raised.value)


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(Problem, match="cannot be used") as raised,
        opened(Settings(home=tmp_path / "file" / "home")),
    ):
        pass

    assert raised.value.code == Exit.FAILED


def test_an_error_of_the_database_does_not_show_what_a_customer_gave(engine, home):
    url = engine.url.render_as_string(hide_password=False)
    with (
        opened(at(home, url)) as store,
        pytest.raises(DBAPIError) as raised,
        store.engine.begin() as connection,
    ):
        connection.execute(text("SELECT CAST(:mail AS text) / 0"), {"mail": "ada@example.org"})

    assert "ada@example.org" not in str(raised.value)
