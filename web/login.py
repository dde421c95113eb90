"""Logging in and out, setting a password by an invitation, and one's own account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from secrets import token_urlsafe

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store import staff as accounts
from tidings.role import STAFF
from tidings.signing import sign, verify
from web.clients import client_of
from web.language import LANGUAGES, choose
from web.site import Site, site_of
from web.staff import (
    StaffRoute,
    Visit,
    cookie_name,
    local,
    logged_in,
    page,
    same_origin,
    see_other,
    show,
    with_session,
)
from work.accounts import Refusal, accept, change_password, log_in
from work.password import SHORTEST, Flaw

_KNOWN = "browser"
_COOKIE = "tidings-known"
_NAMES = 8
"""Of people who share a browser, as at a counter: the last so many are known."""
_REMEMBERED = timedelta(days=365)


def routes() -> list[Route]:
    """Return the routes of the door itself."""
    return [
        Route("/login", ask, methods=["GET"]),
        Route("/login", _posted(_enter), methods=["POST"]),
        Route("/welcome/{secret}", welcome, methods=["GET"]),
        Route("/welcome/{secret}", _posted(_accept), methods=["POST"]),
    ]


def own_routes() -> list[StaffRoute]:
    """Return the routes of somebody's own account."""
    return [
        page("/logout", leave, roles=STAFF, methods=["POST"]),
        page("/account", account, roles=STAFF),
        page("/account", change, roles=STAFF, methods=["POST"]),
        page("/account/language", change_language, roles=STAFF, methods=["POST"]),
    ]


def ask(request: Request) -> Response:
    """Show the form, or go on when somebody is logged in already."""
    if logged_in(request, site_of(request)):
        return see_other(local(request.query_params.get("next", "/")))
    return _form(request)


def _posted(answer: Callable[[Request, Site, FormData], Response]) -> Callable[[Request], object]:
    """Return the route's function of a form that somebody sends who is not logged in: only from a page of ours."""

    async def serve(request: Request) -> Response:
        async with request.form() as fields:
            if not same_origin(request):
                return show(
                    request, "forbidden", language=_language(request), staff=None, status=403, needed=[]
                )
            return await run_in_threadpool(answer, request, site_of(request), fields)

    return serve


def _enter(request: Request, site: Site, fields: FormData) -> Response:
    settings = site.installation.settings
    if not settings.login.password:
        return _form(request, status=403)
    name, password = _text(fields, "name"), _text(fields, "password")
    result = log_in(
        site.installation.engine,
        name,
        password,
        client=client_of(request, settings.proxies),
        browser=_browser(request, site, name),
        settings=settings.login,
        now=site.clock(),
    )
    if isinstance(result, Refusal):
        status = 429 if result is Refusal.TOO_OFTEN else 401
        return _form(request, status=status, refused=result, name=name, wanted=_text(fields, "next"))
    return _remembered(request, site, name, entered(request, site, result, local(_text(fields, "next"))))


def _browser(request: Request, site: Site, name: str) -> str:
    """Return what a browser is known by in which this name was logged in before; '' for any other browser."""
    browser, *names = _known(request, site)
    return browser if _kept(name) in names else ""


