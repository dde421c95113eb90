"""What was chosen when and from where: a customer's statements and consents, and the last change that can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

CHANGES = ("preference_changed", "preference_undone", "unsubscribed")
"""Kinds of touchpoints that say what held before."""

_SAID = text("""
    SELECT * FROM (
        SELECT s.at, s.source, s.actor, s.on_behalf, s.kind, s.topic, s.channels, s.value, s.until_at, s.id
          FROM statements s WHERE s.customer_id = :customer AND s.brand IN (:brand, 'all')
        UNION ALL
        SELECT p.at, p.source, p.actor, p.on_behalf, p.action, p.topic, ARRAY[p.channel], '{}', NULL, p.id
          FROM consents p WHERE p.customer_id = :customer AND p.brand IN (:brand, 'all')
    ) said ORDER BY at DESC, kind, id LIMIT :most
""")

_LAST = text("""
    SELECT t.id, t.kind, t.at, t.detail FROM touchpoints t
     WHERE t.customer_id = :customer AND t.brand = :brand AND t.kind = ANY(CAST(:kinds AS text[]))
       AND t.detail -> 'before' <> '{}' ORDER BY t.at DESC, t.id DESC LIMIT 1
""")


def said(connection: Connection, *, customer: int, brand: str, most: int) -> Sequence[Mapping[str, Any]]:
    """Return the newest rows first: {at, source, actor, on_behalf, kind, topic, channels, value, until_at}.

    `kind` is that of a statement or the action of a consent event.
    """
    rows = connection.execute(_SAID, {"customer": customer, "brand": brand, "most": most})
    return [dict(row) for row in rows.mappings()]


def last_change(connection: Connection, *, customer: int, brand: str) -> Mapping[str, Any] | None:
    """Return the last change on a page: {id, kind, at, detail with `changed` and `before`}; None when there is none."""
    values = {"customer": customer, "brand": brand, "kinds": list(CHANGES)}
    row = connection.execute(_LAST, values).mappings().first()
    return dict(row) if row else None
