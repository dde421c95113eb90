"""Doubts: attempts whose outcome nobody knows. Named here, listed here, and sent again where the policy lets them.

Everything runs inside the caller's transaction. Evidence is not read here but folded (`work.receive`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from store.owner import DEAD
from tidings.state import (
    ARRIVED,
    OPEN_ATTEMPT,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    sources,
    target,
    within,
)

LOST = f"a.state = '{AttemptState.SENDING}' AND (({DEAD.text}) OR a.lease_until < clock_timestamp())"
"""SQL condition over attempts `a` and deliveries `d`: whoever was sending it is dead, or past its lease."""


def name_doubts(connection: Connection, *, now: datetime, run: str | None = None) -> int:
    """Turn attempts left `sending` by a dead process, or past their lease, into named doubts; return how many."""
    return connection.execute(_NAME, {"run": run, "now": now}).rowcount


_NAME = text(f"""
    WITH lost AS (
        SELECT a.id, a.delivery_id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
        JOIN messages m ON m.id = d.message_id
        WHERE {LOST} AND (CAST(:run AS text) IS NULL OR m.run_id = :run)
        ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
    ), named AS (
        UPDATE attempts a SET state = '{target(AttemptState, Event.UNKNOWN)}', error_class = 'unknown',
            code = 'sender_died', ended_at = :now
        FROM lost WHERE a.id = lost.id RETURNING a.delivery_id
    )
    UPDATE deliveries d SET state = '{target(DeliveryState, Event.UNKNOWN)}', updated_at = clock_timestamp()
    FROM named WHERE d.id = named.delivery_id AND d.state IN ({within(sources(DeliveryState, Event.UNKNOWN))})
""")


RESTORED = "restored"
"""The code of a doubt that a restored backup has: the lost database may have sent the message."""


def left_open_by(connection: Connection) -> list[tuple[str, str, int]]:
    """Return channel, provider and number of the attempts that are open, sent by nobody any more or in doubt."""
    rows = connection.execute(
        text(f"""
            SELECT d.channel, a.provider, count(*) FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
            WHERE a.state IN ({within(OPEN_ATTEMPT)}) GROUP BY 1, 2 ORDER BY 1, 2
        """)
    )
    return [(channel, provider, count) for channel, provider, count in rows]


def name_restored(connection: Connection, attempts: Sequence[str] | None, *, now: datetime) -> int:
    """Turn attempts into doubts that no policy sends again by itself, for they may be thousands; return how many.

    Args:
        attempts: those that were opened for it; None: all that the backup left open, whose news the lost store had.
        now: the current instant.
    """
    values = {"attempts": None if attempts is None else list(attempts), "now": now, "code": RESTORED}
    return connection.execute(_NAME_RESTORED, values).rowcount


_NAME_RESTORED = text(f"""
    WITH named AS (
        UPDATE attempts a SET state = '{target(AttemptState, Event.UNKNOWN)}', error_class = 'unknown', code = :code,
            ended_at = :now
        WHERE (CAST(:attempts AS uuid[]) IS NULL OR a.id = ANY(CAST(:attempts AS uuid[])))
          AND a.state IN ({within(OPEN_ATTEMPT)}) RETURNING a.delivery_id
    )
    UPDATE deliveries d SET state = '{target(DeliveryState, Event.UNKNOWN)}', updated_at = clock_timestamp()
    FROM named WHERE d.id = named.delivery_id
""")


def doubt_again(connection: Connection, attempts: Sequence[str], *, because: str) -> None:
    """Put deliveries back in doubt that went out again for nothing; `attempts` are those that were abandoned for it.

    Nothing sends them again by itself: evidence or a person ends what is in doubt now. `because` is written down.
    """
    if attempts:
        connection.execute(_DOUBT_AGAIN, {"attempts": list(attempts), "because": because})


_DOUBT_AGAIN = text(f"""
    WITH doubted AS (
        UPDATE attempts a SET state = '{target(AttemptState, Event.DOUBTED)}', settled_by = :because
        FROM deliveries d WHERE a.id = ANY(CAST(:attempts AS uuid[])) AND d.id = a.delivery_id
          AND a.state IN ({within(sources(AttemptState, Event.DOUBTED))})
          AND d.state IN ({within(sources(DeliveryState, Event.DOUBTED))})
        RETURNING a.delivery_id
    ), moved AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.DOUBTED)}', updated_at = clock_timestamp()
        FROM doubted WHERE d.id = doubted.delivery_id
        RETURNING d.message_id
    )
    UPDATE messages m SET state = '{target(MessageState, Event.DOUBTED)}', reason = '', updated_at = clock_timestamp()
    FROM moved WHERE m.id = moved.message_id AND m.state IN ({within(sources(MessageState, Event.DOUBTED))})
