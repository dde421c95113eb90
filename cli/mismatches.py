"""`tidings mismatches`: customers who say one channel and answer on another."""

from __future__ import annotations

from cli.instants import instant
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.purpose import Purpose
from tidings.settings import Settings

SHOWN = 50


def mismatches(
    *,
    ask: bool = False,
    topic: str = "invoice",
    brand: str | None = None,
    now: str | None = None,
    json: bool = False,
) -> int:
    """List customers who chose one channel and answer only on another; ask them which they mean.

    Example: tidings mismatches --ask

    Parameters
    ----------
    ask
        Send each a message with two buttons, at most once in 180 days. What they chose counts until they answer.
    topic
        About which messages: invoice, dunning, service, offer, news, or a topic below one.
    brand
        In whose name; default is the first.
    now
        Business time; default is the clock.
    json
        Print one JSON object.
    """
    from datetime import UTC, datetime

    from work import mismatch
    from work.installation import opened

    if topic.partition(".")[0] not in set(Purpose):
        raise Problem(
            f"{topic!r} is no topic of ours.",
            todo=f"{', '.join(Purpose)}, or one below.",
        )
    moment = instant(now) or datetime.now(UTC)
    with opened(Settings.read()) as installation:
        found = list(mismatch.mismatches(installation, now=moment, topic=topic, brand=brand))
        asked = mismatch.ask(installation, now=moment, topic=topic, brand=brand) if ask else 0
    if json:
        print_json({"mismatches": [one.as_json() for one in found], "asked": asked})
        return Exit.OK
    console.print(f"{len(found):,} customers say one channel and answer on another.")
    for one in found[:SHOWN]:
        console.print(f"{one.customer}: chose {one.stated}, answers {one.observed}", markup=False)
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN:,} more; --json lists all")
    if ask:
        console.print(f"{asked:,} were asked; `tidings up` sends it.")
    return Exit.OK
