"""The whole invoice: what a billing system said, with seller, buyer and account from what we know of both."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args

from templates.einvoice.german import german_demands
from templates.einvoice.peppol import peppol_demands
from templates.paymentcode import is_iban
from templates.postal_lines import country_of
from tidings.invoice import Invoice, category_of
from tidings.invoice_parts import (
    Address,
    Allowance,
    Identifier,
    Party,
    Payment,
    Profile,
    TaxCategory,
    TaxNote,
    address_of,
)
from tidings.organisation import Brand

_VAT_ID = re.compile(r"^[A-Z]{2}[A-Z0-9]{2,18}$")
_POSTCODE = re.compile(r"^(?P<postcode>(?:[A-Z]{1,2}-)?\d[\d -]{2,8}\d)\s+(?P<city>\D.*)$")
"""As the last line of an address on the continent."""
_LONGEST = 200
_REASONS = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
"""VATEX codes; an exemption (E) has many reasons, and the billing system says which."""
PROFILES: tuple[str, ...] = get_args(Profile)
"""What a customer's attribute `einvoice` may say."""
_ASKED = ("einvoice", "leitweg_id", "einvoice_address")
_DISCOUNT, _CHARGE = "95", "ABK"
"""UNTDID 5189 discount, 7161 miscellaneous."""


def whole(
    invoice: Invoice,
    *,
    brand: Brand,
    postal: Mapping[str, Any] | None = None,
    name: str = "",
    company: str = "",
) -> Invoice:
    """Return the invoice with all that the law wants to read, as far as it is known; what it says itself stands.

    Args:
        invoice: from a billing system.
        brand: the seller, unless the invoice names one.
        postal: the customer's; without a country of its own it is taken for the brand's.
        name: the customer's.
        company: the customer's.
    """
    seller = invoice.seller or seller_of(brand)
    buyer = _reached(invoice.buyer or _buyer(invoice, brand, postal, company or name), invoice)
    untaxed: TaxCategory = "Z" if seller.vat_id or invoice.tax_representative else "O"
    made = invoice.model_copy(
        update={
            "seller": seller,
            "buyer": buyer,
            "reference": invoice.reference or invoice.number,
            "payment": invoice.payment or _payment(invoice, brand),
            "lines": tuple(
                line.model_copy(
                    update={
                        "id": line.id or str(place),
                        "allowances": tuple(map(_reasoned, line.allowances)),
                        "tax_category": line.tax_category or _resolved(category_of(line.tax_rate), untaxed),
                    }
                )
                for place, line in enumerate(invoice.lines, start=1)
            ),
            "allowances": tuple(
                _reasoned(one).model_copy(
                    update={"tax_category": one.tax_category or _resolved(category_of(one.tax_rate), untaxed)}
                )
                for one in invoice.allowances
            ),
        }
    )
    asked = invoice.profile if invoice.profile != "auto" else brand.einvoice
    known = explained(made)
    return known.model_copy(
        update={"buyer_endpoint": "", "profile": strictest(known) if asked == "auto" else asked}
    )


def asked_for(invoice: Invoice, attributes: Mapping[str, Any]) -> Invoice:
    """Return an invoice with what its customer once said of invoices that machines read; what it says itself stands.

    Args:
        invoice: from a billing system.
        attributes: the customer's; `einvoice` (a profile), `leitweg_id` (BT-10) and `einvoice_address` (BT-49).
    """
    said = {name: str(attributes.get(name) or "").strip()[:_LONGEST] for name in _ASKED}
    profile = said["einvoice"] if said["einvoice"] in PROFILES else "auto"
    return invoice.model_copy(
        update={
            "profile": invoice.profile if invoice.profile != "auto" else profile,
            "buyer_reference": invoice.buyer_reference or said["leitweg_id"],
            "buyer_endpoint": invoice.buyer_endpoint or said["einvoice_address"],
        }
    )


def _reached(buyer: Party, invoice: Invoice) -> Party:
    """Return the buyer with the electronic address that is known of it; one that cannot be read is none."""
    with suppress(ValueError):
        return buyer.model_copy(update={"endpoint": buyer.endpoint or address_of(invoice.buyer_endpoint)})
    return buyer


def strictest(invoice: Invoice) -> Profile:
    """Return the strictest profile whose demands an invoice meets, but for those that only its file can break."""
    if unnumbered(invoice):
        return "none"
    german = invoice.buyer is not None and _country(invoice.buyer) == "DE"
    if german and not any(german_demands(invoice)):
        return "xrechnung"
    return "en16931" if any(peppol_demands(invoice)) else "peppol"


