"""Slips: the few short messages that our own pages send (a link, a code), as plain text in the page's language."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path

from templates.headers import wire_address
from templates.language import choose
from templates.push import make_push
from templates.safe import clean
from templates.sms import checked, plainer
from tidings.message import Email, Push, Sms
from tidings.organisation import Brand

_FOLDER = Path(__file__).parent / "slips"
SMS_PARTS = 6
"""What a slip may cost at most."""


@cache
def _words(language: str) -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def slip_words(kind: str, language: str) -> Mapping[str, str]:
    """Return the texts of a kind of slip: subject, text, ignore, sms."""
    offered = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return _words(choose(language, offered, ("en",)))[kind]


def slip_email(
    kind: str,
    *,
    brand: Brand,
    language: str,
    to: str,
    code: str,
    links: Sequence[str],
    number: int,
    at: datetime,
) -> Email:
    """Return a slip as an e-mail; the same arguments give the same bytes.

    Raises:
        Problem: `to` cannot be an address.
    """
    words = slip_words(kind, language)
    address = wire_address(to)
    mail = EmailMessage(policy=SMTP.clone(max_line_length=78))
    mail["From"] = Address(clean(brand.senders.email_name), addr_spec=wire_address(brand.senders.email))
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = words["subject"]
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<slip.{number}@{wire_address(brand.senders.email).rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if brand.senders.reply_to:
        mail["Reply-To"] = Address(addr_spec=wire_address(brand.senders.reply_to))
    text = words["text"].format(brand=clean(brand.name), code=code)
    mail.set_content("\n\n".join((text, *links, words["ignore"], clean(brand.legal_name))) + "\n", cte="8bit")
    return Email(envelope_from=wire_address(brand.senders.email), to=address, raw=mail.as_bytes())


def slip_sms(kind: str, *, brand: Brand, language: str, to: str, code: str, links: Sequence[str]) -> Sms:
    """Return a slip as a text message.

    Raises:
        Problem: it is longer than a slip may be.
    """
    words = slip_words(kind, language)
    text = plainer(" ".join((words["sms"].format(brand=clean(brand.name), code=code), *links)))
    encoding, parts = checked(text, budget=SMS_PARTS, where=f"slip {kind}")
    return Sms(sender=brand.senders.sms, to=to, text=text, parts=parts, encoding=encoding)


def slip_push(
    kind: str, *, brand: Brand, language: str, to: str, platform: str, link: str, number: str
) -> Push:
    """Return a slip as a push, which opens its link when it is tapped; `platform` is the address's."""
    words = slip_words(kind, language)
    return make_push(
        message=number,
        to=to,
        platform=platform,
        title=words["subject"],
        body=words["sms"].format(brand=clean(brand.name), code="").rstrip(": "),
        link=link,
        topic="service",
        where=f"slip {kind}",
    )
