"""What the laws of a recipient's countries ask of marketing: rules, each with its source, of which the strictest wins.

A customer may be known in several countries: where they live, whose number or postal address is used, whose clock they
live by. All of them count. `laws.toml` is the table; the law only closes and moves, it never opens a channel that the
policy keeps shut.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from preferences.batch import Batch
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Ints, Small, at, where
from preferences.statement import minutes
from tidings.channel import Channel
from tidings.problem import Problem

BASES = ("", "legitimate_interest", "soft_opt_in", "consent")
"""What marketing must rest on at least, the laxest first; '' where no law says anything."""
OF_ADDRESS = 2
"""The slots from here on are the address's."""
SLOTS = 4
"""In so many countries a customer can be known on a channel: their own, their clock's, two of the address."""
_JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Law:
    """One rule of `laws.toml`; what it does not speak about is empty."""

    country: str
    """ISO 3166-1 alpha-2."""
    purpose_class: str
    channels: tuple[str, ...]
    source: str
    """Statute and article."""
    basis: str = ""
    quiet: tuple[int, int] | None = None
    """Start and end in minutes after midnight, end exclusive."""
    register: Mapping[str, Any] | None = None
    """kind, name, and every_days where the law says how old a file may be."""
    implied: Mapping[str, int] | None = None
    """Days by what permission was read out of: purchase, inquiry."""
    keywords: tuple[str, ...] = ()
    unsubscribe: Mapping[str, int] | None = None
    """life_days, within_working_days."""

    def as_json(self) -> dict[str, Any]:
        """Return the rule as the command prints it."""
        told = {name: getattr(self, name) for name in ("country", "purpose_class", "channels", "source")}
        hours = [f"{moment // 60:02}:{moment % 60:02}" for moment in self.quiet or ()]
        said = {
            "basis": self.basis,
            "quiet": dict(zip(("start", "end"), hours, strict=True)) if hours else None,
            "register": self.register,
            "implied": self.implied,
            "keywords": list(self.keywords),
            "unsubscribe": self.unsubscribe,
        }
        return {
            **told,
            "channels": list(self.channels),
            **{name: rule for name, rule in said.items() if rule},
        }


@cache
def laws() -> tuple[Law, ...]:
    """Return the table."""
    read = tomllib.loads(files("preferences").joinpath("laws.toml").read_text("utf-8"))
    return tuple(_law(rule) for rule in read["rule"])


def laws_of(country: str = "") -> tuple[Law, ...]:
    """Return the rules of a country, '' for all of them.

    Raises:
        Problem: the table has nothing about it.
    """
    wanted = country.strip().upper()
    found = tuple(law for law in laws() if wanted in ("", law.country))
    if not found:
        raise Problem(
            f"The table of laws says nothing about {country!r}.",
            todo=f"It knows {', '.join(sorted({law.country for law in laws()}))}.",
        )
    return found


@cache
def countries() -> tuple[str, ...]:
    """Return all countries, sorted; their place is their number below."""
    return tuple(sorted({*(law.country for law in laws()), *country_of_zone().values()}))


