"""What had been recorded by an instant: which policy was in use, what a customer had said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_POLICY = "SELECT policy_version FROM runs WHERE starts_at <= :at ORDER BY starts_at DESC, id DESC LIMIT 1"
_STATEMENTS = """
    SELECT id, kind, topic, brand, channels, value, from_at, until_at, source, on_behalf, at, recorded_at
      FROM statements WHERE customer_id = ANY(:members) AND brand IN (:brand, 'all') AND recorded_at <= :at
     ORDER BY at DESC, kind, topic, brand, channels, value, until_at, source, id
"""
_CONSENTS = """
    SELECT id, topic, channel, brand, action, source, proof, on_behalf, expires_at, at, recorded_at
      FROM consents WHERE customer_id = ANY(:members) AND brand IN (:brand, 'all') AND recorded_at <= :at
     ORDER BY at DESC, topic, brand, channel, action, source, id
"""


def policy_version(connection: Connection, at: datetime) -> int | None:
    """Return the version of the policy of the last run that had begun by an instant, None when there was none."""
    found = connection.scalar(text(_POLICY), {"at": at})
    return None if found is None else int(found)


def said(
    connection: Connection, records: Sequence[int], *, brand: str, known_at: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Return the {statements, consents} of some records that had been recorded by an instant, the newest first."""
    values = {"members": list(records), "brand": brand, "at": known_at}
    asked = {"statements": _STATEMENTS, "consents": _CONSENTS}
    return {
        name: [dict(row) for row in connection.execute(text(query), values).mappings()]
        for name, query in asked.items()
    }