""")


def resend(
    connection: Connection,
    *,
    keyed: Mapping[str, timedelta | None],
    slow: Sequence[str],
    silent: Sequence[str],
    patience: timedelta,
    now: datetime,
    run: str | None = None,
) -> int:
    """Make ready again what may be sent again although in doubt; return how many.

    `keyed` providers take the same key again and keep one copy, within the life of a key where they forget it; a doubt
    that is older stays. Elsewhere only a required purpose is sent once more, under the same reference and the same
    bytes: at once where no evidence can come or the events are `silent` about the attempt, after `patience` at the
    `slow` providers, whose evidence did not come. A second doubt stays, and evidence or a person settles it, and so
    does one whose second try came to nothing (`doubt_again`). A stopped run, and a message that arrived on another
    channel after all, send nothing again.
    """
    values = {
        "keyed": list(keyed),
        "lives": list(keyed.values()),
        "slow": list(slow),
        "silent": list(silent),
        "before": now - patience,
        "now": now,
        "run": run,
    }
    return connection.execute(_RESEND, values).rowcount


_RESEND = text(f"""
    WITH again AS (
        SELECT a.id, a.delivery_id, k.provider IS NOT NULL AS by_key
        FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id
        JOIN runs r ON r.id = m.run_id
        LEFT JOIN unnest(CAST(:keyed AS text[]), CAST(:lives AS interval[])) AS k(provider, life)
          ON k.provider = a.provider
        WHERE a.state IN ({within(sources(AttemptState, Event.ABANDONED))})
          AND d.state IN ({within(sources(DeliveryState, Event.RESEND))})
          AND m.state IN ({within(sources(MessageState, Event.RESEND))})
          AND r.state <> 'stopped' AND (CAST(:run AS text) IS NULL OR m.run_id = :run)
          AND a.settled_by = '' AND a.code <> '{RESTORED}'
          AND NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.message_id = m.id AND e.id <> d.id
                          AND e.state IN ({within(ARRIVED)}))
          AND (k.provider IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM attempts o WHERE o.delivery_id = d.id
                      AND o.started_at <= CAST(:now AS timestamptz) - k.life
                      AND o.state IN ('{AttemptState.UNKNOWN}', '{AttemptState.ABANDONED}'))
               OR (k.provider IS NULL AND m.purpose_class = 'required'
                AND (a.provider <> ALL(:slow) OR a.ended_at <= :before OR a.id = ANY(CAST(:silent AS uuid[])))
                AND NOT EXISTS (
                    SELECT 1 FROM attempts x WHERE x.delivery_id = d.id AND x.state = '{AttemptState.ABANDONED}')))
        ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
    ), left_behind AS (
        UPDATE attempts a SET state = '{target(AttemptState, Event.ABANDONED)}',
            settled_by = CASE WHEN again.by_key THEN 'key: sent again under the same key'
                              ELSE 'policy: required purposes are sent once more' END
        FROM again WHERE a.id = again.id RETURNING a.delivery_id
    ), reopened AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.RESEND)}', updated_at = clock_timestamp()
        FROM left_behind WHERE d.id = left_behind.delivery_id RETURNING d.message_id, d.channel
    )
    UPDATE messages m SET state = '{target(MessageState, Event.RESEND)}', channel = reopened.channel,
        due_at = least(m.due_at, :now), reason = '', updated_at = clock_timestamp()
    FROM reopened WHERE m.id = reopened.message_id
