"""How a customer wants to be told is heeded on every channel, and the same in every attempt."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest

from store.calls import open_calls, waiting_calls
from store.manners import manner, manners
from templates.catalog import find
from templates.facts import check_parity
from templates.render import documents_of, render
from templates.subject import Subject
from tests.town import NOON, ORGANISATION, POSTAL, settle, state
from tests.web.letters import MESSAGE, bill, send
from tidings.channel import Channel
from tidings.organisation import Organisation

BRAND = Organisation.model_validate(ORGANISATION).brands[0]
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")


def subject(template, language="en", **more):
    return Subject(
        message="0190f3a0-7c3e-7000-8000-000000000001", reference="R2345678", language=language, brand=BRAND,
        data=template.sample, to="ada@example.org", postal=POSTAL, customer="C1",
        links={"document": "https://t.example/d/1", "preferences": "https://t.example/p/1",
               "unsubscribe": "https://t.example/u/1", "action": "https://t.example/l/1"},
        created_at=datetime(2026, 3, 3, tzinfo=UTC), **more,
    )  # fmt: skip


def sizes(pdf):
    """The largest and the commonest type sizes that a page sets, in points."""
    found = []
    for page in pikepdf.open(io.BytesIO(pdf)).pages:
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) == "Tf":
                found.append(float(operands[1]))
    return sorted(found)


@pytest.mark.parametrize("name", ["offer/autumn", "invoice/standard"])
def test_large_print_is_half_as_big_again_in_mails_and_letters(name):
    template = find(name)
    usual, large = subject(template), subject(template, large=True)
    documents = {False: documents_of(template, usual), True: documents_of(template, large)}

    mail = render(template, Channel.EMAIL, usual, documents=documents[False]).raw.decode()
    bigger = render(template, Channel.EMAIL, large, documents=documents[True]).raw.decode()
    assert "16px/25px" in mail.replace("=\r\n", "")
    assert "22.4px/35px" in bigger.replace("=\r\n", "")
    letter = render(template, Channel.LETTER, usual, documents=documents[False])
    bigger = render(template, Channel.LETTER, large, documents=documents[True])
    assert bigger.pdf != letter.pdf
    assert (
        sizes(bigger.pdf)[len(sizes(bigger.pdf)) // 2] > 1.2 * sizes(letter.pdf)[len(sizes(letter.pdf)) // 2]
    )
    assert bigger.address == letter.address


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_language_says_the_same_facts_in_other_words_on_every_channel(language):
    template = find("invoice/standard")
    usual, plain = subject(template, language), subject(template, language, plain=True)
    documents = documents_of(template, usual)
    phones = {Channel.SMS: "+4799999999", Channel.WHATSAPP: "+4799999999"}

    contents = {}
    for channel in template.channels:
        to = phones.get(channel, "ada@example.org")
        contents[channel] = render(template, channel, replace(plain, to=to), documents=documents)
        before = render(template, channel, replace(usual, to=to), documents=documents)
        assert channel is Channel.LETTER or contents[channel] != before, "other words"
    assert list(check_parity(template, plain, contents)) == []
    longer = render(template, Channel.SMS, replace(usual, to="+4799999999"))
    assert contents[Channel.SMS].parts <= longer.parts


def test_a_template_without_plain_words_says_the_usual_ones():
    template = find("offer/autumn")
    assert not template.plain
    assert (
        render(template, Channel.EMAIL, subject(template, plain=True)).raw
        == render(template, Channel.EMAIL, subject(template)).raw
    )


def test_the_wish_that_held_when_the_delivery_was_made_counts_in_every_attempt(engine):
    ada, bo = settle(engine, 2)
    later = NOON + timedelta(hours=1)
    with engine.begin() as connection:
        state(connection, ada, kind="manner", value={"large_print": True}, at=NOON - timedelta(days=2))
        state(connection, ada, kind="manner", brand="nordlys", value={"plain_language": True}, at=NOON)
        state(connection, ada, kind="manner", brand="nordlys", value={}, at=later)
        said = manners(connection, [ada, bo])

    assert manner(said, ada, brand="nordlys", at=NOON - timedelta(days=3)) == {}
    assert manner(said, ada, brand="nordlys", at=NOON - timedelta(days=1)) == {"large_print": True}
    assert manner(said, ada, brand="nordlys", at=NOON) == {"plain_language": True}
    assert manner(said, ada, brand="nordlys", at=later) == {}
    assert manner(said, ada, brand="other", at=later) == {"large_print": True}
    assert manner(said, bo, brand="nordlys", at=later) == {}


@pytest.mark.parametrize(
    ("case", "purpose", "value", "called"),
    [
        pytest.param("wish", "invoice", {"call": True}, 1, id="an invoice, wished"),
        pytest.param("wish", "offer", {"call": True}, 0, id="an offer needs no call"),
        pytest.param("wish", "invoice", {"large_print": True}, 0, id="another wish"),
        pytest.param("late", "invoice", {"call": True}, 0, id="wished after it was planned"),
        pytest.param("back", "invoice", {"call": True}, 0, id="wished and taken back"),
    ],
)
def test_who_wants_a_person_is_called_about_what_is_required(engine, case, purpose, value, called):
    [ada] = settle(engine)
    send(engine, ada, purpose=purpose, invoice=bill() if purpose == "invoice" else None, sent_at=NOON)
    with engine.begin() as connection:
        at = NOON + timedelta(hours=1) if case == "late" else NOON - timedelta(days=1)
        state(connection, ada, kind="manner", brand="nordlys", value=value, at=at)
        if case == "back":
            state(
                connection,
                ada,
                kind="manner",
                brand="nordlys",
                value={"call": False},
                at=NOON - timedelta(hours=1),
            )

        assert open_calls(connection, now=NOON) == called
        assert open_calls(connection, now=NOON) == 0, "once"
        assert [(call["message"], call["because"]) for call in waiting_calls(connection)] == (
            [(MESSAGE, "call_wished")] * called
        )
