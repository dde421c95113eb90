"""Invoices that the tests of e-invoices share."""

from datetime import date
from decimal import Decimal
from typing import Any

from templates.einvoice.legal import whole
from templates.preview import SAMPLE_BRAND
from tidings.invoice import Invoice, Line
from tidings.invoice_parts import Address, Allowance, Identifier, Party, Preceding
from tidings.organisation import Account, Brand

POSTAL = {"street": ["Bygdøy allé 7"], "postal_code": "0265", "city": "Oslo", "country": "NO"}
LINKS = {"document": "https://t.example/d/abc", "preferences": "https://t.example/p/abc"}
GERMAN = Party(
    name="Beispiel GmbH",
    vat_id="DE123456789",
    ids=(Identifier(id="7"),),
    address=Address(street="Weg 1", city="Berlin", postcode="10115", country="DE"),
)
SWISS: Brand = SAMPLE_BRAND.model_copy(
    update={
        "legal_name": "Max Muster & Söhne",
        "tax_id": "CHE-123.456.788 MWST",
        "accounts": {"CHF": Account(iban="CH4431999123000889012", holder="Max Muster & Söhne")},
        "address": SAMPLE_BRAND.address.model_copy(
            update={"lines": ("Musterstrasse 123", "8000 Seldwyla"), "country": "CH"}
        ),
    }
)
UNTAXED: Brand = SAMPLE_BRAND.model_copy(update={"tax_id": ""})


def bill(**changed: Any) -> Invoice:
    """Return an invoice with two rates, allowances and charges, part of it prepaid."""
    values: dict[str, Any] = {
        "number": "1001",
        "customer": "7",
        "issued_on": date(2026, 11, 21),
        "due_on": date(2026, 12, 5),
        "currency": "EUR",
        "lines": (
            Line(
                description="Lantern",
                quantity=Decimal(2),
                unit_price=Decimal("10.00"),
                tax_rate=Decimal(25),
                allowances=(Allowance(amount=Decimal("1.50"), reason="Volume"),),
            ),
            Line(
                description="Lamp oil",
                quantity=Decimal("2.5"),
                unit="LTR",
                unit_price=Decimal("3.4567"),
                tax_rate=Decimal(12),
                detail="From rapeseed",
            ),
        ),
        "allowances": (
            Allowance(amount=Decimal("2.00"), tax_rate=Decimal(25)),
            Allowance(amount=Decimal("4.90"), charge=True, reason="Freight", tax_rate=Decimal(25)),
        ),
        "prepaid": Decimal(10),
        "order": "PO-77",
        "reference": "RF18539007547034",
        "total": Decimal(0),
    }
    draft = Invoice(**(values | changed))
    return draft if "total" in changed else draft.model_copy(update={"total": draft.gross})


def simple(price: str = "10.00", rate: int = 0, **changed: Any) -> Invoice:
    """Return an invoice of one item; `category` is its tax category."""
    line = Line(
        description="Spade",
        unit_price=Decimal(price),
        tax_rate=Decimal(rate),
        tax_category=changed.pop("category", None),
        quantity=Decimal(changed.pop("quantity", 1)),
    )
    return bill(**({"lines": (line,), "allowances": (), "prepaid": Decimal(0)} | changed))


def credit(**changed: Any) -> Invoice:
    """Return a credit note."""
    return bill(type_code="381", preceding=(Preceding(number="900", issued_on=date(2026, 10, 1)),), **changed)


def legal(invoice: Invoice, brand: Brand = SAMPLE_BRAND) -> Invoice:
    """Return the whole invoice for a customer in Oslo."""
    return whole(invoice, brand=brand, postal=POSTAL, name="Ada Lovelace")
