"""Why a message comes this way, as its own footer says it: from the decision that is stored with it.

Not on SMS, push and WhatsApp: a sentence of 60 to 90 characters would make most text messages a part longer, which
customers do not ask for and somebody pays; a push has no room. There the preference page says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from sqlalchemy import Connection

from preferences.explain import footer
from store.claims import Claimed
from store.decided import grounds_of, statements_of
from tidings.channel import Channel
from tidings.organisation import Organisation
from tidings.reason import Reason

SAYS = frozenset({Channel.EMAIL.value, Channel.LETTER.value})
STATED = (Reason.STATED_TEMPORARY, Reason.STATED_TOPIC, Reason.STATED_PURPOSE, Reason.STATED_ALL)


def becauses(
    connection: Connection, claimed: Sequence[Claimed], organisation: Organisation
) -> dict[str, str]:
    """Return the sentence of each message that says why; about 3 us for each."""
    wanted: dict[str, list[Claimed]] = {}
    for one in claimed:
        if one.channel in SAYS and organisation.brand(one.brand).say_why:
            wanted.setdefault(one.channel, []).append(one)
    found: dict[str, str] = {}
    for channel, some in wanted.items():
        first = [one.message for one in some if one.delivery_number == 1]
        known = grounds_of(connection, first, channel=channel) if first else {}
        for one in some:
            ground = known.get(one.message, (Reason.FALLBACK.value, "", "", ""))
            if one.message in known or one.delivery_number > 1:
                found[one.message] = _footer(one, *ground)
    return found


def possible(connection: Connection, one: Claimed) -> Iterator[str]:
    """Yield every sentence that an earlier attempt of a delivery may have had, before its customer said more.

    A message that waits again is decided again; the bytes of its first attempt must be found all the same.
    """
    for reason in (Reason.DEFAULT_ORDER, Reason.OBSERVED, Reason.FALLBACK):
        yield _footer(one, reason, "", "", "")
    for said_at, until, on_behalf in statements_of(connection, one.customer):
        spokespersons = sorted({on_behalf, ""})  # earlier releases did not say who spoke
        for reason, spoke in product(STATED, spokespersons):
            yield _footer(one, reason, said_at, until, spoke)
    yield ""


def _footer(one: Claimed, reason: str, said_at: str, until: str, on_behalf: str) -> str:
    return footer(
        reason,
        one.language,
        channel=one.channel,
        purpose=one.purpose,
        said_at=said_at,
        until=until,
        on_behalf=on_behalf,
    )
