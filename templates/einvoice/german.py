"""What XRechnung 3.0.2 demands of an invoice beyond the norm (KoSIT, BR-DE), as far as the seller can put it right.

KoSIT's own Schematron is asked afterwards; it says the same of the file in its own words, and more. Peppol asks the
same of an invoice whose seller and buyer are both in Germany, under the names DE-R (OpenPEPPOL, BIS Billing 3).
"""

from collections.abc import Iterator

from tidings.invoice import Invoice
from tidings.invoice_parts import SKONTO, Address, Party

Found = Iterator[tuple[str, str]]
_DEBITS = frozenset({"59"})
_MEANS = (
    (
        frozenset({"30", "58"}),
        "account",
        ("BR-DE-23-a", "a transfer needs an account (BT-84): payment.account"),
        ("BR-DE-23-b", "a transfer names no card and no debited account: payment"),
    ),
    (
        frozenset({"48", "54", "55"}),
        "card",
        ("BR-DE-24-a", "a card payment needs the card's last digits (BT-87): payment.card"),
        ("BR-DE-24-b", "a card payment names no account: payment"),
    ),
    (
        _DEBITS,
        "debited",
        ("BR-DE-31", "a direct debit needs the debited account (BT-91): payment.debited"),
        ("BR-DE-25-b", "a direct debit names no account to pay into and no card: payment"),
    ),
)
"""UNTDID 4461: the means, what they need of a payment, and what is said where it is missing or another is there."""


def german_demands(invoice: Invoice) -> Found:
    """Yield (rule, what to do) of each rule of XRechnung that a whole invoice breaks."""
    seller, buyer = invoice.seller or Party(), invoice.buyer or Party()
    if not invoice.buyer_reference:
        yield "BR-DE-15", "give buyer_reference (BT-10), for an authority its Leitweg-ID"
    if not buyer.endpoint:
        yield "PEPPOL-EN16931-R010", "give the buyer's electronic address (BT-49): buyer_endpoint"
    if not seller.endpoint:
        yield "PEPPOL-EN16931-R020", "give the seller's electronic address (BT-34): `endpoint` of the brand"
    for rule, said, what in (
        ("BR-DE-5", seller.contact, "a contact (BT-41): seller.contact"),
        ("BR-DE-6", seller.phone, "a telephone number (BT-42): `service_phone` of the brand"),
        ("BR-DE-7", seller.email, "an e-mail address (BT-43): `service_email` of the brand"),
    ):
        if not said:
            yield rule, f"give the seller {what}"
    yield from _places(invoice, seller, buyer)
    yield from _payments(invoice)
    yield from _terms(invoice)


def _places(invoice: Invoice, seller: Party, buyer: Party) -> Found:
    there = invoice.delivery.address if invoice.delivery else None
    for who, party, rules in (
        ("seller", seller.address or Address(), ("BR-DE-3", "BR-DE-4")),
        ("buyer", buyer.address or Address(), ("BR-DE-8", "BR-DE-9")),
        ("place of delivery", there, ("BR-DE-10", "BR-DE-11")),
    ):
        if party is None:
            continue
        for rule, name in zip(rules, ("city", "postcode"), strict=True):
            if not getattr(party, name):
                yield rule, f"give the {who} its {name}: address.{name}"


def _payments(invoice: Invoice) -> Found:
    if not invoice.payment and not invoice.is_credit:
        yield "BR-DE-1", f"say how to pay: give the brand an account for {invoice.currency}, or payment"
    for one in invoice.payment:
        said = {"account": one.account, "card": one.card or one.card_holder, "debited": one.debited}
        for means, name, missing, wrong in _MEANS:
            if one.means in means:
                if not said.pop(name):
                    yield missing
                if any(said.values()):
                    yield wrong
    if any(one.means in _DEBITS for one in invoice.payment) and not invoice.creditor_id:
        yield "BR-DE-30", "a direct debit needs the creditor's identifier (BT-90): creditor_id"


def _terms(invoice: Invoice) -> Found:
    for line in invoice.payment_terms.splitlines():
        if line.startswith("#") and not SKONTO.fullmatch(line):
            yield "BR-DE-18", "write a cash discount in payment_terms like #SKONTO#TAGE=7#PROZENT=2.00#"
    names = [one.file_name for one in invoice.attachments if one.content]
    if len(names) != len(set(names)):
        yield "BR-DE-22", "give each attachment a file_name of its own"
