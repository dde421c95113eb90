"""History, both directions: one line for each thing that happened with a customer. Sent twice, kept once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Touchpoint:
    """One row of `touchpoints`; (source, external_id) is its identity."""

    customer: int
    source: str
    external_id: str
    direction: str
    """`in` from the customer, `out` from us."""
    channel: str
    """A channel, or call, visit, web, payment."""
    kind: str
    at: datetime
    brand: str = "all"
    purpose: str = ""
    machine: bool = False
    message: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


_RECORD = text("""
    INSERT INTO touchpoints (id, customer_id, brand, source, external_id, direction, channel, kind, purpose, machine,
                             message_id, detail, at)
    OVERRIDING SYSTEM VALUE
    SELECT * FROM (SELECT nextval(pg_get_serial_sequence('touchpoints', 'id')), given.*
      FROM unnest(CAST(:customer AS bigint[]), CAST(:brand AS text[]), CAST(:source AS text[]),
        CAST(:external_id AS text[]), CAST(:direction AS text[]), CAST(:channel AS text[]), CAST(:kind AS text[]),
        CAST(:purpose AS text[]), CAST(:machine AS boolean[]), CAST(:message AS uuid[]), CAST(:detail AS jsonb[]),
        CAST(:at AS timestamptz[])) AS given (customer_id, brand, source, external_id) OFFSET 0) numbered
     ORDER BY source, external_id
    ON CONFLICT (source, external_id) DO NOTHING
""")


def record(connection: Connection, touchpoints: Sequence[Touchpoint]) -> int:
    """Write touchpoints in one statement; return how many were new.

    Numbered as they are given, written in one order: two that bring the same ones wait for each other, never both.
    """
    if not touchpoints:
        return 0
    result = connection.execute(
        _RECORD,
        {
            "customer": [row.customer for row in touchpoints],
            "brand": [row.brand for row in touchpoints],
            "source": [row.source for row in touchpoints],
            "external_id": [row.external_id for row in touchpoints],
            "direction": [row.direction for row in touchpoints],
            "channel": [row.channel for row in touchpoints],
            "kind": [row.kind for row in touchpoints],
            "purpose": [row.purpose for row in touchpoints],
            "machine": [row.machine for row in touchpoints],
            "message": [row.message for row in touchpoints],
            "detail": [json.dumps(row.detail) for row in touchpoints],
            "at": [row.at for row in touchpoints],
        },
    )
    return result.rowcount


_CUSTOMERS = text("""
    SELECT asked.ordinal, array_agg(DISTINCT found.customer_id) FILTER (WHERE found.customer_id IS NOT NULL)
      FROM unnest(CAST(:references AS text[]), CAST(:sources AS text[])) WITH ORDINALITY
           AS asked (reference, source, ordinal)
      LEFT JOIN customer_references found
        ON found.reference = asked.reference AND (asked.source = '' OR found.source = asked.source)
     GROUP BY asked.ordinal ORDER BY asked.ordinal
""")


def customers_of(connection: Connection, references: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Return for each (reference, source) the customers it names: none, one, or several when no source is given."""
    if not references:
        return []
    rows = connection.execute(
        _CUSTOMERS,
        {"references": [one[0] for one in references], "sources": [one[1] for one in references]},
    )
    return [list(row[1] or ()) for row in rows]


_SUSPECT = text("""
    UPDATE touchpoints SET machine = true, external_id = external_id || ':' || id,
           detail = detail || '{"because": "several links at once"}'
     WHERE message_id = CAST(:message AS uuid) AND kind = 'clicked' AND detail ->> 'link' <> :link
       AND customer_id = :customer AND at > :since
""")


def mark_burst(connection: Connection, *, customer: int, message: str, link: str, since: datetime) -> bool:
    """Mark clicks on the *other* links of a message since a moment as a machine's; return whether there were any."""
    result = connection.execute(
        _SUSPECT, {"customer": customer, "message": message, "link": link, "since": since}
    )
    return result.rowcount > 0
