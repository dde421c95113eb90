"""What every page and route is handed: the installation, the clock, the pages and what the lead's functions do."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from starlette.requests import Request

from channels.contract import Hook
from preferences.policy import Policy
from web.gauges import Gauges
from web.render import Pages
from web.wiring import Wiring
from work.installation import Installation


@dataclass(frozen=True, kw_only=True)
class Site:
    """One running page server."""

    installation: Installation
    pages: Pages
    wiring: Wiring
    policy: Policy
    clock: Callable[[], datetime]
    hooks: Mapping[str, Hook]
    """Who may call us at `/hooks/<name>`."""

    @cached_property
    def reading(self) -> Engine:
        """The same pool without transactions: a page that asks one question need not begin and end one."""
        return self.installation.engine.execution_options(isolation_level="AUTOCOMMIT")

    @cached_property
    def gauges(self) -> Gauges:
        """What `/metrics` has read."""
        return Gauges()

    @cached_property
    def samples(self) -> dict[str, list[Any]]:
        """The documents to look at of each invoice run that somebody looked at; they do not change any more."""
        return {}

    @cached_property
    def savers(self) -> WeakKeyDictionary[AbstractEventLoop, Any]:
        """What saves the forms that come at the same time, by event loop; `web.form` keeps it."""
        return WeakKeyDictionary()

    @cached_property
    def writers(self) -> dict[int, str]:
        """Which open page changed each draft of a campaign last; `web.console.composer_page` keeps it."""
        return {}

    @cached_property
    def streams(self) -> Counter[str]:
        """How many live pages each session has open; `web.live` keeps it."""
        return Counter()

    @cached_property
    def watched(self) -> dict[str, Any]:
        """What somebody looks at live, by subject; `web.live` keeps it."""
        return {}


def site_of(request: Request) -> Site:
    """Return the site that a request came to."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def utc_now() -> datetime:
    """Return the moment; the one clock of the page server."""
    return datetime.now(UTC)
