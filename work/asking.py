"""Links and codes that a customer asks for on a page: limited, written as slips, sent out of band (`work.slips`).

Whoever asks on the public page learns nothing: the same rows are written whether the address is somebody's or not.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from store import codes, slips, tries
from tidings.channel import Channel
from work.links import Links
from work.preference import Preferences, channels_in
from work.scribe import CHOICES
from work.wishes import NONE

HOUR = timedelta(hours=1)
MOST_BY_CLIENT = 20
"""Requests for links by one client in an hour."""
MOST_TO_ADDRESS = 3
"""Slips with a link to one address in an hour."""
MOST_CODES = 5
"""Codes for one customer in an hour."""
CODE_LIVES = timedelta(minutes=15)
CONFIRM_LIVES = timedelta(days=1)
DIGITS = 6
CONFIRMED_BY = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
"""Channels on which a saved form is confirmed; a letter would cost more than it tells."""
ONE_CONFIRMATION = timedelta(minutes=10)
"""Within this time a customer gets at most one, whatever is saved."""


class Asked(StrEnum):
    """What became of a request."""

    DONE = "done"
    TOO_OFTEN = "too_often"


def subject(key: bytes, kind: str, value: str) -> bytes:
    """Return what stands for an address, a client or a customer in `store.tries`."""
    return hmac.digest(key, f"tries\0{kind}\0{value}".encode("utf-8", "replace"), "sha256")[:16]


def limited(connection: Connection, asked: bytes, *, most: int, now: datetime) -> bool:
    """Count a try; True when there were too many of its subject within the hour."""
    tries.add(connection, [asked], now=now)
    return tries.counted(connection, [asked], since=now - HOUR)[0] > most


def ask_by_address(
    connection: Connection, *, key: bytes, to: str, client: str, brand: str, language: str, now: datetime
) -> Asked:
    """Take a request for a link to whatever address somebody wrote; looks nothing up.

    Args:
        connection: in a transaction.
        key: the installation's signing key; what is limited is kept as its digest.
        to: e-mail address or phone number as written.
        client: who asks, for the limit.
        brand: whose form.
        language: of the page.
        now: this moment.
    """
    channel = "email" if "@" in to else "sms"
    plain = "".join(to.split()).lower()
    subjects = [subject(key, "client", client), subject(key, "address", plain)]
    tries.add(connection, subjects, now=now)
    by_client, to_address = tries.counted(connection, subjects, since=now - HOUR)
    slips.ask(
        connection,
        kind="link",
        channel=channel,
        value=to,
        brand=brand,
        language=language,
        now=now,
        dropped=by_client > MOST_BY_CLIENT or to_address > MOST_TO_ADDRESS,
    )
    return Asked.TOO_OFTEN if by_client > MOST_BY_CLIENT else Asked.DONE


def ask_by_customer(
    connection: Connection,
    *,
    key: bytes,
    customer: int,
    channel: str,
    value: str,
    brand: str,
    language: str,
    now: datetime,
    message: str = "",
) -> Asked:
    """Send a customer whose link is over a new one, to a known address; with a message, the one to its document."""
    plain = "".join(value.split()).lower()
    if limited(connection, subject(key, "address", plain), most=MOST_TO_ADDRESS, now=now):
        return Asked.TOO_OFTEN
    slips.ask(
        connection,
        kind="document" if message else "link",
        customer=customer,
        channel=channel,
        value=value,
        brand=brand,
        language=language,
        detail={"message": message} if message else {},
        now=now,
    )
    return Asked.DONE


def ask_code(
    connection: Connection,
    *,
    key: bytes,
    links: Links,
    customer: int,
    kind: str,
    channel: str,
    value: str,
    brand: str,
    language: str,
    now: datetime,
) -> Asked:
    """Send a code to an address: `data` and `document` to a known one, `address` to one that is to be added."""
    if limited(connection, subject(key, "codes", str(customer)), most=MOST_CODES, now=now):
        return Asked.TOO_OFTEN
    adding = kind == "address"
    number = codes.make(
        connection,
        customer=customer,
        brand=brand,
        kind=kind,
        channel=channel,
        value=value,
        now=now,
        expires_at=now + (CONFIRM_LIVES if adding else CODE_LIVES),
    )
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    codes.set_digest(connection, number, _digest(key, number, code))
    slips.ask(
        connection,
        kind="confirm" if adding else "code",
        customer=customer,
        channel=channel,
        value=value,
        brand=brand,
        language=language,
        detail={"code": code, **({"link": links.confirm(number)} if adding else {})},
        now=now,
    )
    return Asked.DONE


def confirmation(
    *, saved: Preferences, changed: Mapping[str, str], language: str
) -> slips.Confirmation | None:
    """Return what tells a customer that a form was saved, on the channel that was chosen; None: nowhere to tell it.

    The first channel chosen that can be told at once, else the one of the invoices, else e-mail or SMS. Who chose to
    hear nothing more is told once and by e-mail only: a confirmation of the objection, no marketing.

    Args:
        saved: the form as it was before.
        changed: question to new answer.
        language: of the page.
    """
    wishes = [answer for key, answer in changed.items() if key.partition(".")[0] in CHOICES and answer]
    chosen = [channel for answer in wishes for channel in channels_in(answer)]
    silent = wishes and all(answer == NONE for answer in wishes)
    usual = channels_in(saved.answers["invoice"])
    tried = (Channel.EMAIL,) if silent else (*chosen, *usual, Channel.EMAIL, Channel.SMS)
    address = next(
        (
            one
            for channel in tried
            if channel in CONFIRMED_BY and channel in saved.usable
            for one in saved.addresses
            if one.channel == channel and one.usable
        ),
        None,
    )
    if address is None:
        return None
    return slips.Confirmation(
        customer=saved.customer,
        brand=saved.brand,
        channel=address.channel,
        value=address.value,
        language=language,
    )


def confirm_saved(
    connection: Connection, confirmations: Iterable[slips.Confirmation | None], *, now: datetime
) -> None:
    """Tell customers that a form was saved, each at most once in a while; in the transaction that saves."""
    slips.confirm(connection, [one for one in confirmations if one], since=now - ONE_CONFIRMATION, now=now)


def told(
    connection: Connection, *, key: bytes, customer: int, kind: str, code: str, now: datetime
) -> codes.Code | None:
    """Return the code of this kind that was repeated, used up now; None for a wrong one, which counts as a try."""
    open_codes = codes.waiting(connection, customer, kind, now=now, locked=True)
    given = "".join(letter for letter in code if letter.isascii() and letter.isdigit())[: DIGITS + 1]
    for one in open_codes:
        if hmac.compare_digest(_digest(key, one.id, given), one.digest):
            return one if codes.use(connection, one.id, now=now) else None
    codes.missed(connection, [one.id for one in open_codes])
    return None


def _digest(key: bytes, number: int, code: str) -> bytes:
    return hmac.digest(key, f"code\0{number}\0{code}".encode(), hashlib.sha256)
