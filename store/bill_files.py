"""The files of billing that were brought through a page, and how far each of them is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from store.tables import bill_files


@dataclass(frozen=True, kw_only=True, slots=True)
class BillFile:
    """One file; the bytes lie under their hash in the home."""

    digest: str
    name: str
    """As it was called where it came from; hostile."""
    size: int
    brought_by: str
    brought_at: datetime
    mapping: Mapping[str, Any]
    brand: str
    expected: Mapping[str, str]
    """Currency to the gross total that a person says the file has."""


_COLUMNS = [bill_files.c[name] for name in BillFile.__slots__]


def bring(connection: Connection, *, digest: str, name: str, size: int, by: str, now: datetime) -> None:
    """Write down a file; one that was brought before is only brought again."""
    values = {"digest": digest, "name": name, "size": size, "brought_by": by, "brought_at": now}
    connection.execute(
        insert(bill_files)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["digest"], set_={"name": name, "brought_by": by, "brought_at": now}
        )
    )


def find(connection: Connection, digest: str) -> BillFile | None:
    """Return a file by its hash."""
    row = connection.execute(select(*_COLUMNS).where(bill_files.c.digest == digest)).one_or_none()
    return BillFile(**row._mapping) if row else None


def newest(connection: Connection, *, limit: int) -> list[BillFile]:
    """Return the files that were brought last."""
    rows = connection.execute(select(*_COLUMNS).order_by(bill_files.c.brought_at.desc()).limit(limit))
    return [BillFile(**row._mapping) for row in rows]


def settle(connection: Connection, digest: str, **values: Any) -> None:
    """Change the mapping, the brand or the expected sums of a file."""
    connection.execute(update(bill_files).where(bill_files.c.digest == digest).values(**values))


def billed(connection: Connection, run: str, *, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the invoices of a run with the proof of each, by id: what was sent where, when, and who says so.

    Each is (id, number, customer, gross, currency, pdf_hash, message, state, reason, channel, delivery_state,
    delivered_at, reference, provider, provider_reference); an invoice that is not sent yet has None in most.
    """
    return connection.execute(_BILLED, {"run": run, "after": after, "limit": limit, "number": ""}).all()


def billed_number(connection: Connection, run: str, number: str) -> Sequence[Row[Any]]:
    """Return the same of one number."""
    return connection.execute(_BILLED, {"run": run, "after": 0, "limit": 1, "number": number}).all()


_BILLED = text("""
    SELECT i.id, i.number, i.document ->> 'customer' AS customer, i.gross, i.currency, i.pdf_hash,
           m.id::text AS message, m.state, m.reason, coalesce(d.channel, m.channel) AS channel,
           d.state AS delivery_state, d.updated_at AS delivered_at, d.reference, a.provider, a.provider_reference
    FROM (SELECT * FROM invoices WHERE run_id = :run AND id > :after AND (:number = '' OR number = :number)
          ORDER BY id LIMIT :limit) AS i
    LEFT JOIN LATERAL (SELECT * FROM messages m WHERE m.customer_id = i.customer_id AND m.invoice_id = i.id
                         AND m.run_id = :run AND m.copy = 0 ORDER BY m.planned_at DESC LIMIT 1) AS m ON true
    LEFT JOIN LATERAL (SELECT * FROM deliveries d WHERE d.message_id = m.id ORDER BY d.number DESC LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT * FROM attempts a WHERE a.delivery_id = d.id
                       ORDER BY a.state = 'accepted' DESC, a.number DESC LIMIT 1) AS a ON true
    ORDER BY i.id
""")


def samples(connection: Connection, run: str) -> Sequence[Row[Any]]:
    """Return (why, id, number, language, lines, gross, currency) of the invoices that somebody should look at.

    The one with the fewest lines, the one with the most, the highest, and the first in each language; only those whose
    PDF is made. `why` is shortest, longest, highest or language.
    """
    return connection.execute(_SAMPLES, {"run": run}).all()


_SAMPLES = text("""
    WITH made AS (
        SELECT i.id, i.number, i.gross, i.currency, jsonb_array_length(i.document -> 'lines') AS lines, m.language
        FROM messages m JOIN invoices i ON i.id = m.invoice_id
        WHERE m.run_id = :run AND m.copy = 0 AND i.pdf_hash IS NOT NULL
    )
    (SELECT 'shortest' AS why, * FROM made ORDER BY lines, id LIMIT 1)
    UNION ALL (SELECT 'longest', * FROM made ORDER BY lines DESC, id LIMIT 1)
    UNION ALL (SELECT 'highest', * FROM made ORDER BY gross DESC, id LIMIT 1)
    UNION ALL (SELECT * FROM (SELECT DISTINCT ON (language) 'language', made.* FROM made ORDER BY language, id) AS l)
""")


def pdf_of(connection: Connection, run: str, invoice: int) -> tuple[int, str] | None:
    """Return (customer, hash of the archived PDF) of an invoice of a run, None when there is none."""
    row = connection.execute(
        text(
            "SELECT customer_id, pdf_hash FROM invoices WHERE run_id = :run AND id = :id AND pdf_hash IS NOT NULL"
        ),
        {"run": run, "id": invoice},
    ).one_or_none()
    return (row.customer_id, row.pdf_hash) if row else None


def file_of(connection: Connection, run: str) -> Row[Any] | None:
    """Return (file_name, documents, control_sums) of an invoice run."""
    return connection.execute(
        text("SELECT file_name, documents, control_sums FROM invoice_runs WHERE run_id = :run"), {"run": run}
    ).one_or_none()
