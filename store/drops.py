"""Files that other systems dropped, each known by its content: what was taken once is never taken again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text


def take(
    connection: Connection, kind: str, digest: bytes, *, name: str, place: str, now: datetime
) -> str | None:
    """Write down a file by its content; returns None when it is to be worked on, `done` when it was before.

    One that a process left (it died), and one that was wrong and was put back, are worked on again.
    """
    state: str | None = connection.scalar(
        text("SELECT state FROM dropped_files WHERE kind = :kind AND digest = :digest"),
        {"kind": kind, "digest": digest},
    )
    if state == "done":
        return state
    connection.execute(
        text("""INSERT INTO dropped_files (kind, digest, name, place, taken_at)
                VALUES (:kind, :digest, :name, :place, :now) ON CONFLICT DO NOTHING"""),
        {"kind": kind, "digest": digest, "name": name, "place": place, "now": now},
    )
    return None


def end(
    connection: Connection, kind: str, digest: bytes, *, state: str, report: Mapping[str, Any], now: datetime
) -> None:
    """Write down what became of a file: done or wrong."""
    connection.execute(
        text("""UPDATE dropped_files SET state = :state, report = CAST(:report AS jsonb), ended_at = :now
                 WHERE kind = :kind AND digest = :digest"""),
        {"kind": kind, "digest": digest, "state": state, "report": json.dumps(report), "now": now},
    )


def report_of(connection: Connection, kind: str, digest: bytes) -> Mapping[str, Any]:
    """Return what became of a file that was taken."""
    query = text("SELECT report FROM dropped_files WHERE kind = :kind AND digest = :digest")
    found: Mapping[str, Any] = connection.execute(query, {"kind": kind, "digest": digest}).scalar_one()
    return found


def wrong_files(connection: Connection, *, since: datetime) -> Sequence[Row[Any]]:
    """Return (kind, files) of what could not be used since a moment."""
    return connection.execute(
        text("""SELECT kind, count(*) AS files FROM dropped_files
                 WHERE state = 'wrong' AND ended_at >= :since GROUP BY 1 ORDER BY 1"""),
        {"since": since},
    ).all()
