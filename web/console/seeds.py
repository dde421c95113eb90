"""The seed list: colleagues who get the tests of a draft."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from store import drafts as stored
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.whole_number import whole_number
from web.console.composer_page import LARGEST, WRITERS
from web.staff import StaffRoute, Visit, page
from work import seeds


def routes() -> list[StaffRoute]:
    """Return the routes of the seed list."""
    return [
        page("/campaigns/seeds", listed, roles=WRITERS),
        page("/campaigns/seeds", change, roles=WRITERS, methods=("POST",), largest=LARGEST),
    ]


def listed(visit: Visit) -> Response:
    """Show the colleagues who get tests."""
    return _page(visit, {})


def change(visit: Visit) -> Response:
    """Add a colleague to the list, or remove one."""
    fields = visit.fields
    installation = visit.site.installation
    remove = whole_number(str(fields.get("remove", "")))
    try:
        if remove is not None:
            with installation.engine.begin() as connection:
                stored.remove_seed(connection, remove)
        else:
            seeds.add(
                installation,
                name=str(fields.get("name", "")),
                channel=str(fields.get("channel", "")),
                address=str(fields.get("address", ""))[:300],
                actor=visit.actor,
            )
    except Problem as problem:
        return _page(visit, {"address": str(problem)}, status=422)
    return visit.back("/campaigns/seeds", "saved")


def _page(visit: Visit, errors: Mapping[str, str], status: int = 200) -> Response:
    with visit.site.reading.connect() as connection:
        found = stored.all_seeds(connection)
    channels = [channel for channel in Channel if not channel.on_paper]
    return visit.page(
        "seeds", status=status, found=found, channels=channels, errors=errors, fields=visit.fields
    )
