"""Letters are read as the post and the inserter read them: by position on the page, and by the codes on it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from templates.catalog import Template, find
from templates.facts import outputs, pdf_text
from templates.postal_lines import WINDOWS, window_for
from templates.preview import SAMPLE_BRAND
from templates.render import render
from tests.templates.conftest import Make
from tests.walk import ROOT
from tidings.channel import Channel
from tidings.message import Letter
from tidings.problem import Problem

LONG = {
    "name": "Dr. Alexandra Konstantina Hohenzollern-Sigmaringen",
    "organisation": "Gesellschaft für wissenschaftliche Datenverarbeitung mbH",
    "street": ["Theodor-Heuss-Straße 134", "Hinterhaus, 4. Stock links"],
    "postal_code": "70174",
    "city": "Stuttgart",
}
PLACES = [
    pytest.param("DE", "din-b", {}, id="Germany has DIN 5008 form B"),
    pytest.param("PL", "din-b", {}, id="others have it too"),
    pytest.param("GB", "uk-dl", {}, id="Britain has DL"),
    pytest.param("SE", "c5-h2", {}, id="Sweden has C5 H2 at the right"),
    pytest.param("NO", "c5-v2", {}, id="Norway has C5 at the left"),
    pytest.param("US", "us-10", {}, id="America has number 10"),
    pytest.param("DE", "din-b", LONG, id="a long German address"),
    pytest.param("GB", "uk-dl", LONG, id="a long British address"),
    pytest.param("SE", "c5-h2", LONG, id="a long Swedish address"),
    pytest.param("US", "us-10", LONG | {"area": "CA"}, id="a long American address"),
]


def letter(content: object) -> Letter:
    assert isinstance(content, Letter)
    return content


def boxes(pdf: bytes, lines: Sequence[str], page: int = 0) -> list[tuple[float, float, float, float]]:
    """Return (left, top, right, bottom) in mm from the top left of each line as it stands on a page."""
    document = pypdfium2.PdfDocument(pdf)
    sheet = document[page]
    height = sheet.get_height()
    text = sheet.get_textpage()
    found = []
    for line in lines:
        hit = text.search(line).get_next()
        assert hit is not None, f"{line!r} is not on the page"
        rectangles = [text.get_charbox(index) for index in range(hit[0], hit[0] + hit[1])]
        left, bottom = min(r[0] for r in rectangles), min(r[1] for r in rectangles)
        right, top = max(r[2] for r in rectangles), max(r[3] for r in rectangles)
        found.append(tuple(value * 25.4 / 72 for value in (left, height - top, right, height - bottom)))
    document.close()
    return found


def codes(pdf: bytes, page: int = 0) -> set[str]:
    """Return what the QR codes of a page say."""
    document = pypdfium2.PdfDocument(pdf)
    image = document[page].render(scale=300 / 72).to_pil().convert("L")
    document.close()
    return {found.text for found in zxingcpp.read_barcodes(image)}


@pytest.mark.parametrize(("country", "kind", "changed"), PLACES)
def test_the_address_lies_in_the_window(
    make: Make, offer: Template, country: str, kind: str, changed: dict[str, object]
) -> None:
    subject = make(offer, country=country)
    assert subject.postal is not None
    made = letter(render(offer, Channel.LETTER, replace(subject, postal={**subject.postal, **changed})))
    window = window_for(country)
    assert window.kind == kind
    assert made.address[-1] != country
    for left, top, right, bottom in boxes(made.pdf, made.address):
        assert window.left - 0.1 <= left < right <= window.left + window.width + 0.1
        assert window.top - 0.1 <= top < bottom <= window.top + window.height + 0.1


@pytest.mark.parametrize("country", ["DE", "GB", "US", "SE"])
def test_an_invoice_has_its_address_in_the_window_and_nothing_else_there(
    make: Make, invoice: Template, country: str
) -> None:
    made = letter(render(invoice, Channel.LETTER, make(invoice, country=country)))
    window = window_for(country)
    document = pypdfium2.PdfDocument(made.pdf)
    height = document[0].get_height()
    point = 72 / 25.4
    inside = (
        document[0]
        .get_textpage()
        .get_text_bounded(
            left=window.left * point,
            right=(window.left + window.width) * point,
            top=height - window.top * point,
            bottom=height - (window.top + window.height) * point,
        )
    )
    document.close()
    lines = [line.strip() for line in inside.splitlines() if line.strip()]
    expected = [*(["Nordlys · Storgata 12 · 0155 Oslo"] if window.return_line else []), *made.address]
    assert lines == expected


@pytest.mark.parametrize(
    ("country", "size"),
    [pytest.param("US", (612, 792), id="US Letter"), pytest.param("NO", (595, 842), id="A4")],
)
def test_the_paper_is_the_destinations(
    make: Make, offer: Template, country: str, size: tuple[int, int]
) -> None:
    made = letter(render(offer, Channel.LETTER, make(offer, country=country)))
    document = pypdfium2.PdfDocument(made.pdf)
    assert tuple(round(value) for value in document[0].get_size()) == size
    document.close()


def test_the_codes_can_be_read_and_say_what_they_should(make: Make, offer: Template) -> None:
    made = letter(render(offer, Channel.LETTER, make(offer)))
    assert codes(made.pdf) == {
        "https://t.nordlys.example/a/AbCdEfGhIjKlMnOpQr",
        "https://t.nordlys.example/p/AbCdEfGhIjKlMnOpQr",
        "019AA5E07C007000800000000000A001-1-1",
    }


def test_every_page_of_a_long_letter_has_its_mark(make: Make, invoice: Template) -> None:
    line = {"description": "Beeswax candle", "quantity": "1", "unit_price": "1.00", "tax_rate": "25"}
    data = {"invoice": {**invoice.sample["invoice"], "lines": [line] * 70, "total": "87.50"}}
    made = letter(render(invoice, Channel.LETTER, make(invoice, data=data)))
    assert made.pages > 1
    assert made.sheets == (made.pages + 1) // 2
    for page in (0, made.pages - 1):
        assert f"019AA5E07C007000800000000000A001-{page + 1}-{made.pages}" in codes(made.pdf, page)


def test_the_same_letter_has_the_same_bytes(make: Make, offer: Template) -> None:
    first, second = (render(offer, Channel.LETTER, make(offer)) for _ in range(2))
    assert first == second


def test_what_links_say_is_printed_for_the_reader_on_paper(make: Make) -> None:
    news = find("news/quarterly")
    made = letter(render(news, Channel.LETTER, make(news)))
    assert "Tell us that you are coming (nordlys.example/workshop)" in " ".join(pdf_text(made.pdf).split())


def test_a_document_is_the_letter(make: Make, invoice: Template) -> None:
    first = letter(render(invoice, Channel.LETTER, make(invoice)))
    again = letter(render(invoice, Channel.LETTER, make(invoice), documents={"invoice": first.pdf}))
    assert pdf_text(again.pdf) == pdf_text(first.pdf)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"postal": None}, "no postal address", id="no address"),
        pytest.param(
            {"postal": {"name": "ኃይለ", "country": "ET"}}, "fonts have no", id="letters that we cannot print"
        ),
        pytest.param(
            {"postal": {"name": "A", "street": ["x" * 120], "city": "Oslo", "country": "NO"}},
            "too long",
            id="a line that no window shows",
        ),
        pytest.param(
            {"data": {"code": "word " * 1500}}, "its budget is", id="more pages than the template allows"
        ),
    ],
)
def test_a_letter_that_cannot_arrive_is_refused(
    make: Make, offer: Template, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(Problem, match=said):
        render(offer, Channel.LETTER, make(offer, **changed))


def test_what_the_fonts_lack_does_not_stop_an_invoice(make: Make, invoice: Template) -> None:
    subject = make(invoice, postal=None, data={"customer": {"first_name": "Zoë 😀", "last_name": "ኃ"}})
    [text] = [text for part, text in outputs(render(invoice, Channel.EMAIL, subject)) if part == "attachment"]
    assert "Zoë ·" in text


@pytest.mark.parametrize("window", WINDOWS.values(), ids=list(WINDOWS))
def test_every_window_lies_on_its_paper(window: object) -> None:
    from templates.postal_lines import Window

    assert isinstance(window, Window)
    assert 10 < window.left < window.left + window.width < window.paper[0] - 10
    assert 20 < window.top < window.top + window.height < 100


def test_the_brand_is_in_the_letter(make: Make, offer: Template) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"name": "Lumen", "accent": "#ffd400"})
    assert "Lumen" in pdf_text(letter(render(offer, Channel.LETTER, make(offer, brand=brand))).pdf)


@pytest.mark.parametrize(
    "lines", [("Nordlys", "Storgata 12"), ("Nordlys Belysning AS", "Storgata 12"), ("Storgata 12",)]
)
def test_the_sender_is_named_once(make: Make, offer: Template, lines: tuple[str, ...]) -> None:
    address = SAMPLE_BRAND.address.model_copy(update={"lines": lines})
    brand = SAMPLE_BRAND.model_copy(update={"address": address})
    text = pdf_text(letter(render(offer, Channel.LETTER, make(offer, country="DE", brand=brand))).pdf)
    assert "Nordlys · Storgata 12" in text


SAME = """
import hashlib
from templates.catalog import find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tidings.channel import Channel
for name in ("news/quarterly", "offer/autumn"):
    template = find(name)
    letters = [render(template, Channel.LETTER, sample_subject(template, SAMPLE_BRAND, "en")) for _ in range(2)]
    print(*(hashlib.sha256(letter.pdf).hexdigest() for letter in letters))
"""


def test_a_letter_has_the_same_bytes_in_any_process_and_at_any_time_of_it() -> None:
    """An attempt in another process must find its first bytes again; sets come in another order in each process."""
    made = [
        subprocess.run(
            [sys.executable, "-c", SAME],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2", "3")
    ]
    assert made[0] == made[1] == made[2]
    assert made[0][::2] == made[0][1::2]
