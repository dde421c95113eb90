"""Addresses we must not use, and whether a brand ever said which they are."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, text

from tidings.problem import Problem

_KEY = "suppressions"


def suppressions_known(connection: Connection, brand: str) -> bool:
    """Return whether suppressions of a brand (or of all) were imported, or recorded not to exist (delivery rule 11)."""
    found = connection.execute(
        text("SELECT count(*) FROM installation WHERE key IN (:brand, :every)"),
        {"brand": f"{_KEY}:{brand}", "every": f"{_KEY}:all"},
    )
    return bool(found.scalar_one())


def mark_known(connection: Connection, brand: str, value: str) -> None:
    """Remember that the suppressions of a brand are known: `imported` or `none exist`."""
    connection.execute(
        text("INSERT INTO installation (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"),
        {"key": f"{_KEY}:{brand}", "value": value},
    )


def record_none_exist(connection: Connection, brand: str, *, actor: str, now: datetime) -> None:
    """Record, with who says so, that no suppressions of a brand (or `all`) exist anywhere.

    Raises:
        Problem: there are some.
    """
    count = connection.execute(
        text("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL AND :brand IN (brand, 'all')"),
        {"brand": brand},
    ).scalar_one()
    if count:
        raise Problem(f"There are {count} suppressions in the store.", todo="Nothing needs to be recorded.")
    mark_known(connection, brand, "none exist")
    connection.execute(
        text(
            "INSERT INTO audit (at, actor, action, subject, detail)"
            " VALUES (:at, :actor, 'none exist', 'suppressions', CAST(:detail AS jsonb))"
        ),
        {"at": now, "actor": actor, "detail": json.dumps({"brand": brand})},
    )
