"""Parts of an invoice in the terms of EN 16931-1: who, where, allowances, periods, references, payment."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"]
"""UNTDID 5305 as EN 16931 has it: standard, zero, exempt, reverse charge, intra-community, export, outside of its
scope, Canary Islands (IGIC), Ceuta and Melilla (IPSI), split payment."""
Profile = Literal["auto", "none", "en16931", "xrechnung", "peppol"]
"""Whose rules an invoice keeps that machines read: the European norm's, XRechnung's, Peppol BIS Billing 3's.

`auto`: the strictest whose demands it meets. `none`: it is a PDF and nothing else.
"""
UNTAXED: frozenset[str] = frozenset({"Z", "E", "AE", "K", "G", "O"})
"""Categories whose rate is 0 (BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05, BR-G-05, BR-O-05)."""


SKONTO = re.compile(
    r"#SKONTO#TAGE=(?P<days>[0-9]+)#PROZENT=(?P<percent>[0-9]+\.[0-9]{2})(#BASISBETRAG=(?P<base>-?[0-9]+\.[0-9]{2}))?#"
)
"""A cash discount in a line of its own (XRechnung, BR-DE-18)."""
_DIGITS = 15
"""Of an amount before its point; held by their count, for 1e999999999 is too large to be compared."""
_SCHEME = re.compile(r"[0-9]{4}|[A-Z]{2}")
_UNWRITABLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def is_amount(value: Decimal) -> bool:
    """Return whether a number is finite, and no larger than an amount of an invoice may be.

    >>> is_amount(Decimal("999999999999999.99")), is_amount(Decimal("1e15")), is_amount(Decimal("NaN"))
    (True, False, False)
    """
    return value.is_finite() and value.adjusted() < _DIGITS


def _storable(text: str) -> str:
    """Return a text as XML gives it back: one kind of line end, no blanks around, no control characters.

    What no database and no document can hold is refused: NUL, and halves of a surrogate pair.
    """
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        msg = "holds a character that no text can hold"
        raise ValueError(msg)
    return _UNWRITABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
Reference = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, Field(allow_inf_nan=False, gt=-(10**15), lt=10**15)]
Percent = Annotated[Decimal, Field(allow_inf_nan=False, ge=0, le=1000)]


class Part(BaseModel):
    """Of an invoice; never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class Identifier(Part):
    """Something's name in a list of names."""

    id: Reference = Field(min_length=1)
    scheme: Reference = ""
    """ISO/IEC 6523 code (`0088` = GLN), an electronic address scheme, a UNTDID code list; '' = the issuer's own."""
    version: Reference = ""
    """Of the list."""


def address_of(text: str) -> Identifier | None:
    """Return an electronic address as settings and files write it, scheme first; None for ''.

    >>> address_of("0192:987654325")
    Identifier(id='987654325', scheme='0192', version='')

    Raises:
        ValueError: it has no scheme.
    """
    scheme, colon, there = text.strip().partition(":")
    if not text.strip():
        return None
    if not colon or not there.strip() or not _SCHEME.fullmatch(scheme):
        msg = f"{text[:40]!r} is no electronic address; write its scheme before it, like 0192:987654325"
        raise ValueError(msg)
    return Identifier(id=there.strip(), scheme=scheme)


class Address(Part):
    """BG-5, BG-8, BG-12, BG-15."""

    street: Reference = ""
    more: Reference = ""
    third: Reference = ""
    city: Reference = ""
    postcode: Reference = ""
    region: Reference = ""
    country: Country = ""


class Party(Part):
    """Seller (BG-4), buyer (BG-7), payee (BG-10) or the seller's tax representative (BG-11)."""

    name: Reference = ""
    trading_name: Reference = ""
    ids: tuple[Identifier, ...] = ()
    legal_id: Identifier | None = None
    """In the register of companies."""
    legal_form: Text = ""
    vat_id: Reference = ""
    """With the country before it: `NO123456789MVA`."""
    tax_id: Reference = ""
    """A national tax number that is no VAT number."""
    endpoint: Identifier | None = None
    """Electronic address (Peppol), with its scheme."""
    address: Address | None = None
    contact: Reference = ""
    phone: Reference = ""
    email: Reference = ""


class Allowance(Part):
    """What is taken off (BG-20, BG-27), or added when `charge` (BG-21, BG-28). The amount is net and not negative."""

    amount: Amount
    charge: bool = False
    percent: Percent | None = None
    base: Amount | None = None
    reason: Text = ""
    reason_code: Reference = ""
    tax_category: TaxCategory | None = None
    """Of the document's allowances; a line's have the line's."""
    tax_rate: Percent = Decimal(0)


class Period(Part):
    """BG-14, BG-26; both days belong to it."""

    start: date | None = None
    end: date | None = None


class Note(Part):
    """BG-1."""

    text: Text = Field(min_length=1)
    subject: Reference = ""
    """UNTDID 4451, for example `REG`."""


class Preceding(Part):
    """The invoice that this one credits or corrects (BG-3)."""

    number: Reference = Field(min_length=1)
    issued_on: date | None = None


class Delivery(Part):
    """Where and when goods went (BG-13)."""

    name: Reference = ""
    id: Identifier | None = None
    on: date | None = None
    address: Address | None = None


class Payment(Part):
    """One way to pay (BG-16 to BG-19)."""

    means: str = Field(default="30", pattern=r"^([A-Z0-9]{1,3})$")
    """UNTDID 4461: `30` transfer, `58` SEPA transfer, `59` SEPA debit, `48` card."""
    text: Reference = ""
    account: Reference = ""
    holder: Reference = ""
    bic: Reference = ""
    card: Reference = ""
    """Last digits only."""
    card_holder: Reference = ""
    debited: Reference = ""
    """The buyer's account."""


class TaxNote(Part):
    """What the seller says of one category of tax: why it is not charged, or a tax that was rounded differently."""

    category: TaxCategory
    rate: Percent = Decimal(0)
    reason: Text = ""
    reason_code: Reference = ""
    """VATEX code."""
    tax: Amount | None = None
    """None = base times rate, rounded once."""


class Attachment(Part):
    """A supporting document (BG-24)."""

    id: Reference = Field(min_length=1)
    description: Text = ""
    uri: Text = ""
    file_name: Reference = ""
    mime: Reference = ""
    content: Annotated[str, Field(max_length=20_000_000)] = ""
    """Base64."""


class Attribute(Part):
    """Of an item (BG-32)."""

    name: Reference = Field(min_length=1)
    value: Text = Field(min_length=1)


_CODE = re.compile(r"^[A-Z0-9]{2,3}$")
_UNITS = {
    "H87": "pc pcs piece pieces stk st szt un",
    "HUR": "h hour hours time timer tim godz hora horas",
    "DAY": "day days dag dager dagar dni dia dias",
    "MON": "month months mnd manad mies mes",
    "KGM": "kg",
    "GRM": "g",
    "LTR": "l liter litre",
    "MTR": "m meter metre",
    "KMT": "km",
    "MTK": "m2",
    "MTQ": "m3",
    "KWH": "kwh",
}
_UNIT = {word: code for code, words in _UNITS.items() for word in words.split()}


def unit_code(text: str) -> str:
    """Return the code of UN/ECE Recommendation 20 for a unit as people write it; what we do not know is `C62`, one.

    >>> unit_code("kg"), unit_code("HUR"), unit_code("bunch")
    ('KGM', 'HUR', 'C62')
    """
    joined = text.strip()
    return joined if _CODE.match(joined) else _UNIT.get(joined.casefold().rstrip("."), "C62")
