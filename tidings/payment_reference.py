"""Payment references with check digits: made from an invoice's digits, and checked.

KID: Bits, Systemspesifikasjon OCR giro. OCR: Bankgirot, manual OCR-referenskontroll. RF: ISO 11649. QRR: SIX, Swiss
Implementation Guidelines QR-bill, annex B. FI: Finance Finland, Creditor reference.
"""

import re
from collections.abc import Callable
from enum import StrEnum

from stdnum import iso11649, luhn
from stdnum.ch import esr
from stdnum.exceptions import ValidationError

from tidings.problem import Problem


class ReferenceKind(StrEnum):
    """What a bank account takes as a reference."""

    KID_MOD10 = "kid-mod10"
    KID_MOD11 = "kid-mod11"
    OCR = "ocr"
    """Swedish, with its own length as the digit before the last."""
    RF = "rf"
    QRR = "qrr"
    """Swiss, 27 digits."""
    FI = "fi"


_QRR_LENGTH = 27
_RF_LONGEST = 21


def is_reference(kind: ReferenceKind, reference: str) -> bool:
    """Return whether a reference is of a kind: its length, its signs, its check digit. Blanks do not count."""
    return _CHECKS[kind]("".join(reference.split()))


def make_reference(kind: ReferenceKind, number: str) -> str:
    """Return the reference of an invoice's number.

    Raises:
        Problem: the number has no digits for it, or too many.

    >>> make_reference(ReferenceKind.RF, "2026-1001"), make_reference(ReferenceKind.FI, "1001")
    ('RF9420261001', '10016')
    """
    body = re.sub(r"[^A-Z0-9]", "", number.upper())
    if kind is not ReferenceKind.RF:
        body = re.sub(r"\D", "", body)
    made = _MAKERS[kind](body) if body else ""
    if not made or not is_reference(kind, made):
        raise Problem(
            f"The number {number!r} cannot become a payment reference of kind {kind.value}.",
            todo="Give the reference with the invoice, or take another kind for the account.",
        )
    return made


def printed(reference: str) -> str:
    """Return a reference in the groups that people copy it by."""
    joined = "".join(reference.split())
    if re.fullmatch(r"RF\d{2}[A-Z0-9]+", joined):
        return " ".join(joined[start : start + 4] for start in range(0, len(joined), 4))
    if len(joined) == _QRR_LENGTH and joined.isdigit():
        return f"{joined[:2]} " + " ".join(joined[start : start + 5] for start in range(2, _QRR_LENGTH, 5))
    return reference


def _mod11(body: str) -> str:
    """Return the check digit of a KID by modulus 11 with weights 2 to 7 from the right; `-` stands for 10."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(body)))
    digit = -total % 11
    return "-" if digit == 10 else str(digit)  # noqa: PLR2004 -- modulus 11 has a digit more than there are


def _finnish(body: str) -> str:
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def _rf(body: str) -> str:
    if len(body) > _RF_LONGEST:
        return ""
    digits = "".join(str(int(letter, 36)) for letter in f"{body}RF00")
    return f"RF{98 - int(digits) % 97:02}{body}"


def _ocr(body: str) -> str:
    """Return digits, length modulo 10 and Luhn digit."""
    sized = f"{body}{(len(body) + 2) % 10}"
    return f"{sized}{luhn.calc_check_digit(sized)}"


def _qrr(body: str) -> str:
    filled = body.rjust(_QRR_LENGTH - 1, "0")
    return f"{filled}{esr.calc_check_digit(filled)}" if len(filled) == _QRR_LENGTH - 1 else ""


def _is_ocr(reference: str) -> bool:
    """Return whether digits end with their length modulo 10 and a Luhn digit (level 3 of Bankgirot's control)."""
    sized = re.fullmatch(r"[0-9]{3,25}", reference) is not None
    return sized and int(reference[-2]) == len(reference) % 10 and luhn.is_valid(reference)


def _is_qrr(reference: str) -> bool:
    try:
        return len(reference) == _QRR_LENGTH and bool(esr.validate(reference))
    except ValidationError:
        return False


_MAKERS: dict[ReferenceKind, Callable[[str], str]] = {
    ReferenceKind.KID_MOD10: lambda body: body + luhn.calc_check_digit(body),
    ReferenceKind.KID_MOD11: lambda body: body + _mod11(body),
    ReferenceKind.OCR: _ocr,
    ReferenceKind.RF: _rf,
    ReferenceKind.QRR: _qrr,
    ReferenceKind.FI: lambda body: body + _finnish(body),
}
_CHECKS: dict[ReferenceKind, Callable[[str], bool]] = {
    ReferenceKind.KID_MOD10: lambda text: bool(re.fullmatch(r"[0-9]{2,25}", text)) and luhn.is_valid(text),
    ReferenceKind.KID_MOD11: lambda text: (
        bool(re.fullmatch(r"[0-9]{1,24}[0-9-]", text)) and _mod11(text[:-1]) == text[-1]
    ),
    ReferenceKind.OCR: _is_ocr,
    ReferenceKind.RF: lambda text: (
        bool(re.fullmatch(r"RF[0-9]{2}[A-Z0-9]{1,21}", text)) and iso11649.is_valid(text)
    ),
    ReferenceKind.QRR: _is_qrr,
    ReferenceKind.FI: lambda text: (
        bool(re.fullmatch(r"[0-9]{4,20}", text)) and _finnish(text[:-1]) == text[-1]
    ),
}
