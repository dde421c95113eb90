"""Gaps: who asked for a channel and cannot have it, why and at what cost; and how good the data of each source are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Basis, Policy
from store import gaps as stored
from store.gaps import Asking
from templates.catalog import all_templates
from tidings.channel import Channel
from tidings.organisation import Brand
from tidings.purpose import Purpose, PurposeClass
from tidings.settings import Mode
from work.installation import Installation
from work.plan import expected_costs

YEAR = timedelta(days=365)
"""How far back messages count that went another way."""


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """What was asked for and could not be had; `currency` is that of every cost."""

    currency: str
    gaps: Sequence[Mapping[str, Any]]
    """{brand, purpose, topic, channel, cause, detail, customers, messages, cost}: `cause` is no_sender, no_template,
    no_provider, or the reason of the decision (no_address, unusable_address, unverified_address, suppressed with its
    reason as `detail`, objected, channel_no_consent); `messages` of a year went another way and cost `cost` more than
    the wished channel would have."""
    asked: Sequence[Mapping[str, Any]]
    """{brand, purpose, topic, channel, asked, got, missed}: customers by their first wish."""
    waiting: Sequence[Mapping[str, Any]]
    """{brand, purpose, channel, cause, messages}: what time alone holds up now: quiet hours, caps, pauses."""
    quality: Sequence[Mapping[str, Any]]
    """See `store.gaps.quality`."""


def gaps(connection: Connection, installation: Installation, policy: Policy, *, now: datetime) -> Gaps:
    """Count the gaps of every brand; 4 s for 200,000 customers on a busy machine (bench/desk.py).

    Args:
        connection: any.
        installation: whose brands, templates and providers are compared with what was asked for.
        policy: the organisation's rules.
        now: when.
    """
    found: list[Mapping[str, Any]] = []
    asked: dict[tuple[str, str, str], dict[str, Any]] = {}
    said = stored.topics_said(connection)
    for brand in installation.organisation.brands:
        asking = asking_of(installation, brand, policy, said)
        for row in stored.gaps(connection, asking, since=now - YEAR, now=now):
            about = {
                "brand": brand.id,
                "purpose": row["topic"].partition(".")[0],
                "topic": row["topic"],
                "channel": row["channel"],
            }
            empty = {**about, "asked": 0, "got": 0, "missed": 0}
            line = asked.setdefault((brand.id, row["topic"], row["channel"]), empty)
            line["asked"] += row["customers"]
            line["missed" if row["cause"] else "got"] += row["customers"]
            if row["cause"]:
                more = ("cause", "detail", "customers", "messages")
                cost = Decimal(row["cost"]).quantize(Decimal("0.01"))
                found.append({**about, **{name: row[name] for name in more}, "cost": cost})
    return Gaps(
        currency=installation.organisation.costs.currency,
        gaps=sorted(found, key=lambda row: (-row["customers"], row["brand"], row["topic"], row["channel"])),
        asked=list(asked.values()),
        waiting=stored.waiting(connection),
        quality=stored.quality(connection),
    )


def asking_of(installation: Installation, brand: Brand, policy: Policy, said: Sequence[str]) -> Asking:
    """Return what a brand can do for each topic and channel."""
    known = {purpose.value for purpose in Purpose}
    topics = [*Purpose, *(topic for topic in said if "." in topic and topic.partition(".")[0] in known)]
    rendered: dict[str, set[str]] = {}
    for template in all_templates(installation.own_templates):
        rendered.setdefault(str(template.purpose), set()).update(str(one) for one in template.channels)
    barred = {
        f"{topic}:{channel}": why
        for topic in topics
        for channel in Channel
        if (why := _bar(installation, brand, channel, rendered.get(topic.partition(".")[0])))
    }
    return Asking(
        brand=brand.id,
        topics=[str(topic) for topic in topics],
        marketing=[
            str(topic)
            for topic in topics
            if Purpose(topic.partition(".")[0]).purpose_class is PurposeClass.MARKETING
        ],
        barred=barred,
        verified=[str(channel) for channel in policy.verified],
        closing=list(policy.closing),
        free=[
            str(channel)
            for channel in Channel
            if channel in policy.soft_opt_in or policy.basis.get(channel) is Basis.LEGITIMATE_INTEREST
        ],
        prices=expected_costs(installation.organisation),
    )


def _bar(installation: Installation, brand: Brand, channel: Channel, rendered: set[str] | None) -> str:
    """Return why nobody gets a purpose on a channel, '' when somebody may. No template at all tells nothing."""
    if channel not in brand.channels:
        return "no_sender"
    if rendered is not None and channel not in rendered:
        return "no_template"
    if installation.mode is Mode.LIVE and not getattr(installation.settings, channel):
        return "no_provider"
    return ""
