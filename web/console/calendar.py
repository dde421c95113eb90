"""The calendar: what goes out when, on which day nothing rings, and which campaigns meet the same customers."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_day_names
from starlette.responses import Response

from preferences.quiet import known_zone
from tidings.channel import Channel
from tidings.purpose import Purpose, PurposeClass
from tidings.role import Role
from web.console.composer import TONES
from web.figures import locale
from web.staff import StaffRoute, Visit, page
from work.agenda import Entry, agenda, collisions
from work.collection import Collection, calendar_of, cut_off_on

READERS = frozenset({Role.MARKETING, Role.MANAGER})
_SHOWN = 5
"""Hand-overs to the print house that are listed."""
_FIRST_YEAR, _LAST_YEAR = 2000, 2999


def routes() -> list[StaffRoute]:
    """Return the routes of the calendar."""
    return [
        page("/calendar", month, roles=READERS),
        page("/calendar/collisions", clashes, roles=READERS),
    ]


@dataclass(frozen=True, kw_only=True)
class Day:
    """A cell of the month."""

    on: date
    inside: bool
    """Whether it is a day of the month shown."""
    entries: Sequence[Entry]
    cut_off: time | None = None
    """Until then letters are taken; None: not on this day, or at any time."""

    @property
    def letters(self) -> bool:
        """Whether something of the day may be printed."""
        return any(entry.on_paper for entry in self.entries)


def month(visit: Visit) -> Response:
    """Show a month, or its list with `?view=list`."""
    asked = visit.request.query_params
    first = _first(visit)
    entries = _entries(visit, first)
    return visit.page(
        "calendar",
        first=first,
        title=format_date(first, "LLLL yyyy", locale=locale(visit.language)).capitalize(),
        before=(first - timedelta(days=1)).replace(day=1),
        after=(first + timedelta(days=32)).replace(day=1),
        today=_today(visit),
        weeks=_weeks(visit, first, entries),
        names=[get_day_names("abbreviated", locale=locale(visit.language))[n] for n in range(7)],
        listed=[entry for entry in entries if entry.day.month == first.month],
        view="list" if asked.get("view") == "list" else "month",
        chosen={key: asked.get(key, "") for key in ("brand", "channel", "purpose")},
        brands=[(brand.id, brand.name) for brand in visit.site.installation.organisation.brands],
        channels=list(Channel),
        purposes=_purposes(visit),
        caps=visit.site.policy.caps,
        house=calendar_of(visit.site.installation),
        collections=_collections(visit),
        tone=TONES,
        pairs=_collisions(visit, first) if asked.get("collisions") == "1" else None,
        query=visit.request.url.query,
    )


def clashes(visit: Visit) -> Response:
    """Answer with the collisions of a month; every audience is selected, so it comes later."""
    return visit.page("calendar_collisions", pairs=_collisions(visit, _first(visit)))


def _collisions(visit: Visit, first: date) -> list[object]:
    """Return the pairs of a month, and of as many days before and after as the longest cap looks."""
    longest = max((cap.window for cap in visit.site.policy.caps), default=timedelta())
    around = timedelta(days=min(longest.days, 31))
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    entries = _between(visit, first - around, last + around)
    found = collisions(visit.site.installation, visit.site.policy, entries, now=visit.now)
    return [pair for pair in found if first <= pair.first.day <= last or first <= pair.second.day <= last]


def _entries(visit: Visit, first: date) -> list[Entry]:
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    asked = visit.request.query_params
    entries = _between(visit, weeks[0][0], weeks[-1][-1])
    return [
        entry
        for entry in entries
        if entry.kind == "holiday"
        or (
            asked.get("brand", "") in {"", entry.brand}
            and asked.get("purpose", "") in {"", entry.purpose}
            and (not asked.get("channel") or asked["channel"] in entry.channels)
        )
    ]


def _between(visit: Visit, first: date, last: date) -> list[Entry]:
    with visit.site.reading.connect() as connection:
        return agenda(
            connection,
            visit.site.installation,
            first=first,
            last=last,
            purposes=[str(one) for one in _purposes(visit)],
            language=visit.language,
        )


def _purposes(visit: Visit) -> list[Purpose]:
    """Return what somebody may see: marketing sees no invoice runs."""
    every = visit.may(Role.MANAGER)
    return [purpose for purpose in Purpose if every or purpose.purpose_class is PurposeClass.MARKETING]


def _collections(visit: Visit) -> list[Collection]:
    """Return the next hand-overs to the print house, on its own clock."""
    found = calendar_of(visit.site.installation)
    return list(islice(found.collections(visit.now), _SHOWN)) if found else []


def _weeks(visit: Visit, first: date, entries: Sequence[Entry]) -> list[list[Day]]:
    by_day: dict[date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(entry.day, []).append(entry)
    return [
        [
            Day(
                on=day,
                inside=day.month == first.month,
                entries=by_day.get(day, []),
                cut_off=cut_off_on(visit.site.installation, day) if day in by_day else None,
            )
            for day in week
        ]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]


def _first(visit: Visit) -> date:
    """Return the first day of the month that is asked for, of this one otherwise."""
    asked = visit.request.query_params.get("month", "")
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return _today(visit).replace(day=1)
    return found if _FIRST_YEAR < found.year < _LAST_YEAR else _today(visit).replace(day=1)


def _today(visit: Visit) -> date:
    zone = known_zone(visit.site.installation.organisation.time_zone, "UTC")
    return visit.now.astimezone(ZoneInfo(zone)).date()
