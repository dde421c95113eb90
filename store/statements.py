"""What customers asked for: how, when, in which language. Append-only; which one wins is decided by `preferences`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One row of `statements`; `value` as `preferences.statement` reads it."""

    customer: int
    kind: str
    """One of `preferences.statement.KINDS`."""
    at: datetime
    source: str
    actor: str
    brand: str = "all"
    topic: str = "all"
    channels: tuple[str, ...] = ()
    """order: most wished first."""
    value: dict[str, Any] = field(default_factory=dict)
    from_at: datetime | None = None
    until_at: datetime | None = None
    """Exclusive."""
    proof: str = ""
    on_behalf: str = ""
    """Who spoke for the customer, '' when they did themselves."""


SOONEST = {
    "order": """s.at DESC, (s.value -> 'only' = 'true') IS TRUE DESC, s.channels = '{}' AND
         (s.value -> 'only' = 'true') IS NOT TRUE, cardinality(s.channels), array_to_string(s.channels, ',') COLLATE "C"
    """,
    "manner": """s.at DESC, (s.value -> 'call' = 'true') IS TRUE DESC, (s.value -> 'large_print' = 'true') IS TRUE DESC,
         (s.value -> 'plain_language' = 'true') IS TRUE DESC""",
    "tracking": "s.at DESC, (s.value -> 'tracking' = 'false') IS TRUE DESC",
}
"""SQL to sort statements `s` of one kind and scope, the one that counts first (`preferences.statement.precedence`)."""

_APPEND = text("""
    INSERT INTO statements (customer_id, brand, topic, kind, channels, value, from_at, until_at, source, proof, actor,
                            on_behalf, at)
    SELECT r.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (customer_id bigint, brand text, topic text,
        kind text, channels text[], value jsonb, from_at timestamptz, until_at timestamptz, source text, proof text,
        actor text, on_behalf text, at timestamptz)
""")


def append(connection: Connection, statements: Sequence[Statement]) -> None:
    """Write what customers said, in one statement; the caller holds their locks (design/delivery.md rule 3)."""
    if not statements:
        return
    rows = [
        {
            "customer_id": row.customer,
            "brand": row.brand,
            "topic": row.topic,
            "kind": row.kind,
            "channels": row.channels,
            "value": row.value,
            "from_at": row.from_at and row.from_at.isoformat(),
            "until_at": row.until_at and row.until_at.isoformat(),
            "source": row.source,
            "proof": row.proof,
            "actor": row.actor,
            "on_behalf": row.on_behalf,
            "at": row.at.isoformat(),
        }
        for row in statements
    ]
    connection.execute(_APPEND, {"rows": json.dumps(rows)})
