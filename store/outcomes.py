"""Outcomes: what became of attempts, in batches, and what is in doubt, inside the caller's transaction.

Nothing here decides: `work.outcome` works out the steps.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from store.claims import Claimed
from store.doubts import doubt_again
from store.hot import all_changed, array, rows, unless_known, uuids
from tidings.state import ARRIVED, AttemptState, DeliveryState, Event, MessageState, sources, target, within

_ANSWERED = (Event.ACCEPTED, Event.REJECTED, Event.REFUSED, Event.CANCELLED, Event.UNKNOWN)


class Step(NamedTuple):
    """What an outcome means for its attempt, delivery and message; `work.outcome` works it out."""

    attempt: str
    delivery: str
    message: str
    customer: int
    attempt_state: str
    delivery_state: str
    message_state: str
    channel: str
    """The lane the message is in afterwards."""
    reason: str = ""
    due_at: datetime | None = None
    used_up: str = ""
    """A channel that is not tried again."""
    error_class: str = ""
    code: str = ""
    detail: str = ""
    provider_reference: str | None = None
    doubt: str | None = None
    """The earlier attempt that is in doubt again."""
    content_hash: str | None = None
    parts: int = 1
    cost: str = "0"
    claim: Claimed | None = None
    """The attempt as it was claimed, where whoever records this has it: what it says need not be looked up."""


def record(connection: Connection, steps: Sequence[Step], *, now: datetime) -> None:
    """Write the outcomes of a batch: attempts, deliveries, messages and, where accepted, the touchpoints.

    An attempt that was settled meanwhile (its lease ended and somebody named it unknown) still takes its outcome: an
    answer of the provider is evidence. An attempt that is closed already is left alone; that its provider took it after
    all is kept as a receipt, which the next settling folds. A message whose earlier delivery arrived after all, while
    this one was tried, is done and not tried again.
    """
    if not steps:
        return
    left = sorted(steps, key=lambda step: step.attempt)  # the order in which every recorder locks
    columns = _columns(left, now)
    for statement, which in (_CLOSE_ATTEMPTS, "a.id::text"), (_CLOSE_DELIVERIES, "s.attempt::text"):
        if all_changed(connection, statement, columns, count=len(left)):
            continue
        closed = {one for (one,) in rows(connection, f"{statement} RETURNING {which}", columns)}
        late = [step for step in left if step.attempt not in closed and step.provider_reference is not None]
        rows(connection, _KEEP_LATE, _columns(late, now))
        left = [step for step in left if step.attempt in closed]  # what was closed already is left alone
        columns = _columns(left, now)
    rows(connection, _CLOSE_MESSAGES, columns)
    claims = [step.claim for step in left if step.claim is not None]
    remember, told = (_REMEMBER, {}) if len(claims) < len(left) else (_REMEMBER_CLAIMED, _told(claims))
    otherwise = f"{remember} ON CONFLICT (source, external_id) DO NOTHING"
    unless_known(connection, remember, otherwise, columns | told)
    if doubts := [step.doubt for step in left if step.doubt]:
        doubt_again(connection, doubts, because="outcome: it went out again, in vain")
    if fallen := [step.message for step in left if step.message_state in _FALLEN]:
        rows(connection, _ARRIVED_MEANWHILE, {"messages": uuids(fallen)})


def _columns(steps: Sequence[Step], now: datetime) -> dict[str, Any]:
    names = Step._fields[:-1]  # the claim is no column
    columns = list(zip(*steps, strict=True))[:-1] if steps else [()] * len(names)
    named = dict(zip(names, columns, strict=True))
    return {name: (uuids if name in _IDS else array)(column) for name, column in named.items()} | {"now": now}


def _told(claims: Sequence[Claimed]) -> dict[str, str]:
    """Return as columns what a touchpoint says of its message."""
    names = ("run", "brand", "purpose", "channel", "reference")
    return {f"claimed_{name}": array(map(attrgetter(name), claims)) for name in names}


_IDS = frozenset({"attempt", "delivery", "message"})
_FALLEN = (MessageState.READY, MessageState.UNDELIVERABLE)
_ARRIVED_MEANWHILE = f"""
    WITH arrived AS (
        UPDATE messages m SET state = '{target(MessageState, Event.PROVEN)}', reason = '', channel = e.channel,
            updated_at = clock_timestamp()
        FROM deliveries e WHERE m.id = ANY(%(messages)s::uuid[]) AND e.message_id = m.id
          AND e.state IN ({within(ARRIVED)}) AND m.state IN ({within(_FALLEN)})
        RETURNING m.id
    )
    UPDATE deliveries d SET state = '{target(DeliveryState, Event.RECALL)}', updated_at = clock_timestamp()
    FROM arrived WHERE d.message_id = arrived.id AND d.state = '{DeliveryState.READY}'
