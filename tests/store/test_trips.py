"""Several statements in one trip say and do what they would have alone."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from store.connect import opened
from store.trips import ask, one_trip
from tests.patience import until
from tidings.settings import Settings

_LOCK = text("SELECT id FROM customers WHERE id = :id FOR NO KEY UPDATE")
_NAME = text("SELECT first_name FROM customers WHERE id = :id")
_RENAME = text("UPDATE customers SET first_name = :name WHERE id = :id")
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def customer(engine):
    with engine.begin() as connection:
        return connection.scalar(
            text(
                "INSERT INTO customers (language, time_zone, country, first_name)"
                " VALUES ('nb', 'Europe/Oslo', 'NO', 'Kari') RETURNING id"
            )
        )


def waiting(engine):
    with engine.connect() as connection:  # a transaction sees the activity of its first look
        return connection.scalar(_WAITING)


def test_each_question_gets_its_own_rows(engine, customer):
    with engine.connect() as connection:
        nobody, somebody = ask(connection, [(_NAME, {"id": 0}), (_NAME, {"id": customer})])
    assert (nobody, somebody) == ([], [{"first_name": "Kari"}])


def test_who_waited_for_a_lock_reads_what_was_written_meanwhile(engine, customer):
    read = []

    def look():
        with engine.begin() as connection:
            read.append(ask(connection, [(_LOCK, {"id": customer}), (_NAME, {"id": customer})])[1])

    looker = threading.Thread(target=look)
    with engine.begin() as connection:
        connection.execute(_RENAME, {"id": customer, "name": "Ola"})
        looker.start()
        until(lambda: waiting(engine) == 1)
    looker.join()

    assert read == [[{"first_name": "Ola"}]]


def test_what_is_written_together_is_there_together(engine, customer):
    with engine.begin() as connection:
        with one_trip(connection):
            connection.execute(_RENAME, {"id": customer, "name": "Ola"})
            connection.execute(text("UPDATE customers SET language = 'sv' WHERE id = :id"), {"id": customer})
        assert connection.execute(text("SELECT first_name, language FROM customers")).one() == ("Ola", "sv")


def test_when_one_of_them_fails_nothing_is_written_and_the_error_is_told_as_always(engine, customer):
    def write():
        with engine.begin() as connection, one_trip(connection):
            connection.execute(_RENAME, {"id": customer, "name": "Ola"})
            connection.execute(text("INSERT INTO consents (customer_id) VALUES (:id)"), {"id": customer})

    with pytest.raises(IntegrityError):
        write()
    with engine.connect() as connection:
        assert connection.scalar(_NAME, {"id": customer}) == "Kari"


def test_a_server_that_goes_away_is_told_as_always(engine, customer):
    def ask_a_dead_one():
        with engine.begin() as connection:
            backend = connection.connection.driver_connection.info.backend_pid
            with engine.begin() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
            ask(connection, [(_NAME, {"id": customer})])

    with pytest.raises(OperationalError):
        ask_a_dead_one()
    with engine.connect() as connection:
        assert ask(connection, [(_NAME, {"id": customer})]) == [[{"first_name": "Kari"}]]


def test_a_connection_that_rested_and_is_gone_is_replaced_unnoticed(home, engine):
    settings = Settings(home=home, database=engine.url.render_as_string(hide_password=False))
    with opened(settings) as store:
        with store.engine.connect() as connection:
            record = connection.connection._connection_record
            backend = connection.connection.driver_connection.info.backend_pid
        with engine.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        record.info["back_at"] -= 2  # as if it had rested for two seconds more
        with store.engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
