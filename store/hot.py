"""Statements of the hot path: straight to the driver, prepared once for each connection, without compiling anything."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

if TYPE_CHECKING:
    import psycopg


def rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement with `%(name)s` parameters in the connection's transaction; return its rows, if it has any."""
    if not connection.in_transaction():
        connection.begin()
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    cursor = driver.execute(statement, values, prepare=True)
    return cursor.fetchall() if cursor.description else []
