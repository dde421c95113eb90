"""Outbound events as Standard Webhooks (https://www.standardwebhooks.com): signed, tried for three days, replayed.

A call that fails is tried again after 5 s, 5 min, 30 min, then every few hours, spread by chance, and once more at the
end of three days; then it is given up. An endpoint without one success for three days is called no more, and an alert
says so; `410 Gone` ends it at once. Calls may come twice and in any order: `webhook-id` is the event's own for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import random
from time import monotonic
from typing import Any

from standardwebhooks import Webhook as Signer

from channels.callout import Said, Unreachable, check, post
from store import events
from store import webhooks as endpoints
from store.audit import note
from store.events import KINDS
from store.webhooks import Call, Heard, Webhook
from tidings.problem import Problem
from tidings.whole_number import whole_number
from work.installation import Installation

WAITS = (5, 300, 1800, 7200, 18000, 36000, 50400)
"""Seconds before the second try, the third, ...; the last one for all that follow."""
GIVEN_UP_AFTER = timedelta(days=3)
ROTATION = timedelta(days=1)
"""How long the secret before signs beside the new one."""
_AT_ONCE = 8
"""Calls to one endpoint; a slow one has no more of our threads."""
_ROUND = 5.0
"""Seconds after which a round begins no call more: what a slow endpoint was to hear keeps no other one waiting."""
_BATCH = 200
_GONE = 410


def add(
    installation: Installation,
    *,
    name: str,
    url: str,
    kinds: Sequence[str],
    personal: bool,
    actor: str,
    now: datetime,
) -> str:
    """Register an endpoint; returns its secret, which is shown once.

    Raises:
        Problem: the name is taken or empty, the URL may not be called, or there is no such kind of event.
    """
    if not name.strip() or len(name) > 60:  # noqa: PLR2004 -- as long as any name
        raise Problem("A webhook needs a name of at most 60 characters.")
    check(url, loopback=installation.settings.webhooks.loopback)
    check_kinds(kinds)
    with installation.engine.begin() as connection:
        secret = endpoints.add(
            connection, name=name.strip(), url=url, events=kinds, personal=personal, now=now
        )
        detail = {"events": list(kinds), "personal": personal}
        note(connection, actor=actor, action="add_webhook", subject=name.strip(), detail=detail)
    return secret


def check_kinds(kinds: Sequence[str]) -> None:
    """Refuse kinds of events that there are not.

    Raises:
        Problem: names it, and all there are.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise Problem(f"There is no event {kind!r}.", todo=f"Known: {', '.join(KINDS)}.")


def remove(installation: Installation, name: str, *, actor: str) -> None:
    """Remove an endpoint.

    Raises:
        Problem: there is none of that name.
    """
    with installation.engine.begin() as connection:
        endpoints.remove(connection, endpoints.find(connection, name).id)
        note(connection, actor=actor, action="remove_webhook", subject=name)


def rotate(installation: Installation, name: str, *, actor: str, now: datetime) -> str:
    """Give an endpoint a new secret, which is returned; for a day the old one signs as well.

    Raises:
        Problem: there is none of that name.
    """
    with installation.engine.begin() as connection:
        found = endpoints.find(connection, name)
        secret = endpoints.rotate(connection, found.id, until=now + ROTATION)
        note(connection, actor=actor, action="rotate_webhook", subject=name)
    return secret


def replay(
    installation: Installation,
    name: str,
    *,
    since: datetime | None,
    ids: Sequence[int],
    actor: str,
    now: datetime,
) -> int:
    """Let an endpoint hear again of what happened since a moment, or of these events; returns of how many.

    One that was disabled is called again.

    Raises:
        Problem: there is none of that name, or neither a moment nor an event was given.
    """
    if since is None and not ids:
        raise Problem(
            "A replay needs a moment or events.", todo="Say --since 2026-11-21T09:00Z or --event ID."
        )
    with installation.engine.begin() as connection:
        found = endpoints.find(connection, name)
        count = endpoints.replay(connection, found.id, since=since, events=ids, now=now)
        note(connection, actor=actor, action="replay_webhook", subject=name, detail={"events": count})
    return count


