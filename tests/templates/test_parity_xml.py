"""The XML inside of an invoice is held to the same proof as every channel."""

from dataclasses import replace

import pytest

from templates.catalog import Template
from templates.facts import check_parity
from templates.preview import SAMPLE_BRAND
from templates.render import documents_of, render
from tests.templates.bills import bill, credit
from tests.templates.conftest import Make
from tidings.channel import Channel

PAPERS = (Channel.EMAIL, Channel.LETTER)
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("plain", [False, True], ids=["as usual", "in plain words"])
def test_a_credit_note_says_the_same_everywhere(
    invoice: Template, make: Make, language: str, plain: bool
) -> None:
    subject = replace(
        make(invoice, language, data={"invoice": credit().model_dump(mode="json")}),
        plain=plain,
        to="+4799999999",
    )
    documents = documents_of(invoice, subject)
    contents = {}
    for channel in invoice.channels:
        to = "ada@example.org" if channel is Channel.EMAIL else subject.to
        contents[channel] = render(invoice, channel, replace(subject, to=to), documents=documents)
    assert check_parity(invoice, subject, contents) == []


def test_an_xml_that_says_another_amount_is_named(invoice: Template, make: Make) -> None:
    subject = make(invoice, "en", data={"invoice": bill().model_dump(mode="json")})
    other = make(invoice, "en", data={"invoice": bill(prepaid=11).model_dump(mode="json")})
    contents = {
        channel: render(invoice, channel, subject, documents=documents_of(invoice, other))
        for channel in PAPERS
    }
    found = {
        (one.channel, one.part, one.fact)
        for one in check_parity(invoice, subject, contents)
        if one.part == "xml"
    }
    assert found == {(channel, "xml", "amount_due") for channel in PAPERS}


def test_a_brand_without_a_tax_number_has_no_xml_to_hold_to_it(invoice: Template, make: Make) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"tax_id": ""})
    subject = make(invoice, "en", brand=brand, data={"invoice": bill().model_dump(mode="json")})
    contents = {Channel.EMAIL: render(invoice, Channel.EMAIL, subject)}
    assert check_parity(invoice, subject, contents) == []
