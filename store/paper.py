"""Letters as print house and post speak of them: what was handed over in a batch, what was confirmed, what differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A letter that was handed over, or may have been."""

    message: str
    reference: str
    """`deliveries.reference`, as it is printed on the letter."""
    sheets: int
    attempt: str
    provider: str
    batch: str | None
    """As its provider called what it took; None while that is in doubt."""
    certain: bool
    """Whether the provider has said that it took it."""
    inside: str | None = None
    """The message in whose envelope it is; that one has the sheets of the whole envelope."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """What a print house says of one letter, or of a whole batch where `letter` is ''."""

    batch: str
    letter: str
    message: str | None
    status: str
    """`printed`, `posted` or `failed`."""
    letters: int | None
    sheets: int | None
    times: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What is not as it was handed over; the three names tell one difference from another."""

    batch: str
    letter: str
    kind: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """One batch as our books have it."""

    batch: str
    provider: str
    handed_over_at: datetime
    letters: int
    sheets: int
    printed: int
    posted: int
    confirmed_at: datetime | None


_POSTED = """
    SELECT m.id::text AS message, d.reference,
           coalesce((SELECT max(v.sheets) FROM envelopes v WHERE v.top_id = d.id), d.parts)::int AS sheets,
           a.id::text AS attempt, a.provider, a.provider_reference AS batch, a.state = 'accepted' AS certain,
           t.message_id::text AS inside
    FROM deliveries d JOIN messages m ON m.id = d.message_id
    LEFT JOIN envelopes e ON e.delivery_id = d.id LEFT JOIN deliveries t ON t.id = e.top_id
    JOIN LATERAL (SELECT * FROM attempts x WHERE x.delivery_id = d.id
                    AND x.state IN ('accepted', 'unknown', 'sending', 'abandoned')
                  ORDER BY x.state = 'accepted' DESC, x.number DESC LIMIT 1) a ON true
    WHERE d.channel = 'letter' AND
"""


def posted(connection: Connection, messages: Iterable[str], references: Iterable[str]) -> list[Posted]:
    """Return the letters of messages, or with references, that were or may have been handed over; the newest last."""
    rows = connection.execute(
        text(f"""{_POSTED} (m.id = ANY(CAST(:messages AS uuid[])) OR d.reference = ANY(:references))
             ORDER BY d.created_at, d.number"""),
        {"messages": list(messages), "references": list(references)},
    )
    return [Posted(**row._mapping) for row in rows]


def batch_letters(connection: Connection, batches: Iterable[str]) -> list[Posted]:
    """Return the letters that were accepted in batches."""
    rows = connection.execute(
        text(f"""{_POSTED} d.id IN (SELECT delivery_id FROM attempts WHERE provider_reference = ANY(:batches)
                                    AND state = 'accepted') ORDER BY m.id"""),
        {"batches": list(batches)},
    )
    return [Posted(**row._mapping) for row in rows]


_NEWER = "EXCLUDED.at > p.at - interval '1 day'"


def save_confirmations(connection: Connection, rows: Sequence[Confirmed], *, file: str) -> None:
    """Keep what a print house said; what is newer of the same letter takes the place of it, `posted` stays.

    A day without its hour counts from its beginning: what comes later is older only by a whole day.
    """
    if not rows:
        return
    values = [
        {name: getattr(row, name) for name in Confirmed.__slots__} | {"at": row.at.isoformat()}
        for row in rows
    ]
    connection.execute(
        text(f"""
            INSERT INTO print_confirmations AS p (batch, letter, message_id, status, letters, sheets, times, file, at)
            SELECT batch, letter, message, status, letters, sheets, times, :file, at
            FROM jsonb_to_recordset(:rows) AS c(batch text, letter text, message uuid, status text, letters int,
                                                sheets int, times smallint, at timestamptz)
            ON CONFLICT (batch, letter) DO UPDATE SET
                message_id = coalesce(EXCLUDED.message_id, p.message_id),
                letters = CASE WHEN {_NEWER} THEN coalesce(EXCLUDED.letters, p.letters) ELSE p.letters END,
                sheets = CASE WHEN {_NEWER} THEN coalesce(EXCLUDED.sheets, p.sheets)
                              ELSE coalesce(p.sheets, EXCLUDED.sheets) END,
                times = CASE WHEN {_NEWER} THEN EXCLUDED.times ELSE p.times END,
                file = CASE WHEN {_NEWER} THEN EXCLUDED.file ELSE p.file END,
                at = greatest(EXCLUDED.at, p.at),
                status = CASE WHEN (p.status, EXCLUDED.status) IN (('posted', 'printed'), ('printed', 'posted'))
                                THEN 'posted'
                              WHEN {_NEWER} THEN EXCLUDED.status ELSE p.status END
        """).bindparams(bindparam("rows", type_=JSONB)),
        {"rows": values, "file": file},
    )


