"""What people read of a print batch: a cover sheet to count against and to sign, and an index of its pieces."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from templates.edition import layouts
from templates.paper import Page, to_pdf

COVER, INDEX = "cover.pdf", "index.pdf"
_TOGETHER = 600
"""Rows that are typeset at once: memory stays flat however many letters a batch has."""


def cover_of(told: Mapping[str, Any]) -> dict[str, bytes]:
    """Return cover sheet and index of a batch by file name. The same manifest gives the same bytes.

    Args:
        told: its manifest (`channels.letter.manifest`).
    """
    facts = list(_facts(told))
    return {COVER: _typeset(told, None, facts), INDEX: _index(told)}


def _facts(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    pieces, totals = told["pieces"], told["totals"]
    yield "Country", told["country"]
    yield "Postage class", told["postage"]
    yield "Letters", f"{totals['pieces']:,}"
    yield "Pages", f"{totals['pages']:,}"
    yield "Sheets", f"{totals['sheets']:,}, printed on both sides"
    yield "Weight", f"{totals['weight_g'] / 1000:,.3f} kg with envelopes"
    yield "Envelopes", _counted(f"{one['envelope']}, window {one['window'] or 'none'}" for one in pieces)
    yield "Colour", "yes" if any(one["colour"] for one in pieces) else "no"
    if any(one["inserts"] for one in pieces):
        yield "Enclosed", _counted(name for one in pieces for name in one["inserts"])
    yield "First and last", f"{pieces[0]['piece']} to {pieces[-1]['piece']}"
    yield "Runs", ", ".join(totals["runs"])
    if begins := max((one["not_before"] for one in pieces if one["not_before"]), default=""):
        yield "Not to be posted before", begins
    if ends := min((one["expires"] for one in pieces if one["expires"]), default=""):
        yield "To be posted by", ends


def _counted(names: Iterator[str]) -> str:
    return "; ".join(f"{name}: {count:,}" for name, count in sorted(Counter(names).items()))


def _index(told: Mapping[str, Any]) -> bytes:
    import pikepdf

    with pikepdf.new() as whole:
        for begin in range(0, len(told["pieces"]), _TOGETHER):
            rows = told["pieces"][begin : begin + _TOGETHER]
            with pikepdf.open(io.BytesIO(_typeset(told, rows, []))) as part:
                whole.pages.extend(part.pages)
        out = io.BytesIO()
        whole.save(out, deterministic_id=True)
    return out.getvalue()


def _typeset(told: Mapping[str, Any], rows: Any, facts: list[tuple[str, str]]) -> bytes:
    html = layouts().get_template("cover.html.j2").render(told=told, rows=rows, facts=facts)
    page = Page(html=html, css="", layout="cover.css", codes={"batch": told["batch"]})
    return to_pdf(page, identity=told["batch"], where="cover sheet")
