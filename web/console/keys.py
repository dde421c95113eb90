"""Keys of other systems: make one and see it once, revoke one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from store import keys as stored
from tidings.problem import Problem
from tidings.role import Role
from web import auth
from web.staff import StaffRoute, Visit, page
from work import keys

ADMIN = frozenset({Role.ADMIN})


def routes() -> list[StaffRoute]:
    """Return the routes of the keys."""
    return [
        page("/keys", listed, roles=ADMIN),
        page("/keys", add, roles=ADMIN, methods=("POST",)),
        page("/keys/revoke", revoke, roles=ADMIN, methods=("POST",)),
    ]


def listed(visit: Visit) -> Response:
    """Show all keys and the form for one more."""
    return _list(visit)


def _list(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    with visit.site.reading.connect() as connection:
        known = stored.listed(connection)
    given: dict[str, Any] = {
        "problem": "",
        "name": "",
        "role": Role.SYSTEM.value,
        "chosen": [],
        "last_day": "",
        "secret": "",
    }
    return visit.page(
        "keys", status=status, keys=known, roles=list(Role), scopes=auth.scopes(), **given | values
    )


def add(visit: Visit) -> Response:
    """Make a key; its secret is shown this once."""
    name, role, last_day = (str(visit.fields.get(field, "")) for field in ("name", "role", "last_day"))
    chosen = [str(value) for value in visit.fields.getlist("scope")]
    try:
        with visit.site.installation.engine.begin() as connection:
            secret = keys.add(
                connection,
                name,
                _role(role),
                scopes=chosen,
                known=auth.scopes(),
                expires_at=_end(last_day),
                by=visit.actor,
                now=visit.now,
            )
    except Problem as error:
        return _list(
            visit, status=422, problem=str(error), name=name, role=role, chosen=chosen, last_day=last_day
        )
    return _list(visit, secret=secret)


def revoke(visit: Visit) -> Response:
    """Revoke a key at once."""
    try:
        with visit.site.installation.engine.begin() as connection:
            keys.revoke(connection, str(visit.fields.get("name", "")), by=visit.actor, now=visit.now)
    except Problem as error:
        return _list(visit, status=422, problem=str(error))
    return visit.back("/keys", "done")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise Problem(f"There is no role {text!r}.", todo=f"Choose of {', '.join(Role)}.") from error


def _end(last_day: str) -> datetime | None:
    if not last_day:
        return None
    try:
        return datetime.combine(date.fromisoformat(last_day), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise Problem(f"{last_day!r} is no day.", todo="Write 2027-12-31.") from error
