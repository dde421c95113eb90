"""What a customer closed with a STOP of their own: known by the word in their own history, not by what was closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

_OWN = text("""
    SELECT DISTINCT ON (s.channel, s.value, s.at, s.id) s.id, s.brand, s.channel, s.value, s.at, ARRAY(
            SELECT c.id FROM consents c
              JOIN touchpoints t ON t.customer_id = c.customer_id AND t.kind = 'stopped' AND t.channel = c.channel
               AND format('receipt %s %s', replace(t.source, 'provider:', ''), t.external_id)
                   IN (c.proof, format('%s:%s', c.proof, t.customer_id))
              LEFT JOIN LATERAL (
                  SELECT o.source FROM touchpoints o WHERE o.customer_id = ANY(CAST(:members AS bigint[]))
                     AND o.kind = 'started' AND o.channel = t.channel
                     AND o.detail ->> 'address' = t.detail ->> 'address' AND o.at >= t.at
                   ORDER BY o.at LIMIT 1) opened ON true
             WHERE c.customer_id = ANY(CAST(:members AS bigint[])) AND c.action = 'withdrawn'
               AND c.source = 'provider' AND c.topic = 'all' AND c.channel = s.channel
               AND coalesce(opened.source = :form, t.detail ->> 'address' = s.value)) AS withdrawals
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


def own_stops(
    connection: Connection, members: Sequence[int], *, brand: str, form: str
) -> list[dict[str, Any]]:
    """Return the suppressions {id, brand, channel, value, at, withdrawals} that a customer's own STOP alone keeps up.

    `withdrawals` are the consent events that go when it is taken back: those of its own words, and those of STOPs on
    the channel that were taken back before. What a word withdrew after which the phone said START is not among them,
    for START gives no consent, nor is a withdrawal that came in any other way.

    An address that is closed for another reason too (a bounce, a complaint, the network's own list) is left out, and
    so is a STOP that is in no history of theirs, such as one that an import brought, and an address that somebody else
    has too: there only START from that very phone says that both are meant.

    Args:
        connection: any.
        members: the records of one person.
        brand: closed for this one or for all.
        form: the source of a STOP that was taken back.
    """
    rows = connection.execute(_OWN, {"members": list(members), "brand": brand, "form": form})
    return [dict(row) for row in rows.mappings()]
