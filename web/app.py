"""The page server: pages behind signed links, and the API. One process; it never imports the orchestrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import text
from sqlalchemy.exc import DataError, InternalError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from channels.contract import Hook
from channels.receivers import hooks as named_hooks
from preferences.policy import Policy
from tidings.problem import Problem
from web import (
    addresses,
    api,
    assets,
    documents,
    form,
    hooks,
    links,
    login,
    metrics,
    oidc,
    privacy,
    renewal,
    unsubscribe,
    which,
)
from web.console import (
    accounts,
    as_of,
    audit,
    calendar,
    calls,
    campaigns,
    care,
    composer_page,
    customer_messages,
    customers,
    gaps,
    invoice_documents,
    invoices,
    keys,
    rehearsals,
    reports,
    run,
    seeds,
    segments,
    templates,
    today,
)
from web.guard import Guard
from web.problems import Refused, problem, wrong_fields
from web.reference import reference
from web.render import Pages
from web.site import Site, site_of, utc_now
from web.staff import StaffRoute
from web.wiring import Wiring, wired
from work.installation import Installation


class Console(Protocol):
    """A module with pages for the staff."""

    def routes(self) -> list[StaffRoute]:
        """Return its routes."""


CONSOLE: tuple[Console, ...] = (
    templates,
    calendar,
    rehearsals,
    campaigns,
    composer_page,
    seeds,
    segments,
    accounts,
    keys,
    audit,
    run,
    customers,
    care,
    as_of,
    customer_messages,
    calls,
    today,
    invoices,
    invoice_documents,
    gaps,
    reports,
)
"""The screens of the staff, each a module of `web.console`."""


def staff_routes() -> list[StaffRoute]:
    """Return every route that needs a login, each with the roles that may open it."""
    return [*login.own_routes(), *(route for screen in CONSOLE for route in screen.routes())]


def create(
    installation: Installation,
    *,
    wiring: Wiring | None = None,
    policy: Policy | None = None,
    clock: Callable[[], datetime] = utc_now,
    callers: Mapping[str, Hook] | None = None,
) -> FastAPI:
    """Return the app of an installation that stays open as long as the app runs.

    Args:
        installation: opened by `work.installation.opened`.
        wiring: what the API starts and reads; the functions of `work` when left out.
        policy: the organisation's rules; those of its `policy.toml` when left out.
        clock: the moment, in UTC.
        callers: who may call `/hooks/<name>`; those that the settings name when left out.

    Raises:
        Problem: a setting of one of the callers is wrong.
    """
    app = FastAPI(
        title="Tidings",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request names
    )
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.state.site = Site(
        installation=installation,
        pages=Pages(installation.organisation),
        wiring=wiring or wired(),
        policy=policy or installation.policy,
        clock=clock,
        hooks=named_hooks(installation.settings) if callers is None else callers,
    )
    for module in (
        form,
        assets,
        links,
        renewal,
        addresses,
        which,
        privacy,
        unsubscribe,
        documents,
        hooks,
        metrics,
    ):
        app.router.routes.extend(module.routes())  # first what thousands ask for: routes are tried in turn
    app.include_router(api.router)
    app.router.routes.extend([*login.routes(), *oidc.routes(), *staff_routes()])
    app.router.routes.extend(
        [
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/openapi.json", lambda request: JSONResponse(api.describe(request.app))),
            Route("/docs", reference),
        ]
    )
    app.add_middleware(Guard)
    return app


def healthz(_: Request) -> Response:
    """Say that the process serves."""
    return JSONResponse({"status": "ok"})


def readyz(request: Request) -> Response:
    """Say whether the database answers and is migrated."""
    try:
        with site_of(request).reading.connect() as connection:
            connection.execute(text("SELECT FROM api_keys LIMIT 1"))
    except Exception as error:  # whatever it is, we are not ready
        return problem(
            503, f"The database cannot be used: {type(error).__name__}.", headers={"Retry-After": "5"}
        )
    return JSONResponse({"status": "ready"})


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return problem(error.status, error.detail, headers=error.headers, **error.more)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    detail, errors = wrong_fields(error.errors())
    return problem(422, detail, errors=errors, field=errors[0]["field"], value=errors[0]["value"])


def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem(422, str(error))


def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    if request.scope["path"].startswith("/v1/"):
        told: dict[int, str] = {
            HTTPStatus.NOT_FOUND: "There is nothing of this path; /docs has what there is.",
            HTTPStatus.METHOD_NOT_ALLOWED: f"This path takes {headers.get('Allow')}.",
        }
        detail = told.get(error.status_code, str(error.detail))
        return problem(error.status_code, detail, headers=headers)
    if error.status_code == 404:  # noqa: PLR2004
        return site_of(request).pages.missing(request)
    return Response(status_code=error.status_code, headers=headers)


def _methods(request: Request) -> list[str]:
    """Return every method that a path takes, by whichever route."""
    routes = request.app.router.routes
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method.replace("HEAD", "GET")})[0] is Match.FULL
            for route in routes
        )
    ]


def _database(request: Request, _: Exception) -> Response:
    if request.scope["path"].startswith("/v1/"):
        return problem(503, "The database does not answer; try again.", headers={"Retry-After": "5"})
    return site_of(request).pages.broken(request)


def _unstorable(request: Request, _: Exception) -> Response:
    if request.scope["path"].startswith("/v1/"):
        return problem(
            422, "A value has a character (NUL, half a surrogate pair) or a size that cannot be stored."
        )
    return site_of(request).pages.missing(request, status=400)


_HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {
    Refused: _refused,
    RequestValidationError: _invalid,
    Problem: _problem,
    HTTPException: _plain,
    OperationalError: _database,
    InternalError: _database,  # a standby, which takes no writes
    DataError: _unstorable,
    UnicodeEncodeError: _unstorable,
}
