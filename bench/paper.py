"""What letters and invoices are measured beside: the same texts for Typst and ReportLab, the same page for Chromium."""

import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from bench import peer
from bench.figure import Figure, cpu_seconds, rate
from bench.plain import plain, request
from templates.fonts import FONTS
from templates.paper import Page
from templates.typeset import Engine, Typeset

PLAIN, SLOW = 8, 4
"""Documents for engines that take 0.1 s each, and for a browser."""
_AGAIN = 4
MOST_FULL = 0.02
"""Share of documents that may be laid out in full."""


def texts(page: Page) -> dict[str, Any]:
    """Return what a page says, as peers set it."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(page.html)

    def said(selector: str) -> list[str]:
        return [re.sub(r"\s+", " ", node.text(separator=" ")).strip() for node in tree.css(selector)]

    rows = [[cell.text().strip() for cell in row.css("td")] for row in tree.css(".items tbody tr")]
    return {
        "brand": said(".brand")[0],
        "address": said(".address div"),
        "info": said(".info div"),
        "title": said("h1")[0],
        "head": [*said(".items th"), "", "", "", "", ""][:5],
        "rows": [[*row, "", "", "", ""][:5] for row in rows],
        "sums": [[cell.text().strip() for cell in row.css("th, td")] for row in tree.css(".sums tr")],
        "body": said("main > p, main h2, main li, blockquote p, .how tr, .note"),
        "foot": said("footer p"),
    }


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One document by each engine, and how many more by filling."""

    page: Page
    full: Callable[[], Typeset]
    fills: Sequence[Callable[[], Typeset]]
    """Of this document, or of many like it: one alone may be too quick to be timed."""


def compare(kind: str, turns: Sequence[Turn], goals: tuple[float, float, float]) -> Iterable[Figure]:
    """Yield the figures of a kind of document.

    Each document is made by all of WeasyPrint's engines before the next one is, so that a machine whose speed varies
    is as slow for one as for the other. The first turn warms all of them and does not count.

    Args:
        kind: `letter` or `invoice`.
        turns: the documents.
        goals: against plain WeasyPrint by filling, in full; against Typst by filling.
    """
    pages = [turn.page for turn in turns]
    said = [texts(page) for page in pages]
    source = str(Path(__file__).parent / "peers" / f"{kind}.typ")
    typst = peer.run("typst_documents.py", {"source": source, "fonts": str(FONTS), "documents": said})
    with plain() as plainly:
        took = [_timed(turn, plainly) for turn in turns][1:]
    counted = [one for one in took if one.filled]
    fill, full, usual = (
        fmean(getattr(one, engine) for one in counted) for engine in ("fill", "full", "plain")
    )
    reportlab = peer.run("reportlab_documents.py", {"documents": said})
    yield _times(f"{kind} fill", fill, usual, goals[0])
    yield _times(f"{kind} full", full, usual, goals[1])
    yield _times(f"{kind} fill vs typst", fill, typst, goals[2])
    yield _times(f"{kind} fill vs reportlab", fill, reportlab, 1)
    yield _times(f"{kind} fill vs chromium", fill, _chromium(pages[:SLOW]), 1)


@dataclass(frozen=True, kw_only=True)
class _Took:
    """CPU seconds of a turn."""

    fill: float
    full: float
    plain: float
    filled: bool


def _timed(turn: Turn, plainly: Callable[[Page], float]) -> _Took:
    start = time.process_time()
    made = [make() for make in turn.fills]
    fill = (time.process_time() - start) / len(made)
    return _Took(
        fill=fill,
        full=cpu_seconds(turn.full),
        plain=plainly(turn.page),
        filled=all(one.engine is Engine.FILL for one in made),
    )


def _times(figure: str, ours: float, other: float, goal: float) -> Figure:
    return rate(figure, ours=1 / ours, other=1 / other, unit="documents per CPU-second", goal=goal)


def fell_back(kind: str, made: Sequence[Typeset], seed: int) -> None:
    """Print the share of documents that were laid out in full, and why."""
    full = [one for one in made if one.engine is Engine.FULL]
    why: dict[str, int] = {}
    for one in full:
        why[one.cause or "unknown"] = why.get(one.cause or "unknown", 0) + 1
    causes = ", ".join(f"{cause} {count}" for cause, count in sorted(why.items())) or "none"
    share = len(full) / len(made)
    mark = "" if share <= MOST_FULL else " MISSED"
    sys.stdout.write(f"{kind}: {share:.2%} of {len(made)} in full ({causes}), SEED={seed}{mark}\n")


def _chromium(pages: Sequence[Page]) -> float:
    """Return the CPU seconds of a page in a browser that is kept, its start aside, which varies by several pages."""
    few, many = _printed(pages), _printed([*pages] * _AGAIN)
    return (many - few) / (len(pages) * (_AGAIN - 1))


def _printed(pages: Sequence[Page]) -> float:
    from playwright.sync_api import sync_playwright

    before = _children()
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        view = browser.new_page()
        for page in pages:
            asked = request(page)
            styles = "".join(f"<style>{css}</style>" for css in asked["css"])
            file = Path(folder) / "page.html"
            file.write_text(styles + asked["html"], encoding="utf-8")
            view.goto(file.as_uri())
            view.pdf(prefer_css_page_size=True)
        browser.close()
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
