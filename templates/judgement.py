"""What is said of a PDF that somebody else made: one finding a check, and whether it may be printed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from templates.postal_lines import NOTHING_CHOSEN, Window, window_for

CHECKS = (
    "file", "pages", "page_size", "printable_area", "address", "window", "fonts", "colours", "hidden_text", "active",
)  # fmt: skip


OF_ADDRESS = frozenset({"address", "window"})
"""Checks that say nothing of what goes behind a letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check: pass, warn or block; `page` counts from 1 and is 0 where it is about the file."""

    check: str
    verdict: str
    page: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What is known of a PDF that would be printed for a country."""

    country: str
    window: str
    """Kind of the envelope's window (`templates.postal_lines.WINDOWS`)."""
    pages: int
    sheets: int
    """Duplex."""
    colour_pages: tuple[int, ...]
    address: tuple[str, ...]
    """The lines that stand in the window."""
    findings: tuple[Finding, ...]

    @property
    def is_printable(self) -> bool:
        """Whether nothing is in the way."""
        return all(one.verdict != "block" for one in self.findings)

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "printable": self.is_printable}


def window_of(country: str, kind: str) -> Window:
    """Return the window of a country's usual envelope, or of the kind that is named.

    Raises:
        Problem: there is no such kind.
    """
    return window_for(country, {country: kind} if kind else NOTHING_CHOSEN)


def judgement(
    country: str,
    window: Window,
    pages: int,
    colours: tuple[int, ...],
    address: tuple[str, ...],
    found: Sequence[Finding],
) -> Judgement:
    """Return what was found, with a pass for each check that found nothing, in the order of CHECKS."""
    told = {one.check for one in found}
    good = [Finding(check=check, verdict="pass") for check in CHECKS if check not in told]
    return Judgement(
        country=country,
        window=window.kind,
        pages=pages,
        sheets=(pages + 1) // 2,
        colour_pages=colours,
        address=address,
        findings=tuple(sorted((*found, *good), key=lambda one: (CHECKS.index(one.check), one.page))),
    )
