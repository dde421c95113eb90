"""One customer as a preview needs them: the name, the language, and the address that is tried first on each channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """Whom a preview shows."""

    id: int
    reference: str
    first_name: str
    last_name: str
    company: str
    language: str
    addresses: Mapping[str, Mapping[str, Any]]
    """Channel to `value`, `postal`, `platform`."""

    @property
    def name(self) -> str:
        """What to call them."""
        return f"{self.first_name} {self.last_name}".strip() or self.company or self.reference


def addressed(connection: Connection, customer: int) -> Addressed | None:
    """Return a customer with their first usable address of each channel, None when there is no such customer."""
    row = connection.execute(_CUSTOMER, {"customer": customer}).one_or_none()
    if row is None:
        return None
    found = connection.execute(_ADDRESSES, {"customer": customer})
    return Addressed(
        **row._mapping,
        addresses={
            one.channel: {"value": one.value, "postal": one.postal, "platform": one.platform} for one in found
        },
    )


def hardest(connection: Connection) -> list[int]:
    """Return the customers whose names a text copes with least: one without a first name, one with the longest."""
    return list(connection.scalars(_HARDEST))


_HARDEST = text("""
    (SELECT id FROM customers WHERE first_name = '' ORDER BY id LIMIT 1)
    UNION
    (SELECT id FROM customers ORDER BY length(first_name) + length(last_name) + length(company) DESC, id LIMIT 1)
""")
_CUSTOMER = text("""
    SELECT c.id, coalesce((SELECT r.reference FROM customer_references r WHERE r.customer_id = c.id
                           ORDER BY r.source LIMIT 1), c.id::text) AS reference,
           c.first_name, c.last_name, c.company, c.language
    FROM customers c WHERE c.id = :customer
""")
_ADDRESSES = text("""
    SELECT DISTINCT ON (channel) channel, value, postal, platform FROM addresses
    WHERE customer_id = :customer AND removed_at IS NULL AND state = 'usable' ORDER BY channel, position, id
""")
