"""Every template that we ship: all channels, all languages, whatever is said in them."""

from dataclasses import replace
from html.parser import HTMLParser
from itertools import product

import pytest

from templates.blocks import NAMES
from templates.catalog import Template, all_templates
from templates.facts import check_parity, outputs
from templates.preview import SAMPLE_BRAND, check_template, files_of, render_all, sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Letter, Push, Sms

LIBRARY = all_templates()
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
CASES = [
    pytest.param(template, language, id=f"{template.name} in {language}")
    for template, language in product(LIBRARY, LANGUAGES)
]
VOID = {"meta", "br", "img", "hr", "input", "link"}


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_there_are_the_three_that_we_promise_in_five_languages() -> None:
    assert {template.name for template in LIBRARY} >= {"invoice/standard", "offer/autumn", "news/quarterly"}
    assert all(set(template.languages) == set(LANGUAGES) for template in LIBRARY)
    assert all(set(template.channels) == set(Channel) for template in LIBRARY)


@pytest.mark.parametrize(("template", "language"), CASES)
def test_a_template_holds_together(template: Template, language: str) -> None:
    subject = sample_subject(template, SAMPLE_BRAND, language)
    contents = render_all(template, subject)
    assert check_parity(template, subject, contents) == []
    for channel, content in contents.items():
        for part, text in outputs(content):
            assert not any(mark in text for mark in ("{{", "{%", "jnjq", "None", "[]")), (channel, part)
        if isinstance(content, Letter):
            assert content.pages <= template.page_budget
            assert content.sheets == 1
        if isinstance(content, Sms):
            assert content.parts <= 4
        if isinstance(content, Push):
            assert len(content.payload.encode()) < 1000
        if channel is Channel.EMAIL:
            balance = _Balance()
            balance.feed(files_of(channel, content)["email.html"].decode())
            assert (balance.wrong, balance.open) == ([], [])


@pytest.mark.parametrize("template", [pytest.param(template, id=template.name) for template in LIBRARY])
def test_every_language_says_the_same_blocks(template: Template) -> None:
    said = {language: set(blocks.source) for language, blocks in template.blocks.items()}
    assert all(blocks == said["en"] <= set(NAMES) for blocks in said.values())


@pytest.mark.parametrize("country", ["US", "GB", "SE", "DE"])
def test_a_letter_stays_on_one_sheet_wherever_it_goes(country: str) -> None:
    for template in LIBRARY:
        subject = sample_subject(template, SAMPLE_BRAND, "pt_BR", country=country)  # the longest text
        letter = render(template, Channel.LETTER, subject)
        assert isinstance(letter, Letter)
        assert letter.sheets == 1


def test_a_customer_of_whom_we_know_no_name_is_greeted_all_the_same() -> None:
    for template, language in product(LIBRARY, LANGUAGES):
        data = {**template.sample, "customer": {}}
        subject = sample_subject(template, SAMPLE_BRAND, language, data=data)
        content = render(template, Channel.EMAIL, subject, documents={"invoice": b"-"})
        [text] = [text for part, text in outputs(content) if part == "text"]
        assert not any(wrong in text for wrong in (" ,", " !", "None"))


def test_a_broken_template_is_reported_and_not_raised() -> None:
    broken = replace(LIBRARY[0], channels=(Channel.SMS,), sms_budget=1, content_hash="other")
    problems, _ = check_template(broken, SAMPLE_BRAND)
    assert problems
    assert all("parts" in problem for problem in problems)
