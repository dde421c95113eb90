"""What a rehearsal came to, in numbers: by channel, by reason, by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from preferences.sheet import CHANNELS, NEVER, NOBODY
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.state import MessageState
from work.course import REACTIONS, Simulated
from work.measure import sizes

if TYPE_CHECKING:
    from templates.catalog import Template
    from tidings.facts import Facts
    from work.installation import Installation

LETTER = CHANNELS.index(Channel.LETTER)
SMS = CHANNELS.index(Channel.SMS)


def told(
    installation: Installation, simulated: Simulated, facts: Facts, template: Template, campaign: Campaign
) -> dict[str, Any]:
    """Return the numbers of a rehearsal.

    Returns:
        {planned, held, sent, failed, waiting, waits: {code: customers}, deliveries: {channel: messages that left},
        fallbacks: [{from, to, why, messages}], recalled: {channel: messages}, saved: {letters, amount},
        cost: {currency, total, channels}, engagement: {channel: {sent, expected, opened, clicked, paid}},
        days: [{day, sent: {channel: n}, cost, expected, opened, clicked, paid, fallbacks, recalled, waits}]}.
        Days are those of the organisation; `waits` of a day are messages that had to wait until then.
    """
    unit = _unit_costs(installation, simulated, facts, template, campaign)
    sent = simulated.sent.with_columns(
        cost=pl.Series(unit[simulated.sent["row"].to_numpy(), simulated.sent["channel"].to_numpy()])
    )
    zone = installation.organisation.time_zone
    saved = unit[simulated.recalled["row"].to_numpy(), simulated.recalled["channel"].to_numpy()]
    on_paper = (simulated.recalled["channel"] == LETTER).to_numpy()
    return {
        **_states(simulated),
        "deliveries": _by_channel(sent),
        "fallbacks": _fallbacks(simulated),
        "recalled": _by_channel(simulated.recalled),
        "saved": {"letters": int(on_paper.sum()), "amount": _money(float(saved[on_paper].sum()))},
        "cost": {
            "currency": installation.organisation.costs.currency,
            "total": _money(float(sent["cost"].sum())),
            "channels": {
                CHANNELS[code]: _money(cost)
                for code, cost in sent.group_by("channel")
                .agg(pl.col("cost").sum())
                .sort("channel")
                .iter_rows()
                if cost
            },
        },
        "engagement": _engagement(simulated),
        "days": _days(simulated, sent, zone),
    }


def _states(simulated: Simulated) -> dict[str, dict[str, int]]:
    frame = pl.DataFrame(
        {
            "state": simulated.state.tolist(),
            "reason": simulated.reason.tolist(),
            "first": simulated.first,
            "channel": simulated.channel,
            "wait": simulated.wait.tolist(),
        },
        schema_overrides={"state": pl.String, "reason": pl.String, "wait": pl.String},
    )
    counted = frame.group_by("state", "reason", "first", "channel", "wait").len()
    parts: dict[str, Counter[str]] = {
        name: Counter() for name in ("planned", "held", "sent", "failed", "waiting", "waits")
    }
    for state, reason, first, channel, wait, n in counted.iter_rows():
        if state == MessageState.HELD:
            parts["held"][reason] += n
            continue
        parts["planned"][CHANNELS[first] if first != NOBODY else "none"] += n
        if wait:
            parts["waits"][wait] += n
        if state == MessageState.DONE:
            parts["sent"][CHANNELS[channel]] += n
        elif state == MessageState.UNDELIVERABLE:
            parts["failed"][reason] += n
        else:
            parts["waiting"][reason or "due"] += n
    return {name: dict(sorted(part.items())) for name, part in parts.items()}


def _by_channel(events: pl.DataFrame) -> dict[str, int]:
    return {CHANNELS[code]: n for code, n in events.group_by("channel").len().sort("channel").iter_rows()}


def _fallbacks(simulated: Simulated) -> list[dict[str, Any]]:
    rows = simulated.moved.group_by("channel", "to", "why").len().sort("channel", "to", "why").iter_rows()
    return [{"from": CHANNELS[a], "to": CHANNELS[b], "why": why, "messages": n} for a, b, why, n in rows]


def _engagement(simulated: Simulated) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    totals = simulated.sent.group_by("channel").agg(pl.len(), pl.col("expected").sum()).sort("channel")
    for code, n, expected in totals.iter_rows():
        found[CHANNELS[code]] = {"sent": n, "expected": round(expected, 1)} | dict.fromkeys(REACTIONS, 0)
    for code, kind, n in simulated.answered.group_by("channel", "kind").len().iter_rows():
        found[CHANNELS[code]][kind] = n
    return found


def _days(simulated: Simulated, sent: pl.DataFrame, zone: str) -> list[dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}

    def of(day: Any) -> dict[str, Any]:
        fresh: Mapping[str, Any] = {"day": str(day), "sent": {}, "cost": 0.0, "expected": 0.0}
        return days.setdefault(
            str(day), {**fresh, **dict.fromkeys((*REACTIONS, "fallbacks", "recalled"), 0), "waits": {}}
        )

    left = (
        _dated(sent, zone)
        .group_by("day", "channel")
        .agg(pl.len(), pl.col("cost", "expected").sum())
        .sort("day", "channel")
    )
    for day, code, n, cost, expected in left.iter_rows():
        one = of(day)
        one["sent"][CHANNELS[code]] = n
        one["cost"] += cost
        one["expected"] += expected
    for name, events in (("fallbacks", simulated.moved), ("recalled", simulated.recalled)):
        for day, n in _dated(events, zone).group_by("day").len().iter_rows():
            of(day)[name] = n
    for day, kind, n in _dated(simulated.answered, zone).group_by("day", "kind").len().iter_rows():
        of(day)[kind] = n
    for day, wait, n in (
        _dated(_waits(simulated), zone).group_by("day", "wait").len().sort("wait").iter_rows()
    ):
        of(day)["waits"][wait] = n
    for one in days.values():
        one["cost"], one["expected"] = _money(one["cost"]), round(one["expected"], 1)
    return [days[day] for day in sorted(days)]


def _waits(simulated: Simulated) -> pl.DataFrame:
    waited = np.array([bool(why) for why in simulated.wait], dtype=np.bool_) & (simulated.due != NEVER)
    return pl.DataFrame(
        {"at": simulated.due[waited], "wait": simulated.wait[waited].tolist()},
        schema={"at": pl.Int64, "wait": pl.String},
    )


def _dated(events: pl.DataFrame, zone: str) -> pl.DataFrame:
    day = (
        pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()
    )
    return events.with_columns(day=day)


def _unit_costs(
    installation: Installation, simulated: Simulated, facts: Facts, template: Template, campaign: Campaign
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what one message costs, customers x channels: its SMS parts, its sheets at its destination's postage."""
    organisation = installation.organisation
    costs = organisation.costs
    base = np.array([float(costs.expected(Channel(name))) for name in CHANNELS])
    found = np.tile(base, (len(simulated.customer), 1))
    postage = costs.postage.get(template.postage) or next(iter(costs.postage.values()))
    people = facts.customers.sort("customer")
    used = [CHANNELS[code] for code in simulated.sent["channel"].unique().to_list()]
    languages, spoken = np.unique(people["language"].to_numpy(), return_inverse=True)
    size = sizes(installation, campaign, template, languages=languages.tolist(), channels=used)
    parts = np.array([size[one].parts for one in languages], dtype=np.float64)[spoken]
    sheets = np.array([size[one].sheets for one in languages], dtype=np.float64)[spoken]
    abroad = (people["country"] != organisation.country).to_numpy()
    stamp = np.where(abroad, float(postage.abroad), float(postage.domestic))
    found[:, LETTER] = stamp + float(postage.sheet) * sheets
    found[:, SMS] *= parts
    return found


def _money(amount: float) -> str:
    return str(Decimal(str(amount)).quantize(Decimal("0.01")))
