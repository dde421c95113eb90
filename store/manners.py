"""In which manner customers want to be told: large print, plain language, a person who calls. A statement of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from store.hot import array, rows
from store.statements import SOONEST

_SAID = f"""
    SELECT s.customer_id, s.brand, s.value, s.at FROM statements s
     WHERE s.kind = 'manner' AND s.customer_id = ANY(%(customers)s::bigint[]) ORDER BY {SOONEST["manner"]}
"""

Said = Mapping[int, Sequence[tuple[str, Mapping[str, Any], datetime]]]
"""Customer to (brand, value, when), newest first; a customer who said nothing is missing."""


def manners(connection: Connection, customers: Sequence[int]) -> Said:
    """Return what customers said about the manner; almost nobody said anything."""
    found: dict[int, list[tuple[str, Mapping[str, Any], datetime]]] = {}
    for customer, brand, value, at in rows(connection, _SAID, {"customers": array(customers)}):
        found.setdefault(customer, []).append((brand, value, at))
    return found


def manner(said: Said, customer: int, *, brand: str, at: datetime) -> Mapping[str, Any]:
    """Return the wish that held at a moment, {} for none: the newest of the brand, else of all brands.

    The moment makes every attempt of a message the same, whatever is said meanwhile.
    """
    for scope in (brand, "all"):
        for own, value, when in said.get(customer, ()):
            if own == scope and when <= at:
                return value
    return {}
