"""Writes `organisation.toml`, with a comment where a person will ask."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import ValidationError
from tomli_w import dumps

from templates.paymentcode import is_iban
from tidings.address import judge_email
from tidings.country import language_code
from tidings.organisation import Organisation
from tidings.problem import Problem

_LIKE_IBAN = re.compile(r"[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}")
LONGEST_SENDER = 11
"""Letters and digits that a network shows as the sender of an SMS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What `tidings init` asks; '' and {} leave a part out."""

    name: str
    country: str
    email: str
    address: tuple[str, ...]
    """The lines of the return address, without the country."""
    languages: tuple[str, ...]
    legal_name: str = ""
    time_zone: str = "UTC"
    tax_id: str = ""
    website: str = ""
    phone: str = ""
    service: str = ""
    """The mailbox that people read; '' where it is that of `email`."""
    sms: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """ISO 4217 currency to IBAN or account number."""


def brand_id(name: str) -> str:
    """Return the short name of a brand that files and commands use.

    >>> brand_id("Åse & Sønner AS")
    'ase-sonner-as'
    """
    words = re.findall(r"[a-z0-9]+", _plain(name).lower())
    slug = "-".join(words)[:31].strip("-")
    return slug if slug[:1].isalpha() else f"brand-{slug}"[:31].strip("-")


def sms_sender(name: str) -> str:
    """Return what an SMS shows as its sender: up to eleven plain letters and digits of the name."""
    return "".join(re.findall(r"[A-Za-z0-9]", _plain(name)))[:LONGEST_SENDER] or "Tidings"


def _plain(name: str) -> str:
    """Return a name in plain letters; what has none is left out."""
    told = (
        name.translate(str.maketrans("øØłŁ", "oOlL")).replace("æ", "ae").replace("Æ", "Ae").replace("ß", "ss")
    )
    return unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode()


def organisation_toml(answers: Answers) -> str:
    """Return the text of an `organisation.toml` that says what was answered.

    Raises:
        Problem: an answer cannot be used; names the key.
    """
    text = "\n".join(_parts(answers))
    if answers.time_zone not in available_timezones():
        raise Problem(f"There is no time zone {answers.time_zone!r}.", todo="Write it like Europe/Oslo.")
    try:
        made = Organisation.model_validate(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise Problem(f"{key}: {first['msg']} (you said {first['input']!r}).") from error
    for said in unusable(made):
        raise Problem(said)
    return text


def unusable(organisation: Organisation) -> Iterator[str]:
    """Yield what customers could not answer, read or pay to: a sentence for each such value."""
    for brand in organisation.brands:
        mailboxes = {
            "senders.email": brand.senders.email,
            "senders.reply_to": brand.senders.reply_to,
            "service_email": brand.service_email,
        }
        for key, address in mailboxes.items():
            if address and judge_email(address).problem:
                yield f"{key} of brand {brand.id!r} is no e-mail address: {address!r}."
        for language in brand.languages:
            if not language_code(language):
                yield f"languages of brand {brand.id!r}: {language!r} is none; write it like en or pt_BR."
        for currency, account in brand.accounts.items():
            number = account.iban.replace(" ", "")
            if _LIKE_IBAN.fullmatch(number) and not is_iban(number):
                yield f"accounts.{currency} of brand {brand.id!r}: the check digits of {number!r} are wrong."


def _parts(answers: Answers) -> list[str]:
    brand = {
        "id": brand_id(answers.name),
        "name": answers.name,
        "legal_name": answers.legal_name or answers.name,
        "tax_id": answers.tax_id,
        "website": answers.website,
        "service_email": answers.service or answers.email,
        "service_phone": answers.phone,
        "languages": list(answers.languages),
    }
    sender = {
        "email": answers.email,
        "email_name": answers.name,
        "sms": answers.sms or sms_sender(answers.name),
    }
    parts = [
        "# Who writes to your customers. `tidings check` says what is wrong with it.\n",
        dumps({"name": answers.name, "country": answers.country.upper(), "time_zone": answers.time_zone}),
        "[costs] # what a message costs before a provider's invoice says so",
        'currency = "EUR"\nemail = 0.0004\nsms_part = 0.06\npush = 0.00001\n',
        "[costs.postage.standard] # one piece; `sheet` is printing and paper",
        "domestic = 1.10\nabroad = 2.40\nsheet = 0.05\n",
        "# One block for each name that customers know you by; the first is meant where none is named.",
        "# The first language is the one that customers get whose own is not in the list.",
        "# People read service_email: another mailbox than the senders' once TIDINGS_MAILBOX empties theirs.",
        "[[brands]]",
        dumps(brand),
        "[brands.address] # the return address of letters",
        dumps({"lines": list(answers.address), "country": answers.country.upper()}),
        "[brands.senders] # sms: at most 11 letters and digits, or a number in E.164",
        dumps(sender),
        "[brands.channel_order] # for customers who asked for nothing and show no habit",
        'invoice = ["email", "letter", "sms", "push"]\nall = ["email", "push", "sms", "letter"]\n',
    ]
    for currency, account in answers.accounts.items():
        parts += [f"[brands.accounts.{_currency(currency)}]", dumps({"iban": account})]
    return parts


def _currency(said: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", said):
        raise Problem(f"{said!r} is not a currency.", todo="Write three letters, like EUR.")
    return said.upper()


def write_once(path: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all; keeps what is there unless told otherwise.

    Raises:
        Problem: the file exists and `force` is not set, or the folder cannot be written.
    """
    if path.exists() and not force:
        raise Problem(
            f"{path} exists and stays as it is.", todo="Edit it, or say --force to write a new one."
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # what lies here is about people
        draft = path.with_name(f".{path.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise Problem(
            f"{path} cannot be written: {error.strerror}.", todo="Set TIDINGS_HOME to another folder."
        ) from error
