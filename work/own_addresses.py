"""What customers do with their own addresses: a confirmed one is added, one that is not the last is removed."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from channels.push.subscription import BadSubscription, read
from store import audit, codes, devices, own_addresses, preference, touchpoints
from store.codes import Code
from tidings.address import PostalAddress, PostalVerdict, judge_email, judge_phone, judge_postal
from tidings.channel import Channel
from tidings.settings import WebpushSettings
from work.preference import Address, Preferences

SOURCE = "form"
PROVES_AFTER = timedelta(days=30)
"""An address that was added on the page is no second factor before: who holds a forwarded link can add their own. So
long a link to the form lives, and the customer was told at an address that was there."""
_LONGEST_LINE = 60
"""Characters that fit on an envelope."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """An address as somebody wrote it: in its normal form, or what is wrong with it."""

    channel: str
    value: str
    problem: str
    """'', `email`, `phone`."""


def judged(written: str, country: str) -> Judged:
    """Return an e-mail address or a mobile number in its normal form; a number without a code is of the country."""
    if "@" in written:
        email = judge_email(written)
        return Judged(channel=Channel.EMAIL, value=email.value, problem="" if email.usable else "email")
    phone = judge_phone(written, country)
    return Judged(channel=Channel.SMS, value=phone.value, problem="" if phone.usable else "phone")


def judged_postal(fields: Mapping[str, str], country: str) -> PostalVerdict:
    """Return what somebody wrote as `street`, `postal_code`, `city`, by the rules of a country (alpha-2)."""
    plain = {key: " ".join(fields.get(key, "").split())[:_LONGEST_LINE] for key in ("postal_code", "city")}
    street = (" ".join(line.split())[:_LONGEST_LINE] for line in fields.get("street", "").splitlines()[:3])
    return judge_postal(PostalAddress(street=tuple(filter(None, street)), country=country, **plain))


def add_postal(connection: Connection, known: Preferences, address: PostalAddress, *, now: datetime) -> bool:
    """Add an address for letters, behind those that are there; False when the customer is gone."""
    if not preference.lock(connection, known.customer):
        return False
    own_addresses.add_postal(connection, customer=known.customer, address=address)
    _note(connection, known.customer, known.brand, "add_address", Channel.LETTER, now)
    return True


def confirmed(connection: Connection, code: Code, *, now: datetime) -> bool:
    """Add the address that a code has proven, unless its customer is gone."""
    if not preference.lock(connection, code.customer):
        return False
    own_addresses.add(connection, customer=code.customer, channel=code.channel, value=code.value, now=now)
    _note(connection, code.customer, code.brand, "add_address", code.channel, now)
    return True


def confirmed_by_link(connection: Connection, number: int, *, now: datetime) -> Code | None:
    """Add the address whose link was opened and confirmed; None when the code is used, over, or of another kind."""
    code = codes.find(connection, number, now=now)
    if code is None or code.kind != "address" or not codes.use(connection, code.id, now=now):
        return None
    return code if confirmed(connection, code, now=now) else None


def proving(connection: Connection, addresses: Sequence[Address], *, now: datetime) -> list[Address]:
    """Return the addresses that a code to them proves a customer by: not those that a link added of late."""
    added = own_addresses.added_since(connection, [one.id for one in addresses], since=now - PROVES_AFTER)
    return [one for one in addresses if one.id not in added]


def removable(known: Preferences, address: int) -> bool:
    """Tell whether something is left to reach the customer when this address is gone."""
    return any(one.usable and one.id != address for one in known.addresses)


def remove(connection: Connection, known: Preferences, address: int, *, now: datetime) -> bool:
    """Remove an address of the customer; False when it is none of theirs."""
    if not preference.lock(connection, known.customer):
        return False
    channel = own_addresses.remove(connection, customer=known.customer, address=address, now=now)
    if channel is None:
        return False
    _note(connection, known.customer, known.brand, "remove_address", channel, now)
    return True


def register_browser(
    connection: Connection,
    *,
    customer: int,
    brand: str,
    subscription: str,
    name: str,
    settings: WebpushSettings,
    now: datetime,
) -> bool:
    """Make a browser's subscription a device of the customer, shown to them by `name`; False: we cannot reach it."""
    try:
        found = read(subscription, services=settings.services, loopback=settings.loopback)
    except BadSubscription:
        return False
    token = _canonical(found.endpoint, found.keys)
    if not preference.lock(connection, customer):
        return False
    device = f"web:{hashlib.sha256(found.endpoint.encode()).hexdigest()[:16]} {name}".rstrip()
    devices.register(connection, customer=customer, device=device, platform="web", token=token, at=now)
    _note(connection, customer, brand, "add_address", Channel.PUSH, now)
    return True


def _canonical(endpoint: str, keys: Mapping[str, str]) -> str:
    return json.dumps({"endpoint": endpoint, "keys": dict(sorted(keys.items()))}, separators=(",", ":"))


def public_key(path: Path | None) -> str:
    """Return the public half of the VAPID key as a browser takes it (base64url, RFC 8292 3.2), '' without a key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if path is None:
        return ""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return ""
    form = serialization.PublicFormat.UncompressedPoint
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return ""
    point = key.public_key().public_bytes(serialization.Encoding.X962, form)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def _note(connection: Connection, customer: int, brand: str, kind: str, channel: str, now: datetime) -> None:
    """Write it into the customer's history and the audit log; the address itself stays out of both."""
    touchpoints.record(
        connection,
        [
            touchpoints.Touchpoint(
                customer=customer,
                brand=brand,
                source=SOURCE,
                external_id=str(uuid4()),
                direction="in",
                channel="web",
                kind=kind,
                detail={"channel": str(channel), "actor": "customer"},
                at=now,
            )
        ],
    )
    audit.note(
        connection,
        actor="customer",
        action=kind,
        subject=f"customer:{customer}",
        detail={"channel": str(channel)},
    )
