"""What other systems hear of: events, written where they happen; `store.webhooks` carries them to each endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

KINDS = (
    "message.sent",
    "message.delivered",
    "message.bounced",
    "message.expired",
    "message.failed",
    "message.held",
    "message.suppressed",
    "message.cancelled",
    "preference.changed",
    "offer.redeemed",
    "run.sending",
    "run.waiting_release",
    "run.paused",
    "run.stopped",
    "run.finished",
    "customer.erased",
    "customer.merged",
    "customer.split",
)
"""Every kind there is. Most are written by triggers (0016_events, 0037_told_redemptions, 0038_told_news),
the rest by `announce`."""

KEPT = timedelta(days=30)
"""Events can be replayed for so long."""


def announce(
    connection: Connection, kind: str, *, customer: int | None, data: Mapping[str, Any], at: datetime
) -> None:
    """Write an event, when an endpoint is registered; it leaves when the caller's transaction is committed.

    Args:
        connection: in the transaction of what is told.
        kind: one of KINDS.
        customer: whom it is about.
        data: ids, codes and instants; nothing personal.
        at: when.
    """
    connection.execute(
        text("""INSERT INTO events (kind, customer_id, data, at)
                SELECT :kind, :customer, CAST(:data AS jsonb), :at
                 WHERE EXISTS (SELECT FROM webhooks)"""),
        {"kind": kind, "customer": customer, "data": json.dumps(data), "at": at},
    )


_TO_COME = text("SELECT txid_snapshot_xmax(txid_current_snapshot())")


def listed(
    connection: Connection, *, after: tuple[int, int] | None, kinds: Sequence[str], limit: int
) -> Sequence[Any]:
    """Return events in the order of their transactions: (transaction, id, kind, customer_id, data, at).

    What a transaction that is still open may add would stand before what others have committed since: such events
    are left for the next time, so that nobody who goes on after a row ever misses one. Key (transaction, id). Who goes
    on after a transaction that is still to come read a store that was lost since, and begins anew.
    """
    transaction, number = after or (0, 0)
    if transaction >= connection.execute(_TO_COME).scalar_one():
        transaction, number = 0, 0
    return connection.execute(
        text("""SELECT transaction, id, kind, customer_id, data, at FROM events
                 WHERE (transaction, id) > (:transaction, :number)
                   AND transaction < txid_snapshot_xmin(txid_current_snapshot())
                   AND (CAST(:kinds AS text[]) = '{}' OR kind = ANY(:kinds))
                 ORDER BY transaction, id LIMIT :limit"""),
        {"transaction": transaction, "number": number, "kinds": list(kinds), "limit": limit},
    ).all()


def forget_old(connection: Connection, *, before: datetime) -> None:
    """Delete events from before a moment, with their calls."""
    connection.execute(text("DELETE FROM events WHERE at < :before"), {"before": before})
