"""Receipts are folded into what we know: states, addresses, consent and history (design/delivery.md, rule 6).

In any order, any number of times, before or after our own commit, they come to the same. What speaks of a delivery that
a sender still has is kept, and folded once the sender has recorded it; what speaks of nothing of ours is kept too, and
changes nothing.

Rules written here:

* A permanent bounce of an address suppresses it at once. A soft one (a full mailbox, a server that was down) never does
  by itself: SOFT_BOUNCES of them on as many deliveries, over at least SOFT_SPAN, with nothing delivered since the first
  of them, do; a delivery afterwards lifts that.
* A complaint or a STOP withdraws consent to all marketing of the brand on that channel, and closes the channel.
* A STOP by a mail that quotes nothing of ours (`SENDER_ONLY`) withdraws that consent and closes nothing: its sender may
  be invented, and what is owed must not be kept from anybody by a mail.
* A START lifts what an earlier STOP closed, and gives no consent.
* Of an erased customer only states are changed: what became of a message is known, what the person did is not.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from store import consents, touchpoints
from store.consents import Consent
from store.customers import lock_customers
from store.receipts import Clue, clues, keep, mark_folded, waiting
from store.stories import Story, lock_stories, write_stories
from store.suppressions import Stop, judge_soft, lift_stops, stop, suppress
from store.touchpoints import Touchpoint
from tidings.outcome import ErrorClass
from tidings.receipt import Receipt, ReceiptKind
from work.evidence import EVENTS, fold, waits
from work.installation import Installation
from work.touch import is_too_soon

BATCH = 500
"""Receipts folded in one transaction."""

SENDER_ONLY = "sender_only"
"""The code of a STOP for which nothing speaks but the sender's name in a mail, which anybody may write."""

SOFT_BOUNCES = 5
SOFT_SPAN = timedelta(days=14)

_HISTORY = {
    ReceiptKind.DELIVERED: ("out", "delivered"),
    ReceiptKind.BOUNCED: ("out", "bounced"),
    ReceiptKind.REJECTED: ("out", "rejected"),
    ReceiptKind.EXPIRED: ("out", "failed"),
    ReceiptKind.RETURNED: ("out", "returned"),
    ReceiptKind.PRINTED: ("out", "printed"),
    ReceiptKind.POSTED: ("out", "posted"),
    ReceiptKind.OPENED: ("in", "opened"),
    ReceiptKind.CLICKED: ("in", "clicked"),
    ReceiptKind.READ: ("in", "read"),
    ReceiptKind.COMPLAINED: ("in", "complained"),
    ReceiptKind.STOPPED: ("in", "stopped"),
    ReceiptKind.STARTED: ("in", "started"),
    ReceiptKind.REPLIED: ("in", "replied"),
    ReceiptKind.AUTO_REPLIED: ("in", "auto_replied"),
}
"""Direction and kind of the touchpoint that a receipt leaves."""

_LOOKS = (ReceiptKind.OPENED, ReceiptKind.CLICKED)
"""What gateways do, too, as a message comes in."""
_CAME_BACK = (ReceiptKind.BOUNCED, ReceiptKind.REJECTED)
_WITHDRAWN = {ReceiptKind.COMPLAINED: "complaint", ReceiptKind.STOPPED: "stop"}


@dataclass(kw_only=True, slots=True)
class _Found:
    """What a batch comes to, apart from states."""

    tally: Counter[str] = field(default_factory=Counter)
    folded: dict[int, str | None] = field(default_factory=dict)
    history: list[Touchpoint] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    starts: list[Stop] = field(default_factory=list)
    closed: list[Stop] = field(default_factory=list)
    """Addresses that must not be used again."""
    mailboxes: set[tuple[int, str, str]] = field(default_factory=set)
    """(customer, channel, address) of which a soft bounce or a delivery was heard."""


def receive(installation: Installation, receipts: Sequence[Receipt], *, now: datetime) -> Counter[str]:
    """Fold receipts; returns how many there were of each kind, and how many came to nothing.

    Args:
        installation: whose they are.
        receipts: any number, from anybody whose signature was checked.
        now: nothing is taken to have happened later.

    Returns:
        By kind those that were folded; `known` had been received before, `waiting` are folded later, `unmatched` speak
        of nothing of ours and are kept.
    """
    tally: Counter[str] = Counter()
    for start in range(0, len(receipts), BATCH):
        part = receipts[start : start + BATCH]
        with installation.engine.begin() as connection:
            fresh = keep(connection, part, now=now)
            tally["known"] += len(part) - len(fresh)
            tally += _fold(connection, fresh, now=now)
    return +tally


def fold_waiting(installation: Installation, *, now: datetime) -> Counter[str]:
    """Fold the receipts whose attempt has been recorded since they came; returns what `receive` does."""
    tally: Counter[str] = Counter()
    while True:
        with installation.engine.begin() as connection:
            numbers = waiting(connection, limit=BATCH)
            done = _fold(connection, numbers, now=now)
        tally += done
        if len(numbers) < BATCH or done["waiting"] == len(numbers):
            return +tally


def _fold(connection: Connection, numbers: Sequence[int], *, now: datetime) -> Counter[str]:
    found = _Found()
    if not numbers:
        return found.tally
    told = clues(connection, numbers)
    stories = lock_stories(connection, (clue.message for clue in told if clue.message))
    lock_customers(connection, sorted({customer for clue in told for customer in clue.customers}))
    for clue in told:
        word = _take(clue, stories, found, now)
        found.tally[word] += 1
        if word not in {"unmatched", "waiting"}:
            found.folded[clue.id] = None if clue.guessed else clue.attempt
    write_stories(connection, stories.values(), now=now)
    _write(connection, found, now)
    return found.tally


