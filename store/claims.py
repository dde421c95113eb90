"""Claims: what is due is locked, and intents are written, inside the caller's transaction.

Nothing here decides: `work.deliver` hands the verdicts in. The unique indexes of `store.tables` refuse what must not
be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from store.customers import lock_customers
from store.hot import array, rows, unless_known, uuids
from store.ids import reference, references, uuid7
from tidings.channel import Channel
from tidings.reason import Reason
from tidings.state import (
    OPEN_ATTEMPT,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    sources,
    target,
    within,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A message that is ready and due on a lane, locked by this transaction."""

    message: str
    customer: int
    tried: Sequence[str]
    falling: bool
    """Its last delivery failed for good: what finds no address now has failed, it is not merely held."""


class Claimed(NamedTuple):
    """An attempt whose intent is committed: everything that building and sending it needs.

    A tuple, as there is one for each message: a frozen dataclass of so many fields takes 3 us to make. Its fields have
    the order of what the statements below return.
    """

    attempt: str
    number: int
    delivery: str
    delivery_number: int
    message: str
    channel: str
    reference: str
    content_hash: str | None
    created_at: datetime
    run: str
    customer: int
    brand: str
    purpose: str
    document: str
    language: str
    data: Mapping[str, Any]
    invoice: int | None
    address: str
    postal: Mapping[str, Any] | None
    platform: str
    customer_reference: str
    doubt: str | None = None
    """An earlier attempt of the delivery that may have been taken: this one goes out after a doubt."""
    heard_at: datetime | None = None
    """When the customer last wrote to us on this channel, where that matters (`store.heard`)."""
    refused: int = 0
    """How many of the delivery's earlier attempts the provider refused."""


def lock_due(
    connection: Connection,
    *,
    channel: str,
    mode: str,
    run: str,
    shard: int,
    now: datetime,
    limit: int,
    carriers: Sequence[str] = (),
) -> list[Due]:
    """Lock up to `limit` due messages of one shard of a run on one channel, and their customers.

    With `carriers` (purposes) those are left that ride with a message of such a purpose, see `store.comail`.

    Messages that another process has are skipped. The run is locked against a pause or a stop until the claim ends. The
    customers are locked in the order of their ids, as every withdrawal does, so a withdrawal comes wholly before or
    wholly after the claim. A run is sent only in the mode it was planned in: what was tried in the outbox never leaves
    by itself later.
    """
    values = {"channel": channel, "mode": mode, "run": run, "shard": shard, "now": now, "limit": limit}
    if not rows(connection, _OPEN_RUN, values):
        return []
    if carriers:
        due = rows(connection, _DUE_ALONE, values | {"carriers": list(carriers)})
    else:
        due = rows(connection, _DUE, values)
    if due:
        lock_customers(connection, sorted({customer for _, customer, *_ in due}))
    return [
        Due(message=message, customer=customer, tried=tried, falling=reason == Reason.FALLBACK)
        for message, customer, tried, reason in due
    ]


_OPEN_RUN = (
    "SELECT 1 FROM runs WHERE id = %(run)s AND state IN ('sending', 'finished') AND mode = %(mode)s FOR SHARE"
)

