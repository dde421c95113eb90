"""Reports: response, cost and complaints by channel, brand, purpose and month; stated against observed; paper saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup
from starlette.responses import Response

from tidings.cells import Cell
from tidings.purpose import Purpose
from tidings.role import Role
from web import charts
from web.charts import Bar
from web.console.noticed import interval, of_everybody
from web.console.run import kinds_of, snapshot
from web.downloads import asked_kind, download, heads
from web.figures import locale
from web.language import words
from web.staff import StaffRoute, Visit, page
from work.reports import Reports, reports

READERS = frozenset({Role.MARKETING, Role.BILLING, Role.MANAGER})
SEASON = timedelta(days=365)
"""What is shown when nobody says since when."""
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
"""Days that somebody may mean."""


def routes() -> list[StaffRoute]:
    """Return the route of the reports."""
    return [page("/reports", season, roles=READERS)]


def season(visit: Visit) -> Response:
    """Show what came of a season; `?as=csv` is every line of it as a file."""
    asked, organisation = visit.request.query_params, visit.site.installation.organisation
    until = _day(asked.get("until"), visit.now.date())
    since = min(_day(asked.get("since"), until - SEASON), until)
    brands = [brand.id for brand in organisation.brands]
    chosen = {
        "brand": asked.get("brand", "") if asked.get("brand") in brands else "",
        "purpose": asked.get("purpose", "") if asked.get("purpose") in set(Purpose) else "",
    }
    with snapshot(visit) as connection:
        found = reports(connection, organisation, kinds=kinds_of(visit), since=since, until=until, **chosen)
        learnt = of_everybody(visit, connection)
    if kind := asked_kind(asked.get("as")):
        return download(f"report-{since}-{until}", heads(visit.language, _COLUMNS), _rows(found), kind)
    return visit.page(
        "reports",
        r=found,
        since=since,
        until=until,
        chosen=chosen,
        brands=[("", words(visit.language)["console"]["all"])]
        + [(brand.id, brand.name) for brand in organisation.brands],
        purposes=list(Purpose),
        currency=organisation.costs.currency,
        drawn=_drawn(found, visit.language),
        learnt=learnt,
        interval=partial(interval, visit.language),
    )


_COLUMNS = (
    "month", "brand", "purpose", "channel", "sent", "delivered", "answered", "complained", "stopped", "cost",
    "went_on",
)  # fmt: skip


def _rows(found: Reports) -> Iterator[tuple[Cell, ...]]:
    for key, line in sorted(found.lines.items(), key=lambda pair: str(pair[0])):
        yield (
            *(key.month, key.brand, key.purpose, key.channel, line.sent, line.delivered, line.answered),
            *(line.complained, line.stopped, line.cost, line.went_on),
        )


def _drawn(found: Reports, language: str) -> dict[str, Markup]:
    """Return the charts of a page by name."""
    said, where = words(language), locale(language)
    named: Callable[[str], str] = lambda channel: said["console"]["channel"].get(channel, channel)  # noqa: E731
    texts: dict[str, Any] = said["reports"]
    table = said["console"]["table"]

    def rate(part: int, whole: int) -> tuple[float, str]:
        share = part / whole if whole else 0.0
        return share, str(format_percent(Decimal(round(share, 3)), locale=where, decimal_quantization=False))

    response = []
    for (channel,), line in found.by("channel").items():
        value, shown = rate(line.answered, line.left)
        response.append(Bar(label=named(str(channel)), value=value, shown=shown, kind=str(channel)))
    months = sorted({key.month for key in found.lines})
    stacks = []
    for month in months:
        parts = [
            Bar(
                label=named(str(channel)),
                value=line.left,
                shown=str(format_decimal(line.left, locale=where)),
                kind=str(channel),
            )
            for (at, channel), line in found.by("month", "channel").items()
            if at == month and line.left
        ]
        total = str(format_decimal(sum(part.value for part in parts), locale=where))
        label = str(format_skeleton("yMMM", month, locale=where))
        stacks.append(charts.Stack(label=label, parts=parts, shown=total))
    return {
        "response": charts.bars(response, title=texts["response_by_channel"], table=table),
        "months": charts.stack(stacks, title=texts["by_month"], table=table),
    }


def _day(text: str | None, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return otherwise
    return day if _FIRST <= day <= _LAST else otherwise