"""
_CLOSE_ATTEMPTS = f"""
    UPDATE attempts a SET state = s.state, error_class = s.error_class, code = s.code, detail = s.detail,
        provider_reference = s.reference, ended_at = %(now)s
    FROM unnest(%(attempt)s::uuid[], %(attempt_state)s::text[], %(error_class)s::text[], %(code)s::text[],
                %(detail)s::text[], %(provider_reference)s::text[])
        AS s(id, state, error_class, code, detail, reference)
    WHERE a.id = s.id AND a.state IN ({within(sources(AttemptState, *_ANSWERED))})
"""
_KEEP_LATE = """
    INSERT INTO receipts (provider, event_id, attempt_id, kind, payload, at, received_at)
    SELECT a.provider, 'answer ' || a.id, a.id, 'accepted', jsonb_build_object('channel', d.channel), %(now)s, %(now)s
    FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE a.id = ANY(%(attempt)s::uuid[])
    ON CONFLICT (provider, event_id) DO NOTHING
"""
_CLOSE_DELIVERIES = f"""
    UPDATE deliveries d SET state = s.state, content_hash = coalesce(d.content_hash, s.content_hash), parts = s.parts,
        updated_at = clock_timestamp()
    FROM unnest(%(attempt)s::uuid[], %(delivery)s::uuid[], %(delivery_state)s::text[], %(content_hash)s::text[],
                %(parts)s::smallint[]) AS s(attempt, id, state, content_hash, parts)
    WHERE d.id = s.id AND d.state IN ({within(sources(DeliveryState, *_ANSWERED))})
"""
_CLOSE_MESSAGES = f"""
    UPDATE messages m SET state = s.state, reason = s.reason, due_at = coalesce(s.due_at, m.due_at),
        channel = s.channel, cost = CASE WHEN s.state = 'done' THEN s.cost ELSE m.cost END,
        tried = CASE WHEN s.used_up = '' OR s.used_up = ANY(m.tried) THEN m.tried ELSE m.tried || s.used_up END,
        updated_at = clock_timestamp()
    FROM unnest(%(message)s::uuid[], %(message_state)s::text[], %(reason)s::text[], %(due_at)s::timestamptz[],
                %(channel)s::text[], %(cost)s::numeric[], %(used_up)s::text[])
        AS s(id, state, reason, due_at, channel, cost, used_up)
    WHERE m.id = s.id AND m.state IN ({within(sources(MessageState, *_ANSWERED))})
"""
_TOUCHPOINT = """
    INSERT INTO touchpoints (customer_id, brand, source, external_id, direction, channel, kind, purpose, message_id,
                             detail, at)
    SELECT s.customer, {brand}, 'delivery', s.attempt::text, 'out', {channel},
           CASE s.state WHEN 'accepted' THEN 'sent' WHEN 'rejected' THEN 'rejected' ELSE 'in_doubt' END,
           {purpose}, s.message, jsonb_build_object('reference', {reference}, 'code', s.code), %(now)s
    FROM {rows}
    JOIN runs r ON r.id = {run} AND r.mode <> 'rehearsal'  -- what a colleague got is not the customer's history
    WHERE s.state IN ('accepted', 'rejected', 'unknown')
"""
_ENDED = """%(attempt)s::uuid[], %(attempt_state)s::text[], %(delivery)s::uuid[], %(message)s::uuid[],
                %(customer)s::bigint[], %(code)s::text[]"""
_REMEMBER = _TOUCHPOINT.format(
    rows=f"""unnest({_ENDED}) AS s(attempt, state, delivery, message, customer, code)
    JOIN deliveries d ON d.id = s.delivery JOIN messages m ON m.id = s.message""",
    run="m.run_id",
    brand="m.brand",
    purpose="m.purpose",
    channel="d.channel",
    reference="d.reference",
)
_REMEMBER_CLAIMED = _TOUCHPOINT.format(
    rows=f"""unnest({_ENDED}, %(claimed_run)s::text[], %(claimed_brand)s::text[], %(claimed_purpose)s::text[],
                %(claimed_channel)s::text[], %(claimed_reference)s::text[])
        AS s(attempt, state, delivery, message, customer, code, run, brand, purpose, channel, reference)""",
    run="s.run",
    brand="s.brand",
    purpose="s.purpose",
    channel="s.channel",
    reference="s.reference",
)
"""Without a look at message and delivery, which is a quarter of what a touchpoint costs."""