_DUE_SOME = """
    SELECT m.id::text, m.customer_id, m.tried, m.reason FROM messages m
    WHERE m.state = 'ready' AND m.channel = %(channel)s AND m.run_id = %(run)s AND m.shard = %(shard)s
      AND m.due_at <= %(now)s {only}
    ORDER BY m.due_at, m.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""
_DUE = _DUE_SOME.replace("{only}", "")
_DUE_ALONE = _DUE_SOME.replace(
    "{only}",
    """AND NOT EXISTS (
        SELECT 1 FROM messages h JOIN runs r ON r.id = h.run_id
        WHERE h.customer_id = m.customer_id AND h.brand = m.brand AND h.state = 'ready' AND h.channel = m.channel
          AND h.due_at <= %(now)s AND r.purpose_class = 'required' AND r.purpose = ANY(%(carriers)s)
          AND r.state IN ('sending', 'finished') AND r.mode = %(mode)s)""",
)


def open_attempts(
    connection: Connection,
    chosen: Sequence[tuple[str, int | None]],
    *,
    channel: str,
    provider: str,
    owner: int,
    now: datetime,
    lease: timedelta,
) -> list[Claimed]:
    """Write deliveries and attempts for (message, address) pairs; what is returned may be sent after the commit.

    A delivery that waits for another try keeps its row and its bytes; a new address or channel opens the next one. An
    address of None stands for a delivery that is there already, to an address that is no customer's.
    """
    if not chosen:
        return []
    intents = _intents(connection, chosen, channel)
    fresh = [one for one in intents if one.fresh]
    again = [one.delivery for one in intents if not one.fresh]
    if fresh:
        unless_known(
            connection,
            _ADD_DELIVERIES,
            _ADD_FREE_DELIVERIES,
            {
                "deliveries": uuids(one.delivery for one in fresh),
                "messages": uuids(one.message for one in fresh),
                "numbers": array(one.delivery_number for one in fresh),
                "addresses": array(one.address for one in fresh),
                "references": array(reference(one.message, one.delivery_number) for one in fresh),
                "spare": array(references(len(fresh))),
                "channel": channel,
                "now": now,
            },
        )
    if again:
        rows(connection, _SEND_AGAIN, {"deliveries": uuids(again)})
    by_message = {one.message: one for one in intents}
    values = {
        "deliveries": uuids(one.delivery for one in intents),
        "attempts": uuids(one.attempt for one in intents),
        "numbers": array(one.number for one in intents),
        "provider": provider,
        "owner": owner,
        "now": now,
        "lease": lease,
    }
    rows(connection, _OPEN_ATTEMPTS, values)
    take = _TAKE if channel in _MORE_THAN_AN_ADDRESS else _TAKE_BARE
    taken = rows(connection, take, values)
    called = _references_of(connection, [row[_CUSTOMER] for row in taken])
    claimed = [_claimed(by_message[row[0]], channel, row, called) for row in taken]
    return sorted(claimed, key=attrgetter("message"))


class _Intent(NamedTuple):
    """What will be written for one message."""

    message: str
    address: int | None
    delivery: str
    delivery_number: int
    attempt: str
    number: int
    fresh: bool
    """The delivery is new."""
    doubt: str | None
    refused: int


def _intents(connection: Connection, chosen: Sequence[tuple[str, int | None]], channel: str) -> list[_Intent]:
    """Find for each message the delivery that waits for another try, or give it the next one."""
    last: dict[str, int] = {}
    waiting: dict[str, tuple[str, int]] = {}
    left_behind: list[str] = []
    addresses = dict(chosen)
    for delivery, message, number, state, where, address in rows(
        connection, _DELIVERIES, {"messages": uuids(addresses)}
    ):
        last[message] = max(number, last.get(message, 0))
        if state == DeliveryState.READY:
            if where == channel and address == addresses[message]:
                waiting[message] = (delivery, number)
            else:
                left_behind.append(delivery)
    if left_behind:
        rows(connection, _RECALL, {"deliveries": uuids(left_behind)})
    tries: dict[str | None, tuple[int, str | None, int]] = {}
    if waiting:
        found = rows(connection, _TRIES, {"deliveries": uuids(delivery for delivery, _ in waiting.values())})
        tries = {one: (number, doubt, refused) for one, number, doubt, refused in found}
    made = zip(addresses.items(), uuid7(len(addresses)), uuid7(len(addresses)), strict=True)
    intents = []
    for (message, address), delivery, attempt in made:
        kept, number = waiting.get(message, (None, last.get(message, 0) + 1))
        tried, doubt, refused = tries.get(kept, (0, None, 0))
        intents.append(
            _Intent(
                message=message,
                address=address,
                delivery=kept or delivery,
                delivery_number=number,
                attempt=attempt,
                number=1 + tried,
                fresh=kept is None,
                doubt=doubt,
                refused=refused,
            )
        )
    return intents


def _claimed(intent: _Intent, channel: str, row: Sequence[Any], called: Mapping[int, str]) -> Claimed:
    known = (intent.attempt, intent.number, intent.delivery, intent.delivery_number, intent.message, channel)
    name = called.get(row[_CUSTOMER], str(row[_CUSTOMER]))
    return Claimed._make((*known, *row[1:], name, intent.doubt, None, intent.refused))


def _references_of(connection: Connection, customers: Sequence[int]) -> dict[int, str]:
    """Return the reference of each customer who has one; to ask within the statement below costs 2 us a message."""
    return dict(rows(connection, _REFERENCES, {"customers": array(customers)}))


_REFERENCES = """
    SELECT DISTINCT ON (customer_id) customer_id, reference FROM customer_references
    WHERE customer_id = ANY(%(customers)s::bigint[]) ORDER BY customer_id, source
