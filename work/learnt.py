"""What a run knows of the population: the base rates of the day it was made, kept in its options.

So a run is explained, replayed and judged by what was known when it was decided.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, TypedDict

from sqlalchemy import Connection

from preferences.policy import Policy
from store.base_rates import newest
from store.runs import Run
from tidings.campaign import Campaign
from tidings.facts import Population
from tidings.purpose import PurposeClass


class Learnt(TypedDict, total=False):
    """Fields of `tidings.facts.Question`."""

    population: Population
    best_hour_until: Any
    last_day: date | None
    holdout: float
    holdout_group: str


def pinned(
    connection: Connection, purpose_class: str, *, policy: Policy, campaign: Campaign | None = None
) -> dict[str, Any]:
    """Return the options of a run that keep what is known now: nothing where nothing was learnt or asked for."""
    known = newest(connection)
    told: dict[str, Any] = {}
    wished = campaign.best_hour if campaign and campaign.best_hour is not None else policy.best_hour
    waits = wished and purpose_class == PurposeClass.MARKETING and campaign is not None
    if waits and campaign is not None:
        told["best_hour"] = campaign.best_hour_within.total_seconds()
    if known is not None:
        told["learnt"] = {"version": known.version, "rates": known.rates.get(purpose_class, {})}
        if waits:
            told["learnt"]["hours"] = list(known.hours)
    return told


def learnt_of(run: Run) -> Learnt:
    """Return what a run asks of `preferences.decision` beside its channels and costs."""
    known, campaign = run.options.get("learnt", {}), run.options.get("campaign", {})
    rates = {channel: (float(seen[0]), float(seen[1])) for channel, seen in known.get("rates", {}).items()}
    hours = tuple(float(count) for count in known.get("hours", ()))
    asked: Learnt = {
        "population": Population(version=known.get("version", 0), rates=rates, hours=hours),
        "holdout": campaign.get("holdout", 0.0),
        "holdout_group": f"{run.brand}/{run.purpose}/{campaign.get('name', '')}",
    }
    if "best_hour" in run.options:
        asked["best_hour_until"] = run.starts_at + timedelta(seconds=run.options["best_hour"])
    last = _day(campaign.get("data", {}).get("valid_until"))
    offers = run.purpose_class == PurposeClass.MARKETING
    if offers and last is not None and run.starts_at.date() <= last:  # what starts later is meant to
        asked["last_day"] = last
    return asked


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
