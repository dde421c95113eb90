"""Customers and their references: found, locked, listed, compared, and written many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from store import ways
from store.hot import array
from store.imports import Counts, copy_in
from store.persons import MEMBERS, person_of
from tidings.channel import IDENTIFYING, Channel
from tidings.problem import Problem

if TYPE_CHECKING:
    import polars as pl

PEOPLE = {
    "row": "bigint",
    "reference": "text",
    "first_name": "text",
    "last_name": "text",
    "company": "text",
    "language": "text",
    "language_else": "text",
    "time_zone": "text",
    "time_zone_else": "text",
    "country": "text",
    "standing": "text",
    "attributes": "jsonb",
}
"""Columns of `save`; null is not stated and never replaces what is known, `_else` is for those who have nothing yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicate:
    """Customers that are likely one person."""

    because: str
    """email, phone, or name and postal address."""
    value: str
    customers: tuple[dict[str, Any], ...]
    """id, reference, source, name; oldest first."""


LOCK = text("""
    SELECT id FROM customers WHERE id = ANY(CAST(:ids AS bigint[]) || ARRAY(
        SELECT w.customer_id FROM persons m JOIN persons w ON w.person_id = m.person_id
         WHERE m.customer_id = ANY(CAST(:ids AS bigint[])))) ORDER BY id FOR NO KEY UPDATE
""")
"""What `lock_customers` asks."""


def lock_customers(connection: Connection, customers: Sequence[int]) -> Sequence[int]:
    """Lock customers in the one order that everybody uses; the claim of the sender waits, and so do we for it.

    All records of a person are locked, so that who locks one of them excludes who locks another. Returns their ids.
    """
    return connection.execute(LOCK, {"ids": array(customers)}).scalars().all()


def find(connection: Connection, reference: str, source: str | None = None) -> int | None:
    """Return the id of the customer with a reference, or with an e-mail address or phone number of their own.

    Of a person with several records it is the one that is kept.

    Args:
        connection: any.
        reference: as the source system has it; also `source:reference`, an e-mail address, or a number in E.164.
        source: the system; None or '' looks in all.

    Raises:
        Problem: it means more than one customer.
    """
    record = record_of(connection, reference, source)
    return None if record is None else person_of(connection, record)


def record_of(connection: Connection, reference: str, source: str | None = None) -> int | None:
    """Return the record that `find` means, before it was merged with another one.

    Raises:
        Problem: it means more than one customer.
    """
    written = reference.strip()
    before, colon, after = written.partition(":")
    for asked, system in ((written, source or ""), (after, before) if colon and not source else ("", "")):
        found = _referred(connection, asked, system) if asked else []
        if len(found) > 1:
            raise Problem(
                f"{reference!r} is the reference of {len(found)} customers in different systems.",
                todo="Write SYSTEM:REFERENCE.",
            )
        if found:
            return found[0]
    phone = written.startswith("+")
    value = "".join(char for char in written if char.isdigit() or char == "+") if phone else written.lower()
    reached = connection.execute(
        text(
            "SELECT DISTINCT ON (coalesce(p.person_id, a.customer_id)) a.customer_id FROM addresses a"
            " LEFT JOIN persons p ON p.customer_id = a.customer_id"
            " WHERE channel = ANY(CAST(:channels AS text[])) AND value = :value AND removed_at IS NULL"
            " ORDER BY coalesce(p.person_id, a.customer_id), a.customer_id LIMIT 3"
        ),
        {"value": value, "channels": list(IDENTIFYING)},
    ).scalars()
    ids = list(reached)
    if len(ids) > 1:
        raise Problem(f"{reference!r} reaches more than one customer.", todo="Use the customer's reference.")
    return ids[0] if ids else None


def _referred(connection: Connection, reference: str, source: str) -> list[int]:
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (coalesce(p.person_id, r.customer_id)) r.customer_id FROM customer_references r"
            " LEFT JOIN persons p ON p.customer_id = r.customer_id"
            " WHERE reference = :reference AND (:source = '' OR source = :source)"
            " ORDER BY coalesce(p.person_id, r.customer_id), r.customer_id LIMIT 3"
        ),
        {"reference": reference, "source": source},
    )
    return list(rows.scalars())


def nobody_yet(connection: Connection) -> bool:
    """Return whether no customer was ever brought in: an installation on its first day."""
    return not connection.scalar(text("SELECT EXISTS (SELECT FROM customers)"))


