"""What a customer closed with a STOP of their own: known by the word in their own history, not by what was closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

_OWN = text("""
    SELECT DISTINCT ON (s.channel, s.value, s.at, s.id) s.id, s.brand, s.channel, s.value, s.at
      FROM suppressions s
      JOIN addresses a ON (a.channel, a.value) = (s.channel, s.value)
       AND a.customer_id = ANY(CAST(:members AS bigint[])) AND a.removed_at IS NULL AND a.state = 'usable'
     WHERE s.lifted_at IS NULL AND s.reason = 'stop' AND s.source = 'provider' AND s.brand IN (:brand, 'all')
       AND EXISTS (SELECT FROM touchpoints t WHERE t.customer_id = ANY(CAST(:members AS bigint[]))
                      AND t.kind = 'stopped' AND t.channel = s.channel AND t.detail ->> 'address' = s.value)
       AND NOT EXISTS (SELECT FROM suppressions o WHERE (o.channel, o.value) = (s.channel, s.value)
                          AND o.lifted_at IS NULL AND o.reason <> 'stop' AND o.brand IN (:brand, 'all'))
       AND NOT EXISTS (SELECT FROM addresses b WHERE (b.channel, b.value) = (s.channel, s.value)
                          AND b.customer_id <> ALL(CAST(:members AS bigint[])) AND b.removed_at IS NULL)
     ORDER BY s.channel, s.value, s.at, s.id
""")


def own_stops(connection: Connection, members: Sequence[int], *, brand: str) -> list[dict[str, Any]]:
    """Return the suppressions {id, brand, channel, value, at} that a customer's own STOP alone keeps up.

    An address that is closed for another reason too (a bounce, a complaint, the network's own list) is left out, and
    so is a STOP that is in no history of theirs, such as one that an import brought, and an address that somebody else
    has too: there only START from that very phone says that both are meant.

    Args:
        connection: any.
        members: the records of one person.
        brand: closed for this one or for all.
    """
    rows = connection.execute(_OWN, {"members": list(members), "brand": brand})
    return [dict(row) for row in rows.mappings()]
