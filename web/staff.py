"""The staff's door: who is logged in, whether they may open a page, and that a form is theirs.

A page is a plain function of a `Visit`, made a route by `page(path, answer, roles=...)`: the session, the roles and the
token of the form (CSRF) have been looked at before it is called.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from store import staff as accounts
from tidings.role import Role
from web.language import choose, words
from web.navigation import navigation
from web.site import Site, site_of

SMALL = 64 * 2**10
"""Most bytes of a form, unless its page says otherwise."""
_KEPT = 256 * 2**10
"""Most bytes of a form that is shown once more when its session is over."""
_SEEN = timedelta(minutes=1)
"""How exactly it is known when somebody was here last: not every request writes."""


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Who is logged in."""

    id: int
    name: str
    roles: frozenset[Role]
    csrf: str
    """What every form of theirs carries; it belongs to the session."""
    language: str
    """'' = the browser's."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request of somebody who may make it."""

    request: Request
    site: Site
    staff: Staff
    language: str
    """Of the page."""
    now: datetime
    fields: FormData
    """Of a POST; empty for a GET."""

    @property
    def actor(self) -> str:
        """Who it was, for audits and provenance."""
        return f"staff:{self.staff.name}"

    def may(self, *roles: Role) -> bool:
        """Return whether they have one of these roles."""
        return not self.staff.roles.isdisjoint(roles)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return `pages/console/<template>.html.j2` with these values."""
        return show(
            self.request,
            template,
            language=self.language,
            staff=self.staff,
            status=status,
            now=self.now,
            **values,
        )

    def back(self, path: str, said: str = "") -> Response:
        """Go to a page of ours after a POST; what `said` names is told there once.

        It is a key of `t.console.said`, or `area.key` of `t.area.said`.
        """
        return see_other(f"{path}{'&' if '?' in path else '?'}{urlencode({'said': said})}" if said else path)


def show(
    request: Request, template: str, *, language: str, staff: Staff | None, status: int = 200, **values: Any
) -> Response:
    """Return a page of the console, for somebody who is logged in or not yet."""
    given = {
        "staff": staff,
        "nav": navigation(staff.roles, request.url.path) if staff else [],
        "csrf": staff.csrf if staff else "",
        "path": request.scope["path"],
        "said": _told(request.query_params.get("said", ""), language),
    }
    return site_of(request).pages.console(template, language=language, status=status, **given | values)


def _told(said: str, language: str) -> str:
    area, _, key = said.rpartition(".")
    told = words(language).get(area or "console", {}).get("said")
    return str(told.get(key, "")) if isinstance(told, Mapping) else ""


def page(
    path: str,
    answer: Callable[[Visit], Response],
    *,
    roles: frozenset[Role],
    methods: Sequence[str] = ("GET",),
    largest: int = SMALL,
) -> StaffRoute:
    """Return the route of a page.

    Args:
        path: as Starlette writes it.
        answer: runs in a thread; GET and HEAD never change anything.
        roles: who may open it: one of these is enough.
        methods: GET, POST.
        largest: most bytes of a POST's body.
    """
    return StaffRoute(path, answer, roles=roles, methods=methods, largest=largest)


class _Number(IntegerConvertor):
    """A number in a path, which a column can hold; Python refuses one of 5,000 digits."""

    regex = "[0-9]{1,18}"


register_url_convertor("int", _Number())


class StaffRoute(Route):
    """A route for people who are logged in and have one of its roles."""

    def __init__(
        self,
        path: str,
        answer: Callable[[Visit], Response],
        *,
        roles: frozenset[Role],
        methods: Sequence[str],
        largest: int,
    ) -> None:
        self.answer = answer
        self.roles = roles
        self.largest = largest
        super().__init__(path, self._serve, methods=list(methods))

    async def _serve(self, request: Request) -> Response:
        site = site_of(request)
        staff = await run_in_threadpool(logged_in, request, site)
        language = choose(None, staff.language if staff else None, request.headers.get("accept-language", ""))
        if staff is None:
            if _was_ours(request):
                async with request.form() as fields:
                    return await run_in_threadpool(_kept, request, None, language, fields)
            return _to_login(request)
        if staff.roles.isdisjoint(self.roles):
            return _forbidden(request, staff, language, needed=sorted(self.roles))
        now = site.clock()
        if request.method != "POST":
            visit = Visit(
                request=request, site=site, staff=staff, language=language, now=now, fields=FormData()
            )
            return await run_in_threadpool(self.answer, visit)
        async with request.form(max_part_size=self.largest) as fields:
            if not (same_origin(request) and _token_fits(request, staff, fields)):
                if _was_ours(request):
                    return await run_in_threadpool(_kept, request, staff, language, fields)
                return _forbidden(request, staff, language, needed=[])
            visit = Visit(request=request, site=site, staff=staff, language=language, now=now, fields=fields)
            return await run_in_threadpool(self.answer, visit)


def cookie_name(site: Site) -> str:
    """Return the name of the session's cookie; `__Host-` binds it to this host, by https only (RFC 6265bis 4.1.3)."""
    return "__Host-tidings" if site.installation.settings.public_url.startswith("https:") else "tidings"


