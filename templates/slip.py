"""Slips: the few short messages that our own pages send (a link, a code), as plain text in the page's language."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path

from templates.headers import wire_address
from templates.language import choose
from templates.push import make_push
from templates.safe import clean
from templates.sms import checked, plainer
from tidings.message import Email, Push, Sms
from tidings.organisation import Brand

_FOLDER = Path(__file__).parent / "slips"
BUTTONS = ("keep", "switch")
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
    named: Mapping[str, str],
) -> Email:
    """Return a slip as an e-mail; the same arguments give the same bytes.

    `named` are the words that its kind names beside brand and code. A kind that asks has a button for each link.

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
    text = words["text"].format(brand=clean(brand.name), code=code, **named)
    buttons = [words[key].format(**named) for key in BUTTONS if key in words]
    shown = [f"{label}\n{link}" for label, link in zip(buttons, links, strict=True)] if buttons else links
    last = (words["ignore"], clean(brand.legal_name))
    mail.set_content("\n\n".join((text, *shown, *last)) + "\n", cte="8bit")
    if buttons:
        mail.add_alternative(
            _page(language, text, zip(buttons, links, strict=True), last), "html", cte="8bit"
        )
    return Email(envelope_from=wire_address(brand.senders.email), to=address, raw=mail.as_bytes())


def _page(language: str, text: str, buttons: Iterable[tuple[str, str]], last: Sequence[str]) -> str:
    """Return the same as HTML, each link as a button."""
    style = "display:inline-block;padding:12px 20px;background:#1f2937;color:#ffffff;text-decoration:none"
    parts = [f"<p>{escape(text)}</p>"]
    parts += [
        f'<p><a href="{escape(link)}" style="{style}">{escape(label)}</a></p>' for label, link in buttons
    ]
    parts += [f"<p>{escape(line)}</p>" for line in last]
    body = "".join(parts)
    return (
        f'<!DOCTYPE html><html lang="{escape(language.replace("_", "-"))}"><head><meta charset="utf-8">'
        f'<title>{escape(text[:60])}</title></head><body style="font-family:sans-serif;font-size:16px;line-height:1.5">'
        f"{body}</body></html>\n"
    )


def slip_sms(
    kind: str,
    *,
    brand: Brand,
    language: str,
    to: str,
    code: str,
    links: Sequence[str],
    named: Mapping[str, str],
) -> Sms:
    """Return a slip as a text message.

    Raises:
        Problem: it is longer than a slip may be.
    """
    words = slip_words(kind, language)
    text = plainer(" ".join((words["sms"].format(brand=clean(brand.name), code=code, **named), *links)))
    encoding, parts = checked(text, budget=SMS_PARTS, where=f"slip {kind}")
    return Sms(sender=brand.senders.sms, to=to, text=text, parts=parts, encoding=encoding)


def slip_push(
    kind: str,
    *,
    brand: Brand,
    language: str,
    to: str,
    platform: str,
    link: str,
    number: str,
    named: Mapping[str, str],
) -> Push:
    """Return a slip as a push, which opens its link when it is tapped; `platform` is the address's."""
    words = slip_words(kind, language)
    return make_push(
        message=number,
        to=to,
        platform=platform,
        title=words["subject"],
        body=words["sms"].format(brand=clean(brand.name), code="", **named).rstrip(": "),
        link=link,
        topic="service",
        where=f"slip {kind}",
    )