def _remembered(request: Request, site: Site, name: str, response: Response) -> Response:
    """Let a browser show the next time that this name was logged in by it; it opens nothing."""
    browser, *names = _known(request, site)
    others = [one for one in names if one != _kept(name)][1 - _NAMES :]
    response.set_cookie(
        _COOKIE,
        sign(
            site.installation.key,
            _KNOWN,
            ":".join([browser or token_urlsafe(9), *others, _kept(name)]).encode(),
        ),
        max_age=int(_REMEMBERED.total_seconds()),
        path="/",
        secure=site.installation.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def _known(request: Request, site: Site) -> list[str]:
    token = request.cookies.get(_COOKIE, "")
    body = verify(site.installation.key, _KNOWN, token) if token.isascii() else None
    return (body or b"").decode().split(":")


def _kept(name: str) -> str:
    return name.strip().lower()


def entered(request: Request, site: Site, secret: str, path: str) -> Response:
    """Go on with a new session; the one that the browser had before ends."""
    with site.installation.engine.begin() as connection:
        accounts.end_session(connection, request.cookies.get(cookie_name(site), ""))
    return with_session(see_other(path), site, secret)


def refused(request: Request, why: str, *, status: int) -> Response:
    """Show the form with the reason why somebody is not logged in, a key of `t.login.refused`."""
    return _form(request, status=status, refused=why)


def _form(
    request: Request, *, status: int = 200, refused: str = "", name: str = "", wanted: str | None = None
) -> Response:
    settings = site_of(request).installation.settings
    wanted = request.query_params.get("next", "/") if wanted is None else wanted
    answer = show(
        request,
        "login",
        language=_language(request),
        staff=None,
        status=status,
        refused=refused,
        name=name[:100],
        next=local(wanted),
        password=settings.login.password,
        single_sign_on=bool(settings.oidc.issuer),
    )
    if status == 429:  # noqa: PLR2004
        answer.headers["Retry-After"] = "900"
    return answer


def welcome(request: Request) -> Response:
    """Show the form by which somebody who was invited sets a password; opening the link uses nothing up."""
    site = site_of(request)
    with site.reading.connect() as connection:
        invited = accounts.invited(connection, request.path_params["secret"], now=site.clock())
    if invited is None:
        return show(request, "uninvited", language=_language(request), staff=None, status=404)
    return _welcome(request, invited.name)


def _accept(request: Request, site: Site, fields: FormData) -> Response:
    secret, now = request.path_params["secret"], site.clock()
    with site.reading.connect() as connection:
        invited = accounts.invited(connection, secret, now=now)
    if invited is None:
        return show(request, "uninvited", language=_language(request), staff=None, status=404)
    password = _text(fields, "password")
    if password != _text(fields, "again"):
        return _welcome(request, invited.name, flaw="differ")
    result = accept(
        site.installation.engine,
        secret,
        password,
        settings=site.installation.settings.login,
        now=now,
    )
    if isinstance(result, Flaw):
        return _welcome(request, invited.name, flaw=result)
    if result is None:
        return show(request, "uninvited", language=_language(request), staff=None, status=404)
    return _remembered(request, site, invited.name, entered(request, site, result, "/"))


def _welcome(request: Request, name: str, *, flaw: str = "") -> Response:
    return show(
        request,
        "welcome",
        language=_language(request),
        staff=None,
        status=422 if flaw else 200,
        name=name,
        flaw=flaw,
        shortest=SHORTEST,
    )


def leave(visit: Visit) -> Response:
    """End the session."""
    with visit.site.installation.engine.begin() as connection:
        accounts.end_session(connection, visit.request.cookies.get(cookie_name(visit.site), ""))
    return with_session(see_other("/login"), visit.site, "")


def account(visit: Visit) -> Response:
    """Show one's own account."""
    return _account(visit)


def _account(visit: Visit, *, flaw: str = "", refused: str = "") -> Response:
    with visit.site.reading.connect() as connection:
        known = accounts.find(connection, visit.staff.name)
    assert known is not None
    status = (429 if refused == Refusal.TOO_OFTEN else 422) if flaw or refused else 200
    return visit.page(
        "account",
        status=status,
        known=known,
        flaw=flaw,
        refused=refused,
        shortest=SHORTEST,
    )


def change(visit: Visit) -> Response:
    """Set another password; every other session of the account ends."""
    settings, new = visit.site.installation.settings, _text(visit.fields, "password")
    if new != _text(visit.fields, "again"):
        return _account(visit, flaw="differ")
    result = change_password(
        visit.site.installation.engine,
        visit.staff.name,
        _text(visit.fields, "old"),
        new,
        settings=settings.login,
        now=visit.now,
    )
    if isinstance(result, Flaw):
        return _account(visit, flaw=result)
    if isinstance(result, Refusal):
        return _account(visit, refused=result)
    return with_session(visit.back("/account", "saved"), visit.site, result)


def change_language(visit: Visit) -> Response:
    """Show the pages in another language."""
    wanted = _text(visit.fields, "language")
    with visit.site.installation.engine.begin() as connection:
        accounts.change_language(connection, visit.staff.id, wanted if wanted in LANGUAGES else "")
    return visit.back("/account", "saved")


def _language(request: Request) -> str:
    return choose(request.query_params.get("lang"), None, request.headers.get("accept-language", ""))


def _text(fields: FormData, name: str) -> str:
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""
