"""`templates.envelope`: letters behind each other, each on sheets of its own, with the marks of one envelope."""

import re
from dataclasses import replace

import pypdfium2
import pytest

from channels.letter.merge import merge, page_count
from templates.catalog import find
from templates.enclosure import Enclosure
from templates.envelope import in_one_envelope
from tests.templates.test_marks import branded, letter, read, sheet


def marks(pdf):
    found = [said for page in range(page_count(pdf)) for _, said in read(pdf, page)]
    return [said for said in found if re.fullmatch(r"[0-9A-F]{32}-\d+-\d+", said)]


def words(pdf):
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize(
    "look",
    [
        pytest.param({}, id="a QR code"),
        pytest.param({"mark": "datamatrix"}, id="a DataMatrix"),
        pytest.param({"omr": True}, id="dashes besides"),
    ],
)
@pytest.mark.parametrize("top", ["invoice/standard", "offer/autumn"])
def test_the_marks_count_the_pages_of_the_envelope(top, look):
    brand = branded(**look)
    first, invoice = letter(find(top), brand, message="0199aa01-0000-7000-8000-000000000001")
    other, advert = letter(find("offer/autumn"), brand, message="0199aa02-0000-7000-8000-000000000002")

    made = in_one_envelope([(first.message, invoice), (other.message, advert)], brand)
    bound, _ = merge([made.pdf])
    name = first.message.replace("-", "").upper()
    total = invoice.pages + invoice.pages % 2 + advert.pages
    own = [page for page in range(1, invoice.pages + 1)]
    others = [invoice.pages + invoice.pages % 2 + page for page in range(1, advert.pages + 1)]
    assert marks(bound) == [f"{name}-{page}-{total}" for page in (*own, *others)]
    assert (made.pages, made.sheets) == (total, (total + 1) // 2)
    assert made.mark == f"{name}-1-{total}"
    assert made.address == invoice.address
    assert made.inserts == (advert.template,)
    said = words(made.pdf)
    assert said[: invoice.pages] == words(invoice.pdf)
    assert said[-advert.pages :] == words(advert.pdf)


def test_what_is_enclosed_with_one_of_them_is_there_too():
    brand = branded()
    terms = (Enclosure(name="terms.pdf", pdf=sheet("Terms", pages=3), pages=3),)
    first, top = letter(
        find("offer/autumn"), brand, message="0199aa01-0000-7000-8000-000000000001", enclosures=terms
    )
    other, inside = letter(find("news/quarterly"), brand, message="0199aa02-0000-7000-8000-000000000002")

    made = in_one_envelope([(first.message, top), (other.message, inside)], brand)
    assert made.inserts == ("terms.pdf", inside.template)
    assert marks(made.pdf)[-1].endswith(f"-{made.pages}-{made.pages}")
    assert in_one_envelope([(first.message, top), (other.message, inside)], brand).pdf == made.pdf


def test_a_mark_that_is_not_as_we_draw_it_keeps_letters_apart():
    brand = branded()
    first, top = letter(find("offer/autumn"), brand)
    other, inside = letter(find("offer/autumn"), brand, message="0199aa02-0000-7000-8000-000000000002")
    strange = replace(inside, pdf=sheet("no mark"))

    assert in_one_envelope([(first.message, top), (other.message, strange)], brand) is None
