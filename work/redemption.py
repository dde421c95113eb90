"""Offers in force for one customer, with the facts that were sent; used once, they are reminded of nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from store import offers as store
from store.customers import lock_customers
from store.listing import customer as customer_row
from store.persons import members
from store.silence import take_back_overtaken
from store.touchpoints import Touchpoint, record
from tidings.problem import Problem
from work.installation import Installation


def offers_in_force(
    connection: Connection, installation: Installation, customer: int, *, now: datetime
) -> list[dict[str, Any]]:
    """Return the offers that a customer was sent and may use today, where the customer is.

    Returns:
        [{offer, code, title, brand, valid_until, facts, sent}], the last sent first: `facts` are the template's facts
        as every channel said them in the customer's language, `sent` is [{message, channel, at}].
    """
    zone = ZoneInfo(customer_row(connection, customer)["time_zone"])
    found: dict[str, dict[str, Any]] = {}
    for row in store.offers(connection, customer, today=now.astimezone(zone).date()):
        one = found.setdefault(
            row.code or row.offer,
            {
                "offer": row.offer,
                "code": row.code,
                "title": row.title,
                "brand": row.brand,
                "valid_until": row.valid_until,
                "facts": _facts(installation, row, now),
                "sent": [],
            },
        )
        one["sent"].append({"message": row.message, "channel": row.channel, "at": row.sent_at})
    return list(found.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Redeemed:
    """An offer that was used."""

    offer: str
    redeemed_at: datetime
    again: bool
    """It had been used before; nothing was written."""
    cancelled: Sequence[str]
    """Messages that are not sent any more."""


def redeem(
    connection: Connection, customer: int, offer: str, *, channel: str, at: datetime, by: str, now: datetime
) -> Redeemed | None:
    """Write down that a customer used an offer and cancel its reminders on every channel; None: they had none such.

    Args:
        connection: in a transaction.
        customer: who.
        offer: NAME:EDITION, as `offers_in_force` has it.
        channel: where it was used: visit, web, call, ...
        at: when.
        by: who says so.
        now: when that is written.
    """
    whose = lock_customers(connection, members(connection, customer))  # two shops, one use
    rows = store.offers(connection, customer, today=now.date(), only=offer)
    if not rows:
        return None
    row = rows[0]
    known = row.redeemed_at
    if known is None:
        record(
            connection,
            [
                Touchpoint(
                    customer=customer,
                    brand=row.brand,
                    source="redemption",
                    external_id=f"{customer}:{row.brand}:{row.code or offer}",
                    direction="in",
                    channel=channel,
                    kind=store.REDEEMED,
                    purpose="offer",
                    message=row.message,
                    at=at,
                    detail={"offer": offer, "code": row.code, "by": by},
                )
            ],
        )
    overtaken = take_back_overtaken(connection, now=now, customers=whose)
    cancelled = [*overtaken, *store.withdraw(connection, whose, now=now)]
    return Redeemed(offer=offer, redeemed_at=known or at, again=known is not None, cancelled=cancelled)


def withdraw_used(installation: Installation, *, now: datetime) -> int:
    """Cancel what is planned of offers that their customers have used meanwhile; returns how many messages."""
    with installation.engine.begin() as connection:
        overtaken = take_back_overtaken(connection, now=now)
        return len(overtaken) + len(store.withdraw_all(connection, now=now))


def _facts(installation: Installation, row: Any, now: datetime) -> dict[str, str]:
    """Return the facts of a message as its template of then wrote them, {} when its brand is gone."""
    from templates.catalog import as_recorded
    from templates.facts import fact_forms
    from templates.language import choose
    from templates.subject import Subject

    try:
        brand = installation.organisation.brand(row.brand)
        template = as_recorded(row.template, row.texts, row.content_hash, extra=installation.own_templates)
        subject = Subject(
            message=row.message,
            reference="",
            language=row.language,
            data=row.data,
            shared=row.shared or {},
            brand=brand,
            to="",
            created_at=row.sent_at or now,
        )
        language = choose(row.language, template.languages, brand.languages)
        return {name: forms[0] for name, forms in fact_forms(template, subject, language).items()}
    except Problem:
        return {}
