"""Invoices and the messages they become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB


@dataclass(frozen=True, kw_only=True, slots=True)
class Unrendered:
    """An invoice whose PDF has not been made."""

    invoice: int
    message: str
    customer: int
    language: str
    document: Mapping[str, Any]
    name: str
    company: str
    reference: str
    postal: Mapping[str, Any] | None
    attributes: Mapping[str, Any]
    """Of the customer."""
    spoken: str
    """By the customer, also where we have no texts in it."""


def one_run_at_a_time(connection: Connection, brand: str) -> None:
    """Wait until no other billing run of the brand is being taken in; held until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:lock))"), {"lock": f"invoices:{brand}"})


def sent_numbers(
    connection: Connection, brand: str, numbers: Sequence[str]
) -> dict[str, tuple[Decimal, str]]:
    """Return (gross, currency) of the numbers that have a message which was or will be sent."""
    found = connection.execute(
        text("""
            SELECT i.number, i.gross, i.currency FROM invoices i
            WHERE i.brand = :brand AND i.number = ANY(:numbers)
              AND EXISTS (SELECT 1 FROM messages m WHERE m.invoice_id = i.id AND m.dedupe_key IS NOT NULL)
        """),
        {"brand": brand, "numbers": list(numbers)},
    )
    return {row.number: (row.gross, row.currency) for row in found}


def last_numbers(connection: Connection, brand: str, before: Sequence[str]) -> list[str]:
    """Return, of each series (what stands before the last digits), the highest number of the store below the file's."""
    found = connection.execute(
        text(r"""
            WITH file AS (
                SELECT regexp_replace(n, '\d+$', '') AS series, min(substring(n FROM '\d{1,15}$')::bigint) AS place
                FROM unnest(CAST(:numbers AS text[])) AS n WHERE n ~ '\d$' GROUP BY 1
            )
            SELECT DISTINCT ON (f.series) i.number FROM file f
            JOIN invoices i ON i.brand = :brand AND regexp_replace(i.number, '\d+$', '') = f.series
            WHERE i.number ~ '\d$' AND substring(i.number FROM '\d{1,15}$')::bigint < f.place
            ORDER BY f.series, substring(i.number FROM '\d{1,15}$')::bigint DESC
        """),
        {"brand": brand, "numbers": list(before)},
    )
    return [row.number for row in found]


def customers_of(connection: Connection, references: Sequence[str], source: str) -> dict[str, int]:
    """Return the customer of each reference; '' as source takes any system, unless two of them disagree."""
    found = connection.execute(
        text("""
            SELECT reference, min(customer_id) AS customer FROM customer_references
            WHERE reference = ANY(:references) AND (:source = '' OR source = :source)
            GROUP BY reference HAVING min(customer_id) = max(customer_id)
        """),
        {"references": list(references), "source": source},
    )
    return {row.reference: row.customer for row in found}


def other_profiles(
    connection: Connection, customers: Sequence[int], known: Sequence[str]
) -> list[tuple[int, str]]:
    """Return (customer, what its attribute `einvoice` says) of those where it says something that is not known."""
    found = connection.execute(
        text("""
            SELECT id, left(said, 60) AS said
            FROM customers, LATERAL (SELECT btrim(attributes ->> 'einvoice', E' \\t\\r\\n') AS said) s
            WHERE id = ANY(:customers) AND said <> '' AND NOT said = ANY(:known) ORDER BY id
        """),
        {"customers": list(customers), "known": list(known)},
    )
    return [(row.id, row.said) for row in found]


def add(
    connection: Connection,
    documents: Sequence[Mapping[str, Any]],
    *,
    run: str,
    brand: str,
    space: str,
    purpose: str,
    purpose_class: str,
    shard_size: int,
    now: datetime,
) -> None:
    """Insert invoices and one planned message for each. A number that was held before is taken over by this run."""
    connection.execute(
        _ADD,
        {
            "documents": list(documents),
            "run": run,
            "brand": brand,
            "space": space,
            "purpose": purpose,
            "purpose_class": purpose_class,
            "shard_size": shard_size,
            "now": now,
        },
    )