"""


_DELIVERIES = """
    SELECT id::text, message_id::text, number, state, channel, address_id
    FROM deliveries WHERE message_id = ANY(%(messages)s::uuid[])
"""
_DOUBT = f"(array_agg(x.id::text ORDER BY x.number) FILTER (WHERE x.state = '{AttemptState.ABANDONED}'))[1]"
_REFUSED = f"count(*) FILTER (WHERE x.state = '{AttemptState.REFUSED}')"
_TRIES = f"""
    SELECT x.delivery_id::text, max(x.number), {_DOUBT}, {_REFUSED} FROM attempts x
    WHERE x.delivery_id = ANY(%(deliveries)s::uuid[]) GROUP BY 1
"""
_RECALL = f"""
    UPDATE deliveries SET state = '{DeliveryState.RECALLED}', updated_at = clock_timestamp()
    WHERE id = ANY(%(deliveries)s::uuid[])
"""
_SEND_AGAIN = f"""
    UPDATE deliveries SET state = '{DeliveryState.SENDING}', updated_at = clock_timestamp()
    WHERE id = ANY(%(deliveries)s::uuid[])
"""
_ADDING = f"""
    INSERT INTO deliveries (id, message_id, number, channel, address_id, address, state, reference, created_at)
    SELECT c.id, c.message, c.number, %(channel)s, c.address, a.value, '{DeliveryState.SENDING}',
           {{reference}}, %(now)s
    FROM unnest(%(deliveries)s::uuid[], %(messages)s::uuid[], %(numbers)s::smallint[], %(addresses)s::bigint[],
                %(references)s::text[]{{spare}}) AS c(id, message, number, address, reference{{named}})
    JOIN addresses a ON a.id = c.address
"""
_ADD_DELIVERIES = _ADDING.format(reference="c.reference", spare="", named="")
_ADD_FREE_DELIVERIES = _ADDING.format(
    reference="""CASE WHEN EXISTS (SELECT 1 FROM deliveries x WHERE x.reference = c.reference) THEN c.spare
    ELSE c.reference END""",
    spare=", %(spare)s::text[]",
    named=", spare",
)
_OPEN_ATTEMPTS = f"""
    INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until)
    SELECT c.attempt, c.delivery, c.number, %(provider)s, '{AttemptState.SENDING}', %(owner)s, %(now)s,
           clock_timestamp() + %(lease)s
    FROM unnest(%(attempts)s::uuid[], %(deliveries)s::uuid[], %(numbers)s::smallint[]) AS c(attempt, delivery, number)
"""
_CUSTOMER_REFERENCE = """coalesce((SELECT r.reference FROM customer_references r
    WHERE r.customer_id = m.customer_id ORDER BY r.source LIMIT 1), m.customer_id::text)"""
_TAKING = f"""
    UPDATE messages m SET state = '{target(MessageState, Event.CLAIMED)}', reason = '', updated_at = clock_timestamp()
    FROM unnest(%(deliveries)s::uuid[]) AS c(delivery)
    JOIN deliveries d ON d.id = c.delivery {{join}}
    WHERE m.id = d.message_id AND m.state IN ({within(sources(MessageState, Event.CLAIMED))})
    RETURNING m.id::text, d.reference, d.content_hash, d.created_at, m.run_id, m.customer_id, m.brand, m.purpose,
        m.document, m.language, m.data, m.invoice_id, d.address, {{more}}
