"""The proof finds what is missing and names it."""

from dataclasses import replace

import pytest

from templates.catalog import Template
from templates.facts import _says as says
from templates.facts import check_parity, fact_forms, html_text
from templates.preview import SAMPLE_BRAND, prove, render_all
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Sms


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        pytest.param("You owe €1.98.", "€1.98", True, id="at the end of a sentence"),
        pytest.param("You owe €11.98", "€1.98", False, id="inside another amount"),
        pytest.param("You owe €1.980", "€1.98", False, id="with one more digit"),
        pytest.param("11,98 kr", "1,98 kr", False, id="behind a digit"),
        pytest.param("1\u00a0234,50\u202fkr", "1\u202f234,50\u00a0kr", True, id="whatever space it is"),
        pytest.param("1234,50 kr", "1\u00a0234,50\u00a0kr", True, id="as a PDF gives it without the space"),
        pytest.param("code LYS250", "LYS25", False, id="inside another word"),
        pytest.param("5. desember\n2026", "5. desember 2026", True, id="across lines"),
    ],
)
def test_a_value_is_found_as_itself_only(text: str, form: str, expected: bool) -> None:
    assert says(text, form) is expected


def test_a_fact_that_one_channel_lost_is_named(make: Make, offer: Template) -> None:
    subject = make(offer, "nb")
    contents = render_all(offer, subject)
    assert check_parity(offer, subject, contents) == []
    sms = contents[Channel.SMS]
    assert isinstance(sms, Sms)
    contents[Channel.SMS] = replace(sms, text=sms.text.replace("LYS25", "LYS20"))
    [problem] = check_parity(offer, subject, contents)
    assert (problem.template, problem.language, problem.channel, problem.fact) == (
        "offer/autumn",
        "nb",
        "sms",
        "code",
    )
    assert str(problem) == "offer/autumn, nb, sms (text): fact code is missing; it should read 'LYS25'."


def test_the_text_part_and_the_attachment_are_searched_too(make: Make, invoice: Template) -> None:
    subject = make(invoice)
    contents = render_all(invoice, subject)
    other = make(invoice, data={"invoice": {**invoice.sample["invoice"], "due_on": "2026-12-24"}})
    found = {(problem.channel, problem.part) for problem in check_parity(invoice, other, contents)}
    assert found == {
        (Channel.EMAIL, "html"),
        (Channel.EMAIL, "text"),
        (Channel.EMAIL, "attachment"),
        (Channel.EMAIL, "xml"),
        (Channel.LETTER, "xml"),
        (Channel.SMS, "text"),
        (Channel.PUSH, "payload"),
        (Channel.LETTER, "pdf"),
        (Channel.WHATSAPP, "text"),
    }


def test_what_is_hidden_does_not_count() -> None:
    assert "LYS25" not in html_text(
        '<title>LYS25</title><div class="quiet">LYS25</div><style>.LYS25{}</style>'
    )


def test_an_account_that_the_brand_does_not_have_is_no_fact(make: Make, invoice: Template) -> None:
    data = {"invoice": {**invoice.sample["invoice"], "currency": "USD"}}
    assert "account" not in fact_forms(invoice, make(invoice, data=data), "en")
    assert "account" in fact_forms(invoice, make(invoice), "en")


def test_a_run_with_good_data_is_proven(offer: Template) -> None:
    data = {"code": "SNOW", "discount": 10, "price": "80.10", "currency": "NOK", "valid_until": "2026-12-24"}
    brand = SAMPLE_BRAND.model_copy(update={"languages": ("pl", "fi")})
    assert prove(offer, brand=brand, data=data) == []


def test_a_run_without_its_data_is_told_what_is_missing(offer: Template) -> None:
    problems = prove(offer, brand=SAMPLE_BRAND, data={"code": "SNOW"})
    assert problems
    assert "the percent 'discount' is missing" in problems[0]
