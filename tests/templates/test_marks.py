"""Marks for the inserter, the zone of the stamp, and what goes into the envelope behind the letter."""

from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from weasyprint import HTML

from channels.letter.merge import merge, page_count
from templates.enclosure import Enclosure, pages_of
from templates.foreign_letter import judge
from templates.letter import letter_values, typeset_in_full
from templates.mark import OMR_FIRST, OMR_STEP, Marking, omr_of
from templates.postal_lines import address_lines
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import _edition, documents_of, render, values_of
from tidings.channel import Channel
from tidings.organisation import Brand

DPI = 200


def sheet(words: str, *, pages: int = 1, size: str = "A4", style: str = "") -> bytes:
    """Return a document that could be enclosed."""
    body = "<p style='page-break-before:always'>".join(f"{words} {number + 1}</p>" for number in range(pages))
    look = f"@page {{ size: {size}; margin: 20mm }} body {{ font: 11pt Inter, sans-serif }}{style}"
    html = f"<style>{look}</style><p>{body}"
    written: bytes = HTML(string=html).write_pdf()
    return written


def drawn(pdf: bytes, page: int = 0):
    """Return a page as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return document[page].render(scale=DPI / 72).to_pil().convert("L")
    finally:
        document.close()


def read(pdf: bytes, page: int = 0) -> list[tuple[str, str]]:
    """Return what the codes of a page say: (kind, text), without the ones that people scan."""
    found = zxingcpp.read_barcodes(drawn(pdf, page))
    return [(one.format.name, one.text) for one in found if not one.text.startswith("http")]


def letter(template, brand: Brand = SAMPLE_BRAND, *, country: str = "NO", **changes):
    subject = sample_subject(template, brand, "en", country=country)
    own = {name: value for name, value in subject.data.items() if name in {"customer", "invoice"}}
    shared = {name: value for name, value in subject.data.items() if name not in own}
    subject = replace(subject, data=own, shared=shared, **changes)
    return subject, render(template, Channel.LETTER, subject, documents=documents_of(template, subject))


def branded(**changes) -> Brand:
    return SAMPLE_BRAND.model_copy(update=changes)


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        pytest.param("qr", "QRCode", id="as a QR code"),
        pytest.param("datamatrix", "DataMatrix", id="as a DataMatrix"),
    ],
)
@pytest.mark.parametrize("engine", ["fill", "full"])
def test_the_mark_is_read_back_from_paper(offer, mark, kind, engine):
    brand = branded(mark=mark, omr=True)
    subject, made = letter(offer, brand)
    if engine == "full":
        edition, values = _edition(offer, subject), values_of(offer, subject)
        lines = address_lines(subject.postal, brand.address.country, name=values["customer"]["name"])
        pdf = typeset_in_full(edition, subject, letter_values(edition, subject, values, lines), lines).pdf
    else:
        assert made.engine == "fill"
        pdf = made.pdf
    assert (kind, made.mark) in [
        (name.replace(" ", "").replace("Model2", ""), text) for name, text in read(pdf)
    ]


def test_an_invoice_carries_the_mark_of_its_brand(invoice):
    _, made = letter(invoice, branded(mark="datamatrix"))
    assert made.mark in [text for _, text in read(made.pdf)]


@given(st.integers(1, 30), st.data())
def test_dashes_say_first_last_and_number_and_are_even(sheets, data):
    sheet = data.draw(st.integers(1, sheets))
    gate, first, last, one, two, four, _, end = dashes = omr_of(sheet, sheets)
    assert gate
    assert end
    assert (first, last) == (sheet == 1, sheet == sheets)
    assert one + 2 * two + 4 * four == sheet % 8
    assert sum(dashes) % 2 == 0


@pytest.mark.parametrize("country", ["NO", "US"])
def test_dashes_stand_at_the_edge_of_each_front(offer, country):
    _, made = letter(offer, branded(omr=True), country=country)
    picture = drawn(made.pdf)
    millimetre = DPI / 25.4

    def dark(place: int) -> bool:
        y = picture.height - (OMR_FIRST - place * OMR_STEP) * millimetre
        return min(picture.getpixel((int(11 * millimetre), int(y) + off)) for off in (-1, 0, 1)) < 128

    assert tuple(dark(place) for place in range(8)) == omr_of(1, made.sheets)
    assert judge(made.pdf, country).is_printable


@pytest.mark.parametrize("country", ["NO", "DE", "SE", "US", "GB"])
@pytest.mark.parametrize("large", [False, True], ids=["usual print", "large print"])
def test_the_zone_of_the_stamp_has_the_imprint_and_nothing_else(offer, country, large):
    name = "Nordlys Garden Centre and Nurseries"
    brand = branded(franking="Port betalt\nNorge\n6041 1234", name=name)
    _, made = letter(offer, brand, country=country, large=large)
    found = judge(made.pdf, country)
    assert [one for one in found.findings if one.verdict == "block"] == []
    document = pypdfium2.PdfDocument(made.pdf)
    page = document[0]
    width, height = page.get_size()
    text = page.get_textpage().get_text_bounded(width - 210, height - 74, width - 20, height - 20)
    assert text.split("\r\n")[:3] == ["Port betalt", "Norge", "6041 1234"]
    assert text.count("\n") <= 3
    document.close()


def test_an_invoice_has_the_imprint_too(invoice):
    _, made = letter(invoice, branded(franking="P.P. A"))
    text = pypdfium2.PdfDocument(made.pdf)[0].get_textpage().get_text_range()
    assert "P.P. A" in text


@pytest.mark.parametrize("franking", ["a\nb\nc\nd\ne", "x" * 41])
def test_an_imprint_that_does_not_fit_is_refused(franking):
    with pytest.raises(ValidationError, match="at most 4 lines of 40 letters"):
        Brand.model_validate({**SAMPLE_BRAND.model_dump(), "franking": franking})


TERMS = Enclosure(name="terms.pdf", pdf=sheet("Terms", pages=3), pages=3)
MAP = Enclosure(name="map.pdf", pdf=sheet("Map", size="letter"), pages=1)


def test_enclosures_follow_on_sheets_of_their_own_and_are_marked_and_counted(offer):
    _, plain = letter(offer)
    subject, made = letter(offer, enclosures=(TERMS, MAP))
    begin = plain.pages + plain.pages % 2

    assert made.pages == page_count(made.pdf) == begin + 4 + 1
    assert made.sheets == begin // 2 + 3
    assert made.inserts == ("terms.pdf", "map.pdf")
    assert (made.constant, made.profile) == (0, "PDF-1.7")
    text = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.pdf)]
    assert [words.strip() for words in text[begin:]] == ["Terms 1", "Terms 2", "Terms 3", "", "Map 1"]
    whole = subject.message.replace("-", "").upper()
    for number in (0, begin, begin + 1, begin + 2, begin + 4):
        assert f"{whole}-{number + 1}-{made.pages}" in [said for _, said in read(made.pdf, number)]
    assert letter(offer, enclosures=(TERMS, MAP))[1].pdf == made.pdf
    assert judge(made.pdf, "NO").is_printable


def test_the_same_enclosure_is_stored_once_in_a_batch(offer):
    pdf = sheet("Picture " * 300)
    many = [
        letter(
            offer,
            enclosures=(Enclosure(name="a.pdf", pdf=pdf, pages=1),),
            message=f"{n:08}-0000-7000-8000-000000000000",
        )[1]
        for n in range(6)
    ]
    whole, ranges = merge([one.pdf for one in many])
    assert [last - first + 1 for first, last in ranges] == [2 * one.sheets for one in many]
    alone = merge([many[0].pdf])[0]
    assert len(whole) < len(alone) * 2


def test_an_envelope_that_would_not_close_is_refused(offer):
    heavy = Enclosure(name="book.pdf", pdf=sheet("Book", pages=60), pages=60)
    with pytest.raises(Exception, match="at most 60 go"):
        letter(offer, enclosures=(heavy,))


@settings(max_examples=50)
@given(own=st.integers(1, 9), counts=st.lists(st.integers(1, 5), max_size=4))
def test_pages_of_the_whole_envelope_are_those_that_the_mark_says(own, counts):
    given = [Enclosure(name="x.pdf", pdf=b"", pages=count) for count in counts]
    total = Marking(enclosed=pages_of(given)).total(own)
    pages = own
    for count in counts:
        pages += pages % 2 + count
    assert total == pages


@pytest.mark.parametrize(
    ("pdf", "check", "page"),
    [
        pytest.param(
            sheet("secret", pages=2, style="p + p { color: #fff }"),
            "hidden_text",
            2,
            id="hidden text, by its page",
        ),
        pytest.param(sheet("x", size="A5"), "page_size", 1, id="another paper"),
        pytest.param(
            sheet("<i style='position:fixed;top:-20mm;left:0;background:#000'>xxx</i>"),
            "printable_area",
            1,
            id="ink at the edge",
        ),
    ],
)
def test_what_may_not_be_enclosed_is_named_with_its_page(pdf, check, page):
    found = judge(pdf, "NO", enclosed=True)
    assert (check, page) in [(one.check, one.page) for one in found.findings if one.verdict == "block"]
    assert {"address", "window"}.isdisjoint(one.check for one in found.findings)


def test_an_enclosure_needs_no_address():
    assert judge(TERMS.pdf, "NO", enclosed=True).is_printable
    assert not judge(TERMS.pdf, "NO").is_printable