""")


def overdue(
    connection: Connection,
    provider: str,
    *,
    channel: str,
    settle_after: timedelta,
    now: datetime,
    run: str | None = None,
) -> list[str]:
    """Return the attempts in doubt at a provider of a channel that may be asked about, oldest first.

    They were named `settle_after` ago, and their lease has been over for as long: until then a sender that was only
    cut off from the database, or that stood still, may still hand over what others take for the work of a dead one.
    About an erased customer nobody is asked: the number that a list is searched by is gone, and nothing under none
    is no proof that nothing was taken.
    """
    rows = connection.execute(
        text(f"""
            SELECT a.id::text FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
            JOIN messages m ON m.id = d.message_id
            WHERE a.provider = :provider AND d.channel = :channel AND a.state = '{AttemptState.UNKNOWN}'
              AND d.address <> 'erased'
              AND a.ended_at <= :before AND a.lease_until + :lag <= clock_timestamp()
              AND (CAST(:run AS text) IS NULL OR m.run_id = :run) ORDER BY a.started_at, a.id
        """),
        {
            "provider": provider,
            "channel": channel,
            "before": now - settle_after,
            "lag": settle_after,
            "run": run,
        },
    )
    return list(rows.scalars())


def started(connection: Connection, attempts: Sequence[str]) -> dict[str, tuple[datetime, bool]]:
    """Return when attempts began, and whether they are doubts that a restored backup has."""
    rows = connection.execute(
        text(
            f"SELECT id::text, started_at, code = '{RESTORED}' FROM attempts WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": list(attempts)},
    )
    return {attempt: (began, restored) for attempt, began, restored in rows}


def may_be_elsewhere(connection: Connection, attempts: Sequence[str]) -> set[str]:
    """Return those that a restored backup has in doubt and that the lost store may have moved on to another channel.

    It did so when the provider did not take them, which is what their list would say as well.
    """
    rows = connection.execute(
        text(f"""
            SELECT a.id::text FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
            JOIN messages m ON m.id = d.message_id
            WHERE a.id = ANY(CAST(:ids AS uuid[])) AND a.code = '{RESTORED}' AND EXISTS (
                SELECT 1 FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int)
                WHERE c.rank IS NOT NULL AND c.channel <> d.channel AND c.channel <> ALL (m.tried))
        """),
        {"ids": list(attempts)},
    )
    return set(rows.scalars())


def unheard(
    connection: Connection,
    provider: str,
    *,
    canaries: int,
    margin: timedelta,
    now: datetime,
    run: str | None = None,
) -> list[str]:
    """Return the attempts in doubt about which a provider's events would have come by now.

    Nothing was heard of such an attempt for `margin` after it was named. At least `canaries` attempts that the same
    provider accepted began after that moment, and events about them came, so the path of the events is alive and past
    it. And the path lost nothing meanwhile: every attempt that the provider accepted between this one's beginning and
    `margin` after its naming, and at least `margin` ago, has been heard of. What is in doubt since a restore is never
    among them: news about it went to the database that is lost.

    No proof of absence: a path that loses one event in a thousand, and no other one of that hour, looks the same.
    """
    rows = connection.execute(
        _UNHEARD,
        {"provider": provider, "canaries": canaries, "margin": margin, "before": now - margin, "run": run},
    )
    return list(rows.scalars())


_HEARD = "EXISTS (SELECT 1 FROM receipts r WHERE r.attempt_id = {}.id AND r.provider = :provider)"
_UNHEARD = text(f"""
    SELECT u.id::text FROM attempts u JOIN deliveries d ON d.id = u.delivery_id JOIN messages m ON m.id = d.message_id
    WHERE u.provider = :provider AND u.state = '{AttemptState.UNKNOWN}' AND u.ended_at <= :before
      AND u.code <> '{RESTORED}'
      AND (CAST(:run AS text) IS NULL OR m.run_id = :run)
      AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.attempt_id = u.id)
      AND (SELECT count(*) FROM (
              SELECT 1 FROM attempts c WHERE c.provider = :provider AND c.state = '{AttemptState.ACCEPTED}'
                AND c.started_at > u.ended_at AND c.started_at <= :before AND {_HEARD.format("c")}
              LIMIT :canaries) AS heard) >= :canaries
      AND NOT EXISTS (
              SELECT 1 FROM attempts g WHERE g.provider = :provider AND g.state = '{AttemptState.ACCEPTED}'
                AND g.started_at BETWEEN u.started_at AND least(u.ended_at + :margin, :before)
                AND NOT {_HEARD.format("g")})
    ORDER BY u.id
""")


def in_doubt(connection: Connection, *, messages: Sequence[str] | None = None) -> list[Mapping[str, Any]]:
    """Return everything in doubt, oldest first: named, or left by a sender that is dead and not named yet.

    Each is {message, customer, run, document, purpose_class, channel, provider, attempt, named, since, stopped,
    in_vain, again, first_at}: `again` whether it was sent once more already, `in_vain` whether that came to nothing,
    or a backup was restored: nothing sends it again by itself; `first_at` when the first try began that may have
    been taken.
    """
    rows = connection.execute(_IN_DOUBT, {"messages": None if messages is None else list(messages)})
    return [dict(row) for row in rows.mappings()]


_IN_DOUBT = text(f"""
    SELECT m.id::text AS message, coalesce((SELECT c.reference FROM customer_references c
               WHERE c.customer_id = m.customer_id ORDER BY c.source LIMIT 1), m.customer_id::text) AS customer,
           m.run_id AS run, m.document, m.purpose_class, d.channel, a.provider, a.id::text AS attempt,
           a.state = '{AttemptState.UNKNOWN}' AS named, a.started_at AS since, r.state = 'stopped' AS stopped,
           (a.settled_by <> '' OR a.code = '{RESTORED}') AS in_vain,
           EXISTS (SELECT 1 FROM attempts x WHERE x.delivery_id = d.id
                   AND x.state = '{AttemptState.ABANDONED}') AS again,
           (SELECT min(x.started_at) FROM attempts x WHERE x.delivery_id = d.id
               AND x.state IN ('{AttemptState.UNKNOWN}', '{AttemptState.ABANDONED}')) AS first_at
    FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id
    JOIN runs r ON r.id = m.run_id
    WHERE (a.state = '{AttemptState.UNKNOWN}' OR ({LOST}))
      AND (CAST(:messages AS uuid[]) IS NULL OR m.id = ANY(CAST(:messages AS uuid[])))
    ORDER BY a.started_at, a.id
""")
