"""Accounts of the staff, for whoever looks after them: invite, give roles, remove. No customer data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import staff as stored
from tidings.problem import Problem
from tidings.role import STAFF, Role
from web.staff import StaffRoute, Visit, page
from work import accounts
from work.accounts import Invited

ADMIN = frozenset({Role.ADMIN})
T = TypeVar("T")


def routes() -> list[StaffRoute]:
    """Return the routes of the accounts."""
    return [
        page("/staff", listed, roles=ADMIN),
        page("/staff", add, roles=ADMIN, methods=("POST",)),
        page("/staff/{name}", one, roles=ADMIN),
        page("/staff/{name}/roles", change_roles, roles=ADMIN, methods=("POST",)),
        page("/staff/{name}/invite", invite, roles=ADMIN, methods=("POST",)),
        page("/staff/{name}/remove", remove, roles=ADMIN, methods=("POST",)),
    ]


def listed(visit: Visit) -> Response:
    """Show all accounts and the form for one more."""
    return _list(visit)


def _list(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    with visit.site.reading.connect() as connection:
        known = stored.listed(connection)
    given = {"problem": "", "name": "", "chosen": [], "invited": None} | values
    return visit.page("staff", status=status, accounts=known, roles=_offered(), **given)


def add(visit: Visit) -> Response:
    """Make an account; its link is shown this once."""
    name, roles = str(visit.fields.get("name", "")), _roles(visit)

    def make(connection: Connection) -> Invited:
        settings = visit.site.installation.settings.login
        return accounts.add(connection, name, roles, by=visit.actor, settings=settings, now=visit.now)

    invited, problem = _tried(visit, make)
    if invited is None:
        return _list(visit, status=422, problem=problem, name=name, chosen=sorted(roles))
    return _list(visit, invited=invited, link=_link(visit, invited))


def one(visit: Visit) -> Response:
    """Show one account."""
    return _one(visit)


def _one(visit: Visit, *, status: int = 200, **values: Any) -> Response:
    with visit.site.reading.connect() as connection:
        account = stored.find(connection, visit.request.path_params["name"])
    if account is None:
        raise HTTPException(404)
    given = {"problem": "", "invited": None} | values
    return visit.page("staff_one", status=status, account=account, roles=_offered(), **given)


def change_roles(visit: Visit) -> Response:
    """Give an account other roles."""
    name = visit.request.path_params["name"]
    _, problem = _tried(
        visit,
        lambda connection: accounts.change_roles(connection, name, _roles(visit), by=visit.actor),
    )
    return _one(visit, status=422, problem=problem) if problem else visit.back(f"/staff/{name}", "saved")


def invite(visit: Visit) -> Response:
    """Show a new link by which somebody sets a password, this once."""
    settings = visit.site.installation.settings.login
    invited, problem = _tried(
        visit,
        lambda connection: accounts.invite(
            connection, visit.request.path_params["name"], by=visit.actor, settings=settings, now=visit.now
        ),
    )
    if invited is None:
        return _one(visit, status=422, problem=problem)
    return _one(visit, invited=invited, link=_link(visit, invited))


def remove(visit: Visit) -> Response:
    """Close an account at once."""
    name = visit.request.path_params["name"]
    _, problem = _tried(
        visit,
        lambda connection: accounts.remove(connection, name, by=visit.actor, now=visit.now),
    )
    return _one(visit, status=422, problem=problem) if problem else visit.back("/staff", "done")


def _tried(visit: Visit, change: Callable[[Connection], T]) -> tuple[T | None, str]:
    """Return what a change returned, or the sentence that says why it cannot be."""
    try:
        with visit.site.installation.engine.begin() as connection:
            return change(connection), ""
    except Problem as error:
        return None, str(error)


def _offered() -> list[Role]:
    return [role for role in Role if role in STAFF]


def _roles(visit: Visit) -> set[Role]:
    return {Role(value) for value in visit.fields.getlist("role") if value in set(STAFF)}


def _link(visit: Visit, invited: Invited) -> str:
    return f"{visit.site.installation.settings.public_url.rstrip('/')}/welcome/{invited.secret}"
