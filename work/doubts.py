"""Doubts as a person sees them: what is in doubt, what will end it, and how somebody who knows better ends it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from channels.contract import Capability, Forgets, Provider
from store.audit import note
from store.doubts import in_doubt, name_doubts
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from tidings.receipt import Receipt, ReceiptKind
from work.installation import Installation
from work.receive import receive
from work.settle import CANARIES, MARGIN, PATIENCE

PERSON = "person"
"""The provider of a receipt that somebody typed in."""

_HOURS = int(PATIENCE.total_seconds() // 3600)
_ENDS = {
    Capability.KEY: "It is sent again under the same key, and {provider} keeps one copy.",
    Capability.LIST: "{provider} is asked what it took.",
    Capability.EVENT: "An event of {provider} about it.",
}
_ONCE = {
    Capability.LIST: f" If that says nothing within {_HOURS} hours, it is sent once more, for it must arrive.",
    Capability.EVENT: f" If none comes within {_HOURS} hours, or within {int(MARGIN.total_seconds() // 60)} minutes "
    f"and {CANARIES} later messages are reported, it is sent once more, for it must arrive.",
}
_PERSON = "Only you: `tidings settle {message} --as accepted|absent --because ...`."


def doubts(
    installation: Installation, providers: Iterable[Provider], *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Return what is in doubt, oldest first.

    Each is {message, customer, run, document, channel, provider, capability, since, settles}.

    Args:
        installation: whose doubts.
        providers: those that are set up; any other counts as one that cannot be asked.
        now: business time, by which keys are forgotten; None: the clock's.
    """
    known = list(providers)
    lives = {one.name: one.key_life for one in known if isinstance(one, Forgets)}
    now = now or datetime.now(UTC)
    able = {(provider.channel.value, provider.name): provider.capability for provider in known}
    with installation.engine.begin() as connection:
        found = in_doubt(connection)
    told = []
    for doubt in found:
        capability = able.get((doubt["channel"], doubt["provider"]), Capability.NONE)
        kept = ("message", "customer", "run", "document", "channel", "provider", "since")
        told.append(
            {name: doubt[name] for name in kept}
            | {
                "capability": capability.value,
                "settles": _settles(doubt, capability, lasts=_lasts(doubt, lives, now)),
            }
        )
    return told


def _lasts(doubt: Any, lives: Mapping[str, timedelta], now: datetime) -> bool:
    """Tell whether a provider still knows the key under which a doubt may have been taken."""
    life = lives.get(doubt["provider"])
    return life is None or now < doubt["first_at"] + life


def _settles(doubt: Any, capability: Capability, *, lasts: bool) -> str:
    """Say what will end a doubt."""
    required = doubt["purpose_class"] == PurposeClass.REQUIRED
    over = doubt["stopped"] or doubt["in_vain"]
    again = required and not doubt["again"] and not over
    if capability is Capability.KEY and (over or not lasts):
        said = _PERSON
    elif capability in _ENDS:
        said = _ENDS[capability]
        if capability is not Capability.KEY:
            said += _ONCE[capability] if again else " Else only you: `tidings settle {message}`."
    else:
        said = "It is sent once more under the same reference, for it must arrive." if again else _PERSON
    return said.format(provider=doubt["provider"], message=doubt["message"])


def settle_by_hand(
    installation: Installation,
    messages: Sequence[str],
    kind: ReceiptKind,
    *,
    because: str,
    by: str,
    now: datetime,
) -> dict[str, str]:
    """End what is in doubt of messages because a person knows better; audited. Returns {message: attempt}.

    Args:
        installation: whose messages.
        messages: their ids.
        kind: ACCEPTED or ABSENT.
        because: how the person knows.
        by: the person.
        now: business time.

    Raises:
        Problem: no such message, nothing of one is in doubt, or no reason or name given; then none is settled.
    """
    reason, name = " ".join(because.split()), " ".join(by.split())
    if not reason or not name:
        raise Problem(
            "Settling a doubt needs a reason and a name.", todo='Say --because "..." and --by NAME.'
        )
    with installation.engine.begin() as connection:
        name_doubts(connection, now=now)
        asked = [_id(message) for message in messages]
        found = {doubt["message"]: doubt for doubt in in_doubt(connection, messages=asked)}
        for message in asked:
            if message not in found:
                raise Problem(
                    f"Nothing of message {message!r} is in doubt.",
                    todo="`tidings doubts` lists what is; nothing was settled.",
                )
        for message, doubt in found.items():
            told = {"as": kind.value, "because": reason, "attempt": doubt["attempt"]}
            note(connection, actor=f"staff:{name}", action="settle", subject=message, detail=told)
    receive(
        installation,
        [
            Receipt(
                provider=PERSON,
                event_id=f"{name}: {kind} {doubt['attempt']} {now.isoformat()}",
                kind=kind,
                channel=Channel(doubt["channel"]),
                at=now,
                attempt=doubt["attempt"],
            )
            for doubt in found.values()
        ],
        now=now,
    )
    return {message: doubt["attempt"] for message, doubt in found.items()}


def _id(quoted: str) -> str:
    try:
        return str(UUID(quoted))
    except ValueError as error:
        raise Problem(
            f"There is no message {quoted!r}.", todo="Give its id, as `tidings doubts` shows it."
        ) from error