_ADD = text("""
    WITH d AS (
        SELECT * FROM jsonb_to_recordset(:documents) AS d(
            customer bigint, number text, issued_on date, due_on date, currency text,
            net numeric, tax numeric, gross numeric, due numeric, credits text, keep_until date, document jsonb)
    ), added AS (
        INSERT INTO invoices (run_id, brand, customer_id, number, issued_on, due_on, currency, net, tax, gross,
                              due, credits, keep_until, document)
        SELECT :run, :space, customer, number, issued_on, due_on, currency, net, tax, gross, due, credits, keep_until,
               document FROM d
        ON CONFLICT (brand, number) DO UPDATE SET run_id = excluded.run_id, customer_id = excluded.customer_id,
            issued_on = excluded.issued_on, due_on = excluded.due_on, currency = excluded.currency,
            net = excluded.net, tax = excluded.tax, gross = excluded.gross, due = excluded.due,
            credits = excluded.credits, keep_until = excluded.keep_until, document = excluded.document,
            pdf_hash = NULL, xml_hash = NULL
        RETURNING id, customer_id, number
    )
    INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, invoice_id, dedupe_key,
                          data, shard, planned_at)
    SELECT message_id(concat_ws(':', CAST(:space AS text), CAST(:purpose AS text), a.number, a.customer_id)), :run,
           a.customer_id, :brand, :purpose, :purpose_class, a.number, a.id,
           concat_ws(':', CAST(:space AS text), CAST(:purpose AS text), a.number, a.customer_id),
           jsonb_build_object('customer', jsonb_build_object('first_name', c.first_name,
                       'last_name', c.last_name, 'company', c.company)),
           (row_number() OVER (ORDER BY a.id) - 1) / :shard_size, :now
    FROM added a JOIN customers c ON c.id = a.customer_id
""").bindparams(bindparam("documents", type_=JSONB))


def without_pdf(connection: Connection, run: str, shard: int) -> list[Unrendered]:
    """Return the invoices of a shard that are to be sent and have no PDF, with the customer's postal address."""
    found = connection.execute(
        text("""
            SELECT i.id AS invoice, m.id::text AS message, m.customer_id AS customer, m.language, i.document,
                   btrim(concat_ws(' ', c.first_name, c.last_name)) AS name, c.company,
                   i.document ->> 'customer' AS reference, c.attributes, c.language AS spoken,
                   (SELECT a.postal FROM addresses a WHERE a.customer_id = m.customer_id AND a.channel = 'letter'
                      AND a.removed_at IS NULL ORDER BY a.state DESC, a.position, a.id LIMIT 1) AS postal
            FROM messages m JOIN invoices i ON i.id = m.invoice_id JOIN customers c ON c.id = m.customer_id
            WHERE m.run_id = :run AND m.shard = :shard AND m.state = 'ready' AND i.pdf_hash IS NULL
            ORDER BY i.id
        """),
        {"run": run, "shard": shard},
    )
    return [Unrendered(**row._mapping) for row in found]


def set_files(connection: Connection, made: Sequence[tuple[int, str, str | None]]) -> None:
    """Store the hashes of archived PDFs and of the XML files beside them (None: there is none)."""
    connection.execute(
        text("""
            UPDATE invoices i SET pdf_hash = v.pdf, xml_hash = v.xml
            FROM unnest(CAST(:ids AS bigint[]), CAST(:pdfs AS text[]), CAST(:xmls AS text[])) AS v(id, pdf, xml)
            WHERE i.id = v.id AND i.pdf_hash IS NULL  -- the bytes of a document never change
        """),
        {
            "ids": [one[0] for one in made],
            "pdfs": [one[1] for one in made],
            "xmls": [one[2] for one in made],
        },
    )


def hold(connection: Connection, wrong: Sequence[tuple[str, str]]) -> None:
    """Hold messages whose document cannot be made, each with what is wrong; their numbers may come again corrected."""
    connection.execute(
        text("""
            UPDATE messages m SET state = 'held', reason = 'wrong_document', dedupe_key = NULL,
                data = m.data || jsonb_build_object('problem', v.problem), updated_at = clock_timestamp()
            FROM unnest(CAST(:ids AS uuid[]), CAST(:problems AS text[])) AS v(id, problem)
            WHERE m.id = v.id AND m.state = 'ready' AND NOT EXISTS (
                SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
        """),
        {"ids": [pair[0] for pair in wrong], "problems": [pair[1] for pair in wrong]},
    )


def held(connection: Connection, run: str) -> list[tuple[str, str]]:
    """Return (number, what is wrong) of the documents of a run that could not be made."""
    rows = connection.execute(
        text("""
            SELECT document, data ->> 'problem' AS problem FROM messages
            WHERE run_id = :run AND state = 'held' AND reason = 'wrong_document' ORDER BY invoice_id
        """),
        {"run": run},
    )
    return [(row.document, row.problem) for row in rows]


def documents(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Mapping[str, Any], str]]:
    """Return (document, hash of the archived PDF) of invoices by id."""
    rows = connection.execute(
        text("SELECT id, document, coalesce(pdf_hash, '') AS pdf_hash FROM invoices WHERE id = ANY(:ids)"),
        {"ids": list(ids)},
    )
    return {row.id: (row.document, row.pdf_hash) for row in rows}
