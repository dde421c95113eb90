"""Sends slips: what a customer asked for on a page, at least once, outside of runs and within the mode's limits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

import structlog

from channels.contract import Provider
from preferences.explain import channel_name
from store import slips, tries
from store.slips import Slip
from templates.slip import slip_email, slip_push, slip_sms
from tidings.address import judge_email, judge_phone
from tidings.channel import Channel
from tidings.message import Content, Parcel
from tidings.organisation import Brand
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected
from tidings.problem import Problem
from work.installation import Installation

log = structlog.get_logger()

TRIES = 6
_LEASE = timedelta(minutes=2)
_AT_ONCE = 50
MOST_CUSTOMERS = 3
"""Customers who share an address and all get their link; more are no household."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Addressed:
    """A slip that goes somewhere."""

    to: str
    links: tuple[str, ...]
    platform: str = ""


def hand_out(
    installation: Installation, providers: Mapping[Channel, Sequence[Provider]], *, now: datetime
) -> Counter[str]:
    """Send the slips that wait; returns how many were `sent`, `dropped` (nobody's address), `waiting` for a retry."""
    with installation.engine.begin() as connection:
        waiting = slips.take(connection, now=now, lease=_LEASE, limit=_AT_ONCE)
        tries.sweep(connection, now=now)
    tally: Counter[str] = Counter()
    for slip in waiting:
        addressed = _addressed(installation, slip, now)
        outcome = _sent(installation, providers, slip, addressed) if addressed else None
        with installation.engine.begin() as connection:
            if addressed and not isinstance(outcome, Accepted | Rejected) and slip.tries < TRIES:
                slips.again(connection, slip.id, due_at=now + timedelta(seconds=10) * 2**slip.tries)
                tally["waiting"] += 1
                continue
            sent = isinstance(outcome, Accepted)
            slips.settle(connection, slip.id, sent=sent, now=now)
            tally["sent" if sent else "dropped"] += 1
    return tally


def _addressed(installation: Installation, slip: Slip, now: datetime) -> _Addressed | None:
    """Return where a slip goes and what links it holds; None when it was asked for an address that is nobody's."""
    links = installation.links
    if slip.kind == "document":
        message = str(slip.detail.get("message", ""))
        return _Addressed(to=slip.value, links=(links.document(message, issued_at=now),))
    if slip.kind in {"saved", "mismatch"}:
        return _confirmed(installation, slip, now)
    if slip.customer is not None:
        made = {
            "link": links.preferences(slip.customer, slip.brand, issued_at=now),
            "confirm": str(slip.detail.get("link", "")) if slip.channel == Channel.EMAIL else "",
        }.get(slip.kind)
        return _Addressed(to=slip.value, links=(made,) if made else ())
    if slip.channel == Channel.EMAIL:
        verdict = judge_email(slip.value)
    else:
        verdict = judge_phone(slip.value, installation.organisation.country)
    with installation.engine.begin() as connection:
        found = slips.whose(
            connection,
            channel=slip.channel,
            values=[verdict.value],
            brand=slip.brand,
            most=MOST_CUSTOMERS + 1,
        )
    if not verdict.usable or not 0 < len(found) <= MOST_CUSTOMERS:
        return None
    return _Addressed(
        to=verdict.value,
        links=tuple(links.preferences(customer, slip.brand, issued_at=now) for customer in found),
    )


def _confirmed(installation: Installation, slip: Slip, now: datetime) -> _Addressed | None:
    """Return where a slip goes that nobody waits for: None when its address was removed or suppressed meanwhile."""
    with installation.engine.begin() as connection:
        platform = slips.platform_of(connection, slip)
    if slip.customer is None or platform is None:
        return None
    link = installation.links.preferences(slip.customer, slip.brand, issued_at=now)
    if slip.kind == "mismatch":
        asked = urlencode({name: str(slip.detail.get(name, "")) for name in ("stated", "observed", "topic")})
        link = f"{link}/which?{asked}"
    buttons = slip.kind == "mismatch" and slip.channel == Channel.EMAIL
    links = (f"{link}&answer=stated", f"{link}&answer=observed") if buttons else (link,)
    return _Addressed(to=slip.value, links=links, platform=platform)


def _sent(
    installation: Installation,
    providers: Mapping[Channel, Sequence[Provider]],
    slip: Slip,
    addressed: _Addressed,
) -> Outcome | None:
    try:
        brand = installation.organisation.brand(slip.brand)
        parcel = _parcel(slip, addressed, brand)
    except Problem as problem:
        log.warning("a slip cannot be written", slip=slip.id, problem=type(problem).__name__)
        return Rejected(error=ErrorClass.DATA, code="slip")
    provider = next(
        (
            one
            for one in providers[Channel(slip.channel)]
            if not (one.platforms and addressed.platform) or addressed.platform in one.platforms
        ),
        None,
    )
    if provider is None:
        return Rejected(error=ErrorClass.CONFIG, code="platform_not_supported")
    try:
        return next((outcome for _, outcome in provider.send([parcel])), None)
    except Exception as error:
        log.warning("a slip was not sent; it is tried again", slip=slip.id, error=type(error).__name__)
        return None


def _parcel(slip: Slip, addressed: _Addressed, brand: Brand) -> Parcel:
    number = str(uuid5(NAMESPACE_URL, f"slip:{slip.id}"))
    code = str(slip.detail.get("code", ""))
    ways = {name: str(slip.detail[name]) for name in ("stated", "observed") if name in slip.detail}
    named = {name: channel_name(way, slip.language) for name, way in ways.items()}
    content: Content
    if slip.channel == Channel.EMAIL:
        content = slip_email(
            slip.kind,
            brand=brand,
            language=slip.language,
            to=addressed.to,
            code=code,
            links=addressed.links,
            number=slip.id,
            at=slip.asked_at,
            named=named,
        )
    elif slip.channel == Channel.PUSH:
        content = slip_push(
            slip.kind,
            brand=brand,
            language=slip.language,
            to=addressed.to,
            platform=addressed.platform,
            link=addressed.links[0],
            number=number,
            named=named,
        )
    else:
        content = slip_sms(
            slip.kind,
            brand=brand,
            language=slip.language,
            to=addressed.to,
            code=code,
            links=addressed.links,
            named=named,
        )
    return Parcel(message=number, attempt=number, content=content, purpose="service", brand=brand.id)