def deliver(installation: Installation, *, now: datetime) -> int:
    """Call the endpoints with what is due, several at once for each; returns how many calls were made.

    No transaction is open while an endpoint is called. A process that dies has its calls made again by another one.
    A copy of a live database that nobody adopted calls nobody: the systems there hear from the real one.
    """
    if installation.mode is not installation.settings.mode:
        return 0
    settings = installation.settings.webhooks
    with installation.engine.begin() as connection:
        endpoints.spread(connection, now=now)
        endpoints.disable_failing(connection, before=now - GIVEN_UP_AFTER, called=(), now=now)
        events.forget_old(connection, before=now - events.KEPT)
        lease = 2 * settings.timeout * _BATCH / _AT_ONCE + timedelta(seconds=30)
        calls = endpoints.take_due(connection, now=now, lease=lease, limit=_BATCH)
    if not calls:
        return 0

    ends = monotonic() + _ROUND

    def ask(call: Call) -> tuple[Call, Said | str | None]:
        if monotonic() > ends:
            return call, None
        try:
            return call, _call(call, timeout=settings.timeout, loopback=settings.loopback)
        except Unreachable as error:
            return call, str(error)

    with ExitStack() as open_pools:
        pools = {
            webhook: open_pools.enter_context(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook"))
            for webhook in {call.webhook for call in calls}
        }
        asked = [one.result() for one in [pools[call.webhook].submit(ask, call) for call in calls]]
    said = [(call, answer) for call, answer in asked if answer is not None]
    with installation.engine.begin() as connection:
        endpoints.hold(connection, pools)
        endpoints.give_back(connection, [call for call, answer in asked if answer is None], now=now)
        endpoints.record(connection, [_heard(call, answer, now) for call, answer in said], now=now)
        heard = {one.webhook for one, _ in said}
        endpoints.disable_failing(connection, before=now - GIVEN_UP_AFTER, called=heard, now=now)
        for webhook in {one.webhook for one, answer in said if _gone(answer)}:
            endpoints.disable(connection, webhook, because="it said 410 Gone", now=now)
    return len(said)


def payload(kind: str, at: datetime, customer: int | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as endpoints and `/v1/events` have it: ids, no person."""
    who = {} if customer is None else {"customer": f"id:{customer}"}
    return {"type": kind, "timestamp": at.astimezone(UTC).isoformat(), "data": {**who, **data}}


def event_id(number: int) -> str:
    """Return the `webhook-id` of an event.

    >>> event_id(17)
    'evt_17'
    """
    return f"evt_{number}"


def number_of(event: str) -> int:
    """Return the number of an event by its `webhook-id`.

    Raises:
        Problem: it is none.
    """
    number = whole_number(event.removeprefix("evt_"))
    if number is None:
        raise Problem(f"{event!r} is no event's id.", todo="It stands in the header `webhook-id`: evt_17.")
    return number


def _call(call: Call, *, timeout: timedelta, loopback: bool) -> Said:
    told = payload(call.kind, call.at, call.customer, call.data)
    if call.person is not None:
        told["data"]["person"] = call.person
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    sent_at = datetime.now(UTC)  # what the receiver compares with its own clock, within five minutes
    name = event_id(call.event)
    signed = " ".join(Signer(secret).sign(name, sent_at, body) for secret in call.secrets)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tidings",
        "webhook-id": name,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": signed,
    }
    return post(call.url, body.encode(), headers, timeout=timeout, loopback=loopback)


def _heard(call: Call, answer: Said | str, now: datetime) -> Heard:
    taken = isinstance(answer, Said) and answer.is_success
    told = answer if isinstance(answer, str) else str(answer.status)
    asked = (answer.retry_after if isinstance(answer, Said) else None) or timedelta(0)
    wait = WAITS[min(call.tries, len(WAITS)) - 1] * (1 + 0.2 * random())  # noqa: S311 -- a spread, not a secret
    last = call.since + GIVEN_UP_AFTER
    due_at = max(min(now + timedelta(seconds=wait), last), now + asked)
    state = "sent" if taken else "failed" if now >= last or due_at > last else "waiting"
    return Heard(webhook=call.webhook, event=call.event, state=state, answer=told, due_at=due_at)


def _gone(answer: Said | str) -> bool:
    return isinstance(answer, Said) and answer.status == _GONE


def as_json(webhook: Webhook) -> dict[str, Any]:
    """Return an endpoint without its secret."""
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.events),
        "personal": webhook.personal,
        "created_at": webhook.created_at,
        "failing_since": webhook.failing_since,
        "disabled_at": webhook.disabled_at,
        "disabled_because": webhook.disabled_because,
    }
