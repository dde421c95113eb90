"""The states of a message, a delivery and an attempt, and what every event does in each of them (design/delivery.md).

One table, `TABLE`: whatever changes a state in `store` builds its guard from it (`within`), so that the rules are
written once; `docs/states.md` is drawn from it, and a test holds the SQL against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar


class MessageState(StrEnum):
    """What one customer gets for one document or one campaign edition."""

    PLANNED = "planned"
    READY = "ready"
    IN_DELIVERY = "in_delivery"
    DONE = "done"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    HELD = "held"


class DeliveryState(StrEnum):
    """A message on one channel to one address, with its own frozen bytes."""

    READY = "ready"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    SILENT = "silent"
    REJECTED = "rejected"
    RECALLED = "recalled"
    IN_DOUBT = "in_doubt"


class AttemptState(StrEnum):
    """One try of one delivery at one provider."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    ABANDONED = "abandoned"


OPEN_DELIVERY = (DeliveryState.READY, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
"""On one of these a message is done; `silent` is none of them: its purpose wanted a reaction."""
OPEN_ATTEMPT = (AttemptState.SENDING, AttemptState.UNKNOWN)


class Event(StrEnum):
    """What can happen to a message, a delivery or an attempt."""

    # Deciding.
    DECIDED = "decided"
    """It may go, on a channel and at a time."""
    HOLD = "hold"
    SUPPRESS = "suppress"
    RELEASE = "release"
    """A person lets a held message be decided again."""
    STOP = "stop"
    """Its run is stopped for good."""

    # Sending: what the sender records.
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REFUSED = "refused"
    """Not now; the same delivery is tried again."""
    CANCELLED = "cancelled"
    """The attempt certainly never began."""
    UNKNOWN = "unknown"
    """Bytes may have been taken; also when the sender died."""

    # Evidence that comes later, in any order and any number of times.
    PROVEN = "proven"
    """The provider has it, whatever the sender knows."""
    DELIVERED = "delivered"
    EXPIRED = "expired"
    BOUNCED = "bounced"
    """It will not arrive: bounced, refused after it was taken, a returned letter."""
    ABSENT = "absent"
    """The provider has never had it."""

    # Policy, when evidence cannot come.
    ABANDONED = "abandoned"
    """An attempt is given up in doubt, because another one takes or took its place."""
    RESEND = "resend"
    """What is in doubt goes out again, under the same reference."""
    DOUBTED = "doubted"
    """What went out again came to nothing, which says nothing about the try before it: that one is in doubt again."""

    # The next channel, and the way back.
    SILENCE = "silence"
    """Nobody reacted within the purpose's wait."""
    FALLBACK = "fallback"
    """On to the next channel."""
    EXHAUSTED = "exhausted"
    """No channel is left."""
    RECALL = "recall"
    """Taken back before it left the house."""
    OVERTAKEN = "overtaken"
    """Answered on the channel before while it waited for its next one, which it does not take any more."""
    STAYS = "stays"
    """The next channel closed before it left on it: it has arrived on the one before, and nobody reacted."""


class Nothing(StrEnum):
    """Why an event changes nothing."""

    IGNORED = "ignored"
    """It can come, and is no news here."""
    IMPOSSIBLE = "impossible"
    """It cannot come: a constraint or a lock forbids it, and it would be our bug."""
    WAITS = "waits"
    """Kept until the sender has recorded what it knows; then it is folded."""


State = MessageState | DeliveryState | AttemptState
S = TypeVar("S", MessageState, DeliveryState, AttemptState)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(Generic[S]):
    """What an event does: the states in which it moves to `to`, in which it waits, and in which it cannot come.

    `ignored` is written out too: a new state has to be thought about for every event.
    """

    to: S | None = None
    moves: tuple[S, ...] = ()
    waits: tuple[S, ...] = ()
    ignored: tuple[S, ...] = ()
    impossible: tuple[S, ...] = ()


def _message() -> Mapping[Event, Rule[MessageState]]:
    m = MessageState
    undecided = (m.PLANNED, m.READY)
    busy, ended, stays = (m.IN_DELIVERY,), (m.DONE, m.UNDELIVERABLE), (m.CANCELLED, m.SUPPRESSED, m.HELD)
    everything = tuple(m)
    untouched: Rule[MessageState] = Rule(ignored=everything)
    tried = tuple(state for state in m if state is not m.PLANNED)
    answered = {"moves": busy, "ignored": (m.READY, *ended, *stays), "impossible": (m.PLANNED,)}
    return {
        Event.DECIDED: Rule(to=m.READY, moves=undecided, ignored=(*busy, *ended, *stays)),
        Event.HOLD: Rule(to=m.HELD, moves=undecided, ignored=(*busy, *ended, *stays)),
        Event.SUPPRESS: Rule(to=m.SUPPRESSED, moves=undecided, ignored=(*busy, *ended, *stays)),
        Event.RELEASE: Rule(
            to=m.PLANNED, moves=(m.HELD,), ignored=tuple(state for state in m if state is not m.HELD)
        ),
        # What is on its way runs to its end; the run's own state keeps it from being claimed again.
        Event.STOP: Rule(to=m.CANCELLED, moves=undecided, ignored=(*busy, *ended, *stays)),
        Event.CLAIMED: Rule(
            to=m.IN_DELIVERY, moves=(m.READY,), impossible=(m.PLANNED, *busy, *ended, *stays)
        ),
        Event.ACCEPTED: Rule(to=m.DONE, **answered),
        Event.REJECTED: untouched,  # The message hears FALLBACK or EXHAUSTED.
        Event.REFUSED: Rule(to=m.READY, **answered),
        Event.CANCELLED: Rule(to=m.READY, **answered),
        Event.UNKNOWN: Rule(to=m.IN_DELIVERY, **answered),
        # A message that somebody cancelled stays cancelled; its delivery says what arrived.
        Event.PROVEN: Rule(
            to=m.DONE,
            moves=(m.READY, *busy, m.UNDELIVERABLE, m.SUPPRESSED, m.HELD),
            ignored=(m.DONE, m.CANCELLED),
            impossible=(m.PLANNED,),
        ),
        Event.DELIVERED: untouched,  # The message hears PROVEN,
        Event.EXPIRED: untouched,  # or FALLBACK or EXHAUSTED.
        Event.BOUNCED: untouched,
        Event.ABSENT: Rule(to=m.READY, **answered),
        Event.ABANDONED: untouched,
        Event.RESEND: Rule(to=m.READY, **answered),
        Event.DOUBTED: Rule(
            to=m.IN_DELIVERY, moves=(m.READY, *busy), ignored=(*ended, *stays), impossible=(m.PLANNED,)
        ),
        Event.SILENCE: untouched,
        # Consent is asked again inside the claim, so a held message may be offered its next channel.
        Event.FALLBACK: Rule(
            to=m.READY,
            moves=tuple(state for state in tried if state is not m.CANCELLED),
            ignored=(m.CANCELLED,),
            impossible=(m.PLANNED,),
        ),
        Event.EXHAUSTED: Rule(
            to=m.UNDELIVERABLE,
            moves=tuple(state for state in tried if state is not m.CANCELLED),
            ignored=(m.CANCELLED,),
            impossible=(m.PLANNED,),
        ),
        Event.RECALL: Rule(
            to=m.CANCELLED,
            moves=(*undecided, m.DONE),
            ignored=(*busy, m.UNDELIVERABLE, *stays),
        ),
        Event.OVERTAKEN: Rule(
            to=m.DONE, moves=(m.READY,), ignored=tuple(state for state in m if state is not m.READY)
        ),
        Event.STAYS: Rule(
            to=m.DONE, moves=(m.READY,), ignored=tuple(state for state in m if state is not m.READY)
        ),
    }


def _delivery() -> Mapping[Event, Rule[DeliveryState]]:
    d = DeliveryState
    asked = (d.SENDING, d.IN_DOUBT)
    over = (d.ACCEPTED, d.DELIVERED, d.BOUNCED, d.EXPIRED, d.SILENT, d.REJECTED, d.RECALLED)
    untouched: Rule[DeliveryState] = Rule(ignored=tuple(d))
    answered = {"moves": asked, "ignored": (d.READY, *over)}
    again = {"moves": (d.IN_DOUBT,), "ignored": (d.READY, d.SENDING, *over)}
    waits = (d.SENDING,)
    return {
        Event.DECIDED: untouched,
        Event.HOLD: untouched,
        Event.SUPPRESS: untouched,
        Event.RELEASE: untouched,
        Event.STOP: Rule(to=d.RECALLED, moves=(d.READY,), ignored=(*asked, *over)),
        Event.CLAIMED: Rule(to=d.SENDING, moves=(d.READY,), impossible=(*asked, *over)),
        Event.ACCEPTED: Rule(to=d.ACCEPTED, **answered),
        Event.REJECTED: Rule(to=d.REJECTED, **answered),
        Event.REFUSED: Rule(to=d.READY, **answered),
        Event.CANCELLED: Rule(to=d.READY, **answered),
        Event.UNKNOWN: Rule(to=d.IN_DOUBT, **answered),
        # Evidence only climbs: accepted, delivered, expired, bounced; that is why its order does not matter.
        # A letter that was recalled had been accepted before, so that is no news.
        Event.PROVEN: Rule(
            to=d.ACCEPTED,
            moves=(d.READY, d.IN_DOUBT, d.REJECTED),
            waits=waits,
            ignored=(d.ACCEPTED, d.DELIVERED, d.BOUNCED, d.EXPIRED, d.SILENT, d.RECALLED),
        ),
        Event.DELIVERED: Rule(
            to=d.DELIVERED,
            moves=(d.READY, d.IN_DOUBT, d.REJECTED, d.RECALLED, d.ACCEPTED),
            waits=waits,
            ignored=(d.DELIVERED, d.BOUNCED, d.EXPIRED, d.SILENT),
        ),
        Event.EXPIRED: Rule(
            to=d.EXPIRED,
            moves=(d.READY, d.IN_DOUBT, d.REJECTED, d.RECALLED, d.ACCEPTED, d.DELIVERED, d.SILENT),
            waits=waits,
            ignored=(d.EXPIRED, d.BOUNCED),
        ),
        Event.BOUNCED: Rule(
            to=d.BOUNCED,
            moves=(d.READY, d.IN_DOUBT, d.REJECTED, d.RECALLED, d.ACCEPTED, d.DELIVERED, d.SILENT, d.EXPIRED),
            waits=waits,
            ignored=(d.BOUNCED,),
        ),
        Event.ABSENT: Rule(to=d.READY, **again),
        Event.ABANDONED: untouched,
        Event.RESEND: Rule(to=d.READY, **again),
        Event.DOUBTED: Rule(to=d.IN_DOUBT, moves=(d.READY, *asked), ignored=over),
        Event.SILENCE: Rule(
            to=d.SILENT,
            moves=(d.ACCEPTED, d.DELIVERED),
            ignored=(d.READY, *asked, d.BOUNCED, d.EXPIRED, d.SILENT, d.REJECTED, d.RECALLED),
        ),
        Event.FALLBACK: untouched,
        Event.EXHAUSTED: untouched,
        Event.RECALL: Rule(
            to=d.RECALLED,
            moves=(d.READY, d.ACCEPTED),
            ignored=(*asked, d.DELIVERED, d.BOUNCED, d.EXPIRED, d.SILENT, d.REJECTED, d.RECALLED),
        ),
        # Who answered has got it.
        Event.OVERTAKEN: Rule(
            to=d.DELIVERED, moves=(d.SILENT,), ignored=tuple(state for state in d if state is not d.SILENT)
        ),
        Event.STAYS: Rule(
            to=d.ACCEPTED, moves=(d.SILENT,), ignored=tuple(state for state in d if state is not d.SILENT)
        ),
    }


def _attempt() -> Mapping[Event, Rule[AttemptState]]:
    a = AttemptState
    closed = (a.ACCEPTED, a.REJECTED, a.REFUSED, a.CANCELLED, a.ABSENT, a.ABANDONED)
    untouched: Rule[AttemptState] = Rule(ignored=tuple(a))
    answered = {"moves": (a.SENDING, a.UNKNOWN), "ignored": closed}
    return {
        Event.DECIDED: untouched,
        Event.HOLD: untouched,
        Event.SUPPRESS: untouched,
        Event.RELEASE: untouched,
        Event.STOP: untouched,
        Event.CLAIMED: Rule(impossible=tuple(a)),  # An attempt is born claimed.
        Event.ACCEPTED: Rule(to=a.ACCEPTED, **answered),
        Event.REJECTED: Rule(to=a.REJECTED, **answered),
        Event.REFUSED: Rule(to=a.REFUSED, **answered),
        Event.CANCELLED: Rule(to=a.CANCELLED, **answered),
        Event.UNKNOWN: Rule(to=a.UNKNOWN, **answered),
        # Unless another attempt of the delivery is the accepted one: there is at most one.
        Event.PROVEN: Rule(
            to=a.ACCEPTED,
            moves=(a.UNKNOWN, a.REJECTED, a.REFUSED, a.CANCELLED, a.ABSENT, a.ABANDONED),
            waits=(a.SENDING,),
            ignored=(a.ACCEPTED,),
        ),
        Event.DELIVERED: untouched,  # The attempt hears PROVEN: what arrived, bounced or expired was taken.
        Event.EXPIRED: untouched,
        Event.BOUNCED: untouched,
        Event.ABSENT: Rule(to=a.ABSENT, moves=(a.UNKNOWN,), waits=(a.SENDING,), ignored=closed),
        Event.ABANDONED: Rule(to=a.ABANDONED, moves=(a.UNKNOWN,), ignored=(a.SENDING, *closed)),
        Event.RESEND: untouched,  # The attempt hears ABANDONED.
        Event.DOUBTED: Rule(
            to=a.UNKNOWN,
            moves=(a.ABANDONED,),
            ignored=tuple(state for state in a if state is not a.ABANDONED),
        ),
        Event.SILENCE: untouched,
        Event.FALLBACK: untouched,
        Event.EXHAUSTED: untouched,
        Event.RECALL: untouched,
        Event.OVERTAKEN: untouched,
        Event.STAYS: untouched,
    }


RULES: Mapping[type[StrEnum], Mapping[Event, Rule[Any]]] = MappingProxyType(
    {MessageState: _message(), DeliveryState: _delivery(), AttemptState: _attempt()}
)


Triple = tuple[type[StrEnum], str, Event]


def _spread() -> Mapping[Triple, State | Nothing]:
    """Lay the rules out, one entry for each (machine, state, event)."""
    table: dict[Triple, State | Nothing] = {}
    for machine, rules in RULES.items():
        for event, rule in rules.items():
            if rule.to is not None:
                table.update({(machine, state, event): rule.to for state in rule.moves})
            table.update({(machine, state, event): Nothing.WAITS for state in rule.waits})
            table.update({(machine, state, event): Nothing.IGNORED for state in rule.ignored})
            table.update({(machine, state, event): Nothing.IMPOSSIBLE for state in rule.impossible})
    return MappingProxyType(table)


TABLE = _spread()
"""What every event does in every state of a machine: the new state, or why there is none.

The machine is part of the key: states of two machines may have one name, and compare equal.
"""


def after(state: State, event: Event) -> State | Nothing:
    """Return the state after an event, or why nothing changes."""
    return TABLE[type(state), state, event]


def target(machine: type[StrEnum], event: Event) -> State:
    """Return the one state to which an event moves; KeyError when it moves nothing."""
    to: State | None = RULES[machine][event].to
    if to is None:
        raise KeyError(machine, event)
    return to


def sources(machine: type[StrEnum], *events: Event) -> tuple[State, ...]:
    """Return the states in which at least one of the events moves, in the order of the machine."""
    moved = {state for event in events for state in RULES[machine][event].moves}
    return tuple(state for state in machine if state in moved)  # type: ignore[misc]


def within(states: tuple[State, ...]) -> str:
    """Return states as SQL writes them after IN, without the brackets: `'sending', 'unknown'`."""
    return ", ".join(f"'{state}'" for state in states)
