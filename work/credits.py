"""Credit notes: what they credit, and the channel of their invoice that they follow on."""

import json
from datetime import datetime

from sqlalchemy import Connection

from store import invoice_events as store
from work.installation import Installation


def settle_credits(connection: Connection, run: str, *, now: datetime) -> list[str]:
    """Let the credit notes of a run count; returns the messages that are not sent any more."""
    credited = store.credit(connection, run, now=now)
    return store.withdraw(connection, now=now, invoices=credited) if credited else []


def follow(installation: Installation, run: str, shard: int) -> int:
    """Give credit notes the channel of their invoice, and last reminders the letter, where the customer has it.

    What the customer may not be reached on stays out: only channels that the decision ranked are put first.
    """
    moved = 0
    with installation.engine.begin() as connection:
        for message, decision, wanted in store.followed(connection, run, shard):
            ranked = sorted(
                (one for one in decision if one.get("rank") is not None),
                key=lambda one: str(one["rank"]).zfill(4),
            )
            if (
                not ranked
                or ranked[0]["channel"] == wanted
                or wanted not in {one["channel"] for one in ranked}
            ):
                continue
            first = [one for one in ranked if one["channel"] == wanted]
            order = first + [one for one in ranked if one["channel"] != wanted]
            others = [one for one in decision if one.get("rank") is None]
            told = [{**one, "rank": place} for place, one in enumerate(order, start=1)] + others
            store.put_first(connection, message, wanted, json.dumps(told))
            moved += 1
    return moved
