"""What was noticed, as the pages show it: shares with their intervals, and the hours in which customers react."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from babel.numbers import format_decimal, format_percent
from markupsafe import Markup
from sqlalchemy import Connection

from web import charts
from web.charts import Bar
from web.figures import locale
from web.language import day_names, words
from web.staff import Visit
from work.noticed import Hour, base_rates, noticed

HOURS = 5
"""The best hours that are drawn."""


def of_customer(visit: Visit, connection: Connection, records: Sequence[int]) -> dict[str, Any]:
    """Return `seen` (work.noticed.Noticed) and `hours`, a chart of the hours in which they react most."""
    found = noticed(connection, records, visit.site.installation.policy, now=visit.now)
    title = words(visit.language)["learnt"]["hours"].format(zone=found.time_zone)
    return {"seen": found, "hours": _drawn(visit.language, found.hours, title)}


def of_everybody(visit: Visit, connection: Connection) -> dict[str, Any]:
    """Return `known` (the version), `rates` and `hours` of the population."""
    known, rates = base_rates(connection, visit.site.installation.policy)
    cells = [Hour(cell=cell, weight=weight) for cell, weight in enumerate(known.hours)] if known else []
    most = sorted((one for one in cells if one.weight > 0), key=lambda one: (-one.weight, one.cell))
    return {
        "known": known,
        "rates": rates,
        "hours": _drawn(visit.language, most, words(visit.language)["learnt"]["all_hours"]),
    }


def interval(language: str, low: float, high: float) -> str:
    """Return two shares as a reader of a language writes them, with a dash between."""
    shown = (format_percent(edge, format="#,##0.0%", locale=locale(language)) for edge in (low, high))
    return " \u2013 ".join(shown)


def _drawn(language: str, hours: Sequence[Hour], title: str) -> Markup | str:
    days = list(day_names(language).values())
    bars = [
        Bar(
            label=f"{days[one.weekday]} {one.hour:02}:00",
            value=one.weight,
            shown=format_decimal(round(one.weight, 1), locale=locale(language)),
        )
        for one in hours[:HOURS]
    ]
    drawn = charts.bars(bars, title=title, table=words(language)["console"]["table"])
    return Markup("<h3>{}</h3>{}").format(title, drawn) if bars else ""