def _law(rule: Mapping[str, Any]) -> Law:
    quiet = rule.get("quiet")
    return Law(
        **{
            **rule,
            "channels": tuple(Channel(name).value for name in rule["channels"]),
            "keywords": tuple(rule.get("keywords", ())),
            "quiet": (minutes(quiet["start"]), minutes(quiet["end"])) if quiet else None,
        }
    )


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rules of a class of purposes as arrays: countries (and one more: none) x channels; `_law`: which rule."""

    basis: Ints
    """Place in BASES."""
    basis_law: Ints
    start: Ints
    end: Ints
    """Equal: no quiet time."""
    quiet_law: Ints
    every: Ints
    """Days that the last file of the register may be old, 0: the law does not say."""
    register_law: Ints
    purchase: Ints
    inquiry: Ints
    """Days, 0: the law does not say."""


@cache
def table(purpose_class: str) -> Table:
    """Return the table of a class of purposes; two rules about the same are one, the stricter."""
    shape = (len(countries()) + 1, WIDTH)
    zero = {
        name: np.zeros(shape, dtype=np.int64)
        for name in ("basis", "start", "end", "every", "purchase", "inquiry")
    }
    none = {
        name: np.full(shape, NOBODY, dtype=np.int64) for name in ("basis_law", "quiet_law", "register_law")
    }
    found = Table(**zero, **none)
    for number, law in enumerate(laws()):
        if law.purpose_class != purpose_class:
            continue
        for channel in law.channels:
            _fill(found, law, number, (countries().index(law.country), CHANNELS.index(channel)))
    return found


def _fill(found: Table, law: Law, number: int, cell: tuple[int, int]) -> None:
    if law.basis and BASES.index(law.basis) > found.basis[cell]:
        found.basis[cell], found.basis_law[cell] = BASES.index(law.basis), number
    if law.quiet:
        (found.start[cell], found.end[cell]), found.quiet_law[cell] = law.quiet, number
    if law.register:
        found.every[cell], found.register_law[cell] = law.register.get("every_days", 0), number
    if law.implied:
        found.purchase[cell], found.inquiry[cell] = law.implied["purchase"], law.implied["inquiry"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """In which countries each customer is known on each channel: customers x channels x SLOTS.

    The number of a country, or the one after the last for none. The first two are the customer's own.
    """

    places: Small
    abroad: Small
    """Customers x channels x at most 4: places in `zones` of a phone number; NOBODY: none.

    Two edges of its country where that is not the customer's, else of its area where the country has several clocks.
    """
    zones: Sequence[str]


def known(batch: Batch, address: Ints) -> Known:
    """Find the countries of every customer and channel; `address`: the row that is used, customers x channels."""
    own = _of_customers(batch, "country", lambda word: (word or "").upper())
    clock = _of_customers(batch, "time_zone", lambda zone: country_of_zone().get(zone or "", ""))
    places = np.full((SLOTS, WIDTH, batch.size), len(countries()), dtype=np.int16).T
    places[:, :, 0], places[:, :, 1] = own[:, None], clock[:, None]
    zones: list[str] = []
    abroad = np.full((4, WIDTH, batch.size), NOBODY, dtype=np.int16).T
    codes = {}
    if batch.addresses.length:
        for told in ("country", "prefix"):
            at, words = batch.addresses.dictionary(told)
            codes[told] = np.append(at, len(words)), words
    for column, name in enumerate(CHANNELS):
        told = "country" if Channel(name).on_paper else "prefix" if Channel(name).by_phone else ""
        if told in codes:
            at, words = codes[told][0][address[:, column]], codes[told][1]
            pairs = [*(_pair(word) for word in words), (len(countries()),) * 2]
            for slot, pair in enumerate(zip(*pairs, strict=True), OF_ADDRESS):
                places[:, column, slot] = np.array(pair, dtype=np.int16)[at]
            if Channel(name).by_phone:
                zones, abroad[:, column] = _abroad(batch, words, at)
    used = [edge for edge in range(abroad.shape[2]) if (abroad[:, :, edge] != NOBODY).any()]
    return Known(places=places, abroad=abroad[:, :, used], zones=zones)


def _of_customers(batch: Batch, column: str, country: Any) -> Small:
    codes, words = batch.customers.dictionary(column)
    numbers = np.array([*(number_of(country(word)) for word in words), len(countries())], dtype=np.int16)
    found: Small = numbers[np.append(codes, len(words))[batch.known]]
    return found


def number_of(country: str) -> int:
    """Return a country's number, the one after the last when there is no such country."""
    return countries().index(country) if country in countries() else len(countries())


def _pair(word: str | None) -> tuple[int, int]:
    found = [number_of(country) for country in addressed(word or "")][:2]
    return (*found, *[len(countries())] * 2)[:2]  # type: ignore[return-value]


