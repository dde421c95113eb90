"""A customer takes back their own STOP on their page: only that, only theirs, and with a proof of what they saw."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from store.tables import addresses, consents
from tests.town import NOON, address, agree, settle, suppress
from tests.work.test_receive import news
from tidings.channel import Channel
from work.preference import read
from work.receive import receive

SMS = address("sms", 1)["value"]
BUTTON = "Take my stop back"


@pytest.fixture
def ada(door):
    """A customer who allowed offers by SMS and e-mail, and answered STOP to an SMS; their number."""
    [customer] = settle(door.installation.engine, channels=("email", "sms"))
    hear(door, "stopped")
    return customer


def hear(door, kind, *, at=NOON - timedelta(hours=2), **given):
    receipt = news(kind, address=SMS, channel=Channel.SMS, at=at, **given)
    receive(door.installation, [receipt], now=NOON - timedelta(hours=1))


def page(door, customer, language="en"):
    return door.client.get(f"{door.form(customer)}?lang={language}").text


def take_back(door, customer, number=None):
    found = re.search(r'name="unstop" value="(\d+)"', page(door, customer))
    number = number or (found and found[1])
    return door.client.post(f"{door.form(customer)}?lang=en", data={"unstop": str(number), "shown_at": "x"})


def standing(door):
    return door.ask("SELECT channel, reason FROM suppressions WHERE lifted_at IS NULL ORDER BY 1, 2")


def offers_on(door, customer):
    installation = door.installation
    with installation.engine.connect() as connection:
        known = read(
            connection,
            customer=customer,
            brand=installation.organisation.brand(None),
            policy=installation.policy,
            now=door.clock(),
        )
    return known.answers["offer"]


def test_what_was_stopped_is_allowed_again_with_its_proof(door, ada):
    before = door.ask("SELECT id, action FROM consents ORDER BY id")
    assert offers_on(door, ada) == "email"
    assert "You answered STOP from •• 01 on 3 March 2026." in page(door, ada)
    assert "allow it again there: Offers for you." in page(door, ada)

    answer = take_back(door, ada)

    assert "Saved" in answer.text
    assert offers_on(door, ada) == "email,sms"
    assert standing(door) == []
    assert door.ask("SELECT id, action FROM consents ORDER BY id")[: len(before)] == before
    [(topic, channel, action, actor, proof)] = door.ask(
        "SELECT topic, channel, action, actor, proof FROM consents ORDER BY id OFFSET :known",
        known=len(before),
    )
    assert (topic, channel, action, actor) == ("offer", "sms", "given", "customer")
    assert "takes back the STOP of 2026-03-03T10:00:00Z" in proof
    assert "wording" in proof
    assert door.ask("SELECT kind, channel FROM touchpoints WHERE source = 'form'") == [("started", "sms")]
    assert BUTTON not in page(door, ada)


def test_a_stop_that_is_delivered_late_does_not_close_it_again(door, ada):
    take_back(door, ada)

    hear(door, "stopped", at=NOON - timedelta(hours=3))

    assert standing(door) == []


def test_a_new_stop_closes_it_again(door, ada):
    take_back(door, ada)
    door.clock.on(hours=2)

    receive(
        door.installation,
        [news("stopped", address=SMS, channel=Channel.SMS, at=NOON + timedelta(hours=1))],
        now=door.clock(),
    )

    assert standing(door) == [("sms", "stop")]
    assert offers_on(door, ada) == "email"
    assert BUTTON in page(door, ada)


def test_who_never_allowed_marketing_gets_only_what_is_owed_again(door):
    [customer] = settle(door.installation.engine, channels=("sms",), consent=None)
    hear(door, "stopped")
    assert "Offers and news stay away." in page(door, customer)

    take_back(door, customer)

    assert standing(door) == []
    assert door.ask("SELECT 1 FROM consents WHERE action = 'given'") == []


def test_an_objection_on_the_page_is_not_taken_back_with_the_stop(door, ada):
    door.client.post(door.form(ada), data={"stop": "marketing"})

    take_back(door, ada)

    assert standing(door) == []
    assert offers_on(door, ada) == "none"


def suppression(engine, reason):
    with engine.begin() as connection:
        suppress(connection, "sms", SMS, reason)


def share(engine):
    settle(engine, channels=())
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO addresses (customer_id, channel, value) SELECT max(id), 'sms', :sms FROM customers"
            ),
            {"sms": SMS},
        )


def forget(engine):
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DELETE FROM touchpoints WHERE kind = 'stopped'"))


NOT_THEIRS = {
    "a bounce beside it": lambda engine: suppression(engine, "hard_bounce"),
    "a complaint beside it": lambda engine: suppression(engine, "complaint"),
    "the network's own list beside it": lambda engine: suppression(engine, "opt_out"),
    "somebody else has the number too": share,
    "no word of it in their history": lambda engine: forget(engine),
}


@pytest.mark.parametrize("change", NOT_THEIRS.values(), ids=NOT_THEIRS)
def test_what_is_not_a_stop_of_their_own_alone_stays_closed(door, ada, change):
    number = door.ask("SELECT id FROM suppressions WHERE reason = 'stop'")[0][0]
    change(door.installation.engine)
    before = standing(door)

    assert BUTTON not in page(door, ada)
    take_back(door, ada, number)

    assert standing(door) == before
    assert door.ask("SELECT 1 FROM touchpoints WHERE kind = 'started'") == []


def test_nobody_takes_back_the_stop_of_somebody_else(door, ada):
    [bo] = settle(door.installation.engine, channels=("email",))
    number = door.ask("SELECT id FROM suppressions WHERE reason = 'stop'")[0][0]

    for wrong in (number, 0, "x", "1; DROP", 2**70):
        take_back(door, bo, wrong)

    assert standing(door) == [("sms", "stop")]


def test_twice_is_once(door, ada):
    number = door.ask("SELECT id FROM suppressions WHERE reason = 'stop'")[0][0]
    take_back(door, ada, number)
    rows = door.ask("SELECT count(*) FROM consents")

    take_back(door, ada, number)

    assert door.ask("SELECT count(*) FROM consents") == rows


def test_looking_at_the_page_changes_nothing(door, ada):
    page(door, ada)

    assert standing(door) == [("sms", "stop")]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("nb", "Du sa stopp"),
        ("sv", "Du sa stopp"),
        ("pl", "Masz ustawione"),
        ("pt_BR", "Você pediu para parar"),
    ],
)
def test_the_card_is_in_the_language_of_the_page(door, ada, language, title):
    assert title in page(door, ada, language)


def test_an_offer_that_was_allowed_by_sms_alone_comes_back(door):
    [customer] = settle(door.installation.engine, channels=("sms",), topic="news")
    with door.installation.engine.begin() as connection:
        agree(connection, customer, channel="sms", topic="offer")
    hear(door, "stopped")
    assert offers_on(door, customer) == "none"

    take_back(door, customer)

    assert offers_on(door, customer) == "sms"


SECOND = "+4740699999"
STOP_AT = NOON - timedelta(hours=2)


def consent(engine, customer, hours, action, *, topic="all", channel="sms", source="import:crm", **more):
    values = {"proof": "p", "actor": "customer"} | more
    with engine.begin() as connection:
        connection.execute(
            insert(consents).values(
                customer_id=customer, topic=topic, channel=channel, action=action, source=source,
                at=NOON - timedelta(hours=hours), **values,
            )
        )  # fmt: skip


def second_phone(door, customer):
    with door.installation.engine.begin() as connection:
        connection.execute(
            insert(addresses).values(customer_id=customer, channel="sms", value=SECOND, position=2)
        )


def stop_of(value, hours):
    return news("stopped", address=value, channel=Channel.SMS, at=NOON - timedelta(hours=hours))


def before(action, **more):
    """Return what an import said of the customer two hours before their STOP."""
    return lambda door, ada: consent(door.installation.engine, ada, 4, action, **more)


def after(action, **more):
    return lambda door, ada: consent(door.installation.engine, ada, 1, action, **more)


def complained(door, ada):
    """A complaint that somebody looked at and opened the address again for."""
    hear(door, "complained", at=NOON - timedelta(hours=5))
    with door.installation.engine.begin() as connection:
        connection.execute(text("UPDATE suppressions SET lifted_at = at WHERE reason = 'complaint'"))


def stopped_and_started(door, ada):
    hear(door, "stopped", at=NOON - timedelta(hours=6))
    hear(door, "started", at=NOON - timedelta(hours=5))


def ended(door, ada):
    engine = door.installation.engine
    consent(engine, ada, 5, "withdrawn", topic="offer")
    consent(engine, ada, 4, "given", topic="offer", expires_at=NOON - timedelta(hours=1))


SAID = {
    "nothing else: it comes back": (lambda door, ada: None, "email,sms"),
    "a second STOP of theirs": (lambda door, ada: hear(door, "stopped", at=NOON - timedelta(hours=3)), "email,sms"),
    "an imported withdrawal from all of it before": (before("withdrawn"), "email"),
    "an imported withdrawal from all of it afterwards": (after("withdrawn"), "email"),
    "a withdrawal that a provider brought in no word of theirs": (before("withdrawn", source="provider"), "email"),
    "a withdrawal from every channel before": (before("withdrawn", channel="all"), "none"),
    "a withdrawal of the topic alone before": (before("withdrawn", topic="offer"), "email"),
    "an objection before": (before("objected"), "email"),
    "a withdrawal on another channel": (before("withdrawn", channel="letter"), "email,sms"),
    "a complaint that was looked at": (complained, "email"),
    "an earlier STOP and a START, which gives no consent": (stopped_and_started, "email"),
    "a permission that ended meanwhile": (ended, "email"),
}  # fmt: skip


@pytest.mark.parametrize(("say", "expected"), SAID.values(), ids=SAID)
def test_only_what_the_stop_itself_withdrew_comes_back(door, say, expected):
    engine = door.installation.engine
    [customer] = settle(engine, channels=("email", "sms"))
    say(door, customer)
    hear(door, "stopped", at=STOP_AT)
    if expected != "email,sms":
        assert "Offers and news stay away." in page(door, customer)

    take_back(door, customer)

    assert standing(door) == []
    assert offers_on(door, customer) == expected


@pytest.mark.parametrize("first", [SMS, SECOND], ids=["the first phone first", "the second phone first"])
def test_of_two_phones_that_said_stop_both_have_to_be_taken_back(door, first):
    [customer] = settle(door.installation.engine, channels=("email", "sms"))
    second_phone(door, customer)
    for value, hours in ((SMS, 3), (SECOND, 2)):
        receive(door.installation, [stop_of(value, hours)], now=NOON)
    number = dict(door.ask("SELECT value, id FROM suppressions"))

    take_back(door, customer, number.pop(first))
    assert offers_on(door, customer) == "email"

    door.clock.on(minutes=1)
    take_back(door, customer, *number.values())
    assert standing(door) == []
    assert offers_on(door, customer) == "email,sms"


ALLOWED = {
    "the whole": (["offer"], ["offer"]),
    "a part": (["offer.garden"], ["offer.garden"]),
    "the whole, which brings its part": (["offer", "offer.garden"], ["offer"]),
}


@pytest.mark.parametrize(("had", "expected"), ALLOWED.values(), ids=ALLOWED)
def test_a_part_comes_back_as_it_was_allowed(garden, had, expected):
    engine = garden.installation.engine
    [customer] = settle(engine, channels=("sms",), consent=None)
    with engine.begin() as connection:
        for topic in had:
            agree(connection, customer, channel="sms", topic=topic)
    hear(garden, "stopped")

    take_back(garden, customer)

    given = "SELECT topic FROM consents WHERE action = 'given' AND proof LIKE '%takes back%'"
    assert [topic for (topic,) in garden.ask(given)] == expected
