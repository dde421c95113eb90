"""The organisation and its brands, as `organisation.toml` in `TIDINGS_HOME` says it."""

import re
import tomllib
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from tidings.channel import Channel
from tidings.invoice_parts import Profile, address_of
from tidings.payment_reference import ReferenceKind
from tidings.problem import Problem

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(_Strict):
    """Where customers pay in one currency."""

    iban: str = ""
    """Or another account number, where there is no IBAN."""
    bic: str = ""
    bank: str = ""
    holder: str = ""
    reference: ReferenceKind | None = None
    """What its payment references are: those of invoices are checked, missing ones made of the invoice's number."""


_NO_REPLY = re.compile(
    r"(do|please)?(no|not|dont|never)(reply|replies|respond|response)|ikke(be)?svar|(inte|ej|ingen)(be)?svar"
    r"|(be)?svara?(inte|ej|ikke)|(nie|bez)odpowi|n[aã]o(respond|resposta)|keine?antwort|nepasrepondre"
)
"""In the languages we speak and some that customers do, without the signs between the words."""


def takes_no_replies(address: str) -> bool:
    """Tell whether an address says of itself that nobody reads what is sent to it.

    >>> takes_no_replies("no-reply@nordlys.example"), takes_no_replies("reply@nordlys.example")
    (True, False)
    """
    local = address.rpartition("@")[0].lower()
    return bool(_NO_REPLY.match(re.sub(r"[._-]", "", local)))


class Senders(_Strict):
    """What the customer sees as the sender on each channel."""

    email: str
    """Address of From:, for example `hello@nordlys.example`."""
    email_name: str
    reply_to: str = ""
    """Where answers go; the service desk. Defaults to `email`."""
    sms: str
    """E.164 number, or at most 11 letters and digits."""
    push: str = ""
    """Name of the app."""
    whatsapp: str = ""
    """E.164 number of the WhatsApp business account."""

    @field_validator("email", "reply_to")
    @classmethod
    def _reads_replies(cls, value: str) -> str:
        if takes_no_replies(value):
            raise PydanticCustomError("no_reply", "customers must be able to answer; name a mailbox")
        return value


class ReminderStep(_Strict):
    """One step of dunning."""

    days: int = Field(ge=1, le=3650)
    """After the due date."""
    fee: Decimal = Field(default=Decimal(0), ge=0, decimal_places=2)
    """In the invoice's currency; what the law allows differs by country."""
    letter: bool = False
    """By letter, whatever channel the customer prefers, where there is an address."""


class PostalOrigin(_Strict):
    """The return address, one line each, and the country the letters are posted in."""

    lines: tuple[str, ...]
    country: str


FRANKING_LINES, FRANKING_LETTERS = 4, 40
"""What fits into the zone of a stamp."""


class Brand(_Strict):
    """Whose name is on a message."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    name: str
    legal_name: str
    tax_id: str = ""
    website: str = ""
    service_email: str = ""
    service_phone: str = ""
    accent: str = Field(default="#0b5d4b", pattern=r"^#[0-9a-fA-F]{6}$")
    privacy_text: str = ""
    address: PostalOrigin
    senders: Senders
    einvoice: Profile = "auto"
    """Whose rules its invoices keep that machines read: `en16931`, `xrechnung`, `peppol`, `none` or `auto`."""
    endpoint: str = ""
    """Its own electronic address with the scheme (BT-34): `0192:987654325`; the mailbox of its service where empty."""
    accounts: dict[str, Account] = {}
    """By ISO 4217 currency."""
    languages: tuple[str, ...] = ("en",)
    """Supported, the first is the fallback."""
    whatsapp: dict[str, dict[str, str]] = {}
    """Approved content templates: template (`offer/autumn`) to language to content SID (`HX...`)."""
    channel_order: dict[str, tuple[Channel, ...]] = {}
    """Default order by purpose; `all` for the rest."""
    say_why: bool = True
    """Whether a message says in its footer why it comes this way: "because you chose that for invoices on 3 May"."""
    sms_letters: Literal["as_written", "transliterated"] = "as_written"
    """`transliterated`: an SMS loses the accents that GSM 03.38 lacks (`ł` becomes `l`) where that saves parts."""
    windows: dict[str, str] = {}
    """Envelopes of its own by country: `DE = "din-a"`, `CH = "ch-right"`; any other country has its usual window."""
    mark: Literal["qr", "datamatrix"] = "qr"
    """What the code on each page of a letter is."""
    omr: bool = False
    """Whether each sheet of a letter has dashes at its left edge, too, for inserters without a camera."""
    franking: str = Field(default="", max_length=200)
    """What stands where a stamp would, at the top right of a letter: a few short lines that the post asks for."""
    cover_sheets: bool = False
    """Whether a batch with its letters has a cover sheet and an index."""
    topics: dict[str, dict[str, str]] = {}
    """Parts of offers and news that customers can choose for themselves: `offer.garden` to its name by language."""

    @field_validator("franking")
    @classmethod
    def _a_few_lines(cls, value: str) -> str:
        lines = value.strip().splitlines()
        if len(lines) > FRANKING_LINES or any(len(line) > FRANKING_LETTERS for line in lines):
            raise PydanticCustomError(
                "franking", f"write at most {FRANKING_LINES} lines of {FRANKING_LETTERS} letters"
            )
        return value.strip()

    @field_validator("endpoint")
    @classmethod
    def _has_a_scheme(cls, value: str) -> str:
        try:
            address_of(value)
        except ValueError as error:
            raise PydanticCustomError("endpoint", "{why}", {"why": str(error)}) from error
        return value.strip()

    @field_validator("topics")
    @classmethod
    def _below_marketing(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for topic, names in value.items():
            if not re.fullmatch(r"(offer|news)(\.[a-z][a-z0-9-]{0,30}){1,3}", topic):
                raise PydanticCustomError("topic", "write a topic like offer.garden or news.club")
            if not names:
                raise PydanticCustomError("topic_name", "give the topic a name in a language")
        return value

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What this brand writes on."""
        return tuple(
            channel for channel in Channel if not channel.by_invitation or getattr(self.senders, channel)
        )

    def order_for(self, purpose: str) -> tuple[Channel, ...]:
        """Return the default channel order of a purpose, every channel of the brand once."""
        stated, ours = self.channel_order.get(purpose) or self.channel_order.get("all") or (), self.channels
        return tuple(channel for channel in dict.fromkeys((*stated, *Channel)) if channel in ours)


