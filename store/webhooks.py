"""The endpoints of other systems, and the calls that carry them the events that they asked for."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store import tables
from tidings.problem import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An endpoint that hears of events."""

    id: int
    name: str
    url: str
    events: Sequence[str]
    """Kinds; none means all."""
    personal: bool
    """Whether names and references are sent beside the ids."""
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_because: str


_WEBHOOK = """
    SELECT id, name, url, events, personal, created_at, failing_since, disabled_at, disabled_because FROM webhooks"""


def new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it: 24 to 64 random bytes, base64, with a prefix."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def add(
    connection: Connection, *, name: str, url: str, events: Sequence[str], personal: bool, now: datetime
) -> str:
    """Register an endpoint; returns its secret.

    Raises:
        Problem: the name is taken.
    """
    secret = new_secret()
    made = connection.execute(
        upsert(tables.webhooks)
        .values(name=name, url=url, events=list(events), personal=personal, secret=secret, created_at=now)
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(tables.webhooks.c.id)
    ).scalar()
    if made is None:
        raise Problem(
            f"There is already a webhook named {name!r}.",
            todo="Choose another name; `tidings webhooks list`.",
        )
    return secret


def registered(connection: Connection) -> list[Webhook]:
    """Return all endpoints by name."""
    return [Webhook(**row) for row in connection.execute(text(f"{_WEBHOOK} ORDER BY name")).mappings()]


def find(connection: Connection, name: str) -> Webhook:
    """Return an endpoint, locked.

    Raises:
        Problem: there is none of that name.
    """
    row = connection.execute(text(f"{_WEBHOOK} WHERE name = :name FOR UPDATE"), {"name": name}).mappings()
    found = row.one_or_none()
    if found is None:
        raise Problem(f"There is no webhook {name!r}.", todo="`tidings webhooks list` shows them.")
    return Webhook(**found)


def remove(connection: Connection, webhook: int) -> None:
    """Remove an endpoint with what it had not heard yet."""
    connection.execute(text("DELETE FROM webhooks WHERE id = :id"), {"id": webhook})


def rotate(connection: Connection, webhook: int, *, until: datetime) -> str:
    """Give an endpoint a new secret, which is returned; the one before signs as well until a moment."""
    secret = new_secret()
    connection.execute(
        text("""UPDATE webhooks SET previous_secret = secret, previous_until = :until, secret = :secret
                 WHERE id = :id"""),
        {"id": webhook, "until": until, "secret": secret},
    )
    return secret


def replay(
    connection: Connection,
    webhook: int,
    *,
    since: datetime | None,
    events: Sequence[int],
    now: datetime,
) -> int:
    """Let an endpoint hear again of events of its kinds: those since a moment, or these; it is enabled again.

    Returns how many.
    """
    connection.execute(
        text("""UPDATE webhooks SET disabled_at = NULL, disabled_because = '', failing_since = NULL
                 WHERE id = :id"""),
        {"id": webhook},
    )
    done = connection.execute(
        text("""
            INSERT INTO webhook_calls (webhook_id, event_id, due_at, since)
            SELECT w.id, e.id, :now, :now FROM webhooks w JOIN events e
                ON (w.events = '{}' OR e.kind = ANY(w.events))
             WHERE w.id = :id AND (e.id = ANY(CAST(:events AS bigint[])) OR e.at >= CAST(:since AS timestamptz))
             ORDER BY e.id
            ON CONFLICT (webhook_id, event_id) DO UPDATE
               SET state = 'waiting', tries = 0, due_at = excluded.due_at, since = excluded.since, answer = ''"""),
        {"id": webhook, "since": since, "events": list(events), "now": now},
    )
    return done.rowcount