def _write(connection: Connection, found: _Found, now: datetime) -> None:
    """Write what a batch says about customers; history first, for a STOP looks there for a later START."""
    touchpoints.record(connection, sorted(found.history, key=lambda one: (one.source, one.external_id)))
    consents.append(connection, found.consents)
    stop(connection, found.stops)
    lift_stops(connection, found.starts)
    suppress(
        connection, [one.row() for one in sorted(found.closed, key=lambda one: (one.channel, one.value))]
    )
    judge_soft(connection, sorted(found.mailboxes), bounces=SOFT_BOUNCES, span=SOFT_SPAN, now=now)
    mark_folded(connection, found.folded, now=now)


def _take(clue: Clue, stories: dict[str, Story], found: _Found, now: datetime) -> str:
    """Fold one receipt; return its kind, or why it was not folded."""
    receipt = clue.receipt
    if not clue.customers:
        return "unmatched"
    if clue.message and clue.delivery and clue.attempt and _is_evidence(clue):
        story = stories.get(clue.message)
        if story is None:
            return "waiting"  # somebody is at work on it
        delivery = story.deliveries[clue.delivery]
        attempt = delivery.attempts[clue.attempt]
        if waits(delivery, attempt):
            return "waiting"
        proof = f"{receipt.provider}: {receipt.kind} {receipt.event_id}"[:200]
        taken = fold(story, delivery, attempt, receipt.kind, proof=proof, now=now, error=receipt.error)
        if taken and not story.rehearsal:
            found.history.append(_sent(clue, story, receipt))
    if not clue.rehearsal and not clue.erased:
        found.history.extend(_history(clue))
        _heed(clue, found)
    return receipt.kind.value


def _is_evidence(clue: Clue) -> bool:
    """Tell whether a receipt may change states; by its address alone only news of a dead address may."""
    kind = clue.receipt.kind
    if clue.guessed:
        dead = kind in _CAME_BACK and clue.receipt.error is ErrorClass.ADDRESS
        return dead or kind is ReceiptKind.RETURNED
    return kind in EVENTS


def _heed(clue: Clue, found: _Found) -> None:
    """Note what a receipt means for the address and for what the customer allows."""
    receipt = clue.receipt
    if clue.address is None:
        return
    error = receipt.error if receipt.kind in _CAME_BACK else None
    if receipt.kind in _WITHDRAWN or error is ErrorClass.OPT_OUT:
        reason = _WITHDRAWN.get(receipt.kind, ErrorClass.OPT_OUT.value)
        if receipt.code != SENDER_ONLY:
            found.stops.append(_about(clue, clue.address, reason, brand=clue.brand))
        found.consents.extend(_withdrawals(clue))
    elif receipt.kind is ReceiptKind.STARTED:
        found.starts.append(_about(clue, clue.address, "start"))
    elif error is ErrorClass.ADDRESS:
        found.closed.append(_about(clue, clue.address, "hard_bounce"))
    elif receipt.kind is ReceiptKind.RETURNED:
        found.closed.append(_about(clue, clue.address, "returned_letter"))
    elif receipt.kind in {ReceiptKind.BOUNCED, ReceiptKind.DELIVERED}:
        found.mailboxes.update((one, receipt.channel.value, clue.address) for one in clue.customers)


def _about(clue: Clue, address: str, reason: str, *, brand: str = "all") -> Stop:
    return Stop(
        customers=clue.customers,
        brand=brand,
        channel=clue.receipt.channel.value,
        value=address,
        reason=reason,
        proof=_proof(clue.receipt),
        at=clue.receipt.at,
    )


def _proof(receipt: Receipt) -> str:
    return f"receipt {receipt.provider} {receipt.event_id}"


def _withdrawals(clue: Clue) -> Iterator[Consent]:
    for customer in clue.customers:
        yield Consent(
            customer=customer,
            topic="all",
            action="withdrawn",
            at=clue.receipt.at,
            source="provider",
            actor="customer",
            brand=clue.brand,
            channel=clue.receipt.channel.value,
            proof=_proof(clue.receipt),
        )


def _history(clue: Clue) -> Iterator[Touchpoint]:
    """Yield the touchpoints of a receipt, one for each customer it is about."""
    receipt = clue.receipt
    if receipt.kind not in _HISTORY:
        return
    direction, kind = _HISTORY[receipt.kind]
    told = {"reference": clue.reference, "code": receipt.code, "address": clue.address}
    if receipt.kind in _CAME_BACK:
        told["error"] = (receipt.error or ErrorClass.TRANSIENT).value
    for customer in clue.customers:
        of = "" if customer == clue.customers[0] else f":{customer}"
        yield Touchpoint(
            customer=customer,
            source=f"provider:{receipt.provider}",
            external_id=f"{receipt.event_id}{of}",
            direction=direction,
            channel=receipt.channel.value,
            kind=kind,
            at=receipt.at,
            brand=clue.brand,
            purpose=clue.purpose,
            machine=receipt.machine
            or receipt.kind is ReceiptKind.AUTO_REPLIED
            or (receipt.kind in _LOOKS and is_too_soon(receipt.at, clue.sent_at)),
            message=clue.message if len(clue.customers) == 1 else None,
            detail={name: value for name, value in told.items() if value},
        )


def _sent(clue: Clue, story: Story, receipt: Receipt) -> Touchpoint:
    """Return the line that the sender would have written, had it lived."""
    return Touchpoint(
        customer=story.customer,
        source="delivery",
        external_id=clue.attempt or "",
        direction="out",
        channel=receipt.channel.value,
        kind="sent",
        at=receipt.at,
        brand=story.brand,
        purpose=story.purpose,
        message=story.message,
        detail={"reference": clue.reference, "code": ""},
    )
