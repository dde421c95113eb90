"""Touchpoints that our own doors see: an opened link or document. Was it a person's click, or a machine's?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection

from preferences.behaviour import TOO_SOON
from store import links, touchpoints
from store.links import Linked
from store.touchpoints import Touchpoint
from tidings.organisation import Organisation
from tidings.problem import Problem
from tidings.program import is_program
from work.links import link_code

SOURCE = "link"
_BURST = timedelta(seconds=1)
_HOLE = re.compile(r"\{\{?\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}?\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """What a request says about who sends it."""

    method: str
    headers: Mapping[str, str]
    """With lower-case names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A link that can be followed."""

    target: str


def open_link(
    connection: Connection,
    *,
    message: str,
    code: int,
    visitor: Visitor,
    organisation: Organisation,
    now: datetime,
) -> Opened | None:
    """Return where a message's link leads and remember that it was opened; None when it leads nowhere.

    A click is kept once a minute. Where purpose, brand, run or the customer's wish says no, nothing is kept.
    """
    linked = links.linked(connection, message, now=now)
    name = next((name for name in linked.links if link_code(name) == code), None) if linked else None
    if linked is None or name is None:
        return None
    target = target_of(linked, name, organisation)
    if target is None:
        return None
    if _measured(linked, organisation):
        _remember(connection, linked, kind="clicked", link=name, visitor=visitor, now=now)
    return Opened(target=target)


def open_document(
    connection: Connection, *, message: str, visitor: Visitor, organisation: Organisation, now: datetime
) -> None:
    """Remember that a message's document was opened."""
    linked = links.linked(connection, message, now=now)
    if linked is not None and _measured(linked, organisation):
        _remember(connection, linked, kind="clicked", link="document", visitor=visitor, now=now)


def target_of(linked: Linked, name: str, organisation: Organisation) -> str | None:
    """Return the address that the template stored for a link, its values filled in.

    A value is percent-encoded, so that it can neither change the host nor add a parameter; `{website}` is the brand's
    own address. Only http, https and mailto lead anywhere.
    """
    try:
        website = organisation.brand("" if linked.brand == "all" else linked.brand).website.rstrip("/")
    except Problem:
        website = ""
    known = {key: value for key, value in linked.data.items() if isinstance(value, str | int | float)}
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        key = match[1]
        if key == "website":
            missing |= not website
            return website
        return quote(str(known.get(key, "")), safe="")

    stored = linked.links[name]
    host_is_fixed = "{" not in urlsplit(stored.replace("{website}", "https://website.example")).netloc
    target = _HOLE.sub(fill, stored)
    if missing or not host_is_fixed or not target.startswith(("https://", "http://", "mailto:")):
        return None
    return target


def machine(visitor: Visitor, *, sent_at: datetime | None, now: datetime) -> str:
    """Say why a request is not a person's, '' when it may be one."""
    headers = visitor.headers
    if visitor.method == "HEAD":
        return "asked for the head only"
    purposes = (headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    if any("prefetch" in value or "preview" in value for value in purposes):
        return "prefetch"
    agent = headers.get("user-agent", "")
    if is_program(agent):
        return "known program"
    if is_too_soon(now, sent_at):
        return "opened as it was sent"
    return ""


def is_too_soon(at: datetime, sent_at: datetime | None) -> bool:
    """Tell whether a message was opened as it was sent: nobody reads so fast; gateways that open every link do."""
    return sent_at is not None and timedelta(0) <= at - sent_at < TOO_SOON


def _measured(linked: Linked, organisation: Organisation) -> bool:
    keys = (linked.purpose, linked.brand, f"{linked.brand}.{linked.purpose}")
    return linked.tracked and all(organisation.tracking.get(key, True) for key in keys)


def _remember(
    connection: Connection, linked: Linked, *, kind: str, link: str, visitor: Visitor, now: datetime
) -> None:
    because = machine(visitor, sent_at=linked.sent_at, now=now)
    if touchpoints.mark_burst(
        connection, customer=linked.customer, message=linked.message, link=link, since=now - _BURST
    ):
        because = because or "several links at once"
    whose = "machine" if because else "person"
    touchpoints.record(
        connection,
        [
            Touchpoint(
                customer=linked.customer,
                brand=linked.brand,
                source=SOURCE,
                external_id=f"{linked.message}:{link}:{whose}:{now:%Y%m%d%H%M}",
                direction="in",
                channel=linked.channel or "web",
                kind=kind,
                purpose=linked.purpose,
                machine=bool(because),
                message=linked.message,
                detail={"link": link, **({"because": because} if because else {})},
                at=now,
            )
        ],
    )