def _abroad(batch: Batch, words: Sequence[str | None], at: Ints) -> tuple[list[str], Small]:
    """Return the zones of phone numbers that belong to another country than the customer, or to an area of theirs."""
    zones: list[str] = []
    table = np.full((len(words) + 1, 4), NOBODY, dtype=np.int16)
    homes = [addressed(word or "") for word in words]
    for number, (word, lands) in enumerate(zip(words, homes, strict=True)):
        edges = [edge for land in lands for edge in edges_of(land)]
        area = area_of(word or "") if len(edges) > len(lands) else ()
        for first, some in ((0, edges), (2, area)):
            for place, zone in enumerate((some[0], some[-1]) if some else (), first):
                zones.append(zone)
                table[number, place] = len(zones) - 1
    codes, names = batch.customers.dictionary("country")
    home = np.array([[(name or "").upper() in lands for lands in (*homes, ())] for name in (*names, None)])
    told = home[:, :, None] == np.array([False, False, True, True])
    clocks = np.where(told, table[None], NOBODY).astype(np.int16)
    return zones, clocks[np.append(codes, len(names))[batch.known], at]


def addressed(word: str) -> tuple[str, ...]:
    """Return the countries of an address: by its country's code, or by the first digits of its phone number.

    >>> addressed("NO"), addressed("+4791"), addressed("+1416"), addressed("")
    (('NO',), ('NO', 'SJ'), ('US', 'CA'), ())
    """
    if not word.startswith("+"):
        return (word.upper(),) if word else ()
    return next((calling_codes()[word[1:end]] for end in (4, 3, 2) if word[1:end] in calling_codes()), ())


@cache
def calling_codes() -> Mapping[str, tuple[str, ...]]:
    """Return the countries of a calling code; of those that share one, the two largest that the table may know."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return {str(code): tuple(regions[:2]) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()} | {
        "1": ("US", "CA")
    }


@cache
def country_of_zone() -> Mapping[str, str]:
    """Return the country of each time zone that belongs to one (tz database, zone.tab)."""
    lines = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


@lru_cache(maxsize=512)
def edges_of(country: str) -> tuple[str, ...]:
    """Return the westernmost and the easternmost zone of a country: what both allow, all of it allows."""
    return _edges(sorted(zone for zone, land in country_of_zone().items() if land == country))


@lru_cache(maxsize=4096)
def area_of(word: str) -> tuple[str, ...]:
    """Return the zones of the area that the first digits of a phone number name, its edges; () where they name none.

    >>> area_of("+1415"), area_of("+1808"), area_of("+4791")
    (('America/Los_Angeles',), ('Pacific/Honolulu',), ())
    """
    from phonenumbers.tzdata import TIMEZONE_DATA

    known = () if word[1:] in calling_codes() else TIMEZONE_DATA.get(word[1:], ())
    return _edges(sorted(known))


def _edges(zones: Sequence[str]) -> tuple[str, ...]:
    if not zones:
        return ()
    ahead = {zone: _JANUARY.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}
    edges = (
        min(zones, key=lambda zone: (ahead[zone], zone)),
        max(zones, key=lambda zone: (ahead[zone], zone)),
    )
    return edges if ahead[edges[0]] != ahead[edges[1]] else edges[:1]


def strictest(found: Known, asked: Ints, row: Ints, channel: Ints) -> tuple[Ints, Small]:
    """Return the largest of a table's values over the countries of some cells, and the country it is from."""
    best, land = np.zeros(len(row), dtype=np.int64), at(found.places[:, :, 0], row, channel)
    for slot in range(SLOTS):
        place = at(found.places[:, :, slot], row, channel)
        values = at(asked, place, channel)
        more = values > best
        best, land = where(more, values, best), where(more, place, land)
    return best, land


def shortest(found: Known, asked: Ints, row: Ints, channel: Ints) -> Ints:
    """Return the smallest of a table's values that some country of each of some cells sets (0: none does)."""
    least = np.full(len(row), NEVER)
    for slot in range(SLOTS):
        values = at(asked, at(found.places[:, :, slot], row, channel), channel)
        least = np.minimum(least, where(values == 0, NEVER, values))
    return where(least == NEVER, 0, least)
