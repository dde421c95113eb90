"""What is planned when, over all brands, channels and purposes: runs, drafts with a start, holidays, cut-offs, caps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import combinations
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from preferences.policy import ALL_MARKETING, Cap, Policy
from preferences.quiet import known_zone
from store import segments as stored
from store.agenda import begun_customers, countries_of, runs_between
from store.drafts import find as find_draft
from store.drafts import listed
from store.runs import find_run
from tidings.campaign import USUAL_PRIORITY, Campaign
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass
from work import segments
from work.campaign import campaign_of
from work.drafts import Content, content_of, ready, state_of
from work.installation import Installation

SHOWN_COUNTRIES = 6
"""Countries whose holidays are shown: those of most customers."""
_MARKETING = {one.value for one in Purpose if one.purpose_class is PurposeClass.MARKETING}
MOST = 24
"""Campaigns that are compared with each other: 276 pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing on one day, of the organisation's zone."""

    day: date
    kind: str
    """campaign, invoice_run, holiday."""
    title: str
    at: time | None = None
    own_time: bool = False
    state: str = ""
    brand: str = ""
    purpose: str = ""
    channels: tuple[str, ...] = ()
    draft: int | None = None
    run: str = ""
    audience: int = 0
    priority: int = USUAL_PRIORITY
    country: str = ""

    @property
    def on_paper(self) -> bool:
        """Whether it may put letters into the print run of its day."""
        return Channel.LETTER in self.channels


def agenda(
    connection: Connection,
    installation: Installation,
    *,
    first: date,
    last: date,
    purposes: Sequence[str],
    language: str,
) -> list[Entry]:
    """Return what happens from `first` to `last`, by day: everything that is planned or was, and public holidays.

    Args:
        connection: any.
        installation: in whose zone days are days.
        first: of the days.
        last: of the days, included.
        purposes: of runs that may be seen; marketing sees no invoice runs.
        language: of the names of holidays.
    """
    zone = ZoneInfo(known_zone(installation.organisation.time_zone, "UTC"))
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    entries = [*_drafted(connection, installation, first, last, zone)]
    drafted = {entry.run for entry in entries}
    for run in runs_between(connection, begin=begin - timedelta(days=1), end=end + timedelta(days=1)):
        moment = run.starts_at.astimezone(zone)
        if run.purpose in purposes and run.id not in drafted and first <= moment.date() <= last:
            entries.append(
                Entry(
                    day=moment.date(),
                    at=moment.time().replace(microsecond=0),
                    kind=run.kind,
                    title=run.title,
                    state=run.state,
                    brand=run.brand,
                    purpose=run.purpose,
                    channels=tuple(run.options.get("channels", list(Channel))),
                    run=run.id,
                    audience=run.audience,
                    priority=run.options.get("campaign", {}).get("priority", USUAL_PRIORITY),
                )
            )
    entries = [entry for entry in entries if entry.purpose in purposes]
    entries += holidays(
        countries_of(connection, most=SHOWN_COUNTRIES), first=first, last=last, language=language
    )
    return sorted(entries, key=lambda one: (one.day, one.kind != "holiday", one.at or time(), one.title))


def _drafted(
    connection: Connection, installation: Installation, first: date, last: date, zone: ZoneInfo
) -> list[Entry]:
    entries = []
    for one in listed(connection, limit=1000):
        content = content_of(one.draft)
        wall, own = _start(content, zone)
        if one.starts_at is not None and not own:
            wall = one.starts_at.astimezone(zone).replace(tzinfo=None)
        if wall is None or not first <= wall.date() <= last:
            continue
        entries.append(
            Entry(
                day=wall.date(),
                at=wall.time(),
                own_time=own,
                kind="campaign",
                title=content.title or content.name,
                state=state_of(one.draft, one.run_state),
                brand=installation.organisation.brand(content.brand or None).id,
                purpose=content.topic.partition(".")[0],
                channels=tuple(content.channels),
                draft=one.draft.id,
                run=one.draft.run_id or "",
                audience=one.audience,
                priority=content.priority,
            )
        )
    return entries


def _start(content: Content, zone: ZoneInfo) -> tuple[datetime | None, bool]:
    """Return a draft's start on the wall of the organisation, or of each customer; None where it has none."""
    try:
        wall = datetime.fromisoformat(content.start) if content.start else None
    except ValueError:
        return None, False
    if wall is None or content.own_time:
        return wall, content.own_time
    there = ZoneInfo(known_zone(content.zone, "UTC"))
    return wall.replace(tzinfo=there).astimezone(zone).replace(tzinfo=None), False