"""
_CUSTOMER = 5
"""The place of the customer in what that returns."""
_MORE_THAN_AN_ADDRESS = frozenset({Channel.LETTER, Channel.PUSH})
"""Channels whose addresses have parts or a platform."""
_TAKE = _TAKING.format(
    join="LEFT JOIN addresses a ON a.id = d.address_id", more="a.postal, coalesce(a.platform, '')"
)
_TAKE_BARE = _TAKING.format(join="", more="NULL::jsonb, ''")


def platforms(connection: Connection, addresses: Sequence[int]) -> dict[int, str]:
    """Return the platform of each address; '' where its channel has none."""
    statement = "SELECT id, platform FROM addresses WHERE id = ANY(%(ids)s::bigint[])"
    return dict(rows(connection, statement, {"ids": array(addresses)}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """A message that goes out again after a doubt, and where alone it is the same one."""

    attempt: str
    """The first that may have been taken."""
    since: datetime
    """When that began."""
    provider: str
    channel: str
    address: int | None
    by_key: bool
    """Only because its provider keeps one copy of a key: no other one may take it."""


def going_again(connection: Connection, messages: Sequence[str]) -> dict[str, Again]:
    """Return those of the messages that go out again after a doubt."""
    found = rows(connection, _AGAIN, {"messages": uuids(messages)})
    return {
        message: Again(
            attempt=attempt, since=since, provider=provider, channel=channel, address=address, by_key=by_key
        )
        for message, attempt, since, provider, channel, address, by_key in found
    }


_AGAIN = f"""
    SELECT DISTINCT ON (d.message_id) d.message_id::text, a.id::text, a.started_at, a.provider, d.channel,
           d.address_id, starts_with(a.settled_by, 'key:')
    FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
    WHERE d.message_id = ANY(%(messages)s::uuid[]) AND d.state = '{DeliveryState.READY}'
      AND a.state = '{AttemptState.ABANDONED}'
    ORDER BY d.message_id, a.number
"""


def defer(connection: Connection, messages: Sequence[str], *, until: datetime) -> None:
    """Let locked messages wait that no provider takes now."""
    if messages:
        statement = """
            UPDATE messages SET due_at = %(until)s, reason = 'back_off', updated_at = clock_timestamp()
            WHERE id = ANY(%(messages)s::uuid[])
        """
        rows(connection, statement, {"messages": uuids(messages), "until": until})


def renew(connection: Connection, attempts: Sequence[str], *, lease: timedelta) -> set[str]:
    """Extend the lease of attempts; returns those that nobody has named in doubt meanwhile."""
    statement = f"""
        UPDATE attempts SET lease_until = clock_timestamp() + %(lease)s
        WHERE id = ANY(%(attempts)s::uuid[]) AND state = '{AttemptState.SENDING}' RETURNING id::text
    """
    return {
        attempt for (attempt,) in rows(connection, statement, {"attempts": uuids(attempts), "lease": lease})
    }


def end_leases(connection: Connection, attempts: Sequence[str]) -> None:
    """Let nobody wait any longer for attempts whose sender is known to be dead."""
    statement = f"""
        UPDATE attempts SET lease_until = least(lease_until, clock_timestamp())
        WHERE id = ANY(%(attempts)s::uuid[]) AND state = '{AttemptState.SENDING}'
    """
    rows(connection, statement, {"attempts": uuids(attempts)})


def left_open(connection: Connection, attempts: Sequence[str]) -> list[Claimed]:
    """Return those of the attempts that have no outcome yet, as they were claimed, locked for the transaction."""
    found = rows(connection, _LEFT_OPEN, {"attempts": uuids(attempts)})
    return [Claimed(*row) for row in found]


_LEFT_OPEN = f"""
    SELECT a.id::text, a.number, d.id::text, d.number, m.id::text, d.channel, d.reference, d.content_hash, d.created_at,
        m.run_id, m.customer_id, m.brand, m.purpose, m.document, m.language, m.data, m.invoice_id, d.address, z.postal,
        coalesce(z.platform, ''), {_CUSTOMER_REFERENCE},
        (SELECT {_DOUBT} FROM attempts x WHERE x.delivery_id = d.id), NULL::timestamptz,
        (SELECT {_REFUSED} FROM attempts x WHERE x.delivery_id = d.id)
    FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id
    LEFT JOIN addresses z ON z.id = d.address_id
    WHERE a.id = ANY(%(attempts)s::uuid[]) AND a.state IN ({within(OPEN_ATTEMPT)})
    ORDER BY a.id FOR UPDATE OF a
"""
