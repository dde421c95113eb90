"""Gaps: purpose by channel, who asked for it and cannot have it, why and at what cost; and the data of each source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from tidings.cells import Cell
from tidings.channel import Channel
from tidings.role import Role
from web.downloads import asked_kind, download, heads
from web.staff import StaffRoute, Visit, page
from work.gaps import Gaps, gaps

READERS = frozenset({Role.MARKETING, Role.BILLING, Role.MANAGER})
LONG = timedelta(seconds=1)
"""A count that took less is made again each time."""


def routes() -> list[StaffRoute]:
    """Return the routes of the gaps and their files."""
    return [page("/gaps", show, roles=READERS), page("/gaps/{table}", file_of, roles=READERS)]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What was counted, and until when it is shown again."""

    found: Gaps
    at: datetime
    until: datetime


def _count(visit: Visit) -> _Kept:
    """Count the gaps; what took long is shown again for fifty times as long."""
    site, state = visit.site, visit.request.app.state
    kept: _Kept | None = getattr(state, "gaps", None)
    if kept is not None and visit.now < kept.until:
        return kept
    begun = monotonic()
    with site.installation.engine.begin() as connection:
        found = gaps(connection, site.installation, site.policy, now=visit.now)
    took = timedelta(seconds=monotonic() - begun)
    state.gaps = _Kept(
        found=found, at=visit.now, until=visit.now + (50 * took if took > LONG else timedelta(0))
    )
    counted: _Kept = state.gaps
    return counted


def show(visit: Visit) -> Response:
    """Show the gaps as a table of purposes and channels, then by cause, then the data of each source."""
    kept = _count(visit)
    found = kept.found
    return visit.page(
        "gaps",
        found=found,
        counted_at=kept.at,
        topics=list(dict.fromkeys((row["brand"], row["topic"]) for row in found.asked)),
        cells={(row["brand"], row["topic"], row["channel"]): row for row in found.asked},
        channels=[
            channel.value for channel in Channel if any(row["channel"] == channel for row in found.asked)
        ],
        brands={brand.id: brand.name for brand in visit.site.installation.organisation.brands},
        missed=sum(row["customers"] for row in found.gaps),
        cost=sum(row["cost"] for row in found.gaps),
    )


FILES: Mapping[str, tuple[Callable[[Gaps], Sequence[Mapping[str, Any]]], tuple[str, ...]]] = {
    "causes": (
        lambda found: found.gaps,
        ("brand", "purpose", "topic", "channel", "cause", "detail", "customers", "messages", "cost"),
    ),
    "asked": (lambda found: found.asked, ("brand", "purpose", "topic", "channel", "asked", "got", "missed")),
    "sources": (
        lambda found: found.quality,
        (
            "source", "customers", "email", "sms", "letter", "push", "none", "invalid", "duplicates", "updated_at",
        ),
    ),
}  # fmt: skip


def file_of(visit: Visit) -> Response:
    """Return one of the tables as a file."""
    table = FILES.get(str(visit.request.path_params["table"]))
    kind = asked_kind(visit.request.query_params.get("as"))
    if table is None or kind is None:
        raise HTTPException(404)
    choose, columns = table
    lines: list[list[Cell]] = [[row[name] for name in columns] for row in choose(_count(visit).found)]
    return download(f"gaps-{visit.request.path_params['table']}", heads(visit.language, columns), lines, kind)
