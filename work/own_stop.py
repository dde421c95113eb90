"""A customer takes back their own STOP: what it withdrew is given again, and what it alone had closed is open again.

Nothing is taken out: the consent of the moment stands after the withdrawal, with what the customer was shown as its
proof, and the timeline says START where it said STOP. Only a STOP can be taken back so: what a bounce, a complaint, a
letter that came back or a network's own list closed stays closed (`store.own_stops`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from preferences.policy import Policy
from store import consents, touchpoints
from store.consents import Consent
from store.listing import lift
from store.own_stops import own_stops
from store.touchpoints import Touchpoint
from tidings.organisation import Brand
from tidings.purpose import topic_path
from work.mask import mask
from work.preference import Preferences
from work.scribe import FORM, is_marketing, questions
from work.wishes import consented


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnStop:
    """A STOP that its customer may take back."""

    number: int
    """Of the suppression."""
    channel: str
    value: str = field(repr=False)
    shown: str
    """The address, masked."""
    at: datetime
    topics: tuple[str, ...]
    """What the customer had allowed on the channel before, and allows again."""


def stopped(known: Preferences) -> bool:
    """Tell, without asking the database, whether an address is closed by a STOP, whoever said it."""
    return any("stop" in row["suppressed"] for row in known.known.addresses)


def stops_of(
    connection: Connection, known: Preferences, brand: Brand, *, policy: Policy, now: datetime
) -> tuple[OwnStop, ...]:
    """Return the STOPs that a customer may take back at a brand."""
    return tuple(
        OwnStop(
            number=row["id"],
            channel=row["channel"],
            value=row["value"],
            shown=mask(row["channel"], row["value"]),
            at=row["at"],
            topics=_allowed_before(known, row, brand, policy, now),
        )
        for row in own_stops(connection, known.known.members, brand=brand.id, form=FORM)
    )


def take_back(
    connection: Connection,
    known: Preferences,
    number: str,
    *,
    brand: Brand,
    proof: str,
    record: Mapping[str, Any],
    policy: Policy,
    now: datetime,
) -> OwnStop | None:
    """Take a STOP back; None: it is none of this customer's, or was taken back already.

    Args:
        connection: in a transaction that holds the customer's lock.
        known: the customer, read under that lock.
        number: of the suppression, as a form sent it.
        brand: whose form it is.
        proof: what the customer was shown, in words.
        record: what the consent records say of the notice (`work.consent_records.notice`).
        policy: what counts as consent.
        now: the moment of the consent.
    """
    stops = stops_of(connection, known, brand, policy=policy, now=now)
    stop = next((one for one in stops if str(one.number) == number), None)
    if stop is None:
        return None
    lift(connection, stop.number, at=now)
    told = f"{proof}, takes back the STOP of {stop.at:%Y-%m-%dT%H:%M:%SZ}"
    consents.append(
        connection,
        [
            Consent(
                customer=known.customer,
                brand=brand.id,
                topic=topic,
                channel=stop.channel,
                action="given",
                source=FORM,
                proof=told,
                actor="customer",
                record={"jurisdiction": known.country, **record},
                at=now,
            )
            for topic in stop.topics
        ],
    )
    started = Touchpoint(
        customer=known.customer,
        brand=brand.id,
        source=FORM,
        external_id=str(uuid4()),
        direction="in",
        channel=stop.channel,
        kind="started",  # which a STOP that is delivered late looks for
        detail={"address": stop.value, "topics": list(stop.topics), "suppression": stop.number},
        at=now,
    )
    touchpoints.record(connection, [started])
    return stop


def _allowed_before(
    known: Preferences, row: Mapping[str, Any], brand: Brand, policy: Policy, now: datetime
) -> tuple[str, ...]:
    """Return what consent would allow on a channel, had the STOP not been; a part that its whole brings is left out."""
    kept = [one for one in known.known.consents if one["id"] not in row["withdrawals"]]
    before = replace(known.known, consents=kept)
    allowed = [
        topic
        for topic in questions(brand)
        if is_marketing(topic) and consented(before, topic, row["channel"], policy, now)
    ]
    return tuple(topic for topic in allowed if not set(topic_path(topic)[1:]) & set(allowed))
