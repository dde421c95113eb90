"""One model of an invoice from line items to totals (EN 16931 terms). Amounts are Decimal in its currency."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field, field_validator

from tidings.invoice_parts import (
    Allowance,
    Amount,
    Attachment,
    Attribute,
    Country,
    Currency,
    Delivery,
    Identifier,
    Note,
    Part,
    Party,
    Payment,
    Percent,
    Period,
    Preceding,
    Profile,
    Reference,
    TaxCategory,
    TaxNote,
    Text,
    address_of,
)

CENT = Decimal("0.01")
WITHOUT_CENTS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
"""Currencies whose tax is rounded to whole units: they have nothing smaller (ISO 4217)."""
SLACK = Decimal("0.02")
"""Peppol BIS Billing 3.0, PEPPOL-EN16931-R120."""
MOST_LINES = 2000
"""Items of one invoice: about 60 pages, which take half a minute to typeset."""
CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
"""UNTDID 1001 codes of EN 16931 that give money back; all others ask for it."""


def cents(amount: Decimal) -> Decimal:
    """Return an amount rounded half up to cents (BR-DEC-01 and the rest: two decimals in every currency)."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0  # no -0.00


def smallest(currency: str) -> Decimal:
    """Return what tax is rounded to.

    >>> smallest("EUR"), smallest("ISK")
    (Decimal('0.01'), Decimal('1'))
    """
    return Decimal(1) if currency in WITHOUT_CENTS else CENT


class Line(Part):
    """One item. `amount` is net and defaults to quantity times unit price, rounded half up to cents."""

    description: Text
    """The item's name (BT-153)."""
    quantity: Amount = Decimal(1)
    unit_price: Amount
    """Net (BT-146), of `price_quantity` units."""
    tax_rate: Percent = Decimal(0)
    """Percent."""
    tax_category: TaxCategory | None = None
    """None: S where there is a rate, else Z, or O where the seller has no VAT number."""
    id: Reference = ""
    """'' = its place, from 1."""
    unit: Reference = "C62"
    """UN/ECE Recommendation 20; C62 = one."""
    price_quantity: Annotated[Amount, Field(gt=0)] = Decimal(1)
    price_unit: Reference = ""
    gross_price: Amount | None = None
    discount: Amount | None = None
    """Off `gross_price`; already taken off `unit_price`."""
    allowances: tuple[Allowance, ...] = ()
    detail: Text = ""
    note: Text = ""
    object_id: Identifier | None = None
    order_line: Reference = ""
    accounting: Reference = ""
    period: Period | None = None
    seller_item: Reference = ""
    buyer_item: Reference = ""
    standard_item: Identifier | None = None
    classes: tuple[Identifier, ...] = ()
    origin: Country = ""
    attributes: tuple[Attribute, ...] = ()
    rounded: Amount | None = None
    """The amount where the billing system rounded it in another way than we would; `SLACK` is what it may differ."""

    @property
    def amount(self) -> Decimal:
        """Net amount of the line (BT-131), with its allowances and charges."""
        return self.computed if self.rounded is None else cents(self.rounded)

    @property
    def computed(self) -> Decimal:
        """Quantity times price, with allowances and charges, rounded half up."""
        price = self.quantity * self.unit_price
        if self.price_quantity != 1:
            price /= self.price_quantity
        return cents(price) + _added(self.allowances)

    @property
    def price_discount(self) -> Decimal | None:
        """What is taken off the gross price, 0 included; None without a gross price."""
        return (self.discount or Decimal(0)) if self.gross_price is not None else None

    @property
    def category(self) -> TaxCategory:
        """Tax category, also where none is said."""
        return self.tax_category or category_of(self.tax_rate)


class TaxGroup(Part):
    """What is taxed alike (BG-23)."""

    category: TaxCategory
    rate: Decimal
    base: Decimal
    tax: Decimal
    reason: str = ""
    reason_code: str = ""


