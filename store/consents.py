"""Permission, given and taken back: append-only events. What they add up to is decided by `preferences`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One row of `consents`."""

    customer: int
    topic: str
    action: str
    """given, legacy, withdrawn, objected."""
    at: datetime
    source: str
    actor: str
    brand: str = "all"
    channel: str = "all"
    proof: str = ""
    on_behalf: str = ""
    """Who spoke for the customer, '' when they did themselves."""
    expires_at: datetime | None = None
    """Exclusive; None: until it is taken back."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What a consent record says besides (`work.consent_records`)."""


_APPEND = text("""
    INSERT INTO consents (customer_id, brand, topic, channel, action, source, proof, actor, at,
                          on_behalf, expires_at, record)
    SELECT r.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (customer_id bigint, brand text, topic text,
        channel text, action text, source text, proof text, actor text, at timestamptz, on_behalf text,
        expires_at timestamptz, record jsonb)
""")


def append(connection: Connection, consents: Sequence[Consent]) -> None:
    """Write consent events, in one statement; the caller holds the customers' locks (design/delivery.md rule 3)."""
    if not consents:
        return
    rows = [
        {
            "customer_id": row.customer,
            "brand": row.brand,
            "topic": row.topic,
            "channel": row.channel,
            "action": row.action,
            "source": row.source,
            "proof": row.proof,
            "actor": row.actor,
            "at": row.at.isoformat(),
            "on_behalf": row.on_behalf,
            "expires_at": row.expires_at and row.expires_at.isoformat(),
            "record": dict(row.record),
        }
        for row in consents
    ]
    connection.execute(_APPEND, {"rows": json.dumps(rows)})


STRICTEST_FIRST = ("objected", "withdrawn", "given", "legacy")
"""Which of what was said of one thing at one instant counts."""
OWN = """
    ARRAY(SELECT DISTINCT c.channel FROM consents c WHERE c.customer_id = {customer} AND c.action = 'given'
            AND c.channel <> 'all' AND c.brand IN ('all', {brand}) AND c.topic IN ('all', {topic}))
"""
"""SQL for the channels that a customer has named when giving consent; whether it still holds is not asked here."""


def spoken_for(connection: Connection, customer: int, *, brand: str, topic: str) -> set[str]:
    """Return the channels to which a customer consented by name; `preferences` says whether that still holds."""
    statement = text(f"SELECT {OWN.format(customer=':customer', brand=':brand', topic=':topic')}")
    return set(connection.scalar(statement, {"customer": customer, "brand": brand, "topic": topic}) or ())


_NOTICES = text("""
    INSERT INTO notices (digest, language, words, first_at)
    SELECT n.digest, n.language, n.words, :now
      FROM unnest(CAST(:digests AS text[]), CAST(:languages AS text[]), CAST(:words AS text[]))
           AS n (digest, language, words)
    ON CONFLICT DO NOTHING
""")


def keep_notices(connection: Connection, notices: Mapping[str, tuple[str, str]], *, now: datetime) -> None:
    """Keep texts that customers were shown, each once: SHA-256 to language and words."""
    digests = sorted(notices)  # in one order, so that two who keep the same ones never wait for each other
    connection.execute(
        _NOTICES,
        {
            "digests": digests,
            "languages": [notices[digest][0] for digest in digests],
            "words": [notices[digest][1] for digest in digests],
            "now": now,
        },
    )


def records_of(connection: Connection, customers: Sequence[int]) -> list[dict[str, Any]]:
    """Return every consent event of some customers with what it was recorded with, the oldest first.

    `notice` is the text that was shown, '' where it was not kept; `installation` names this store.
    """
    query = """
        SELECT c.id, c.brand, c.topic, c.channel, c.action, c.source, c.proof, c.actor, c.on_behalf, c.expires_at,
               c.record, c.at, c.recorded_at, p.country, coalesce(n.words, '') AS notice,
               coalesce((SELECT value FROM installation WHERE key = 'records'), '') AS installation,
               (SELECT r.reference FROM customer_references r WHERE r.customer_id = ANY(:customers)
                 ORDER BY r.customer_id, r.source LIMIT 1) AS reference
          FROM consents c JOIN customers p ON p.id = c.customer_id
          LEFT JOIN notices n ON n.digest = c.record ->> 'notice_sha256'
         WHERE c.customer_id = ANY(:customers) ORDER BY c.at, c.id
    """
    rows = connection.execute(text(query), {"customers": list(customers)})
    return [dict(row) for row in rows.mappings()]
