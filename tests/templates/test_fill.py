"""What is filled equals what is laid out in full, for any values; what does not fit is set in full and says why."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates.catalog import all_templates, find
from templates.compare import difference
from templates.edition import edition
from templates.facts import pdf_text
from templates.fill import constants_of
from templates.invoice import invoice_in_full, invoice_sheet, typeset_invoice
from templates.letter import letter_values, typeset_in_full, typeset_letter
from templates.postal_lines import address_lines
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import values_of
from templates.subject import Subject
from templates.typeset import Cause, Engine, Typeset
from tidings.channel import Channel
from tidings.invoice import Invoice

LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
LETTERS = [one.name for one in all_templates() if Channel.LETTER in one.channels and not one.document]
"""All that are shipped, but for the one whose letter is a document: the invoice."""
LINKS = {name: f"https://t.example/{name[0]}/AbCdEfGhIjKlMnOpQr" for name in ("document", "preferences")}
NAMES = st.text(
    st.sampled_from("abcdefghijklmnoprstuvwyzæøåäöüßłśżçãéABCDEFGHIJKLMNOPRSTUVWYZÆØÅŁŚ -.,()/’0123456789"),
    max_size=24,
)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@cache
def shared(name: str) -> dict[str, object]:
    return {key: value for key, value in find(name).sample.items() if key != "customer"}


def subject(name: str, language: str = "en", *, first_name: str = "Ingrid", **changed: object) -> Subject:
    base = sample_subject(find(name), SAMPLE_BRAND, language)
    data = {"customer": {"first_name": first_name, "last_name": "Solheim"}}
    if "invoice" in find(name).model:  # then nothing is the same for a whole run
        return replace(base, data=base.data | data, **changed)  # type: ignore[arg-type]
    return replace(base, data=data, shared=shared(name), **changed)  # type: ignore[arg-type]


def both(asked: Subject, name: str) -> tuple[Typeset, Typeset]:
    template = find(name)
    written = edition(template, asked.language, asked.brand)
    values = values_of(template, asked)
    lines = address_lines(asked.postal or {}, asked.brand.address.country)
    known = letter_values(written, asked, values, lines)
    return typeset_letter(written, asked, values, lines), typeset_in_full(written, asked, known, lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_of_the_library_is_filled_and_equals_the_full_one(name, language):
    filled, full = both(subject(name, language), name)

    assert (filled.engine, filled.why) == (Engine.FILL, "")
    assert difference(filled.pdf, full.pdf) == ""
    assert (filled.pages, filled.sheets, filled.version) == (full.pages, full.sheets, full.version)


@FEW
@given(
    first=NAMES,
    street=NAMES.filter(str.strip),
    country=st.sampled_from(["NO", "DE", "GB", "SE", "US"]),
    reference=NAMES.filter(str.strip),
)
def test_any_values_stand_where_the_full_layout_puts_them(first, street, country, reference):
    postal = {
        "name": f"{first} Solheim",
        "street": [street],
        "city": "Oslo",
        "postal_code": "0265",
        "country": country,
    }
    filled, full = both(
        subject("offer/autumn", first_name=first, postal=postal, reference=reference), "offer/autumn"
    )

    assert difference(filled.pdf, full.pdf) == ""
    assert filled.pages == full.pages


@pytest.mark.parametrize(
    ("first", "cause"),
    [
        pytest.param("李明", Cause.GLYPH, id="Chinese, which our fonts lack"),
        pytest.param("Zoë 😀", Cause.GLYPH, id="an emoji"),
        pytest.param("يوسف", Cause.SCRIPT, id="Arabic, from right to left"),
        pytest.param("A\u200bda", Cause.SCRIPT, id="a zero width space"),
        pytest.param("Z" + "\u0323\u0307" * 40, Cause.SCRIPT, id="marks on marks"),
        pytest.param("W" * 120, Cause.WIDTH, id="wider than a line"),
        pytest.param("x" * 10_000, Cause.WIDTH, id="ten thousand letters"),
    ],
)
def test_what_does_not_fit_is_laid_out_in_full_and_says_why(first, cause):
    filled, _ = both(subject("news/quarterly", first_name=first), "news/quarterly")

    assert (filled.engine, filled.cause) == (Engine.FULL, cause)
    assert first not in filled.why
    assert filled.pdf.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "first", ["Ada\u202egnp.exe", "Ada\x07"], ids=["a bidirectional override", "a control sign"]
)
def test_signs_that_are_taken_out_of_all_data_do_no_harm(first):
    filled, full = both(subject("news/quarterly", first_name=first), "news/quarterly")

    assert difference(filled.pdf, full.pdf) == ""


@pytest.mark.parametrize("first", ["Дмитрий", "Αλέξανδρος", "Ștefan"], ids=["Cyrillic", "Greek", "Romanian"])
def test_letters_beyond_the_usual_ones_are_filled_too(first):
    filled, full = both(subject("news/quarterly", first_name=first), "news/quarterly")

    assert filled.engine is Engine.FILL
    assert difference(filled.pdf, full.pdf) == ""


def test_a_value_of_one_customer_in_a_paragraph_is_laid_out_in_full():
    asked = subject("offer/autumn")
    own = replace(asked, data={**asked.data, **shared("offer/autumn")}, shared={})

    filled, _ = both(own, "offer/autumn")

    assert (filled.engine, filled.cause) == (Engine.FULL, Cause.PARAGRAPH)
    assert "valid_until" in filled.why
    assert "code" not in constants_of(edition(find("offer/autumn"), "en", own.brand), own)


def test_the_same_letter_has_the_same_bytes_whatever_was_made_before():
    first, _ = both(subject("offer/autumn", reference="AAAAAA"), "offer/autumn")
    both(subject("offer/autumn", reference="BBBBBB", first_name=""), "offer/autumn")
    again, _ = both(
        replace(subject("offer/autumn", reference="AAAAAA"), shared=dict(shared("offer/autumn"))),
        "offer/autumn",
    )

    assert again == first


def test_letters_of_one_form_begin_with_the_same_bytes_which_name_nobody():
    first, _ = both(subject("offer/autumn", reference="AAAAAA"), "offer/autumn")
    other, _ = both(subject("offer/autumn", reference="BBBBBB", first_name="Ola"), "offer/autumn")

    assert first.constant == other.constant > 0
    assert first.pdf[: first.constant] == other.pdf[: other.constant]
    assert "Ola" in pdf_text(other.pdf)


def bill(rows: int, **changed: object) -> Invoice:
    lines = [
        {
            "description": f"Lantern {n} of oiled oak",
            "quantity": n,
            "unit_price": "12.50",
            "tax_rate": (25, 12)[n % 2],
        }
        for n in range(1, rows + 1)
    ]
    given = {
        "number": "2026-1",
        "customer": "C1",
        "issued_on": "2026-11-21",
        "due_on": "2026-12-05",
        "currency": "EUR",
        "lines": lines,
        "total": 0,
    }
    return Invoice.model_validate({**given, **changed})


def sheet(invoice: Invoice, language: str = "en", name: str = "Ada Lovelace"):
    return invoice_sheet(
        invoice,
        brand=SAMPLE_BRAND,
        language=language,
        links=LINKS,
        postal={"street": ["A 1"], "city": "Oslo", "country": "NO"},
        name=name,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_invoices_of_every_language_are_filled_and_equal_the_full_ones(language):
    asked = sheet(bill(12), language)

    filled, full = typeset_invoice(asked), invoice_in_full(asked)

    assert (filled.engine, filled.why) == (Engine.FILL, "")
    assert difference(filled.pdf, full.pdf) == ""


@settings(max_examples=8, deadline=None)
@given(
    rows=st.integers(1, 70),
    note=st.sampled_from(["", "Thank you.", "Thank you for your order. " * 6]),
    long=st.booleans(),
)
def test_rows_break_over_pages_as_in_full(rows, note, long):
    invoice = bill(rows, note=note)
    if long:
        lines = [
            line.model_copy(
                update={
                    "description": f"{line.description}, with a wick and a spare battery for two long evenings"
                }
            )
            for line in invoice.lines
        ]
        invoice = invoice.model_copy(update={"lines": tuple(lines)})
    asked = sheet(invoice)

    filled, full = typeset_invoice(asked), invoice_in_full(asked)

    assert filled.engine is Engine.FILL or filled.cause is Cause.PARAGRAPH
    assert filled.pages == full.pages
    assert difference(filled.pdf, full.pdf) == ""


def test_the_amount_beside_a_sum_whose_words_need_two_lines_stands_where_the_full_layout_puts_it():
    line = bill(1).lines[0].model_copy(update={"unit_price": Decimal("350383.30"), "quantity": Decimal(1)})
    asked = sheet(bill(1).model_copy(update={"lines": (line,)}), "pt_BR")

    filled, full = typeset_invoice(asked), invoice_in_full(asked)

    assert filled.engine is Engine.FILL
    assert difference(filled.pdf, full.pdf) == ""


def test_an_amount_that_is_wider_than_its_column_is_laid_out_in_full():
    invoice = bill(1).model_copy(
        update={"lines": (bill(1).lines[0].model_copy(update={"unit_price": Decimal(10) ** 15}),)}
    )

    filled = typeset_invoice(sheet(invoice))

    assert (filled.engine, filled.cause) == (Engine.FULL, Cause.WIDTH)


def test_comparing_sees_a_missing_word_and_a_moved_one():
    first, _ = both(subject("offer/autumn"), "offer/autumn")
    other, _ = both(subject("offer/autumn", first_name="Ola"), "offer/autumn")

    assert "words" in difference(first.pdf, other.pdf)
    assert difference(first.pdf, first.pdf) == ""
