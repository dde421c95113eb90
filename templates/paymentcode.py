"""What the payment code of an invoice holds: a credit transfer where a standard fits, else the signed document link."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tidings.payment_reference import ReferenceKind, is_reference

SEPA = frozenset(
    re.findall(
        "..",
        "ADALATBEBGCHCYCZDEDKEEESFIFRGBGIGRHRHUIEISITLILTLULVMCMDMEMKMTNLNOPLPTRORSSESISKSMVA",
    )
)
"""Countries of the SEPA schemes (EPC409-09)."""
_BY_IBAN = SEPA - frozenset(re.findall("..", "ADALCHGBGIMCMDMEMKRSSMVA"))
"""Of the EEA, where an account needs no BIC; a code for another one without it is refused (EPC069-12, version 002)."""
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN = re.compile(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")
MAX_AMOUNT = Decimal("999999999.99")
MAX_BYTES = 331
"""Of an EPC code: what fits the largest symbol that banks read (EPC069-12, version 13)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentCode:
    """`kind` is `epc` (the bank's app pays it) or `link` (opens the document); `text` is the code's content."""

    kind: str
    text: str


def payment_code(invoice: dict[str, Any], document: str) -> PaymentCode | None:
    """Return what the code says, or None when there is neither a standard nor a link.

    Args:
        invoice: `templates.values.invoice_values` with its account.
        document: signed link of the document.
    """
    account = invoice["account"].replace(" ", "")
    if invoice["credit"] or invoice["collected"] or invoice["due"] <= 0:
        return PaymentCode(kind="link", text=document) if document else None
    fits = invoice["currency"] == "EUR" and Decimal("0.01") <= invoice["due"] <= MAX_AMOUNT
    bic = re.sub(r"\s", "", invoice["bic"])
    bic = bic if _BIC.fullmatch(bic) else ""
    reached = account[:2] in (SEPA if bic else _BY_IBAN)
    if fits and is_iban(account) and reached and invoice["holder"].strip():
        text = epc(invoice, account, bic)
        if len(text.encode()) <= MAX_BYTES:
            return PaymentCode(kind="epc", text=text)
    return PaymentCode(kind="link", text=document) if document else None


def epc(invoice: dict[str, Any], account: str, bic: str) -> str:
    """Return an EPC code (EPC069-12, version 002, UTF-8); a reference is free text unless it is ISO 11649."""
    reference = invoice["reference"].replace(" ", "")
    structured = is_reference(ReferenceKind.RF, reference)
    lines = (
        "BCD",
        "002",
        "1",
        "SCT",
        bic,
        " ".join(invoice["holder"].split())[:70],
        account,
        f"EUR{invoice['due']:.2f}",
        "",
        reference if structured else "",
        "" if structured else " ".join(invoice["reference"].split())[:140],
    )
    return "\n".join(lines)


def is_iban(account: str) -> bool:
    """Tell whether an account number is an IBAN: form and check digits (ISO 13616, mod 97)."""
    account = account.replace(" ", "")
    if not _IBAN.match(account):
        return False
    digits = "".join(str(int(letter, 36)) for letter in account[4:] + account[:4])
    return int(digits) % 97 == 1
