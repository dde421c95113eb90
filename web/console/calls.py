"""Calls to make: what must be told and has no channel left. Listed, taken, noted, closed."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from tidings.problem import Problem
from tidings.role import Role
from tidings.whole_number import whole_number
from web.staff import StaffRoute, Visit, page
from work.calls import called, calls, give_back, note, take

SUPPORT = frozenset({Role.SUPPORT})


def routes() -> list[StaffRoute]:
    """Return the routes of the calls."""
    return [
        page("/calls", listed, roles=SUPPORT),
        page("/calls/look", look, roles=SUPPORT, methods=("POST",)),
        page("/calls/{call}/{act}", done, roles=SUPPORT, methods=("POST",)),
    ]


def listed(visit: Visit) -> Response:
    """Show who is to be called; the number of a telephone only to who makes the call."""
    return _page(visit)


def _page(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    from store.calls import waiting_calls

    with visit.site.reading.connect() as connection:
        waiting = waiting_calls(connection)
    return visit.page(
        "calls",
        waiting=[{**one, "place": f"/customers/{quote(one['customer'], safe='')}"} for one in waiting],
        actor=visit.actor,
        problem=problem,
        status=status,
    )


def look(visit: Visit) -> Response:
    """Open a call for everything that has none yet, as the desk does every few minutes."""
    calls(visit.site.installation, now=visit.now)
    return visit.back("/calls")


def done(visit: Visit) -> Response:
    """Take a call, give it back, write a note, or close it."""
    number, act = str(visit.request.path_params["call"]), str(visit.request.path_params["act"])
    call = whole_number(number) or 0
    said = str(visit.fields.get("note", "")).strip()[:4000]
    try:
        _act(visit, call, act, said)
    except Problem as problem:
        return _page(visit, problem=problem.what, status=422)
    return visit.back("/calls", f"calls.{act}" if act in ("take", "back", "note", "close") else "")


def _act(visit: Visit, call: int, act: str, said: str) -> None:
    installation = visit.site.installation
    if act == "close":
        called(installation, call, by=visit.staff.name, note=said, now=visit.now)
        return
    with installation.engine.begin() as connection:
        if act == "take":
            take(connection, call, actor=visit.actor, now=visit.now)
        elif act == "back":
            give_back(connection, call, now=visit.now)
        elif act == "note":
            note(connection, call, by=visit.staff.name, said=said, now=visit.now)
        else:
            raise Problem("There is no such thing to do with a call.")