class Invoice(Part):
    """What the customer owes and why. The first block of fields is all that a simple invoice needs.

    `templates.einvoice.rules` says what does not add up.
    """

    number: Annotated[Reference, Field(min_length=1, max_length=60)]
    customer: Reference
    """The customer's reference in `source`."""
    source: Reference = ""
    issued_on: date
    due_on: date
    currency: Currency
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MOST_LINES)
    total: Decimal
    """As the billing system said it, gross; checked against the lines."""
    reference: Reference = ""
    """Payment reference (OCR, KID, RF); defaults to the number."""
    note: Text = ""

    type_code: str = Field(default="380", pattern=r"^\d{2,3}$")
    """UNTDID 1001: `380` invoice, `381` credit note, `384` corrected invoice, `386` prepayment."""
    preceding: tuple[Preceding, ...] = ()
    """What a credit note credits."""
    seller: Party | None = None
    """None = the brand."""
    buyer: Party | None = None
    """None = the customer as we know them."""
    payee: Party | None = None
    tax_representative: Party | None = None
    delivery: Delivery | None = None
    period: Period | None = None
    payment: tuple[Payment, ...] = ()
    """Empty = the brand's account for the currency."""
    payment_terms: Text = ""
    allowances: tuple[Allowance, ...] = ()
    taxes: tuple[TaxNote, ...] = ()
    prepaid: Amount = Decimal(0)
    rounding: Amount = Decimal(0)
    """Added to what is due (BT-114)."""
    tax_currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    """Where tax is accounted in another currency (BT-6)."""
    tax_in_tax_currency: Amount | None = None
    tax_point_on: date | None = None
    tax_point_code: Reference = ""
    """UNTDID 2005: `3` issue, `35` delivery, `432` payment."""
    buyer_reference: Reference = ""
    order: Reference = ""
    sales_order: Reference = ""
    contract: Reference = ""
    project: Reference = ""
    tender: Reference = ""
    receiving_advice: Reference = ""
    despatch_advice: Reference = ""
    object_id: Identifier | None = None
    accounting: Reference = ""
    creditor_id: Reference = ""
    """SEPA creditor identifier (BT-90)."""
    mandate: Reference = ""
    """Of a direct debit (BT-89)."""
    notes: tuple[Note, ...] = ()
    """After `note`."""
    attachments: tuple[Attachment, ...] = ()
    profile: Profile = "auto"
    """Whose rules the separate file keeps; `auto` leaves it to the customer and the brand."""
    buyer_endpoint: Reference = ""
    """The buyer's electronic address with its scheme (BT-49), `0192:987654325`; `buyer.endpoint` goes before it."""

    @field_validator("buyer_endpoint")
    @classmethod
    def _has_a_scheme(cls, value: str) -> str:
        address_of(value)
        return value

    @property
    def is_credit(self) -> bool:
        """Whether it gives money back."""
        return self.type_code in CREDIT_NOTES

    @property
    def line_total(self) -> Decimal:
        """Sum of line amounts (BT-106)."""
        return cents(sum((line.amount for line in self.lines), Decimal(0)))

    @property
    def allowance_total(self) -> Decimal:
        """Allowances of the document (BT-107)."""
        return cents(sum((one.amount for one in self.allowances if not one.charge), Decimal(0)))

    @property
    def charge_total(self) -> Decimal:
        """Charges of the document (BT-108)."""
        return cents(sum((one.amount for one in self.allowances if one.charge), Decimal(0)))

    @property
    def net(self) -> Decimal:
        """What is taxed (BT-109)."""
        return self.line_total - self.allowance_total + self.charge_total

    def tax_on(self, base: Decimal, rate: Decimal) -> Decimal:
        """Return the tax of an amount, rounded half up to what the currency has."""
        return cents((base * rate / 100).quantize(smallest(self.currency), ROUND_HALF_UP))

    @property
    def groups(self) -> tuple[TaxGroup, ...]:
        """Tax by category and rate, rounded once for each as BR-CO-17 says; by rate, then category."""
        bases: dict[tuple[Decimal, TaxCategory], Decimal] = {}
        for line in self.lines:
            key = (line.tax_rate, line.category)
            bases[key] = bases.get(key, Decimal(0)) + line.amount
        for one in self.allowances:
            key = (one.tax_rate, one.tax_category or category_of(one.tax_rate))
            bases[key] = bases.get(key, Decimal(0)) + (one.amount if one.charge else -one.amount)
        said = {(note.rate, note.category): note for note in self.taxes}
        found = []
        for (rate, category), base in sorted(bases.items()):
            note = said.get((rate, category))
            tax = note.tax if note is not None and note.tax is not None else self.tax_on(base, rate)
            found.append(
                TaxGroup(
                    category=category,
                    rate=rate,
                    base=cents(base),
                    tax=tax,
                    reason=note.reason if note is not None else "",
                    reason_code=note.reason_code if note is not None else "",
                )
            )
        return tuple(found)

    @property
    def tax_by_rate(self) -> dict[Decimal, Decimal]:
        """Tax per rate, rounded once per category and rate."""
        found: dict[Decimal, Decimal] = {}
        for group in self.groups:
            found[group.rate] = found.get(group.rate, Decimal(0)) + group.tax
        return found

    @property
    def tax(self) -> Decimal:
        """Total tax (BT-110)."""
        return cents(sum((group.tax for group in self.groups), Decimal(0)))

    @property
    def gross(self) -> Decimal:
        """Total with tax (BT-112)."""
        return self.net + self.tax

    @property
    def due(self) -> Decimal:
        """What is left to pay (BT-115); of a credit note what is given back."""
        return cents(self.gross - self.prepaid + self.rounding)


def _added(allowances: tuple[Allowance, ...]) -> Decimal:
    return cents(sum((one.amount if one.charge else -one.amount for one in allowances), Decimal(0)))


def category_of(rate: Decimal) -> TaxCategory:
    """Return the category of a rate where none is said."""
    return "S" if rate else "Z"
