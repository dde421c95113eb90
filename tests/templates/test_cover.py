"""Cover sheet, index and the Swiss slip: in the language of who reads them."""

import re

import pypdfium2
import pytest

from templates.cover import cover_for, cover_of
from templates.facts import pdf_text
from templates.invoice import invoice_pdf
from templates.language import words
from templates.preview import SAMPLE_BRAND
from templates.swissqr import SLIP_WORDS
from tests.templates.bills import LINKS, SWISS, simple
from tidings.organisation import Organisation

PIECE = {
    "piece": "b-00001",
    "pages": [1, 2],
    "mark": "m",
    "customer": "K-1",
    "envelope": "C6/5",
    "window": "",
    "colour": False,
    "inserts": ["a.pdf"],
    "not_before": "2026-03-03T09:00:00+00:00",
    "expires": "2026-03-20",
}
TOLD = {
    "batch": "b",
    "country": "NO",
    "postage": "standard",
    "pieces": [PIECE],
    "totals": {"pieces": 1234, "pages": 2, "sheets": 1, "weight_g": 12.5, "runs": ["r"]},
}


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param(
            "en", ["Batch b", "Letters 1,234", "Not to be posted before March 3, 2026 10:00"], id="English"
        ),
        pytest.param(
            "nb", ["Bunke b", "Brev 1 234", "Skal ikke postes før 3. mars 2026 10:00"], id="Norwegian"
        ),
        pytest.param("sv", ["Bunt b", "Får inte postas före 3 mars 2026 10:00"], id="Swedish"),
        pytest.param("pl", ["Partia b", "Nie nadawać przed 3 marca 2026 10:00"], id="Polish"),
        pytest.param("pt_BR", ["Lote b", "Não postar antes de 3 de março de 2026 10:00"], id="Brazilian"),
        pytest.param("fi", ["Batch b"], id="a language that we have no words in: English"),
    ],
)
def test_a_cover_sheet_is_in_the_print_houses_language_and_on_its_clock(
    language: str, said: list[str]
) -> None:
    made = cover_of(TOLD, language=language, time_zone="Europe/Oslo")
    found = text_of(made["cover.pdf"]).replace("\N{NO-BREAK SPACE}", " ")
    assert all(one in found for one in said), found
    assert words(language)["cover_index"] in text_of(made["index.pdf"])


@pytest.mark.parametrize(
    ("house", "said"),
    [
        pytest.param({}, "Lot", id="nobody says: the brand's"),
        pytest.param(
            {"sftp": {"cut_off": "16:00:00", "language": "pt_BR"}}, "Lote b", id="the print house's own"
        ),
    ],
)
def test_a_print_house_says_its_language(house: dict[str, dict[str, str]], said: str) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"languages": ("pl", "en")})
    organisation = Organisation.model_validate(
        {
            "name": "x",
            "country": "NO",
            "time_zone": "Europe/Oslo",
            "brands": [brand.model_dump()],
            "print": house,
        }
    )
    found = text_of(cover_for(organisation, "sftp")(TOLD)["cover.pdf"])
    assert (said if house else "Partia b") in found


@pytest.mark.parametrize(
    ("spoken", "language"),
    [
        pytest.param("de_CH", "de", id="German"),
        pytest.param("fr", "fr", id="French"),
        pytest.param("it_CH", "it", id="Italian"),
        pytest.param("en", "en", id="English"),
        pytest.param("pl", "en", id="Polish: banks take English"),
    ],
)
def test_a_swiss_slip_is_in_a_language_that_banks_take(spoken: str, language: str) -> None:
    invoice = simple(rate=25, currency="CHF", reference="210000000003139471430009017")
    postal = {"street": ["Weg 1"], "postal_code": "8000", "city": "Seldwyla", "country": "CH"}
    pdf = invoice_pdf(
        invoice, brand=SWISS, language="en", links=LINKS, postal=postal, name="Ada", spoken=spoken
    )
    found = re.sub(r"\s+", " ", pdf_text(pdf))
    shown = {name: said in found for name, said in SLIP_WORDS[language].items()}
    assert [name for name, there in shown.items() if not there] == ["message", "debtor_field"], found