def with_session(response: Response, site: Site, secret: str) -> Response:
    """Hand a session's secret to the browser; '' takes it away."""
    secure = site.installation.settings.public_url.startswith("https:")
    if secret:
        response.set_cookie(cookie_name(site), secret, path="/", secure=secure, httponly=True, samesite="lax")
    else:
        response.delete_cookie(cookie_name(site), path="/", secure=secure, httponly=True, samesite="lax")
    return response


def csrf_token(secret: str) -> str:
    """Return the token of a session's forms: whoever knows it does not know the session."""
    return hashlib.sha256(b"csrf:" + secret.encode()).hexdigest()


def logged_in(request: Request, site: Site) -> Staff | None:
    """Return whose session the request's cookie opens."""
    secret = request.cookies.get(cookie_name(site), "")
    if not secret:
        return None
    now, limits = site.clock(), site.installation.settings.login
    with site.reading.connect() as connection:
        found = accounts.session(connection, secret, now=now, idle=limits.idle, life=limits.life)
        if found is None:
            return None
        account, seen_at = found
        if now - seen_at > _SEEN:
            accounts.see_session(connection, secret, now=now)
    return Staff(
        id=account.id,
        name=account.name,
        roles=account.roles,
        csrf=csrf_token(secret),
        language=account.language,
    )


def same_origin(request: Request) -> bool:
    """Return whether a form was sent from a page of ours: what browsers say of themselves and no page can forge."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def local(path: str) -> str:
    r"""Return a path of ours to go to after login; anything else, such as another site, is `/`.

    >>> local("/runs/R-1?page=2"), local("//evil.example"), local("https://evil.example"), local("/\evil.example")
    ('/runs/R-1?page=2', '/', '/', '/')
    """
    parts = urlsplit(path.replace("\\", "/"))
    fits = path.isascii() and path.isprintable() and path.startswith("/") and not path.startswith("//")
    return path if fits and "\\" not in path and not parts.scheme and not parts.netloc else "/"


def see_other(path: str) -> Response:
    """Go on to another page with GET."""
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


def _token_fits(request: Request, staff: Staff, fields: FormData) -> bool:
    given = request.headers.get("x-csrf-token") or fields.get("csrf")
    return isinstance(given, str) and hmac.compare_digest(given.encode(), staff.csrf.encode())


def _to_login(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    place = (
        "/login" if request.method == "POST" or wanted == "/" else f"/login?next={quote(wanted, safe='/')}"
    )
    if request.headers.get("hx-request"):
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        place = f"/login?next={quote(shown.path, safe='/')}" if shown.path else "/login"
        return Response(status_code=401, headers={"HX-Redirect": place, "Cache-Control": "no-store"})
    return see_other(place)


def _was_ours(request: Request) -> bool:
    """Return whether a browser says that a page of ours sent this form, and it is one that can be shown again.

    Who is not logged in, or was not when the form was shown, has not lost what was written in it.
    """
    headers = request.headers
    return (
        request.method == "POST"
        and headers.get("sec-fetch-site") == "same-origin"
        and headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        and headers.get("content-length", "").isdigit()
        and int(headers["content-length"][:9]) <= _KEPT
    )


def _kept(request: Request, staff: Staff | None, language: str, fields: FormData) -> Response:
    """Show what was sent without a session of its own once more, to be sent with one; nothing was done.

    A part that is loaded into a page (htmx) tells there that a session is needed, and leaves the page as it is.
    """
    if request.headers.get("hx-request"):
        answer = show(request, "over", language=language, staff=staff, status=401)
        answer.headers.update({"HX-Retarget": "#over", "HX-Reswap": "innerHTML", "HX-Reselect": "p"})
        return answer
    sent = [
        (name, value) for name, value in fields.multi_items() if name != "csrf" and isinstance(value, str)
    ]
    if staff is None and not sent:
        return _to_login(request)
    query = f"?{request.url.query}" if request.url.query else ""
    status = 409 if staff else 401
    return show(
        request, "kept", language=language, staff=staff, status=status, sent=sent, to=request.url.path + query
    )


def _forbidden(request: Request, staff: Staff, language: str, *, needed: Sequence[Role]) -> Response:
    """Say which role is needed; none of them means that the form was not ours or its session is over."""
    return show(request, "forbidden", language=language, staff=staff, status=403, needed=needed)
