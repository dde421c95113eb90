"""Payment references: what we make is what the banks' own checks take, and one wrong digit is seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649, luhn
from stdnum.ch import esr

from tidings.payment_reference import ReferenceKind, is_reference, make_reference, printed
from tidings.problem import Problem

ORACLES = {
    ReferenceKind.KID_MOD10: luhn.is_valid,
    ReferenceKind.OCR: luhn.is_valid,
    ReferenceKind.RF: iso11649.is_valid,
    ReferenceKind.QRR: esr.is_valid,
}
numbers = st.integers(min_value=100, max_value=10**14).map(str)


@given(st.sampled_from(ReferenceKind), numbers)
def test_what_is_made_is_taken(kind: ReferenceKind, number: str) -> None:
    made = make_reference(kind, number)
    assert is_reference(kind, made)
    assert kind not in ORACLES or ORACLES[kind](made)
    assert is_reference(kind, printed(made))


@given(st.sampled_from(ReferenceKind), numbers, st.data())
def test_one_wrong_digit_is_seen(kind: ReferenceKind, number: str, data: st.DataObject) -> None:
    made = make_reference(kind, number)
    place = data.draw(st.sampled_from([at for at, sign in enumerate(made) if sign.isdigit()]))
    digit = data.draw(st.sampled_from([sign for sign in "0123456789" if sign != made[place]]))
    assert not is_reference(kind, made[:place] + digit + made[place + 1 :])


@pytest.mark.parametrize(
    ("kind", "reference", "good"),
    [
        pytest.param(ReferenceKind.KID_MOD10, "2345676", True, id="KID of Bits' example by modulus 10"),
        pytest.param(
            ReferenceKind.KID_MOD11,
            "86011117947",
            True,
            id="KID by modulus 11, as a Norwegian account number",
        ),
        pytest.param(ReferenceKind.KID_MOD11, "12345678901", False, id="KID with another digit"),
        pytest.param(ReferenceKind.RF, "RF18 5390 0754 7034", True, id="RF of ISO 11649"),
        pytest.param(ReferenceKind.RF, "RF18-5390-0754-7034", False, id="RF with signs that no bank takes"),
        pytest.param(ReferenceKind.RF, "rf18539007547034", False, id="RF in small letters"),
        pytest.param(
            ReferenceKind.QRR, "21 00000 00003 13947 14300 09017", True, id="QRR of the Swiss guidelines"
        ),
        pytest.param(ReferenceKind.FI, "1234561", True, id="Finnish of Finance Finland"),
        pytest.param(ReferenceKind.OCR, "1234567897", False, id="OCR of another length than it says"),
        pytest.param(
            ReferenceKind.FI, "\N{ARABIC-INDIC DIGIT ONE}" * 8, False, id="digits of another script"
        ),
    ],
)
def test_known_references(kind: ReferenceKind, reference: str, good: bool) -> None:
    assert is_reference(kind, reference) is good


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        pytest.param("RF18539007547034", "RF18 5390 0754 7034", id="RF in fours"),
        pytest.param(
            "210000000003139471430009017", "21 00000 00003 13947 14300 09017", id="QRR as on a slip"
        ),
        pytest.param("1234561", "1234561", id="other digits as they are"),
        pytest.param("F-2026/17, your order of 3 May", "F-2026/17, your order of 3 May", id="words, too"),
    ],
)
def test_a_reference_is_printed_in_the_groups_of_its_kind(reference: str, shown: str) -> None:
    assert printed(reference) == shown


@pytest.mark.parametrize("number", ["", "F-", "9" * 40], ids=["nothing", "no digits", "too many"])
def test_a_number_that_cannot_become_a_reference_is_named(number: str) -> None:
    with pytest.raises(Problem, match="cannot become"):
        make_reference(ReferenceKind.QRR, number)
