"""Today: what runs, what waits for me, what went wrong since yesterday, what comes, and how the providers are."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from store.customers import nobody_yet
from tidings.role import STAFF, Role
from web.console.run import READERS, kinds_of, may_release
from web.live import Part, live
from web.staff import StaffRoute, Visit, page
from work.today import going, today


def routes() -> list[StaffRoute]:
    """Return the routes of the first page."""
    return [
        page("/", _home, roles=STAFF),
        page("/today", morning, roles=STAFF),
        page("/today/live", follow, roles=READERS),
    ]


def _home(_: Visit) -> Response:
    return RedirectResponse("/today", status_code=303)


def morning(visit: Visit) -> Response:
    """Show the day."""
    reads = visit.may(*READERS)
    with visit.site.reading.connect() as connection:
        found = today(
            connection,
            visit.site.installation,
            kinds=kinds_of(visit) if reads else [],
            now=visit.now,
        )
        first = nobody_yet(connection)
    return visit.page(
        "today",
        first=first,
        day=found,
        reads=reads,
        mine={run.id for run in found.waiting if may_release(visit, run)},
        approves=visit.may(Role.MARKETING, Role.MANAGER),
        calls=visit.may(Role.SUPPORT),
    )


def follow(visit: Visit) -> Response:
    """Send what is running whenever it changed."""
    site, language, kinds = visit.site, visit.language, kinds_of(visit)

    def read() -> Part:
        with site.reading.connect() as connection:
            found = going(connection, kinds=kinds, now=site.clock())
        return Part(text=site.pages.part("console/today_live", language=language, going=found))

    return live(
        visit.request, f"today {language} {' '.join(kinds)}", read, session=visit.staff.csrf, every=2.0
    )