def spread(connection: Connection, *, now: datetime, limit: int = 5000) -> int:
    """Make the calls for events that nobody has looked at yet; returns how many events that were."""
    return connection.execute(
        text("""
            WITH fresh AS (
                UPDATE events SET taken_at = :now WHERE id IN (
                    SELECT id FROM events WHERE taken_at IS NULL ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
                RETURNING id, kind
            ), made AS (
                INSERT INTO webhook_calls (webhook_id, event_id, due_at, since)
                SELECT w.id, f.id, :now, :now FROM fresh f JOIN webhooks w
                    ON w.disabled_at IS NULL AND (w.events = '{}' OR f.kind = ANY(w.events))
                ON CONFLICT DO NOTHING
            )
            SELECT 1 FROM fresh"""),
        {"now": now, "limit": limit},
    ).rowcount


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One event for one endpoint, ours until `due_at` in the store has passed again."""

    webhook: int
    event: int
    kind: str
    customer: int | None
    data: Mapping[str, Any]
    at: datetime
    url: str
    secrets: Sequence[str]
    tries: int
    since: datetime
    person: Mapping[str, Any] | None
    """Who the customer is, where the endpoint asks for it."""


def take_due(connection: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Call]:
    """Take calls that are due, at most so many of each endpoint; whoever dies with them leaves them due again."""
    rows = connection.execute(_TAKE, {"now": now, "until": now + lease, "limit": limit})
    return [
        Call(
            webhook=row.webhook_id,
            event=row.event_id,
            kind=row.kind,
            customer=row.customer_id,
            data=row.data,
            at=row.at,
            url=row.url,
            secrets=[secret for secret in (row.secret, row.previous) if secret],
            tries=row.tries,
            since=row.since,
            person=row.person,
        )
        for row in rows
    ]


_TAKE = text("""
    WITH due AS (
        SELECT c.webhook_id, c.event_id FROM webhooks w CROSS JOIN LATERAL (
            SELECT webhook_id, event_id FROM webhook_calls
             WHERE webhook_id = w.id AND state = 'waiting' AND due_at <= :now
             ORDER BY due_at, event_id LIMIT CASE WHEN w.failing_since IS NULL THEN :limit ELSE 5 END
             FOR UPDATE SKIP LOCKED) c
         WHERE w.disabled_at IS NULL
    ), taken AS (
        UPDATE webhook_calls c SET due_at = :until, tries = least(tries + 1, 30000) FROM due
         WHERE (c.webhook_id, c.event_id) = (due.webhook_id, due.event_id) RETURNING c.*
    )
    SELECT t.webhook_id, t.event_id, t.tries, t.since, e.kind, e.customer_id, e.data, e.at, w.url, w.secret,
           CASE WHEN w.previous_until > :now THEN w.previous_secret ELSE '' END AS previous,
           CASE WHEN w.personal AND e.customer_id IS NOT NULL THEN (
               SELECT json_build_object('first_name', c.first_name, 'last_name', c.last_name, 'company', c.company,
                   'language', c.language, 'country', c.country, 'references', (
                       SELECT coalesce(json_agg(json_build_object('source', r.source, 'reference', r.reference)
                           ORDER BY r.source), '[]') FROM customer_references r WHERE r.customer_id = c.id))
                 FROM customers c WHERE c.id = e.customer_id) END AS person
      FROM taken t JOIN events e ON e.id = t.event_id JOIN webhooks w ON w.id = t.webhook_id
     ORDER BY t.event_id
""")


def hold(connection: Connection, webhooks: Collection[int]) -> None:
    """Lock endpoints before their calls, as whoever replays, removes or disables one does: else both wait for ever."""
    connection.execute(
        text("SELECT FROM webhooks WHERE id = ANY(:webhooks) ORDER BY id FOR NO KEY UPDATE"),
        {"webhooks": list(webhooks)},
    )


def give_back(connection: Connection, calls: Sequence[Call], *, now: datetime) -> None:
    """Leave calls that were taken and not made due as they were."""
    connection.execute(
        text("""UPDATE webhook_calls c SET due_at = :now, tries = tries - 1
                  FROM unnest(CAST(:webhooks AS bigint[]), CAST(:events AS bigint[])) AS t (webhook_id, event_id)
                 WHERE (c.webhook_id, c.event_id) = (t.webhook_id, t.event_id) AND c.state = 'waiting'"""),
        {"now": now, "webhooks": [one.webhook for one in calls], "events": [one.event for one in calls]},
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What an endpoint said to a call."""

    webhook: int
    event: int
    state: str
    """sent, waiting (for another try), failed."""
    answer: str
    due_at: datetime
    """Of the next try."""


def record(connection: Connection, heard: Sequence[Heard], *, now: datetime) -> None:
    """Write down what endpoints said, and since when they fail."""
    for one in heard:
        connection.execute(
            text("""UPDATE webhook_calls SET state = :state, answer = :answer, due_at = :due_at,
                           sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END
                     WHERE webhook_id = :webhook AND event_id = :event AND state = 'waiting'"""),
            {
                "state": one.state,
                "answer": one.answer,
                "due_at": one.due_at,
                "webhook": one.webhook,
                "event": one.event,
                "now": now,
            },
        )
    for webhook in sorted({one.webhook for one in heard}):
        well = any(one.state == "sent" for one in heard if one.webhook == webhook)
        since = "NULL" if well else "coalesce(failing_since, CAST(:now AS timestamptz))"
        connection.execute(
            text(f"UPDATE webhooks SET failing_since = {since} WHERE id = :id"), {"id": webhook, "now": now}
        )


def disable(connection: Connection, webhook: int, *, because: str, now: datetime) -> None:
    """Call an endpoint no more; what it has not heard waits for a replay."""
    connection.execute(
        text("""UPDATE webhooks SET disabled_at = coalesce(disabled_at, :now), disabled_because = :because
                 WHERE id = :id"""),
        {"id": webhook, "because": because, "now": now},
    )


def disable_failing(
    connection: Connection, *, before: datetime, called: Collection[int], now: datetime
) -> int:
    """Disable endpoints that have failed since before a moment without one success; returns how many.

    Only those that were just `called`, or that wait for no call: who slept for days calls once more before it judges.
    Their calls from before it are given up, also those whose next try was to come a little later: none will.
    """
    disabled: int = connection.execute(
        text("""WITH disabled AS (
                    UPDATE webhooks SET disabled_at = :now, disabled_because = 'it failed for three days'
                     WHERE disabled_at IS NULL AND failing_since <= :before
                       AND (id = ANY(:called) OR NOT EXISTS (
                           SELECT FROM webhook_calls c WHERE c.webhook_id = webhooks.id AND c.state = 'waiting'))
                    RETURNING id
                ), given_up AS (
                    UPDATE webhook_calls c SET state = 'failed' FROM disabled
                     WHERE c.webhook_id = disabled.id AND c.state = 'waiting' AND c.since <= :before)
                SELECT count(*) FROM disabled"""),
        {"now": now, "before": before, "called": list(called)},
    ).scalar_one()
    return disabled
