"""Who did what: the audit, newest first, and whether all of it is as it was written."""

from __future__ import annotations

from starlette.responses import Response

from store.audit import Verdict, listed
from tidings.problem import Problem
from tidings.role import Role
from tidings.whole_number import whole_number
from web.staff import StaffRoute, Visit, page
from work.chain import verified

_EACH = 100


def routes() -> list[StaffRoute]:
    """Return the route of the audit."""
    return [page("/audit", show, roles=frozenset({Role.ADMIN}))]


def show(visit: Visit) -> Response:
    """Show rows, by `who`, `what` and `before` of the query; with `verify` look at the whole chain as well."""
    query = visit.request.query_params
    who, what = query.get("who", "").strip()[:100], query.get("what", "").strip()[:100]
    before = query.get("before", "")
    with visit.site.reading.connect() as connection:
        rows = listed(
            connection,
            before=whole_number(before),
            who=who,
            what=what,
            limit=_EACH + 1,
        )
    verdict, problem = _verdict(visit) if "verify" in query else (None, "")
    return visit.page(
        "audit",
        rows=rows[:_EACH],
        older=rows[_EACH - 1].position if len(rows) > _EACH else None,
        who=who,
        what=what,
        verdict=verdict,
        problem=problem,
    )


def _verdict(visit: Visit) -> tuple[Verdict | None, str]:
    """Return what looking at the whole chain found, or why nobody can look."""
    try:
        with visit.site.installation.engine.connect() as connection:
            return verified(connection, visit.site.installation.home), ""
    except Problem as error:
        return None, str(error)
