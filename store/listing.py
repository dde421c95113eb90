"""Lists that systems read a page at a time: the page after a row, by the key that the list is ordered by.

A key never changes place, so a page never shows a row twice or leaves one out because of what was added meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.persons import MEMBERS

Rows = Sequence[Any]
After = tuple[Any, ...] | None
"""The key of the last row of the page before; None is the beginning."""

_WHOM = MEMBERS.format(customer="CAST(:customer AS bigint)")
"""All records of the person."""

_CUSTOMER = """
    SELECT c.id, c.first_name, c.last_name, c.company, c.language, c.time_zone, c.country, c.standing, c.holds,
           c.attributes, c.created_at, c.updated_at,
           (SELECT coalesce(json_agg(json_build_object('source', r.source, 'reference', r.reference)
                       ORDER BY r.source), '[]')
              FROM customer_references r WHERE r.customer_id = c.id) AS references
      FROM customers c"""


def customer_exists(connection: Connection, customer: int) -> bool:
    """Return whether there is a customer with this number."""
    return bool(connection.scalar(text("SELECT 1 FROM customers WHERE id = :id"), {"id": customer}))


def customer(connection: Connection, number: int) -> Mapping[str, Any]:
    """Return a customer that there is, with all references."""
    return dict(connection.execute(text(f"{_CUSTOMER} WHERE c.id = :id"), {"id": number}).mappings().one())


def customers(connection: Connection, *, since: datetime | None, after: After, limit: int) -> Rows:
    """Return customers by when they last changed, the longest ago first; key (updated_at, id).

    What was changed since a transaction began that still writes is left for the next time, as that one may have written
    earlier instants: so nobody who goes on after a row ever misses one. Outside of a transaction: it looks who writes
    first, and at the customers then.
    """
    until = connection.execute(_SETTLED_UNTIL).scalar_one()
    at, number = after or (None, 0)
    query = f"""{_CUSTOMER}
         WHERE (CAST(:since AS timestamptz) IS NULL OR c.updated_at >= :since)
           AND (CAST(:at AS timestamptz) IS NULL OR (c.updated_at, c.id) > (CAST(:at AS timestamptz), :number))
           AND c.updated_at < :until
         ORDER BY c.updated_at, c.id LIMIT :limit"""
    values = {"since": since, "at": at, "number": number, "until": until, "limit": limit}
    return connection.execute(text(query), values).all()


_SETTLED_UNTIL = text("""
    SELECT coalesce(min(xact_start), clock_timestamp()) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_xid IS NOT NULL""")
"""Who changes a customer writes the clock's instant (`customers.updated_at`) after its transaction has got a number."""


_ADDRESS = f"""
    SELECT a.id, a.channel, a.value, a.postal, a.platform, a.device, a.state, a.problem, a.position, a.verified_at,
           a.created_at, ARRAY(SELECT DISTINCT s.reason FROM suppressions s WHERE s.channel = a.channel
               AND s.value = a.value AND s.lifted_at IS NULL ORDER BY 1) AS suppressed
      FROM addresses a WHERE a.customer_id = ANY({_WHOM}) AND a.removed_at IS NULL"""


def addresses(connection: Connection, customer: int, *, only: int | None = None) -> Rows:
    """Return the addresses that a customer has, in the order in which they are tried, or one of them."""
    query = (
        f"{_ADDRESS} AND (CAST(:only AS bigint) IS NULL OR a.id = :only) ORDER BY a.channel, a.position, a.id"
    )
    return connection.execute(text(query), {"customer": customer, "only": only}).all()


def statements(connection: Connection, customer: int, *, after: After = None, limit: int) -> Rows:
    """Return what a customer asked for, the newest word first; key (id,)."""
    return _newest(
        connection,
        """SELECT id, brand, topic, kind, channels, value, from_at, until_at, source, proof, actor,
                  on_behalf, at, recorded_at FROM statements""",
        customer,
        after,
        limit,
    )


def consents(connection: Connection, customer: int, *, after: After, limit: int) -> Rows:
    """Return every permission given or taken back by a customer, the newest word first; key (id,)."""
    return _newest(
        connection,
        """SELECT id, brand, topic, channel, action, source, proof, actor,
                  on_behalf, expires_at, record, at, recorded_at FROM consents""",
        customer,
        after,
        limit,
    )


def _newest(connection: Connection, query: str, customer: int, after: After, limit: int) -> Rows:
    bound = f"{query} WHERE customer_id = ANY({_WHOM}) AND (CAST(:after AS bigint) IS NULL OR id < :after)"
    values = {"customer": customer, "after": after[0] if after else None, "limit": limit}
    return connection.execute(text(f"{bound} ORDER BY id DESC LIMIT :limit"), values).all()


def last_statement(connection: Connection, customer: int) -> int:
    """Return the number of the newest statement of a customer, 0 when there is none."""
    query = f"SELECT coalesce(max(id), 0) FROM statements WHERE customer_id = ANY({_WHOM})"
    return int(connection.execute(text(query), {"customer": customer}).scalar_one())


_MESSAGE = """
    SELECT m.id::text AS message, m.customer_id AS customer, m.run_id AS run, m.brand, m.purpose, m.document, m.state,
           m.reason, m.channel, m.language, m.copy, m.copy_because, m.due_at, m.planned_at, m.updated_at,
           (SELECT coalesce(json_agg(json_build_object('number', d.number, 'channel', d.channel, 'state', d.state,
                       'address', d.address, 'reference', d.reference, 'created_at', d.created_at,
                       'attempts', (SELECT coalesce(json_agg(json_build_object('attempt', a.id, 'number', a.number,
                               'provider', a.provider, 'state', a.state, 'error_class', a.error_class, 'code', a.code,
                               'started_at', a.started_at, 'ended_at', a.ended_at) ORDER BY a.number), '[]')
                          FROM attempts a WHERE a.delivery_id = d.id)) ORDER BY d.number), '[]')
              FROM deliveries d WHERE d.message_id = m.id) AS deliveries
      FROM messages m"""


