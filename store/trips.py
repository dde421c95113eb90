"""Several statements in one trip to the server (libpq's pipeline), for pages that many people save at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection, Dialect, TextClause
from sqlalchemy.exc import DBAPIError

from store.driver import driver_of


@contextmanager
def one_trip(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """Send what is executed inside together, and wait once at the end; nothing inside may look at a result.

    Raises:
        DBAPIError: one of the statements failed, as if it had been executed alone; the transaction is over.
    """
    driver = driver_of(connection)
    try:
        with driver.pipeline():
            yield driver
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error


def ask(
    connection: Connection, questions: Sequence[tuple[TextClause, Mapping[str, Any]]]
) -> list[list[dict[str, Any]]]:
    """Return the rows of each question; each sees what was committed before it began, as if it had been asked alone.

    Raises:
        DBAPIError: as in `one_trip`.
    """
    with one_trip(connection) as driver:
        cursors = [
            driver.cursor(row_factory=dict_row).execute(_written(question, connection.dialect), values)
            for question, values in questions
        ]
    return [cursor.fetchall() for cursor in cursors]


@cache
def _written(question: TextClause, dialect: Dialect) -> bytes:
    """Return a statement with its parameters as psycopg writes them."""
    return str(question.compile(dialect=dialect)).encode()
