"""The driver under a connection: for COPY, pipelines and prepared statements, which SQLAlchemy does not pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

if TYPE_CHECKING:
    import psycopg


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return psycopg's connection, inside a transaction that SQLAlchemy knows, so that its commit means ours."""
    if not connection.in_transaction():
        connection.begin()
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return driver
