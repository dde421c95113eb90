"""Receipts: kept before they are understood, joined to what they speak of, folded once. See `work.receive`.

Everything runs inside the caller's transaction. A row without `folded_at` waits: for the sender that still has its
attempt, or for an attempt that nobody has recorded yet.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.receipt import Receipt, ReceiptKind
from tidings.state import AttemptState, DeliveryState

WORDS = (ReceiptKind.STOPPED, ReceiptKind.STARTED, ReceiptKind.REPLIED, ReceiptKind.AUTO_REPLIED)
"""What a customer says: an address is enough to know whose it is, whatever else is quoted."""

_LONGEST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Clue:
    """A receipt, and what of ours it speaks of."""

    id: int
    receipt: Receipt
    customers: Sequence[int]
    """Whose it is: one, or everybody who has the address, or nobody."""
    message: str | None
    delivery: str | None
    attempt: str | None
    address: str | None
    """The address it is about, as we have it."""
    reference: str | None
    brand: str
    purpose: str
    rehearsal: bool
    erased: bool
    """Its customer was erased: what became of the message may be known, of the person nothing."""
    guessed: bool
    """Only an address joins it to its delivery."""
    sent_at: datetime | None
    """When its attempt ended; None: it has none, or it goes on."""


def keep(connection: Connection, receipts: Sequence[Receipt], *, now: datetime) -> list[int]:
    """Keep receipts that were not known yet; return their numbers. Nothing is dated in the future.

    An address that was erased, and that nobody has again, is not kept.

    They are written in the order of their identity, so that two who keep the same ones wait for each other in turn.
    """
    seen = {(one.provider, one.event_id): one for one in reversed(receipts)}
    fresh = [seen[identity] for identity in sorted(seen)]
    rows = connection.execute(
        _KEEP,
        {
            "provider": [one.provider for one in fresh],
            "event_id": [_short(one.event_id) for one in fresh],
            "attempt": [_uuid(one.attempt) for one in fresh],
            "kind": [one.kind.value for one in fresh],
            "payload": [json.dumps(_payload(one)) for one in fresh],
            "at": [min(one.at, now) for one in fresh],
            "provider_reference": [_clean(one.provider_reference or "") or None for one in fresh],
            "now": now,
        },
    )
    return sorted(row.id for row in rows)


_KEEP = text("""
    INSERT INTO receipts (provider, event_id, attempt_id, kind, payload, at, provider_reference, received_at)
    SELECT provider, event_id, attempt, kind,
           CASE WHEN EXISTS (SELECT 1 FROM erased) AND EXISTS (
                    SELECT 1 FROM unnest(ARRAY[payload ->> 'address', lower(payload ->> 'address')]) AS one
                    JOIN erased e ON e.digest = erased_digest('address', (payload ->> 'channel') || ':' || one)
                    WHERE NOT EXISTS (
                        SELECT 1 FROM addresses h WHERE h.channel = payload ->> 'channel' AND h.value = one))
                THEN payload - 'address' ELSE payload END,
           at, provider_reference, :now FROM unnest(
        CAST(:provider AS text[]), CAST(:event_id AS text[]), CAST(:attempt AS uuid[]), CAST(:kind AS text[]),
        CAST(:payload AS jsonb[]), CAST(:at AS timestamptz[]), CAST(:provider_reference AS text[]))
        AS s(provider, event_id, attempt, kind, payload, at, provider_reference)
    ON CONFLICT (provider, event_id) DO NOTHING RETURNING id
""")


def _uuid(quoted: str | None) -> str | None:
    """Return an attempt id, None for what cannot be one: anybody may have written it."""
    try:
        return str(UUID(quoted)) if quoted else None
    except ValueError:
        return None


def _payload(receipt: Receipt) -> Mapping[str, Any]:
    words = {
        "channel": receipt.channel.value,
        "attempt": receipt.attempt,
        "reference": receipt.reference,
        "address": receipt.address,
        "error": receipt.error.value if receipt.error else None,
        "code": receipt.code,
        "machine": receipt.machine,
    }
    return {key: _clean(value) if isinstance(value, str) else value for key, value in words.items() if value}


def _clean(value: str) -> str:
    """Return a stranger's word as the database can take it: no NUL, no half characters, not too long for an index."""
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:_LONGEST]


def _short(event_id: str) -> str:
    """Return an event's id, or a digest of one that is too long for an index."""
    plain = _clean(event_id)
    return plain if len(event_id) <= _LONGEST else blake2b(event_id.encode("utf-8", "replace")).hexdigest()


def waiting(connection: Connection, *, limit: int) -> list[int]:
    """Return receipts that wait for something which is there now, oldest first."""
    rows = connection.execute(_WAITING, {"limit": limit})
    return [row.id for row in rows]


_RECORDED = f"d.state <> '{DeliveryState.SENDING}' AND a.state <> '{AttemptState.SENDING}'"
_WAITING = text(f"""
    SELECT r.id FROM receipts r WHERE r.folded_at IS NULL AND (
        EXISTS (SELECT 1 FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                WHERE a.id = r.attempt_id AND {_RECORDED})
        OR EXISTS (SELECT 1 FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                   WHERE a.provider = r.provider AND a.provider_reference = r.provider_reference AND {_RECORDED})
        OR EXISTS (SELECT 1 FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
                   WHERE d.reference = upper(r.payload ->> 'reference') AND {_RECORDED})
        OR EXISTS (SELECT 1 FROM addresses h WHERE h.channel = r.payload ->> 'channel'
                   AND h.value IN (r.payload ->> 'address', lower(r.payload ->> 'address'))))
    ORDER BY r.id LIMIT :limit
""")


