"""What customers asked for and could not have, counted in one pass; and how good the data of each source are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.consents import STRICTEST_FIRST
from store.statements import SOONEST
from tidings.address import PROBLEMS
from tidings.channel import IDENTIFYING


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What one brand can do, as the pass compares it with what was asked for."""

    brand: str
    topics: Sequence[str]
    """Purposes, and parts of them that somebody asked about."""
    marketing: Sequence[str]
    """Those of the topics that need permission."""
    barred: Mapping[str, str]
    """`topic:channel` to why nobody gets it there: no_sender, no_template, no_provider."""
    verified: Sequence[str]
    """Channels whose address must be confirmed."""
    closing: Sequence[str]
    """Reasons of a suppression that close the channel."""
    free: Sequence[str]
    """Channels on which marketing needs no consent, only no denial."""
    prices: Mapping[str, float]
    """Expected cost of one message by channel."""


def topics_said(connection: Connection) -> list[str]:
    """Return the topics that somebody gave an order of channels for."""
    rows = connection.execute(
        text("SELECT DISTINCT topic FROM statements WHERE kind = 'order' AND topic <> 'all' ORDER BY 1")
    )
    return list(rows.scalars())


def gaps(
    connection: Connection, asking: Asking, *, since: datetime, now: datetime
) -> list[Mapping[str, Any]]:
    """Count the customers by what they asked for first and why they cannot have it.

    The order that speaks is the one of `preferences.statement`: for a while before for good, the brand before all, the
    topic before everything, the newest. Consent is judged by the newest event that covers the topic and the channel.

    Args:
        connection: any; reads every order statement once.
        asking: of the brand.
        since: from when on messages count that went another way.
        now: when.

    Returns:
        {topic, channel, cause ('': they can have it), detail (of a suppression: its reason), customers, messages,
        cost}; `cost` is what the messages on other channels cost more than the wished one would have.
    """
    _at_once(connection)
    rows = connection.execute(
        _GAPS,
        {
            "brand": asking.brand,
            "topics": list(asking.topics),
            "marketing": list(asking.marketing),
            "strictest": list(STRICTEST_FIRST),
            "barred": list(asking.barred),
            "bars": list(asking.barred.values()),
            "verified": list(asking.verified),
            "closing": list(asking.closing),
            "free": list(asking.free),
            "channels": list(asking.prices),
            "prices": list(asking.prices.values()),
            "since": since,
            "now": now,
        },
    )
    return [dict(row) for row in rows.mappings()]


def _at_once(connection: Connection) -> None:
    """Let the transaction read each table once, in memory: asked customer by customer it takes minutes."""
    for setting in ("work_mem = '256MB'", "enable_nestloop = off", "jit = off"):
        connection.execute(text(f"SET LOCAL {setting}"))


_GAPS = text(f"""
    WITH said AS MATERIALIZED (
        SELECT DISTINCT ON (s.customer_id, t.topic) s.customer_id, t.topic, s.channels[1] AS wished
          FROM unnest(CAST(:topics AS text[])) AS t(topic)
          JOIN statements s ON s.topic = t.topic OR (s.topic = 'all' AND position('.' IN t.topic) = 0)
         WHERE s.kind = 'order' AND s.brand IN ('all', :brand)
           AND (s.from_at IS NULL OR s.from_at <= :now) AND (s.until_at IS NULL OR s.until_at > :now)
         ORDER BY s.customer_id, t.topic, s.until_at IS NULL, s.brand = 'all', s.topic = 'all', {SOONEST["order"]}
    ), asked AS MATERIALIZED (
        SELECT s.* FROM said s JOIN customers c ON c.id = s.customer_id AND c.standing <> 'deceased'
         WHERE s.wished IS NOT NULL AND NOT EXISTS (
               SELECT FROM persons p WHERE p.customer_id = s.customer_id AND p.person_id <> s.customer_id)
    ), reach AS MATERIALIZED (
        SELECT w.customer_id, w.wished, bool_or(s.reason = ANY(:closing)) AS closed, min(s.reason) AS reason,
               max(CASE WHEN a.id IS NULL THEN 0 WHEN s.id IS NOT NULL THEN 1 WHEN a.state <> 'usable' THEN 2
                        WHEN a.channel = ANY(:verified) AND a.verified_at IS NULL THEN 3 ELSE 4 END) AS grade
          FROM (SELECT DISTINCT customer_id, wished FROM asked) w
          LEFT JOIN addresses a ON a.customer_id = w.customer_id AND a.channel = w.wished AND a.removed_at IS NULL
          LEFT JOIN suppressions s ON s.channel = a.channel AND s.value = a.value AND s.lifted_at IS NULL
           AND s.brand IN ('all', :brand)
         GROUP BY 1, 2
    ), agreed AS MATERIALIZED (
        SELECT DISTINCT ON (a.customer_id, a.topic) a.customer_id, a.topic, c.action, c.proof <> '' AS proof
          FROM asked a JOIN consents c ON c.customer_id = a.customer_id AND c.channel IN (a.wished, 'all')
           AND c.brand IN ('all', :brand) AND c.topic IN (a.topic, split_part(a.topic, '.', 1), 'all')
         WHERE a.topic = ANY(:marketing)
         ORDER BY a.customer_id, a.topic, c.at DESC,
                  array_position(CAST(:strictest AS text[]), c.action), c.proof = ''
    ), judged AS MATERIALIZED (
        SELECT a.customer_id, a.topic, a.wished, coalesce(b.bar, CASE
                   WHEN r.closed THEN 'suppressed'
                   WHEN r.grade < 4 THEN (ARRAY['no_address', 'suppressed', 'unusable_address', 'unverified_address'])
                                         [r.grade + 1]
                   WHEN NOT a.topic = ANY(:marketing) THEN ''
                   WHEN g.action = 'objected' THEN 'objected'
                   WHEN g.action = 'withdrawn' THEN 'channel_no_consent'
                   WHEN g.action = 'given' AND g.proof OR a.wished = ANY(:free) THEN ''
                   ELSE 'channel_no_consent' END) AS cause, r.reason
          FROM asked a JOIN reach r ON r.customer_id = a.customer_id AND r.wished = a.wished
          LEFT JOIN agreed g ON g.customer_id = a.customer_id AND g.topic = a.topic
          LEFT JOIN unnest(CAST(:barred AS text[]), CAST(:bars AS text[])) AS b(pair, bar)
            ON b.pair = a.topic || ':' || a.wished
    ), counted AS (
        SELECT topic, wished, cause, CASE cause WHEN 'suppressed' THEN reason ELSE '' END AS detail,
               count(*) AS customers FROM judged GROUP BY 1, 2, 3, 4
    ), spent AS (
        SELECT j.topic, j.wished, j.cause, CASE j.cause WHEN 'suppressed' THEN j.reason ELSE '' END AS detail,
               count(*) AS messages, sum(m.cost - p.price) AS cost
          FROM judged j JOIN messages m ON m.customer_id = j.customer_id AND m.purpose = j.topic
           AND m.brand = :brand AND m.state = 'done' AND m.copy = 0 AND m.channel <> j.wished AND m.planned_at > :since
          JOIN unnest(CAST(:channels AS text[]), CAST(:prices AS numeric[])) AS p(channel, price)
            ON p.channel = j.wished
         WHERE j.cause <> '' GROUP BY 1, 2, 3, 4
    )
    SELECT c.topic, c.wished AS channel, c.cause, c.detail, c.customers, coalesce(s.messages, 0) AS messages,
           coalesce(s.cost, 0) AS cost
      FROM counted c
      LEFT JOIN spent s ON (s.topic, s.wished, s.cause, s.detail) = (c.topic, c.wished, c.cause, c.detail)
     ORDER BY c.topic, c.wished, c.customers DESC, c.cause, c.detail
""")


