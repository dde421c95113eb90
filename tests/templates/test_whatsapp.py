"""WhatsApp messages of the library in every language, and their limits."""

from dataclasses import replace

import pytest

from templates.catalog import Template, all_templates
from templates.preview import SAMPLE_BRAND, files_of
from templates.render import render
from templates.whatsapp import LONGEST, make_whatsapp
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import WhatsApp
from tidings.problem import Problem

SID = "HX" + "a" * 32
APPROVED = SAMPLE_BRAND.model_copy(update={"whatsapp": {"offer/autumn": {"nb": SID}}})
EVERY = [
    pytest.param(template, language, id=f"{template.name} {language}")
    for template in all_templates()
    for language in template.languages
]


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_every_template_in_every_language(make: Make, template: Template, language: str) -> None:
    """The short text and the main link; marketing says how to stop."""
    made = render(template, Channel.WHATSAPP, make(template, language))

    assert isinstance(made, WhatsApp)
    short, link, *stop = made.variables
    assert made.text.split("\n\n") == [short, link, *stop]
    assert link.startswith("https://")
    assert ("unsubscribe" not in link, bool(stop)) == (True, template.purpose_class == "marketing")
    assert made.sender == SAMPLE_BRAND.senders.whatsapp
    assert set(files_of(Channel.WHATSAPP, made)) == {"whatsapp.txt"}


@pytest.mark.parametrize(
    ("language", "expected"),
    [pytest.param("nb", SID, id="approved"), pytest.param("sv", "", id="not approved")],
)
def test_the_approved_template_of_the_language(
    make: Make, offer: Template, language: str, expected: str
) -> None:
    """An approval holds for one language; another one's is never taken."""
    made = render(offer, Channel.WHATSAPP, make(offer, language, brand=APPROVED))

    assert isinstance(made, WhatsApp)
    assert made.template == expected


def test_limits(make: Make, offer: Template) -> None:
    """One line in a variable, as WhatsApp wants it; too long is said before anything is sent."""
    known = {"subject": make(offer), "link": "", "stop": "", "template": "", "where": "x"}

    made = make_whatsapp(text="a\n\n b\tc", **known)
    assert (made.text, made.variables) == ("a b c", ("a b c", ""))
    with pytest.raises(Problem, match=str(LONGEST)):
        make_whatsapp(text="x" * (LONGEST + 1), **known)


def test_the_same_bytes_whenever_the_customer_wrote(make: Make, offer: Template) -> None:
    """When the customer wrote decides how it is sent, and changes no word of it."""
    subject = make(offer)
    later = replace(subject, heard_at=subject.created_at)
    first, second = (render(offer, Channel.WHATSAPP, one) for one in (subject, later))

    assert isinstance(first, WhatsApp)
    assert isinstance(second, WhatsApp)
    assert first.text == second.text
    assert (first.heard_at, second.heard_at) == (None, subject.created_at)