def confirmations(connection: Connection, batches: Iterable[str]) -> list[Confirmed]:
    """Return all that was said of batches."""
    rows = connection.execute(
        text("""SELECT batch, letter, message_id::text AS message, status, letters, sheets, times, at
                FROM print_confirmations WHERE batch = ANY(:batches) ORDER BY batch, letter"""),
        {"batches": list(batches)},
    )
    return [Confirmed(**row._mapping) for row in rows]


def save_differences(
    connection: Connection, batches: Iterable[str], differences: Sequence[Difference], *, now: datetime
) -> None:
    """Keep the differences of batches; one that is not among them any more is resolved."""
    rows = [{name: getattr(one, name) for name in Difference.__slots__} for one in differences]
    connection.execute(
        text("""
            WITH found AS (
                SELECT * FROM jsonb_to_recordset(:rows) AS f(batch text, letter text, kind text, expected text,
                                                             found text)
            ), resolved AS (
                UPDATE print_discrepancies d SET resolved_at = :now
                WHERE d.batch = ANY(:batches) AND d.resolved_at IS NULL AND NOT EXISTS (
                    SELECT 1 FROM found f WHERE (f.batch, f.letter, f.kind) = (d.batch, d.letter, d.kind))
            )
            INSERT INTO print_discrepancies (batch, letter, kind, expected, found, found_at)
            SELECT batch, letter, kind, expected, found, :now FROM found
            ON CONFLICT (batch, letter, kind) WHERE resolved_at IS NULL
            DO UPDATE SET expected = EXCLUDED.expected, found = EXCLUDED.found
        """).bindparams(bindparam("rows", type_=JSONB)),
        {"rows": rows, "batches": list(batches), "now": now},
    )


def open_differences(connection: Connection, batch: str | None = None) -> list[Mapping[str, Any]]:
    """Return what differs and is not resolved: batch, letter, kind, expected, found, found_at."""
    rows = connection.execute(
        text("""SELECT batch, letter, kind, expected, found, found_at FROM print_discrepancies
                WHERE resolved_at IS NULL AND (CAST(:batch AS text) IS NULL OR batch = :batch)
                ORDER BY batch, letter, kind"""),
        {"batch": batch},
    )
    return [dict(row._mapping) for row in rows]


def batches(connection: Connection, providers: Sequence[str], batch: str | None = None) -> list[Batch]:
    """Return the batches that were handed over to providers, the newest first."""
    rows = connection.execute(
        text("""
            SELECT a.provider_reference AS batch, min(a.provider) AS provider, min(a.ended_at) AS handed_over_at,
                   count(*)::int AS letters,
                   sum(coalesce((SELECT max(v.sheets) FROM envelopes v WHERE v.top_id = d.id), d.parts))::int AS sheets,
                   count(*) FILTER (WHERE c.printed OR w.status IN ('printed', 'posted'))::int AS printed,
                   count(*) FILTER (WHERE c.posted OR w.status = 'posted')::int AS posted,
                   greatest(max(c.at), max(w.at)) AS confirmed_at
            FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
            LEFT JOIN LATERAL (
                SELECT bool_or(status <> 'failed') AS printed, bool_or(status = 'posted') AS posted, max(at) AS at
                FROM print_confirmations
                WHERE batch = a.provider_reference AND message_id = d.message_id) c ON true
            LEFT JOIN print_confirmations w ON w.batch = a.provider_reference AND w.letter = ''
            WHERE d.channel = 'letter' AND a.state = 'accepted' AND a.provider = ANY(:providers)
              AND (CAST(:batch AS text) IS NULL OR a.provider_reference = :batch)
              AND NOT EXISTS (SELECT 1 FROM envelopes x WHERE x.delivery_id = d.id)
            GROUP BY 1 ORDER BY 3 DESC, 1
        """),
        {"providers": list(providers), "batch": batch},
    )
    return [Batch(**row._mapping) for row in rows]


def known_events(connection: Connection, provider: str, events: Iterable[str]) -> set[str]:
    """Return which of a provider's events have been received before."""
    rows = connection.execute(
        text("SELECT event_id FROM receipts WHERE provider = :provider AND event_id = ANY(:events)"),
        {"provider": provider, "events": list(events)},
    )
    return {row.event_id for row in rows}