def message(connection: Connection, number: str) -> Any | None:
    """Return a message with its deliveries and attempts."""
    query = text(f"{_MESSAGE} WHERE m.id = CAST(:id AS uuid)")
    return connection.execute(query, {"id": number}).one_or_none()


def messages(connection: Connection, customer: int, *, after: After, limit: int) -> Rows:
    """Return a customer's messages, the last planned first; key (planned_at, message)."""
    at, number = after or (None, None)
    query = f"""{_MESSAGE} WHERE m.customer_id = ANY({_WHOM})
           AND (CAST(:at AS timestamptz) IS NULL
                OR (m.planned_at, m.id) < (CAST(:at AS timestamptz), CAST(:number AS uuid)))
         ORDER BY m.planned_at DESC, m.id DESC LIMIT :limit"""
    values = {"customer": customer, "at": at, "number": number, "limit": limit}
    return connection.execute(text(query), values).all()


_RUN = """
    SELECT r.id AS run, r.kind, r.brand, r.title, r.purpose, r.topic, r.mode, r.state, r.audience, r.already_sent,
           r.requested_by, r.released_by, r.repeats, r.starts_at, r.created_at, r.finished_at, i.file_name, i.documents,
           i.control_sums, r.rejected, c.name AS campaign, c.edition
      FROM runs r LEFT JOIN invoice_runs i ON i.run_id = r.id LEFT JOIN campaign_runs l ON l.run_id = r.id
      LEFT JOIN campaigns c ON c.id = l.campaign_id"""


def run(connection: Connection, number: str) -> Any | None:
    """Return a run with what belongs to its kind."""
    return connection.execute(text(f"{_RUN} WHERE r.id = :id"), {"id": number}).one_or_none()


def runs(
    connection: Connection, *, kinds: Sequence[str], campaign: int | None = None, after: After, limit: int
) -> Rows:
    """Return runs of some kinds, or of one campaign's edition, the newest first; key (created_at, run)."""
    at, number = after or (None, None)
    query = f"""{_RUN} WHERE r.kind = ANY(:kinds)
           AND (CAST(:campaign AS bigint) IS NULL OR l.campaign_id = :campaign)
           AND (CAST(:at AS timestamptz) IS NULL OR (r.created_at, r.id) < (CAST(:at AS timestamptz), :number))
         ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"""
    values = {"kinds": list(kinds), "campaign": campaign, "at": at, "number": number, "limit": limit}
    return connection.execute(text(query), values).all()


def campaigns(connection: Connection, *, after: After, limit: int) -> Rows:
    """Return campaigns, the newest edition first; key (id,)."""
    query = """SELECT id, brand, name, edition, definition, created_by, starts_at, created_at FROM campaigns
                WHERE CAST(:after AS bigint) IS NULL OR id < :after ORDER BY id DESC LIMIT :limit"""
    return connection.execute(text(query), {"after": after[0] if after else None, "limit": limit}).all()


def campaign(connection: Connection, name: str, edition: str) -> Any | None:
    """Return one edition of a campaign."""
    query = """SELECT id, brand, name, edition, definition, created_by, starts_at, created_at FROM campaigns
                WHERE name = :name AND edition = :edition"""
    return connection.execute(text(query), {"name": name, "edition": edition}).one_or_none()


_SUPPRESSION = """
    SELECT id, brand, channel, value, reason, source, proof, actor, at, recorded_at, lifted_at FROM suppressions"""


def suppressions(
    connection: Connection, *, channel: str, value: str, active: bool | None, after: After, limit: int
) -> Rows:
    """Return suppressions, the newest first, of one channel or address where one is given; key (id,)."""
    query = f"""{_SUPPRESSION} WHERE (:channel = '' OR channel = :channel) AND (:value = '' OR value = :value)
           AND (CAST(:active AS boolean) IS NULL OR (lifted_at IS NULL) = :active)
           AND (CAST(:after AS bigint) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit"""
    values = {
        "channel": channel,
        "value": value,
        "active": active,
        "after": after[0] if after else None,
        "limit": limit,
    }
    return connection.execute(text(query), values).all()


def suppression(connection: Connection, number: int) -> Any | None:
    """Return one suppression, locked."""
    query = text(f"{_SUPPRESSION} WHERE id = :id FOR UPDATE")
    return connection.execute(query, {"id": number}).one_or_none()


def lift(connection: Connection, number: int, *, at: datetime) -> None:
    """Lift a suppression; who and why is the audit's."""
    connection.execute(
        text("UPDATE suppressions SET lifted_at = :at WHERE id = :id AND lifted_at IS NULL"),
        {"id": number, "at": at},
    )


def audited(connection: Connection, number: int, action: str) -> Any | None:
    """Return one row of the audit, when it is of this action."""
    query = text("SELECT id, at, actor, subject, detail FROM audit WHERE id = :id AND action = :action")
    return connection.execute(query, {"id": number, "action": action}).one_or_none()


def last_audited(connection: Connection, action: str, subject: str) -> int:
    """Return the number of the last row of the audit with an action on a subject; there is one."""
    query = text("SELECT max(id) FROM audit WHERE action = :action AND subject = :subject")
    return int(connection.execute(query, {"action": action, "subject": subject}).scalar_one())
