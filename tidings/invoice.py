"""One model of an invoice from line items to totals (EN 16931 terms). Amounts are Decimal in its currency."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CENT = Decimal("0.01")
MOST_LINES = 2000
"""Items of one invoice: about 60 pages, which take half a minute to typeset."""


def _storable(text: str) -> str:
    """Refuse what no database and no document can hold: NUL, and halves of a surrogate pair."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        msg = "holds a character that no text can hold"
        raise ValueError(msg)
    return text


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
Reference = Annotated[str, Field(max_length=200), AfterValidator(_storable)]


class Line(BaseModel):
    """One item. `amount` is net and defaults to quantity times unit price, rounded half up to cents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: Text
    quantity: Decimal = Decimal(1)
    unit_price: Decimal
    tax_rate: Decimal = Decimal(0)
    """Percent."""

    @property
    def amount(self) -> Decimal:
        """Net amount of the line (EN 16931 BT-131)."""
        return (self.quantity * self.unit_price).quantize(CENT, ROUND_HALF_UP)


class Invoice(BaseModel):
    """What the customer owes and why; `problems()` says what does not add up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Reference = Field(min_length=1, max_length=60)
    customer: Reference
    """The customer's reference in `source`."""
    source: Reference = ""
    issued_on: date
    due_on: date
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MOST_LINES)
    total: Decimal
    """As the billing system said it, gross; checked against the lines."""
    reference: Reference = ""
    """Payment reference (OCR, KID, RF); defaults to the number."""
    note: Text = ""

    @property
    def net(self) -> Decimal:
        """Sum of line amounts (BT-109)."""
        return sum((line.amount for line in self.lines), Decimal(0)).quantize(CENT)

    @property
    def tax_by_rate(self) -> dict[Decimal, Decimal]:
        """Tax per rate, rounded once per rate as EN 16931 BR-CO-17 says."""
        bases: dict[Decimal, Decimal] = {}
        for line in self.lines:
            bases[line.tax_rate] = bases.get(line.tax_rate, Decimal(0)) + line.amount
        return {
            rate: (base * rate / 100).quantize(CENT, ROUND_HALF_UP) for rate, base in sorted(bases.items())
        }

    @property
    def tax(self) -> Decimal:
        """Total tax (BT-110)."""
        return sum(self.tax_by_rate.values(), Decimal(0)).quantize(CENT)

    @property
    def gross(self) -> Decimal:
        """What is due (BT-112)."""
        return self.net + self.tax
