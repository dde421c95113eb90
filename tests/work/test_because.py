"""`work.because`: a message says in its own footer why it comes this way; the same at every attempt."""

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest

from preferences.explain import LANGUAGES, footer, spoken
from store.statements import Statement, append
from templates.catalog import find
from templates.facts import pdf_text
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import email_in_full, render
from tests.town import NOON, settle, state
from tests.work.test_deliver import House
from tests.work.test_rehearsal import PaperHouse
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Refused
from tidings.purpose import Purpose
from tidings.reason import Reason
from work.wishes import midnight


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def body(parcel, kind="plain"):
    mail = message_from_bytes(parcel.content.raw, policy=policy.default)
    return " ".join(mail.get_body((kind,)).get_content().split())


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        pytest.param(
            None, "You get this by e-mail because you have not chosen another way.", id="nothing said"
        ),
        pytest.param(
            {"topic": "offer"},
            "You get this by e-mail because you chose that for offers on February 21, 2026.",
            id="said about offers",
        ),
        pytest.param(
            {},
            "You get this by e-mail because you chose that for everything on February 21, 2026.",
            id="said about everything",
        ),
        pytest.param(
            {"until_at": NOON + timedelta(days=5)},
            "You get this by e-mail because you chose that until March 8, 2026.",
            id="said for a while",
        ),
        pytest.param(
            {"at": midnight(date(2026, 2, 21), "Europe/Oslo")},
            "You get this by e-mail because you chose that for everything on February 21, 2026.",
            id="a paper form of a day, which begins an hour before that of UTC",
        ),
        pytest.param(
            {"until_at": midnight(date(2026, 3, 8), "Europe/Oslo")},
            "You get this by e-mail because you chose that until March 8, 2026.",
            id="until a day, as the form says it",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_mail_says_why_it_comes_as_a_mail(house, engine, columns, sentence, kind):
    [customer] = settle(engine, channels=("email", "sms"))
    if columns is not None:
        with engine.begin() as connection:
            state(connection, customer, channels=["email"], **columns)

    house.plan().send()

    [parcel] = house.email.handed
    assert sentence in body(parcel, kind)


def test_what_follows_a_message_in_vain_says_so_and_an_sms_says_nothing(settings, engine):
    house = PaperHouse(settings, engine)
    settle(engine, channels=("email", "letter"))
    settle(engine, channels=("sms",))
    house.plan(channels=["email", "sms", "letter"], fallback_after={"email": "P3D"})
    house.tick(NOON)
    house.tick(NOON + timedelta(days=4))
    house.tick(NOON + timedelta(days=5))

    [letter], [sms] = house.letter.handed, house.sms.handed
    printed = " ".join(pdf_text(letter.content.pdf).split())
    assert "You get this by letter because our message did not reach you another way." in printed
    assert "because" not in sms.content.text


def test_a_brand_may_leave_it_out(settings, engine):
    house = House(settings, engine)
    [brand] = house.installation.organisation.brands
    silent = house.installation.organisation.model_copy(
        update={"brands": (brand.model_copy(update={"say_why": False}),)}
    )
    house.installation = replace(house.installation, organisation=silent)
    settle(engine)
    house.plan().send()

    [parcel] = house.email.handed
    assert "because you have not chosen" not in body(parcel)


def test_a_second_attempt_has_the_same_bytes_whatever_was_said_since(house, engine):
    [customer] = settle(engine, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, customer, channels=["email"])
    house.email.default = Refused(error=ErrorClass.TRANSIENT, code="451", wait=timedelta(minutes=5))
    house.plan().send()
    with engine.begin() as connection:
        said = {
            "customer": customer,
            "source": "form",
            "actor": "customer",
            "at": NOON + timedelta(minutes=1),
        }
        append(
            connection,
            [
                Statement(kind="order", channels=("email",), **said),
                Statement(kind="pause", topic="offer", until_at=NOON + timedelta(days=2), **said),
            ],
        )
    house.email.default = Accepted(reference="ok")
    house.now = NOON + timedelta(hours=1)
    house.send()  # the pause moves it, and it is decided again
    house.now = NOON + timedelta(days=3)
    house.send()

    first, second = house.email.handed
    assert first.content.raw == second.content.raw
    assert house.report()["sent"] == {"email": 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_sentence_for_every_reason(language):
    english, other = spoken("en"), spoken(language)
    assert other["footer"].keys() == english["footer"].keys()
    assert other["purposes"].keys() == {str(purpose) for purpose in Purpose}
    told = {
        footer(reason, language, channel="letter", purpose="invoice",
               said_at="2026-05-03T10:00:00Z", until="2026-06-01T00:00:00Z")
        for reason in (*english["footer"], Reason.CHEAPEST)
    }  # fmt: skip
    assert "" not in told
    assert not any("{" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("reason", "evidence"),
    [
        pytest.param(Reason.STATED_ALL, {}, id="a statement whose date is not known"),
        pytest.param(Reason.SUPPRESSED, {}, id="a reason of no choice"),
    ],
)
def test_what_cannot_be_told_is_left_out(reason, evidence):
    assert footer(reason, "en", channel="email", purpose="offer", **evidence) == ""


@pytest.mark.parametrize("name", ["offer/autumn", "news/quarterly"])
@pytest.mark.parametrize("why", ["", "You get this by e-mail because you have not chosen another way."])
def test_a_mail_from_its_skeleton_says_the_same_as_one_in_full(name, why):
    template = find(name)
    subject = replace(sample_subject(template, SAMPLE_BRAND, "en"), why=why)

    fast, full = render(template, Channel.EMAIL, subject), email_in_full(template, subject)

    assert fast.digest
    for kind in ("plain", "html"):
        read = [
            message_from_bytes(one.raw, policy=policy.default).get_body((kind,)).get_content()
            for one in (fast, full)
        ]
        assert read[0] == read[1]
        assert why in read[0]