def clues(connection: Connection, numbers: Sequence[int]) -> list[Clue]:
    """Join receipts to what they speak of: attempt, provider's reference, our reference, or else the address.

    What quotes an attempt or a reference that does not exist is nobody's, whatever address it names as well.
    """
    rows = connection.execute(_CLUES, {"ids": list(numbers), "words": [word.value for word in WORDS]}).all()
    return [
        Clue(
            id=row.id,
            receipt=_receipt(row),
            customers=row.customers or (),
            message=_text(row.message),
            delivery=_text(row.delivery),
            attempt=_text(row.attempt),
            address=row.address,
            reference=row.reference,
            brand=row.brand,
            purpose=row.purpose,
            rehearsal=row.rehearsal,
            erased=row.erased,
            guessed=row.guessed,
            sent_at=row.sent_at,
        )
        for row in rows
    ]


_BEST = "(x.state IN ('accepted', 'unknown')) DESC, x.number DESC LIMIT 1"
_CLUES = text(f"""
    WITH quoted AS (
        SELECT r.*, r.kind = ANY(:words) AS word, r.payload ->> 'attempt' AS named, r.payload ->> 'address' AS told,
               r.payload ->> 'channel' AS channel, upper(r.payload ->> 'reference') AS reference
        FROM receipts r WHERE r.id = ANY(:ids)
    ), joined AS (
        SELECT q.*, coalesce(
            (SELECT x.id FROM attempts x WHERE x.id = q.attempt_id),
            CASE WHEN q.word OR q.named IS NULL THEN
                (SELECT x.id FROM attempts x WHERE x.provider = q.provider
                   AND x.provider_reference = q.provider_reference ORDER BY x.started_at DESC LIMIT 1) END,
            CASE WHEN q.word OR (q.named IS NULL AND q.provider_reference IS NULL) THEN
                (SELECT x.id FROM deliveries d JOIN attempts x ON x.delivery_id = d.id
                  WHERE d.reference = q.reference ORDER BY {_BEST}) END) AS found
        FROM quoted q
    )
    SELECT j.id, j.provider, j.event_id, j.kind, j.payload, j.at, j.provider_reference, a.id AS attempt,
           a.ended_at AS sent_at,
           d.id AS delivery, m.id AS message, coalesce(d.address, holders.value) AS address, d.reference,
           coalesce(m.brand, 'all') AS brand, coalesce(m.purpose, '') AS purpose,
           coalesce(u.mode = 'rehearsal', false) AS rehearsal, j.found IS NULL AS guessed,
           coalesce(d.address = 'erased', false) AS erased,
           CASE WHEN j.found IS NULL THEN holders.ids ELSE ARRAY[m.customer_id] END AS customers
    FROM joined j
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT h.customer_id ORDER BY h.customer_id) AS ids, min(h.value) AS value FROM addresses h
        WHERE j.found IS NULL AND h.channel = j.channel AND h.value IN (j.told, lower(j.told))
          AND (j.word OR (j.named IS NULL AND j.provider_reference IS NULL AND j.reference IS NULL))
    ) AS holders ON true
    LEFT JOIN LATERAL (
        SELECT x.id FROM messages n JOIN deliveries o ON o.message_id = n.id JOIN attempts x ON x.delivery_id = o.id
        WHERE n.customer_id = ANY(holders.ids) AND o.channel = j.channel AND o.address = holders.value
          AND o.created_at <= j.at
        ORDER BY o.created_at DESC, {_BEST}
    ) AS near ON true
    LEFT JOIN attempts a ON a.id = coalesce(j.found, near.id) LEFT JOIN deliveries d ON d.id = a.delivery_id
    LEFT JOIN messages m ON m.id = d.message_id LEFT JOIN runs u ON u.id = m.run_id
    ORDER BY j.id
""")


def _receipt(row: Any) -> Receipt:
    told = row.payload
    return Receipt(
        provider=row.provider,
        event_id=row.event_id,
        kind=ReceiptKind(row.kind),
        channel=Channel(told["channel"]),
        at=row.at,
        attempt=told.get("attempt"),
        provider_reference=row.provider_reference,
        reference=told.get("reference"),
        address=told.get("address"),
        error=ErrorClass(told["error"]) if "error" in told else None,
        code=told.get("code", ""),
        machine=told.get("machine", False),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def mark_folded(connection: Connection, folded: Mapping[int, str | None], *, now: datetime) -> None:
    """Note that receipts are folded, with the attempt that each spoke of; never fold them again."""
    if folded:
        connection.execute(
            text("""
                UPDATE receipts r SET folded_at = :now, attempt_id = coalesce(s.attempt, r.attempt_id)
                FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS uuid[])) AS s(id, attempt) WHERE r.id = s.id
            """),
            {"ids": list(folded), "attempts": list(folded.values()), "now": now},
        )