def time_zone(connection: Connection, customer: int) -> str:
    """Return whose clock a customer lives by, '' of nobody."""
    zone = text("SELECT time_zone FROM customers WHERE id = :customer")
    return str(connection.scalar(zone, {"customer": customer}) or "")


def own_reference(connection: Connection, customer: int) -> str:
    """Return the first reference of a record, its number when it has none."""
    found = connection.scalar(
        text("SELECT reference FROM customer_references WHERE customer_id = :id ORDER BY source LIMIT 1"),
        {"id": customer},
    )
    return str(found or customer)


def save(
    connection: Connection, people: pl.DataFrame, addresses: pl.DataFrame, *, source: str, now: datetime
) -> Counts:
    """Insert or update customers by their reference in a source; what did not change is not written.

    Args:
        connection: in a transaction that holds `imports.one_at_a_time`.
        people: columns of PEOPLE; references are distinct.
        addresses: columns of `ways.WAYS`, joined to people by `row`.
        source: the system the references belong to.
        now: when.
    """
    copy_in(connection, "incoming_people", PEOPLE, people)
    copy_in(connection, "incoming_ways", ways.WAYS, addresses)
    values = {"source": source, "now": now}
    for statement in (*_RESOLVE, *_INSERT, *_CHANGE):
        connection.execute(text(statement), values)
    ways.merge(connection, label=f"import:{source}", replaces=True, now=now)
    row = connection.execute(text(_COUNT)).one()
    return Counts(imported=row[0], updated=row[1], unchanged=row[2])


_RESOLVE = (
    """ALTER TABLE incoming_people ADD customer_id bigint, ADD is_new boolean NOT NULL DEFAULT false,
                                   ADD changed boolean NOT NULL DEFAULT false""",
    """UPDATE incoming_people p SET is_new = f.known IS NULL, customer_id = f.id
         FROM (SELECT o.at, o.known, coalesce(o.known, nextval(pg_get_serial_sequence('customers', 'id'))) AS id
                 FROM (SELECT i.ctid AS at, r.customer_id AS known FROM incoming_people i
                         LEFT JOIN customer_references r ON r.source = :source AND r.reference = i.reference
                        ORDER BY i.row OFFSET 0) o) f
        WHERE p.ctid = f.at""",
)

_INSERT = (
    """INSERT INTO customers (id, first_name, last_name, company, language, time_zone, country, standing, attributes,
                              created_at, updated_at)
       SELECT customer_id, coalesce(first_name, ''), coalesce(last_name, ''), coalesce(company, ''),
              coalesce(language, language_else), coalesce(time_zone, time_zone_else), coalesce(country, ''),
              coalesce(standing, 'customer'), jsonb_strip_nulls(coalesce(attributes, '{}')), :now, clock_timestamp()
         FROM incoming_people WHERE is_new""",
    """INSERT INTO customer_references (source, reference, customer_id)
       SELECT :source, reference, customer_id FROM incoming_people WHERE is_new""",
)

_CHANGE = (
    """UPDATE incoming_people p SET changed = true FROM customers c
        WHERE c.id = p.customer_id AND NOT p.is_new
          AND (p.first_name <> c.first_name OR p.last_name <> c.last_name OR p.company <> c.company
            OR p.language <> c.language OR p.time_zone <> c.time_zone OR p.country <> c.country
            OR p.standing <> c.standing OR NOT c.attributes @> jsonb_strip_nulls(p.attributes))""",
    """SELECT id FROM customers WHERE id IN (SELECT customer_id FROM incoming_people WHERE changed)
        ORDER BY id FOR NO KEY UPDATE""",
    """UPDATE customers c
          SET first_name = coalesce(p.first_name, c.first_name), last_name = coalesce(p.last_name, c.last_name),
              company = coalesce(p.company, c.company), language = coalesce(p.language, c.language),
              time_zone = coalesce(p.time_zone, CASE WHEN p.country <> c.country THEN p.time_zone_else END,
                                   c.time_zone),
              country = coalesce(p.country, c.country), standing = coalesce(p.standing, c.standing),
              attributes = c.attributes || jsonb_strip_nulls(coalesce(p.attributes, '{}')),
              updated_at = clock_timestamp()
         FROM incoming_people p WHERE p.changed AND p.customer_id = c.id""",
)