def explained(invoice: Invoice) -> Invoice:
    """Return the invoice with the code of the law for each category that has but one reason to charge no tax."""
    said = {(note.category, note.rate): note for note in invoice.taxes}
    for group in invoice.groups:
        code = _REASONS.get(group.category, "")
        if code and not group.reason and not group.reason_code:
            key = (group.category, group.rate)
            note = said.get(key, TaxNote(category=group.category, rate=group.rate))
            said[key] = note.model_copy(update={"reason_code": code})
    return invoice.model_copy(update={"taxes": tuple(said.values())})


def is_electronic(invoice: Invoice) -> bool:
    """Return whether a whole invoice is one that machines read; the others are a PDF and nothing else."""
    return invoice.profile != "none"


def unnumbered(invoice: Invoice) -> bool:
    """Return whether a whole invoice charges tax in the name of a seller who has no tax number (BR-S-02).

    Of a brand without a `tax_id` only what is outside of the scope of tax can be an invoice that machines read.
    """
    seller = invoice.seller or Party()
    number = seller.vat_id or seller.tax_id or (invoice.tax_representative or Party()).vat_id
    return not number and any(group.category != "O" for group in invoice.groups)


def _country(party: Party) -> str:
    return party.address.country if party.address else ""


def _reasoned(one: Allowance) -> Allowance:
    """Return an allowance with the general code where it gives no reason (BR-33, BR-38; BR-41, BR-43 of lines)."""
    if one.reason or one.reason_code:
        return one
    return one.model_copy(update={"reason_code": _CHARGE if one.charge else _DISCOUNT})


def _resolved(category: TaxCategory, untaxed: TaxCategory) -> TaxCategory:
    return untaxed if category == "Z" else category


def vat_id(text: str) -> str:
    """Return a tax number as a VAT number without its blanks, '' where it is another number.

    >>> vat_id("NO 987 654 325 MVA"), vat_id("12-3456789")
    ('NO987654325MVA', '')
    """
    joined = re.sub(r"[\s.\-]", "", text).upper()
    return joined if _VAT_ID.match(joined) and any(letter.isdigit() for letter in joined) else ""


def seller_of(brand: Brand) -> Party:
    """Return the seller that a brand is."""
    number = vat_id(brand.tax_id)
    lines = brand.address.lines
    if lines and lines[0].casefold() in {brand.name.casefold(), brand.legal_name.casefold()}:
        lines = lines[1:]
    return Party(
        name=brand.legal_name,
        trading_name=brand.name if brand.name != brand.legal_name else "",
        ids=() if number else (Identifier(id=brand.id),),
        vat_id=number,
        tax_id="" if number else brand.tax_id,
        endpoint=address_of(brand.endpoint) or _mailbox(brand.service_email or brand.senders.email),
        address=_address(lines, brand.address.country),
        contact=brand.name,
        phone=brand.service_phone,
        email=brand.service_email or brand.senders.email,
    )


def _mailbox(email: str) -> Identifier | None:
    return Identifier(id=email, scheme="EM") if email else None


def _address(lines: tuple[str, ...], country: str) -> Address:
    """Return an address from its lines; the last one may begin with a postcode."""
    found = _POSTCODE.match(lines[-1]) if lines else None
    if found:
        street = lines[:-1]
        place = {"postcode": found["postcode"], "city": found["city"]}
    else:
        street, place = lines[:-1], {"city": lines[-1] if lines else ""}
    return Address(
        street=street[0] if street else "",
        more=street[1] if len(street) > 1 else "",
        third=", ".join(street[2:]),
        country=country,
        **place,
    )


def _buyer(invoice: Invoice, brand: Brand, postal: Mapping[str, Any] | None, name: str) -> Party:
    there = postal or {}
    street = [str(line)[:_LONGEST] for line in there.get("street") or there.get("lines") or () if line]
    said = str(there.get("organisation") or there.get("name") or "")
    return Party(
        name=(said or name or invoice.customer)[:_LONGEST],
        ids=(Identifier(id=invoice.customer),),
        address=Address(
            street=street[0] if street else "",
            more=street[1] if len(street) > 1 else "",
            third=", ".join(street[2:])[:_LONGEST],
            city=str(there.get("city") or "")[:_LONGEST],
            postcode=str(there.get("postal_code") or "")[:_LONGEST],
            region=str(there.get("area") or "")[:_LONGEST],
            country=country_of(postal) or brand.address.country,
        ),
    )


def _payment(invoice: Invoice, brand: Brand) -> tuple[Payment, ...]:
    account = brand.accounts.get(invoice.currency)
    if account is None or not account.iban or invoice.is_credit:
        return ()
    sepa = invoice.currency == "EUR" and is_iban(account.iban)
    return (
        Payment(
            means="58" if sepa else "30",
            account=account.iban.replace(" ", "") if is_iban(account.iban) else account.iban,
            holder=account.holder or brand.legal_name,
            bic=account.bic.replace(" ", ""),
        ),
    )