def waiting(connection: Connection) -> list[Mapping[str, Any]]:
    """Return what time alone holds up now: {brand, purpose, channel, cause, messages} of quiet hours, caps, pauses."""
    rows = connection.execute(
        text("""
            SELECT brand, purpose, coalesce(channel, first_channel, '') AS channel, reason AS cause,
                   count(*) AS messages FROM messages
             WHERE state = 'ready' AND reason IN ('quiet_hours', 'holiday', 'cap', 'pause', 'cut_off')
             GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 5 DESC, 4
        """)
    )
    return [dict(row) for row in rows.mappings()]


def quality(connection: Connection) -> list[Mapping[str, Any]]:
    """Return how good the data of each source are, the largest first.

    Returns:
        {source, customers, email, sms, letter, push (with a usable one that is not suppressed), none (of these),
        invalid (with an address that cannot be one), duplicates (who share an e-mail address or a phone with somebody
        else), updated_at (the last change)}
    """
    _at_once(connection)
    rows = connection.execute(_QUALITY, {"problems": list(PROBLEMS), "identifying": list(IDENTIFYING)})
    return [dict(row) for row in rows.mappings()]


_QUALITY = text("""
    WITH shared AS MATERIALIZED (
        SELECT channel, value FROM addresses
         WHERE removed_at IS NULL AND channel = ANY(:identifying) AND NOT problem = ANY(:problems)
         GROUP BY channel, value HAVING min(customer_id) <> max(customer_id)
    ), twins AS MATERIALIZED (
        SELECT DISTINCT a.customer_id FROM shared s JOIN addresses a ON a.channel = s.channel AND a.value = s.value
         WHERE a.removed_at IS NULL
    ), barred AS MATERIALIZED (
        SELECT DISTINCT a.id FROM suppressions s JOIN addresses a ON a.channel = s.channel AND a.value = s.value
         WHERE s.lifted_at IS NULL
    ), held AS MATERIALIZED (
        SELECT a.customer_id,
               bool_or(a.channel = 'email' AND a.state = 'usable' AND b.id IS NULL) AS email,
               bool_or(a.channel IN ('sms', 'whatsapp') AND a.state = 'usable' AND b.id IS NULL) AS sms,
               bool_or(a.channel = 'letter' AND a.state = 'usable' AND b.id IS NULL) AS letter,
               bool_or(a.channel = 'push' AND a.state = 'usable' AND b.id IS NULL) AS push,
               bool_or(a.problem = ANY(:problems)) AS invalid
          FROM addresses a LEFT JOIN barred b ON b.id = a.id WHERE a.removed_at IS NULL GROUP BY 1
    )
    SELECT r.source, count(*) AS customers, count(*) FILTER (WHERE h.email) AS email,
           count(*) FILTER (WHERE h.sms) AS sms, count(*) FILTER (WHERE h.letter) AS letter,
           count(*) FILTER (WHERE h.push) AS push,
           count(*) FILTER (WHERE NOT coalesce(h.email OR h.sms OR h.letter OR h.push, false)) AS none,
           count(*) FILTER (WHERE h.invalid) AS invalid, count(t.customer_id) AS duplicates,
           max(c.updated_at) AS updated_at
      FROM customer_references r JOIN customers c ON c.id = r.customer_id
      LEFT JOIN held h ON h.customer_id = c.id LEFT JOIN twins t ON t.customer_id = c.id
     GROUP BY r.source ORDER BY 2 DESC, 1
""")
