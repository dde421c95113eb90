"""The Swiss QR-bill: what its code holds and what stands on its slip (SIX, Implementation Guidelines QR-bill 2.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from templates.language import choose
from templates.paymentcode import is_iban
from templates.safe import iban
from templates.values import collected_by
from tidings.invoice import Invoice
from tidings.invoice_parts import Address, Party
from tidings.payment_reference import ReferenceKind, is_reference, printed

HOME = frozenset({"CH", "LI"})
CURRENCIES = frozenset({"CHF", "EUR"})
MOST = Decimal("999999999.99")
_QR_IID = range(30000, 32000)
"""Bank numbers of QR-IBANs, which take a QR reference and no other."""
_NUMBER = re.compile(r"^(?P<street>.*\D)\s+(?P<number>\d+\s?[a-zA-Z]?)$")
_LETTERS = re.compile(r"[^\x20-\x7e\xa0-\xff\u0100-\u017f\u0218-\u021b\u20ac]")
"""What the guidelines do not take: all but Latin-1, Latin Extended-A, comma-below letters and the euro sign."""


SLIP_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "receipt": "Receipt",
        "part": "Payment part",
        "account": "Account / Payable to",
        "reference": "Reference",
        "message": "Additional information",
        "debtor": "Payable by",
        "debtor_field": "Payable by (name/address)",
        "currency": "Currency",
        "amount": "Amount",
        "acceptance": "Acceptance point",
    },
    "de": {
        "receipt": "Empfangsschein",
        "part": "Zahlteil",
        "account": "Konto / Zahlbar an",
        "reference": "Referenz",
        "message": "Zusätzliche Informationen",
        "debtor": "Zahlbar durch",
        "debtor_field": "Zahlbar durch (Name/Adresse)",
        "currency": "Währung",
        "amount": "Betrag",
        "acceptance": "Annahmestelle",
    },
    "fr": {
        "receipt": "Récépissé",
        "part": "Section paiement",
        "account": "Compte / Payable à",
        "reference": "Référence",
        "message": "Informations supplémentaires",
        "debtor": "Payable par",
        "debtor_field": "Payable par (nom/adresse)",
        "currency": "Monnaie",
        "amount": "Montant",
        "acceptance": "Point de dépôt",
    },
    "it": {
        "receipt": "Ricevuta",
        "part": "Sezione pagamento",
        "account": "Conto / Pagabile a",
        "reference": "Riferimento",
        "message": "Informazioni supplementari",
        "debtor": "Pagabile da",
        "debtor_field": "Pagabile da (nome/indirizzo)",
        "currency": "Valuta",
        "amount": "Importo",
        "acceptance": "Punto di accettazione",
    },
}
"""The headings of a slip in the languages that banks take, and in no other (annex D, "Multilingual headings")."""


def slip_language(spoken: str) -> str:
    """Return which of the four languages a slip is in for somebody who speaks another one: English then.

    >>> slip_language("de_CH"), slip_language("pl")
    ('de', 'en')
    """
    return choose(spoken, list(SLIP_WORDS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """Receipt and payment part; `code` is the code's content."""

    code: str
    account: str
    creditor: tuple[str, ...]
    debtor: tuple[str, ...]
    """Empty: a field to write into."""
    reference: str
    message: str
    currency: str
    amount: str
    """`1 949.75`; '' = a field to write into."""


def slip_of(invoice: Invoice) -> Slip | None:
    """Return the slip of a whole invoice, None where no Swiss bank would take it.

    The currency is CHF, or EUR, the account is in Switzerland or Liechtenstein, the reference fits the account, and the
    seller has an address with postcode and town.
    """
    account = invoice.payment[0].account.replace(" ", "") if invoice.payment else ""
    seller = invoice.payee or invoice.seller
    fits = invoice.currency in CURRENCIES and 0 < invoice.due <= MOST and not invoice.is_credit
    fits = fits and not collected_by(invoice)
    if not fits or account[:2] not in HOME or not is_iban(account) or seller is None:
        return None
    creditor = _party(seller, (invoice.seller or seller).address, invoice.payment[0].holder)
    kind, reference = _reference(
        invoice, qr=int(account[4:9]) in _QR_IID if account[4:9].isdigit() else False
    )
    if creditor is None or not kind:
        return None
    debtor = _party(invoice.buyer, invoice.buyer.address) if invoice.buyer else None
    message = "" if reference else _latin(invoice.reference or invoice.number)[:140]
    code = ("SPC", "0200", "1", account, *creditor, *[""] * 7, f"{invoice.due:.2f}", invoice.currency)
    code += (*(debtor or [""] * 7), kind, reference, message, "EPD")
    return Slip(
        code="\n".join(code),
        account=iban(account),
        creditor=_shown(creditor),
        debtor=_shown(debtor) if debtor else (),
        reference=printed(reference),
        message=message,
        currency=invoice.currency,
        amount=f"{invoice.due:,.2f}".replace(",", " "),
    )


def _reference(invoice: Invoice, *, qr: bool) -> tuple[str, str]:
    """Return (type, reference); a type of '' is a reference that this account does not take."""
    joined = "".join(invoice.reference.split())
    if is_reference(ReferenceKind.QRR, joined):
        return ("QRR", joined) if qr else ("", "")
    if qr:
        return "", ""
    return ("SCOR", joined) if is_reference(ReferenceKind.RF, joined) else ("NON", "")


def _party(party: Party, address: Address | None, name: str = "") -> tuple[str, ...] | None:
    """Return a structured address; None without what banks ask of one: a name, a postcode, a town and a country."""
    name = _latin(name or party.name)
    if address is None or not (name and address.postcode and address.city and address.country):
        return None
    found = _NUMBER.match(address.street)
    street, number = (found["street"], found["number"]) if found else (address.street, "")
    place = (_latin(address.postcode)[:16], _latin(address.city)[:35], address.country)
    return ("S", name[:70], _latin(street)[:70], number[:16], *place)


def _shown(party: tuple[str, ...]) -> tuple[str, ...]:
    _, name, street, number, postcode, city, country = party
    town = f"{postcode} {city}" if country in HOME else f"{country}-{postcode} {city}"
    return tuple(line for line in (name, f"{street} {number}".strip(), town.strip()) if line)


def _latin(text: str) -> str:
    return " ".join(_LETTERS.sub(".", text).split())
