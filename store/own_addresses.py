"""Addresses that a customer adds and removes on their own page, confirmed before they are used."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from tidings.address import PostalAddress

_ADD = text("""
    INSERT INTO addresses (customer_id, channel, value, source, verified_at, position)
    VALUES (:customer, :channel, :value, 'form', :now,
            (SELECT coalesce(max(position) + 1, 0) FROM addresses
              WHERE customer_id = :customer AND channel = :channel AND removed_at IS NULL))
    ON CONFLICT (customer_id, channel, value) DO UPDATE
       SET removed_at = NULL, state = 'usable', problem = '', verified_at = excluded.verified_at,
           position = CASE WHEN addresses.removed_at IS NULL THEN addresses.position ELSE excluded.position END
     WHERE addresses.problem <> 'erased'
""")

_POSTAL = text("""
    INSERT INTO addresses (customer_id, channel, value, postal, source, position)
    VALUES (:customer, 'letter', :value, CAST(:postal AS jsonb), 'form',
            (SELECT coalesce(max(position) + 1, 0) FROM addresses
              WHERE customer_id = :customer AND channel = 'letter' AND removed_at IS NULL))
    ON CONFLICT (customer_id, channel, value) DO UPDATE
       SET removed_at = NULL, state = 'usable', problem = '',
           position = CASE WHEN addresses.removed_at IS NULL THEN addresses.position ELSE excluded.position END
     WHERE addresses.problem <> 'erased'
""")

_REMOVE = text("""
    UPDATE addresses SET removed_at = :now WHERE id = :address AND customer_id = :customer AND removed_at IS NULL
    RETURNING channel
""")


_ADDED = text("""
    SELECT id FROM addresses WHERE id = ANY(CAST(:addresses AS bigint[])) AND source = 'form'
       AND coalesce(verified_at > :since, true)
""")


def added_since(connection: Connection, addresses: Sequence[int], *, since: datetime) -> set[int]:
    """Return which of some addresses were added by a customer's link, or taken up again by it, after a moment."""
    return set(connection.scalars(_ADDED, {"addresses": list(addresses), "since": since}))


def add(connection: Connection, *, customer: int, channel: str, value: str, now: datetime) -> None:
    """Add a proven address behind the others of its channel, or take up a removed one again."""
    values: dict[str, Any] = {"customer": customer, "channel": channel, "value": value, "now": now}
    connection.execute(_ADD, values)


def add_postal(connection: Connection, *, customer: int, address: PostalAddress) -> None:
    """Add an address for letters behind the others; nobody has proven it, which `verified_at` says."""
    values = {"customer": customer, "value": address.key, "postal": json.dumps(address.as_json())}
    connection.execute(_POSTAL, values)


def remove(connection: Connection, *, customer: int, address: int, now: datetime) -> str | None:
    """Remove an address of a customer; returns its channel, None when they have no such address."""
    removed: str | None = connection.scalar(_REMOVE, {"customer": customer, "address": address, "now": now})
    return removed
