"""Offers that customers were sent, who used one, and what of the same offer must not be sent any more.

Two messages carry the same offer when they are of one edition of a campaign, or when their data have the same `code`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from store.persons import MEMBERS
from tidings.reason import Reason
from tidings.state import DeliveryState, Event, MessageState, sources, target, within

_WHOM = MEMBERS.format(customer="CAST(:customer AS bigint)")
_PERSON = MEMBERS.format(customer="m.customer_id")
REDEEMED = "redeemed"
"""The kind of the touchpoint; its detail has `offer` (NAME:EDITION), `code`, or both."""

_OFFER = "c.name || ':' || c.edition"
_CODE = "coalesce(r.options -> 'data' ->> 'code', '')"
_SAME = f"""t.kind = '{REDEEMED}' AND t.brand IN ('all', m.brand)
       AND (t.detail ->> 'offer' = {_OFFER} OR (t.detail ->> 'code' = {_CODE} AND {_CODE} <> ''))"""
_MESSAGES = """
    FROM messages m JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal' AND r.kind = 'campaign'
    JOIN campaign_runs l ON l.run_id = r.id JOIN campaigns c ON c.id = l.campaign_id
    JOIN templates p ON p.id = r.template_id"""


def offers(connection: Connection, customer: int, *, today: date, only: str = "") -> Sequence[Any]:
    """Return what a customer was sent of the purpose `offer` and may still use, the last sent first.

    Args:
        connection: any.
        customer: who.
        today: offers whose `valid_until` lies before it are over; one without an end is not.
        only: NAME:EDITION of one offer, which is returned whatever its validity, and used or not.

    Returns:
        rows (offer, code, message, brand, title, template, texts, content_hash, language, data, shared, valid_until,
        channel, sent_at, redeemed_at); texts are those of the template when it was sent, redeemed_at is the first
        use of the offer by this customer.
    """
    query = f"""
        SELECT {_OFFER} AS offer, {_CODE} AS code, m.id::text AS message, m.brand, r.title, p.name AS template,
               p.texts, p.content_hash, m.language, m.data, r.options -> 'data' AS shared, m.channel, m.state,
               r.options -> 'data' ->> 'valid_until' AS valid_until,
               (SELECT max(d.created_at) FROM deliveries d WHERE d.message_id = m.id) AS sent_at,
               (SELECT min(t.at) FROM touchpoints t WHERE t.customer_id = ANY({_PERSON}) AND {_SAME}) AS redeemed_at
        {_MESSAGES}
         WHERE m.customer_id = ANY({_WHOM}) AND m.purpose = 'offer' AND m.copy = 0
           AND (:only = '' AND m.state IN ('{MessageState.DONE}', '{MessageState.IN_DELIVERY}')
                AND coalesce(r.options -> 'data' ->> 'valid_until', :today) >= :today
                AND NOT EXISTS (SELECT FROM touchpoints t WHERE t.customer_id = ANY({_PERSON}) AND {_SAME})
                OR {_OFFER} = :only)
         ORDER BY m.planned_at DESC, m.id DESC"""
    values = {"customer": customer, "today": today.isoformat(), "only": only}
    return connection.execute(text(query), values).all()


def withdraw(connection: Connection, customers: Sequence[int], *, now: datetime) -> list[str]:
    """Cancel what is planned of offers that these customers have used, wherever; returns the messages.

    What goes to another record of the same person is cancelled too, and letters that wait are recalled. What a
    provider has cannot be taken back. What a claim has locked is left to it: it waits for the customers, and asks
    `withdraw_due` then.
    """
    rows = connection.execute(
        text(_GONE.format(whom=f"m.customer_id IN ({_RECORDS})")),
        {"customers": list(customers), "now": now},
    )
    return [str(row.id) for row in rows]


def withdraw_due(connection: Connection, due: Mapping[str, int], *, now: datetime) -> set[str]:
    """Do the same for messages that are about to leave, by their customers: the last look, under their locks."""
    customers = {"customers": list(due.values())}
    if not due or not connection.execute(_ANY_USED, customers).scalar_one():
        return set()
    whom = "m.id = ANY(CAST(:messages AS uuid[]))"
    rows = connection.execute(text(_GONE.format(whom=whom)), {"messages": list(due), "now": now})
    return {str(row.id) for row in rows}


def withdraw_all(connection: Connection, *, now: datetime) -> list[str]:
    """Do the same for everybody: for uses that came by a file, and for campaigns that began after them."""
    whom = f"""r.state IN ('planning', 'waiting_release', 'sending', 'paused', 'finished')
        AND m.customer_id IN (
            SELECT customer_id FROM touchpoints WHERE kind = '{REDEEMED}'
            UNION SELECT w.customer_id FROM touchpoints t JOIN persons p ON p.customer_id = t.customer_id
                    JOIN persons w ON w.person_id = p.person_id WHERE t.kind = '{REDEEMED}')"""
    rows = connection.execute(text(_GONE.format(whom=whom)), {"now": now})
    return [str(row.id) for row in rows]


_RECORDS = """
    SELECT unnest(CAST(:customers AS bigint[]))
    UNION SELECT w.customer_id FROM persons p JOIN persons w ON w.person_id = p.person_id
           WHERE p.customer_id = ANY(:customers)"""
_ANY_USED = text(f"""
    SELECT EXISTS (SELECT FROM touchpoints WHERE kind = '{REDEEMED}')
       AND EXISTS (SELECT FROM touchpoints WHERE kind = '{REDEEMED}' AND customer_id IN ({_RECORDS}))""")
"""Most houses know of no use at all, which costs nothing to see; else it is 1 to 5 us a customer."""
_WAITING = within(tuple(one for one in sources(MessageState, Event.RECALL) if one != MessageState.DONE))
_GONE = f"""
    WITH used AS (
        SELECT m.id {_MESSAGES}
         WHERE {{whom}} AND m.purpose = 'offer' AND m.copy = 0
           AND m.state IN ({_WAITING})
           AND EXISTS (SELECT FROM touchpoints t WHERE t.customer_id = ANY({_PERSON}) AND {_SAME})
         ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED
    ), recalled AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.RECALL)}', updated_at = clock_timestamp()
          FROM used WHERE d.message_id = used.id AND d.state = '{DeliveryState.READY}'
    )
    UPDATE messages m SET state = '{target(MessageState, Event.RECALL)}', reason = '{Reason.REDEEMED}', due_at = NULL,
           updated_at = clock_timestamp()
      FROM used WHERE m.id = used.id RETURNING m.id"""
