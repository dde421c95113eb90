"""Customers found by what somebody at a desk has before them; every way is an index, none is a part of a word.

Each way returns records (`customers.id`); `hits` tells of a few of them who they are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, text

from store.persons import MEMBERS


def by_reference(connection: Connection, reference: str) -> list[int]:
    """Return who has this reference in any system, or `SYSTEM:REFERENCE`."""
    system, _, number = reference.partition(":")
    rows = connection.execute(
        text("""
            SELECT customer_id FROM customer_references WHERE reference = :reference
            UNION SELECT customer_id FROM customer_references WHERE (source, reference) = (:system, :number)
        """),
        {"reference": reference, "system": system, "number": number},
    )
    return list(rows.scalars())


def by_address(connection: Connection, channels: Collection[str], values: Collection[str]) -> list[int]:
    """Return whose address one of these values is, those that were removed last."""
    rows = connection.execute(
        text("""
            SELECT customer_id FROM addresses WHERE channel = ANY(:channels) AND value = ANY(:values)
             ORDER BY removed_at IS NOT NULL, customer_id LIMIT 50
        """),
        {"channels": list(channels), "values": list(values)},
    )
    return list(dict.fromkeys(rows.scalars()))


def by_invoice(connection: Connection, brands: Sequence[str], number: str) -> list[int]:
    """Return whose invoice of one of these brands has this number."""
    rows = connection.execute(
        text("SELECT customer_id FROM invoices WHERE brand = ANY(:brands) AND number = :number"),
        {"brands": list(brands), "number": number},
    )
    return list(rows.scalars())


def by_delivery(connection: Connection, reference: str) -> list[int]:
    """Return whose delivery has this short reference."""
    rows = connection.execute(
        text(
            "SELECT m.customer_id FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE d.reference = :it"
        ),
        {"it": reference},
    )
    return list(rows.scalars())


def by_name(connection: Connection, names: Sequence[str], *, limit: int) -> list[int]:
    """Return whose last name, first name before it or not, or company begins with these words.

    Both `Berg`, `Ada Berg` and `Berg Ada` find Ada Bergersen.
    """
    clauses, values = _names(names)
    rows = connection.execute(
        text(f"SELECT id FROM customers c WHERE {clauses} ORDER BY id LIMIT :limit"),
        values | {"limit": limit},
    )
    return list(rows.scalars())


def by_postcode(
    connection: Connection, postcodes: Sequence[str], names: Sequence[str], *, limit: int
) -> list[int]:
    """Return who of a name, as in `by_name`, gets letters at one of these postal codes."""
    clauses, values = _names(names)
    rows = connection.execute(
        text(f"""
            SELECT DISTINCT c.id FROM addresses a JOIN customers c ON c.id = a.customer_id
             WHERE a.channel = 'letter' AND upper(replace(a.postal ->> 'postcode', ' ', '')) = ANY(:postcodes)
               AND ({clauses}) ORDER BY c.id LIMIT :limit
        """),
        values | {"postcodes": list(postcodes), "limit": limit},
    )
    return list(rows.scalars())


def _names(names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the condition that `by_name` describes: every way to cut the words in two."""
    words = [name.lower() for name in names]
    whole = " ".join(words)
    clauses = ["lower(c.last_name) LIKE :whole", "(c.company <> '' AND lower(c.company) LIKE :whole)"]
    values = {"whole": _begins(whole)}
    for cut, _ in enumerate(pairwise(words), 1):
        one, other = " ".join(words[:cut]), " ".join(words[cut:])
        values |= {f"one{cut}": _begins(one), f"other{cut}": _begins(other)}
        clauses += [
            f"(lower(c.last_name) LIKE :other{cut} AND lower(c.first_name) LIKE :one{cut})",
            f"(lower(c.last_name) LIKE :one{cut} AND lower(c.first_name) LIKE :other{cut})",
        ]
    return " OR ".join(clauses), values


def _begins(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One person, as far as it takes to pick the right one."""

    customer: int
    references: tuple[str, ...]
    name: str
    company: str
    town: str
    standing: str


def hits(connection: Connection, records: Sequence[int]) -> list[Hit]:
    """Return the persons of some records, each once, in the order of the records."""
    rows = connection.execute(
        text(f"""
            SELECT DISTINCT ON (c.id) c.id AS customer, c.company, c.standing, array_position(:ids, r.id) AS place,
                   concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, '')) AS name,
                   ARRAY(SELECT f.reference FROM customer_references f
                          WHERE f.customer_id = ANY({MEMBERS.format(customer="c.id")})
                          ORDER BY f.customer_id <> c.id, f.source, f.reference) AS refs,
                   coalesce((SELECT a.postal ->> 'city' FROM addresses a
                              WHERE a.customer_id = c.id AND a.channel = 'letter' AND a.removed_at IS NULL
                              ORDER BY a.position, a.id LIMIT 1), '') AS town
              FROM unnest(CAST(:ids AS bigint[])) AS r(id) LEFT JOIN persons p ON p.customer_id = r.id
              JOIN customers c ON c.id = coalesce(p.person_id, r.id)
             ORDER BY c.id, place
        """),
        {"ids": list(records)},
    )
    return [
        Hit(
            customer=row.customer,
            references=tuple(row.refs),
            name=row.name,
            company=row.company,
            town=row.town,
            standing=row.standing,
        )
        for row in sorted(rows, key=lambda row: row.place)
    ]


def alike(connection: Connection, customer: int, *, limit: int = 5) -> list[tuple[int, str]]:
    """Return (person, because) of others who are likely the same person: an address of theirs and a similar name.

    Similar: one of the last names or companies begins with the other's first three letters.
    """
    rows = connection.execute(
        text(f"""
            WITH ours AS (SELECT unnest({MEMBERS.format(customer="CAST(:customer AS bigint)")}) AS id)
            SELECT coalesce(p.person_id, b.customer_id) AS person, min(a.channel) AS because
              FROM ours o JOIN customers c ON c.id = o.id JOIN addresses a ON a.customer_id = o.id
              JOIN addresses b ON (b.channel, b.value) = (a.channel, a.value)
              JOIN customers d ON d.id = b.customer_id LEFT JOIN persons p ON p.customer_id = b.customer_id
             WHERE a.channel <> 'push' AND b.customer_id NOT IN (SELECT id FROM ours)
               AND a.problem = '' AND b.problem = ''
               AND (lower(left(c.last_name, 3)) = lower(left(d.last_name, 3)) AND c.last_name <> ''
                 OR lower(left(c.company, 3)) = lower(left(d.company, 3)) AND c.company <> '')
             GROUP BY 1 ORDER BY 1 LIMIT :limit
        """),
        {"customer": customer, "limit": limit},
    )
    return [(row.person, row.because) for row in rows]
