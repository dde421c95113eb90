"""Pages from Jinja, with the brand's colour and headers that let nothing else in.

One page is one answer: the style is in the page (a phone makes one request), and the content security policy allows
exactly that style by its hash, no script, nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from templates.colour import palette
from tidings.clock import clock_of
from tidings.organisation import Brand, Organisation
from web import language as languages
from web.assets import asset
from web.figures import FILTERS, locale

_HERE = Path(__file__).parent
_PRIVATE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
"""A page behind a signed link is nobody else's: not kept, not told onwards, not found."""
_SCRIPTS = "; script-src 'self'; connect-src 'self'; worker-src 'self'"
CONSOLE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of the staff's pages: nothing inline, nothing from elsewhere."""


class Pages:
    """The pages of one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["languages"] = [
            (code, languages.html_tag(code), languages.words(code)["page"]["name"])
            for code in languages.LANGUAGES
        ]
        self._environment.filters["day"] = day
        self._environment.filters["money"] = money
        self._environment.globals["asset"] = asset
        self._environment.filters.update(FILTERS)

    def answer(
        self,
        request: Request,
        page: str,
        *,
        language: str,
        brand: Brand | None = None,
        status: int = 200,
        scripts: bool = False,
        **values: Any,
    ) -> Response:
        """Return a page. `language` is one of `web.language.LANGUAGES`; no brand means the organisation's first.

        With `scripts` the page may load scripts of ours from `static/`, and these may call us.
        """
        brand = brand or self._organisation.brands[0]
        style, policy = _style(brand.accent)
        body = self._environment.get_template(f"{page}.html.j2").render(
            t=languages.words(language),
            language=language,
            lang=languages.html_tag(language),
            brand=brand,
            style=style,
            accent=brand.accent,
            path=request.scope["path"],
            **values,
        )
        headers = {
            **_PRIVATE,
            "Content-Security-Policy": policy + (_SCRIPTS if scripts else ""),
            "Content-Language": languages.html_tag(language),
        }
        return HTMLResponse(body, status_code=status, headers=headers)

    def console(self, page: str, *, language: str, status: int = 200, **values: Any) -> Response:
        """Return `pages/console/<page>.html.j2`, a page of the staff: its style and scripts are files of ours."""
        body = self.part(f"console/{page}", language=language, **values)
        headers = {
            **_PRIVATE,
            "Content-Security-Policy": CONSOLE_POLICY,
            "Content-Language": languages.html_tag(language),
        }
        return HTMLResponse(body, status_code=status, headers=headers)

    def part(self, page: str, *, language: str, **values: Any) -> str:
        """Return the text of a template: a page, or a part of one that is sent live."""
        tag = languages.html_tag(language)
        return self._environment.get_template(f"{page}.html.j2").render(
            t=languages.words(language), language=language, lang=tag, **values
        )

    def missing(self, request: Request, status: int = 404) -> Response:
        """Return the page for a link that is cut, forged, of another kind, or points at nothing any more."""
        asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
        return self.answer(request, "missing", language=languages.choose(asked, None, header), status=status)

    def broken(self, request: Request) -> Response:
        """Return the page for a fault on our side."""
        asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
        return self.answer(request, "broken", language=languages.choose(asked, None, header), status=503)


@lru_cache(maxsize=64)
def _style(accent: str) -> tuple[Markup, str]:
    """Return the style of a brand's pages and the policy that allows it and nothing else."""
    colours = palette(accent)
    light = {key: colours[key] for key in ("accent", "on", "tint", "line", "strong")}
    dark = {
        "accent": colours["night"],
        "on": colours["night_on"],
        "tint": colours["night_tint"],
        "line": colours["night_tint"],
        "strong": colours["night"],
    }
    css = f":root{{{_variables(light)}}}@media(prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}{_sheet()}"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return Markup(css), policy  # noqa: S704 -- our own sheet, and colours that match #rrggbb


def _variables(colours: Mapping[str, str]) -> str:
    return "".join(f"--{key}:{value};" for key, value in colours.items())


@cache
def _sheet() -> str:
    lines = (_HERE / "static" / "pages.css").read_text(encoding="utf-8").splitlines()
    return "".join(line.strip() for line in lines)


def day(value: date, language: str) -> str:
    """Return a date as a language writes it: `21 November 2026`."""
    from babel.dates import format_date

    return str(format_date(value, format="long", locale=locale(language)))


def money(value: Decimal, currency: str, language: str) -> str:
    """Return an amount with its currency as a language writes it."""
    from babel.numbers import format_currency

    return str(format_currency(value, currency, locale=locale(language)))


def moment(value: datetime, zone: str, language: str) -> str:
    """Return an instant in a customer's zone as a language writes it: `21 November 2026, 14:05`."""
    from babel.dates import format_datetime

    there = value.astimezone(clock_of(zone))
    return str(format_datetime(there, format="d MMMM y, HH:mm", locale=locale(language)))
