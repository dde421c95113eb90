"""One customer written by a system: made or changed by its reference, and their addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.customers import lock_customers
from store.imports import one_at_a_time

COLUMNS = ("first_name", "last_name", "company", "language", "time_zone", "country", "standing")


def referred(connection: Connection, source: str, reference: str) -> int | None:
    """Return the customer to whom a system gave a reference."""
    query = "SELECT customer_id FROM customer_references WHERE source = :source AND reference = :reference"
    found: int | None = connection.scalar(text(query), {"source": source, "reference": reference})
    return found


def make(
    connection: Connection,
    source: str,
    reference: str,
    *,
    values: Mapping[str, Any],
    attributes: Mapping[str, Any],
    now: datetime,
) -> int | None:
    """Insert a customer with a reference and return the number, None when an import or a caller was faster.

    `values` has `language`, `time_zone` and `country` at least, of COLUMNS.
    """
    one_at_a_time(connection)
    if referred(connection, source, reference) is not None:
        return None
    names = [name for name in COLUMNS if name in values]
    made = int(
        connection.execute(
            text(
                f"INSERT INTO customers ({', '.join(names)}, attributes, created_at, updated_at) VALUES"
                f" ({', '.join(f':{name}' for name in names)}, CAST(:attributes AS jsonb), :now, clock_timestamp())"
                " RETURNING id"
            ),
            {**{name: values[name] for name in names}, "attributes": json.dumps(attributes), "now": now},
        ).scalar_one()
    )
    connection.execute(
        text(
            "INSERT INTO customer_references (source, reference, customer_id) VALUES (:source, :reference, :id)"
        ),
        {"source": source, "reference": reference, "id": made},
    )
    return made


def change(
    connection: Connection,
    customer: int,
    *,
    values: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> bool:
    """Change what is given of a customer; an attribute that is null goes. Returns whether anything changed."""
    lock_customers(connection, [customer])
    names = [name for name in COLUMNS if name in values]
    merged = "jsonb_strip_nulls(attributes || CAST(:attributes AS jsonb))"
    sets = [*(f"{name} = :{name}" for name in names), f"attributes = {merged}"]
    differs = [*(f"{name} <> :{name}" for name in names), f"attributes <> {merged}"]
    done = connection.execute(
        text(
            f"UPDATE customers SET {', '.join(sets)}, updated_at = clock_timestamp() WHERE id = :id"
            f" AND ({' OR '.join(differs)})"
        ),
        {
            **{name: values[name] for name in names},
            "attributes": json.dumps(attributes),
            "id": customer,
        },
    )
    return bool(done.rowcount)


def add_address(
    connection: Connection,
    customer: int,
    *,
    channel: str,
    value: str,
    postal: Mapping[str, Any] | None,
    position: int,
    verified_at: datetime | None,
    now: datetime,
) -> tuple[int, bool]:
    """Give a locked customer an address; return its number and whether it is new to them.

    One that was removed comes back; one that a bounce made unusable stays so.
    """
    row = connection.execute(
        text("""
            INSERT INTO addresses (customer_id, channel, value, postal, position, verified_at, created_at)
            VALUES (:customer, :channel, :value, CAST(:postal AS jsonb), :position, :verified_at, :now)
            ON CONFLICT (customer_id, channel, value) DO UPDATE
               SET removed_at = NULL, position = excluded.position,
                   postal = coalesce(excluded.postal, addresses.postal),
                   verified_at = coalesce(excluded.verified_at, addresses.verified_at),
                   state = CASE WHEN addresses.problem IN ('', 'replaced') THEN 'usable' ELSE addresses.state END,
                   problem = CASE WHEN addresses.problem = 'replaced' THEN '' ELSE addresses.problem END
            RETURNING id, (xmax = 0) AS made"""),
        {
            "customer": customer,
            "channel": channel,
            "value": value,
            "postal": None if postal is None else json.dumps(postal),
            "position": position,
            "verified_at": verified_at,
            "now": now,
        },
    ).one()
    return row.id, row.made


def remove_address(connection: Connection, customer: int, address: int, *, now: datetime) -> bool:
    """Remove an address of a locked customer; its history stays. Returns whether they had it."""
    done = connection.execute(
        text("""UPDATE addresses SET removed_at = :now
                 WHERE id = :address AND customer_id = :customer AND removed_at IS NULL"""),
        {"address": address, "customer": customer, "now": now},
    )
    return bool(done.rowcount)