_COUNT = """
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new AND (changed OR w.row IS NOT NULL)),
           count(*) FILTER (WHERE NOT is_new AND NOT changed AND w.row IS NULL)
      FROM incoming_people p LEFT JOIN (SELECT DISTINCT row FROM incoming_ways WHERE changed) w ON w.row = p.row"""

_DUPLICATES = """
    WITH reached AS (
        SELECT CASE WHEN a.channel = ANY(CAST(:by_phone AS text[])) THEN 'phone'
                    WHEN a.channel = 'letter' THEN 'name and postal address' ELSE a.channel END AS because,
               CASE a.channel WHEN 'letter' THEN concat_ws(E'\\n', nullif(concat_ws(' ', nullif(c.first_name, ''),
                   nullif(c.last_name, '')), ''), nullif(c.company, ''), a.value) ELSE a.value END AS value,
               coalesce(p.person_id, c.id) AS id
          FROM addresses a JOIN customers c ON c.id = a.customer_id LEFT JOIN persons p ON p.customer_id = c.id
         WHERE a.removed_at IS NULL AND (a.channel = 'letter' OR a.channel = ANY(CAST(:identifying AS text[])))
           AND (a.problem NOT IN ('email_invalid', 'phone_invalid', 'phone_no_country'))
           AND (a.channel <> 'letter' OR c.first_name || c.last_name || c.company <> '')
    ), alike AS (
        SELECT because, min(value) AS value, array_agg(DISTINCT id ORDER BY id) AS ids
          FROM reached GROUP BY because, lower(value) HAVING count(DISTINCT id) > 1
    )
    SELECT a.because, a.value, (
        SELECT json_agg(json_build_object('id', c.id, 'reference', r.reference, 'source', r.source, 'name',
                   concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, ''), nullif(c.company, '')))
                   ORDER BY c.id, r.source)
          FROM customers c LEFT JOIN customer_references r ON r.customer_id = c.id WHERE c.id = ANY(a.ids))
      FROM alike a ORDER BY a.because, a.value"""


def duplicates(connection: Connection) -> list[Duplicate]:
    """Return the customers that share an e-mail address, a phone, or a name with a postal address."""
    return [
        Duplicate(because=because, value=value, customers=tuple(customers))
        for because, value, customers in connection.execute(
            text(_DUPLICATES),
            {
                "identifying": list(IDENTIFYING),
                "by_phone": [channel for channel in Channel if channel.by_phone],
            },
        )
    ]


_LIST = f"""
    SELECT c.id, coalesce((SELECT string_agg(r.source || ':' || r.reference, ', ' ORDER BY r.source)
             FROM customer_references r WHERE r.customer_id = ANY({MEMBERS.format(customer="c.id")})), '') AS reference,
           concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, '')) AS name, c.company, c.country, c.language,
           c.time_zone, c.standing, c.holds, c.attributes, c.created_at,
           (SELECT coalesce(json_agg(json_build_object('channel', a.channel, 'value', a.value, 'state', a.state,
                       'problem', a.problem, 'platform', a.platform, 'position', a.position)
                       ORDER BY a.channel, a.position, a.id), '[]')
              FROM addresses a WHERE a.removed_at IS NULL
               AND a.customer_id = ANY({MEMBERS.format(customer="c.id")})) AS addresses
      FROM customers c
     WHERE (:id = 0 OR c.id = :id) AND NOT EXISTS (
           SELECT FROM persons p WHERE p.customer_id = c.id AND p.person_id <> c.id)
       AND (:like = '' OR c.first_name || ' ' || c.last_name ILIKE :like OR c.company ILIKE :like
         OR EXISTS (SELECT FROM customer_references r
                     WHERE r.customer_id = ANY({MEMBERS.format(customer="c.id")}) AND r.reference ILIKE :like)
         OR EXISTS (SELECT FROM addresses a
                     WHERE a.customer_id = ANY({MEMBERS.format(customer="c.id")}) AND a.value ILIKE :like))
     ORDER BY c.id LIMIT :limit"""


def listed(
    connection: Connection, *, words: str = "", customer: int = 0, limit: int = 50
) -> list[dict[str, Any]]:
    """Return customers with their addresses as plain values, in the order they came: one, or those that match words.

    Args:
        connection: any.
        words: part of a name, company, reference or address; '' is all.
        customer: id of the only one wanted, 0 = any.
        limit: at most so many.
    """
    like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else ""
    rows = connection.execute(text(_LIST), {"id": customer, "like": like, "limit": limit})
    return [dict(row) for row in rows.mappings()]
