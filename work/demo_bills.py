"""The invoices of the demo: what customers bought, in their currency and with the tax of their country."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tidings.invoice import Invoice, Line
from work.demo_chance import between, happens, share
from work.demo_people import SOURCE, Person, Story

GOODS = {
    "en": "Lantern “Skumring”, oak|Beeswax candles, twelve|Reading lamp “Fjord”|Spare glass|Lamp oil, 2 l|Delivery",
    "nb": "Lykt «Skumring», eik|Bivokslys, tolv|Leselampe «Fjord»|Reserveglass|Lampeolje, 2 l|Frakt",
    "sv": "Lykta ”Skumring”, ek|Bivaxljus, tolv|Läslampa ”Fjord”|Reservglas|Lampolja, 2 l|Frakt",
    "pl": "Latarnia „Skumring”, dąb|Świece woskowe, 12|Lampka „Fjord”|Szkło zapasowe|Olej, 2 l|Dostawa",
    "pt_BR": "Lanterna “Skumring”|Velas de cera, doze|Luminária “Fjord”|Vidro de reposição|Óleo, 2 l|Frete",
}
EUROS = tuple(map(Decimal, ("89.00", "14.50", "49.90", "12.20", "8.00", "9.90")))
"""Net price of each of the goods, before it is put into the customer's currency."""
DELIVERY = len(EUROS) - 1
TERMS = timedelta(days=14)


def billed(persons: Sequence[Person], count: int) -> frozenset[int]:
    """Return the numbers of the customers who get an invoice: those with a story first, then by lot."""
    able = [person for person in persons if person.standing == "customer"]
    able.sort(
        key=lambda person: (
            person.story is None,
            person.story is not Story.BY_POST,
            share(person.number, "billed"),
        )
    )
    return frozenset(person.number for person in able[:count])


def invoices(persons: Sequence[Person], chosen: frozenset[int], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the invoices of the chosen, as JSON lines of `tidings.invoice.Invoice`; every total is right."""
    for person in persons:
        if person.number in chosen:
            yield _invoice(person, now).model_dump(mode="json")


def _invoice(person: Person, now: datetime) -> Invoice:
    country = person.country
    lines = tuple(
        Line(
            description=GOODS[person.language].split("|")[good],
            quantity=Decimal(1 if good == DELIVERY else between(1, 4, person.number, "quantity", good)),
            unit_price=EUROS[good] * country.price,
            tax_rate=country.tax_rate,
        )
        for good in _bought(person.number)
    )
    number = f"{now:%Y}-{5000 + person.number}"
    draft = Invoice(
        number=number,
        customer=person.reference,
        source=SOURCE,
        issued_on=now.date(),
        due_on=now.date() + TERMS,
        currency=country.currency,
        lines=lines,
        total=Decimal(0),
        reference=_with_check_digit(f"{now:%y}{5000 + person.number}"),
    )
    return draft.model_copy(update={"total": draft.gross})


def _bought(number: int) -> list[int]:
    """Return which of the goods were bought: one to five, and always the delivery."""
    return [good for good in range(DELIVERY) if happens(0.45, number, "bought", good)] + [DELIVERY]


def _with_check_digit(digits: str) -> str:
    """Return a payment reference with its Luhn digit (modulus 10), as KID and OCR want it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return f"{digits}{-total % 10}"