def holidays(countries: Sequence[str], *, first: date, last: date, language: str = "en") -> list[Entry]:
    """Return the public holidays of some countries; none of a country whose are not known.

    Their names are in `language` where the library knows them in it, else in English, else in the country's own.
    """
    return [
        Entry(day=day, kind="holiday", title=title, country=country)
        for country in countries
        for year in range(first.year, last.year + 1)
        for day, titles in _holidays(country, year, language)
        if first <= day <= last
        for title in titles.split("; ")
    ]


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int, language: str) -> tuple[tuple[date, str], ...]:
    import holidays as known

    try:
        spoken = known.country_holidays(country).supported_languages
    except NotImplementedError:
        return ()
    wishes = (_SPOKEN.get(language, language), "en_US")
    wished = next(
        (one for wish in wishes for one in spoken if one == wish or one.startswith(f"{wish}_")), None
    )
    return tuple(sorted(known.country_holidays(country, years=year, language=wished).items()))


_SPOKEN = {"nb": "no", "en": "en_US"}
"""What the library calls our languages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collision:
    """Two campaigns whose audiences meet within a cap's window."""

    first: Entry
    second: Entry
    customers: int
    """In both audiences."""
    cap: Cap
    over: int
    """Of them, those whom more campaigns than the cap lets through plan to reach in its window: they will wait."""

    @property
    def waits(self) -> tuple[Entry, Entry] | None:
        """The one of the lower priority, and the later one that it waits for; None where they do not compete so."""
        early, late = sorted((self.first, self.second), key=lambda one: (one.day, one.at or time()))
        return (early, late) if self.over and early.priority < late.priority else None


def collisions(
    installation: Installation, policy: Policy, entries: Sequence[Entry], *, now: datetime
) -> list[Collision]:
    """Return which campaigns of an agenda meet the same customers within a cap's window, the most customers first.

    Audiences are selected now, or are those that were frozen. The newest MOST campaigns are compared.
    """
    planned = [one for one in entries if one.kind == "campaign" and one.state not in {"dropped", "stopped"}][
        -MOST:
    ]
    with installation.engine.begin() as connection:
        reading = segments.Reading(connection=connection, engine=installation.engine)
        who = {id(one): _customers(reading, installation, one, now) for one in planned}
        connection.rollback()
    found = []
    for one, other in combinations(planned, 2):
        for cap in policy.caps:
            if _meet(cap, one, other) and (both := who[id(one)] & who[id(other)]):
                near = [who[id(third)] for third in planned if _meet(cap, one, third) or third is one]
                over = sum(sum(customer in audience for audience in near) > cap.limit for customer in both)
                found.append(Collision(first=one, second=other, customers=len(both), cap=cap, over=over))
    return sorted(found, key=lambda pair: (-pair.over, -pair.customers))


def _meet(cap: Cap, one: Entry, other: Entry) -> bool:
    """Tell whether a cap counts both, one within the window of the other."""
    both = one.purpose == other.purpose == cap.purpose
    marketing = {one.purpose, other.purpose} <= _MARKETING
    same = marketing if cap.purpose == ALL_MARKETING else both
    ours = cap.brand == "all" or one.brand == other.brand == cap.brand
    return one is not other and same and ours and abs(one.day - other.day) < cap.window


def _customers(
    reading: segments.Reading, installation: Installation, entry: Entry, now: datetime
) -> frozenset[int]:
    if entry.run and entry.audience:
        return frozenset(begun_customers(reading.connection, entry.run))
    campaign = _campaign_of(reading.connection, installation, entry)
    if campaign is None:
        return frozenset()
    try:
        return frozenset(
            stored.members(reading.connection, segments.condition(reading, campaign.audience, now=now))
        )
    except Problem:  # its segment is gone; the composer says so
        return frozenset()


def _campaign_of(connection: Connection, installation: Installation, entry: Entry) -> Campaign | None:
    if entry.run:
        run = find_run(connection, entry.run)
        return campaign_of(run) if run is not None else None
    draft = find_draft(connection, entry.draft) if entry.draft is not None else None
    if draft is None:
        return None
    try:
        return ready(installation, content_of(draft)).campaign
    except Problem:  # not complete yet: nobody is planned
        return None
