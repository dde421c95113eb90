"""Customers, letters and invoices at random: names, lengths, letters of the alphabet, rows. `SEED=` repeats a draw."""

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from templates.catalog import Template
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.subject import Subject
from tidings.invoice import Invoice, Line

LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
_FIRST = (
    "Ingrid",
    "Åse",
    "Ola",
    "Zoë",
    "Bjørn",
    "José",
    "Łucja",
    "Ægir",
    "Søren",
    "Świętosława",
    "Ida",
    "Šárka",
    "Þór",
)
_LAST = (
    "Solheim",
    "Ødegård",
    "Ng",
    "Müller-Lüdenscheidt",
    "da Conceição",
    "O\u2019Brien",
    "Wiśniewska",
    "van der Bergh",
)
_FAR = ("Αλέξανδρος", "Дмитрий", "Ștefan", "Ngọc")
_BEYOND = ("李明", "Zoë 😀", "يوسف")
_STREETS = (
    "Bygdøy allé",
    "Storgata",
    "ul. Długa",
    "Rua das Flores",
    "Theodor-Heuss-Straße",
    "Sørkedalsveien",
)
_WORDS = (
    "lantern",
    "oak",
    "reading lamp",
    "battery",
    "cable",
    "shade of linen",
    "candle",
    "beeswax",
    "repair",
    "glass",
    "“Skumring”",
)
_PLACES = {
    "NO": {"postal_code": "0265", "city": "Oslo"},
    "DE": {"postal_code": "70174", "city": "Stuttgart"},
    "GB": {"postal_code": "BS1 4ST", "city": "Bristol"},
    "SE": {"postal_code": "753 31", "city": "Uppsala"},
}


def seed() -> int:
    """Return `SEED`, or a new one, which the bench prints."""
    return int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))


class Draw:
    """One stream of random documents."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def letter(self, template: Template, number: int, *, language: str) -> Subject:
        """Return a letter to somebody; what the run says is the same object in all of them."""
        data = {name: value for name, value in template.sample.items() if name != "customer"}
        shared = _SHARED.setdefault(template.name, data)
        base = sample_subject(template, SAMPLE_BRAND, language)
        first, last = self._name()
        customer = {"first_name": first if self._random.random() < 0.9 else "", "last_name": last}
        country = self._random.choice(list(_PLACES))
        street = f"{self._random.choice(_STREETS)} {self._random.randrange(1, 300)}"
        postal = {"name": f"{first} {last}", "street": [street], "country": country, **_PLACES[country]}
        if self._random.random() < 0.2:
            postal["organisation"] = f"{last} & {self._random.choice(_LAST)} GmbH"
        return replace(
            base,
            message=f"{base.message[:-6]}{number:06}",
            reference=f"{self._random.randrange(36**6):06X}"[:6],
            customer=f"C-{self._random.randrange(10 ** self._random.randrange(3, 9))}",
            data={"customer": customer},
            shared=shared,
            postal=postal,
            links={key: f"{url}{number:04}" for key, url in base.links.items()},
        )

    def _name(self) -> tuple[str, str]:
        chance = self._random.random()
        pool = _BEYOND if chance < 0.004 else _FAR if chance < 0.03 else _FIRST
        first = " ".join(self._random.choice(pool) for _ in range(self._random.choice((1, 1, 1, 2))))
        last = "-".join(self._random.choice(_LAST) for _ in range(self._random.choice((1, 1, 1, 2))))
        return first, last

    def customer(self) -> str:
        """Return somebody's name that our fonts can write."""
        return f"{self._random.choice(_FIRST)} {self._random.choice(_LAST)}"

    def invoice(self, number: int) -> Invoice:
        """Return an invoice of 1 to 200 rows, of one to three rates of tax."""
        rates = self._random.sample(("25", "15", "12", "6"), self._random.randrange(1, 4))
        issued = date(2026, 1, 1) + timedelta(days=self._random.randrange(365))
        return Invoice(
            number=f"2026-{number:0{self._random.randrange(4, 9)}}",
            customer=str(number),
            issued_on=issued,
            due_on=issued + timedelta(days=14),
            currency="EUR",
            lines=tuple(self._line(rates) for _ in range(self._random.randrange(1, 201))),
            total=Decimal(0),
            note=self._random.choice(("", "", "Thank you for your order. " * self._random.randrange(1, 8))),
        )

    def _line(self, rates: list[str]) -> Line:
        words = self._random.choices(_WORDS, k=self._random.choice((1, 2, 2, 3, 3, 4, 10)))
        return Line(
            description=" ".join(words),
            quantity=Decimal(self._random.randrange(1, 10 ** self._random.randrange(1, 4)))
            / self._random.choice((1, 1, 10)),
            unit_price=Decimal(self._random.randrange(1, 10 ** self._random.randrange(2, 6))) / 100,
            tax_rate=Decimal(self._random.choice(rates)),
        )


_SHARED: dict[str, dict[str, object]] = {}
