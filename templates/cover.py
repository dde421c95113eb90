"""What people read of a print batch: a cover sheet to count against and to sign, and an index of its pieces."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from templates.edition import layouts
from templates.language import words
from templates.paper import Page, to_pdf
from templates.safe import day, number
from tidings.organisation import Organisation

COVER, INDEX = "cover.pdf", "index.pdf"
_TOGETHER = 600
"""Rows that are typeset at once: memory stays flat however many letters a batch has."""


Covers = Callable[[Mapping[str, Any]], dict[str, bytes]]


def cover_for(organisation: Organisation, provider: str) -> Covers:
    """Return what makes the sheets of a print house's batches, in its language and on its clock."""
    house = organisation.print.get(provider)
    return partial(
        cover_of,
        language=(house.language if house else "") or organisation.brands[0].languages[0],
        time_zone=(house.time_zone if house else "") or organisation.time_zone,
    )


def cover_of(told: Mapping[str, Any], *, language: str = "en", time_zone: str = "UTC") -> dict[str, bytes]:
    """Return cover sheet and index of a batch by file name. The same arguments give the same bytes.

    Args:
        told: its manifest (`channels.letter.manifest`).
        language: the print house's; one that the layouts have words for, else English.
        time_zone: whose clock hangs there.
    """
    house = _House(language=language, zone=ZoneInfo(time_zone), words=words(language))
    return {COVER: _typeset(told, None, list(_facts(told, house)), house), INDEX: _index(told, house)}


@dataclass(frozen=True, kw_only=True, slots=True)
class _House:
    """Who reads it."""

    language: str
    zone: ZoneInfo
    words: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.words[f"cover_{name}"]

    def number(self, value: int | float) -> str:
        return number(Decimal(str(value)), self.language)

    def instant(self, at: str) -> str:
        """Return an instant, or a day, on the clock that hangs there."""
        if "T" not in at:
            return day(date.fromisoformat(at), self.language)
        local = datetime.fromisoformat(at).astimezone(self.zone)
        return f"{day(local.date(), self.language)} {local:%H:%M} ({self.zone.key})"


def _facts(told: Mapping[str, Any], house: _House) -> Iterator[tuple[str, str]]:
    pieces, totals = told["pieces"], told["totals"]
    yield house["country"], told["country"]
    yield house["postage"], told["postage"]
    yield house["letters"], house.number(totals["pieces"])
    yield house["pages"], house.number(totals["pages"])
    yield house["sheets"], house["duplex"].format(sheets=house.number(totals["sheets"]))
    yield house["weight"], house["kilograms"].format(weight=house.number(totals["weight_g"] / 1000))
    windows = (
        house["window"].format(envelope=one["envelope"], window=one["window"] or house["no_window"])
        for one in pieces
    )
    yield house["envelopes"], _counted(windows, house)
    yield house["colour"], house["yes" if any(one["colour"] for one in pieces) else "no"]
    if any(one["inserts"] for one in pieces):
        yield house["enclosed"], _counted((name for one in pieces for name in one["inserts"]), house)
    yield house["span"], f"{pieces[0]['piece']}, {pieces[-1]['piece']}"
    yield house["runs"], ", ".join(totals["runs"])
    if begins := max((one["not_before"] for one in pieces if one["not_before"]), default=""):
        yield house["not_before"], house.instant(begins)
    if ends := min((one["expires"] for one in pieces if one["expires"]), default=""):
        yield house["expires"], house.instant(ends)


def _counted(names: Iterator[str], house: _House) -> str:
    return "; ".join(f"{name}: {house.number(count)}" for name, count in sorted(Counter(names).items()))


def _index(told: Mapping[str, Any], house: _House) -> bytes:
    import pikepdf

    with pikepdf.new() as whole:
        for begin in range(0, len(told["pieces"]), _TOGETHER):
            rows = told["pieces"][begin : begin + _TOGETHER]
            with pikepdf.open(io.BytesIO(_typeset(told, rows, [], house))) as part:
                whole.pages.extend(part.pages)
        out = io.BytesIO()
        whole.save(out, deterministic_id=True)
    return out.getvalue()


def _typeset(told: Mapping[str, Any], rows: Any, facts: list[tuple[str, str]], house: _House) -> bytes:
    values = {"told": told, "rows": rows, "facts": facts, "words": house.words, "language": house.language}
    html = layouts().get_template("cover.html.j2").render(values)
    page = Page(html=html, css="", layout="cover.css", codes={"batch": told["batch"]})
    return to_pdf(page, identity=told["batch"], where="cover sheet")