class Postage(_Strict):
    """What one piece of a class costs, domestic and abroad."""

    domestic: Decimal
    abroad: Decimal
    sheet: Decimal = Decimal("0.05")
    """Printing and paper of one sheet."""
    step_grams: Decimal = Field(default=Decimal(20), gt=0)
    """Up to what weight these prices hold, the envelope included: what goes together stays under it."""
    step_sheets: int | None = Field(default=None, ge=1)
    """Up to how many sheets, besides."""

    def holds(self, grams: float, sheets: int) -> bool:
        """Tell whether these prices are those of a piece so heavy, of so many sheets."""
        return grams <= self.step_grams and sheets <= (self.step_sheets or sheets)


class Costs(_Strict):
    """What a message costs, in `currency`, before a provider's invoice says so."""

    currency: str = "EUR"
    email: Decimal = Decimal("0.0001")
    sms_part: Decimal = Decimal("0.05")
    push: Decimal = Decimal("0.00001")
    whatsapp: Decimal = Decimal("0.06")
    """A template message; what is written within 24 hours costs less."""
    postage: dict[str, Postage] = {"standard": Postage(domestic=Decimal("1.10"), abroad=Decimal("1.80"))}

    def expected(self, channel: Channel) -> Decimal:
        """Return what one message of a channel usually costs: one SMS part, one domestic sheet."""
        if channel.on_paper:
            postage = next(iter(self.postage.values()))
            return postage.domestic + postage.sheet
        cost: Decimal = self.sms_part if channel is Channel.SMS else getattr(self, channel)
        return cost


class PrintHouse(_Strict):
    """When a print house takes letters, `[print.<provider>]`: until the cut-off of each day on which it works."""

    cut_off: time
    """`16:00`; a clock of `time_zone` shows it."""
    time_zone: str = ""
    """`Europe/Oslo`; '' is the organisation's."""
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    """On whose public holidays it is closed; '' is the organisation's."""
    days: tuple[Weekday, ...] = Field(default=("mon", "tue", "wed", "thu", "fri"), min_length=1)
    """On which it works."""
    closed: tuple[date, ...] = ()
    """Days of its own on which it is closed besides: `2026-12-24`."""
    language: str = ""
    """What is read there, of cover sheets: `nb`; '' is the first brand's first."""
    lead: int = Field(default=45, ge=0, le=720)
    """Minutes before the cut-off at which letters are laid out and handed over; until then they can be recalled."""

    @field_validator("cut_off")
    @classmethod
    def _on_a_wall(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise PydanticCustomError("cut_off", "write a time of the day without an offset, such as 16:00")
        return value

    @field_validator("time_zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        if value and value not in available_timezones():
            raise PydanticCustomError("time_zone", "write a time zone such as Europe/Oslo")
        return value


class Organisation(_Strict):
    """Everything in `organisation.toml`."""

    name: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    time_zone: str = "UTC"
    brands: tuple[Brand, ...] = Field(min_length=1)
    costs: Costs = Costs()
    reminders: tuple[ReminderStep, ...] = (
        ReminderStep(days=7),
        ReminderStep(days=21),
        ReminderStep(days=35, letter=True),
    )
    """Of unpaid invoices, in rising order; sent only by `tidings invoices remind`."""
    print: dict[str, PrintHouse] = {}
    """When a print house takes letters, by provider: `spool`, `sftp` and so on."""
    tracking: dict[str, bool] = {}
    """Measured links by purpose; a purpose that is missing is measured."""

    def brand(self, brand_id: str | None) -> Brand:
        """Return the named brand, or the first when no name is given.

        Raises:
            Problem: there is no such brand.
        """
        if not brand_id:
            return self.brands[0]
        for brand in self.brands:
            if brand.id == brand_id:
                return brand
        known = ", ".join(brand.id for brand in self.brands)
        raise Problem(f"There is no brand {brand_id!r}.", todo=f"Known brands: {known}.")


def read_organisation(path: Path) -> Organisation:
    """Read and check `organisation.toml`.

    Raises:
        Problem: missing, not TOML, or a value is wrong; names the key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        msg = f"There is no {path}."
        raise Problem(
            msg, todo="Run `tidings init` to make one, or `tidings demo` to look around."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path} is not valid TOML: {error}.", todo="Correct that line.") from error
    try:
        return Organisation.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise Problem(f"{path}: {key}: {first['msg']} (value {first['input']!r}).") from error
