"""What a marketer is told before anybody gets a message: each check can pass, and can fail."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.catalog import Template, all_templates, find
from templates.inspection import CHECKS, Finding, Verdict, inspect
from templates.preview import SAMPLE_BRAND, check_template, render_all, sample_subject
from templates.reading import age, lix
from templates.spam import signs
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Content, Email


@pytest.fixture(scope="module")
def rendered() -> dict[Channel, Content]:
    template = find("offer/autumn")
    return dict(render_all(template, sample_subject(template, SAMPLE_BRAND, "en")))


def changed(contents: dict[Channel, Content], **how: Any) -> dict[Channel, Content]:
    """Return the contents with another e-mail: `html` is (what, instead), headers are given or dropped by None."""
    email = contents[Channel.EMAIL]
    assert isinstance(email, Email)
    mail = message_from_bytes(email.raw, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    for name, value in how.get("headers", {}).items():
        del mail[name]
        if value is not None:
            mail[name] = value
    page = mail.get_body(("html",))
    assert page is not None
    if "html" in how:
        page.set_content(page.get_content().replace(*how["html"]), subtype="html")
    return {**contents, Channel.EMAIL: replace(email, raw=mail.as_bytes())}


def verdict(found: list[Finding], check: str, channel: str) -> tuple[Verdict, str]:
    (one,) = [one for one in found if one.check == check and one.channel == channel]
    return one.verdict, one.detail


BROKEN = [
    pytest.param({"html": ("https://t.nordlys.example/a", "https://localhost/a")}, "links", Verdict.BLOCK, "localhost",
                 id="a link to the machine that wrote it"),
    pytest.param({"html": ("https://t.nordlys.example/a", "http://10.0.0.7/a")}, "links", Verdict.BLOCK, "10.0.0.7",
                 id="a link into somebody's own network"),
    pytest.param({"html": ("https://t.nordlys.example/a", "javascript:alert(1)//")}, "links", Verdict.BLOCK,
                 "javascript", id="a link that is a program"),
    pytest.param({"html": ('alt="Lanterns on a window sill at dusk"', "")}, "alt", Verdict.BLOCK, "cid:",
                 id="a picture without words"),
    pytest.param({"headers": {"Subject": "x" * 90}}, "subject", Verdict.WARN, "90", id="a subject that is cut"),
    pytest.param({"headers": {"Subject": " "}}, "subject", Verdict.BLOCK, "empty", id="no subject"),
    pytest.param({"html": ("The evenings are getting longer. Your code: LYS25.", "Hi")}, "preheader", Verdict.WARN,
                 "characters", id="a preheader that says nothing"),
    pytest.param({"html": ("#22262a", "#dddddd")}, "contrast", Verdict.BLOCK, ":1", id="pale text on white"),
    pytest.param({"html": ("prefers-color-scheme", "prefers-nothing")}, "dark_mode", Verdict.WARN, "",
                 id="no colours for the night"),
    pytest.param({"headers": {"List-Unsubscribe-Post": None}}, "unsubscribe", Verdict.BLOCK, "RFC 8058",
                 id="no one-click unsubscribing"),
    pytest.param({"html": ("</body>", "<p>" + "x" * 103_000 + "</p></body>")}, "size", Verdict.BLOCK, "Gmail",
                 id="a page that Gmail cuts"),
    pytest.param({"html": ("</body>", "<p>" + "x" * 84_000 + "</p></body>")}, "size", Verdict.WARN, "Gmail",
                 id="a page that is nearly cut"),
    pytest.param({"headers": {"Subject": "BUY NOW!! 100% FREE $$$"}}, "spam", Verdict.WARN, "capitals",
                 id="a subject that shouts"),
]  # fmt: skip


@pytest.mark.parametrize(("how", "check", "expected", "word"), BROKEN)
def test_what_is_wrong_is_named(
    rendered: dict[Channel, Content],
    offer: Template,
    how: dict[str, Any],
    check: str,
    expected: Verdict,
    word: str,
) -> None:
    before = verdict(inspect(offer, "en", rendered), check, "email")
    after = verdict(inspect(offer, "en", changed(rendered, **how)), check, "email")

    assert before == (Verdict.PASS, "")
    assert after[0] is expected
    assert word in after[1]


@pytest.mark.parametrize(
    ("target", "check", "word"),
    [
        pytest.param("http://shop.example/a", "links", "not encrypted", id="a link without encryption"),
        pytest.param("https://bit.ly/x", "links", "shortened", id="a shortened link"),
        pytest.param(
            "https://shop.example/?who={customer}", "links", "who the customer is", id="a link that tells"
        ),
        pytest.param(
            "https://shop.example/?utm_source=mail", "utm", "utm_medium", id="half of the campaign marks"
        ),
    ],
)
def test_where_a_templates_links_lead_is_judged(
    rendered: dict[Channel, Content], offer: Template, target: str, check: str, word: str
) -> None:
    other = replace(offer, links={"action": target})
    assert verdict(inspect(offer, "en", rendered), check, "") == (Verdict.PASS, "")
    found, detail = verdict(inspect(other, "en", rendered), check, "")
    assert found is Verdict.WARN
    assert word in detail


def test_every_shipped_template_passes_every_check_that_blocks(offer: Template) -> None:
    seen = set()
    for template in all_templates():
        problems, found = check_template(template, SAMPLE_BRAND)
        assert problems == []
        assert [one for one in found if one.verdict is Verdict.BLOCK] == []
        seen |= {one.check for one in found}
    assert seen == set(CHECKS)


def test_a_value_that_nobody_filled_in_blocks(make: Make, offer: Template) -> None:
    """What stands where a name should is seen on every channel."""
    subject = make(offer, data={"customer": {"first_name": "None", "last_name": "", "company": ""}})
    found = inspect(offer, "en", render_all(offer, subject))
    assert verdict(found, "merge_tags", "")[0] is Verdict.BLOCK


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param("Your lamp is ready", [], id="a plain subject"),
        pytest.param("RE: your order", ["the subject pretends to be an answer"], id="an answer to nothing"),
        pytest.param("F R E E lamps", ["the subject has letters set apart"], id="letters set apart"),
        pytest.param("Lamps! Today!", ["the subject has several exclamation marks"], id="shouting twice"),
        pytest.param("Click here for lamps", ["it says 'click here'"], id="a phrase of spammers"),
    ],
)
def test_signs_of_spam(subject: str, expected: list[str]) -> None:
    assert signs(subject, "A long enough text about lamps." * 9, "en", pictures=1) == expected


@given(st.text(max_size=300))
def test_reading_age_is_within_its_scale_for_any_text(text: str) -> None:
    assert 6 <= age(text) <= 18
    assert lix(text) >= 0


def test_longer_sentences_and_words_are_harder() -> None:
    easy = "We fix your lamp. It takes a day. You can wait."
    hard = (
        "Notwithstanding aforementioned circumstances, reimbursement presupposes comprehensive documentation."
    )
    assert age(easy) < 10 < 17 <= age(hard)
