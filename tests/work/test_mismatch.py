"""`work.mismatch`: who says one channel and answers on another is asked, once, and is never overridden."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from channels.contract import Capability
from tests.town import NOON, install, settle, state, suppress
from tidings.channel import Channel
from tidings.outcome import Accepted
from web.app import create
from work.merge import merge
from work.mismatch import AGAIN, answer, ask, ask_of_all, mismatches
from work.preference import read
from work.slips import hand_out


@pytest.fixture
def home(settings, engine):
    return install(settings, engine)


def behaves(engine, customer, *, email=(40, 0), letter=(40, 36), purpose_class="required"):
    """Give somebody a history: (reached, answered) by channel."""
    rows = {"email": email, "letter": letter}
    with engine.begin() as connection:
        for channel, (reached, engaged) in rows.items():
            connection.execute(
                text("""
                    INSERT INTO behaviour (customer_id, channel, purpose_class, reached, engaged, observations, as_of)
                    VALUES (:who, :channel, :class, :reached, :engaged, :reached, :at)
                """),
                {"who": customer, "channel": channel, "class": purpose_class, "reached": reached,
                 "engaged": engaged, "at": NOON - timedelta(days=1)},
            )  # fmt: skip


def says(engine, customer, *channels, **columns):
    with engine.begin() as connection:
        state(connection, customer, channels=list(channels), **columns)


def found(home, **given):
    return [
        (one.customer, one.stated, one.observed, one.ask_by) for one in mismatches(home, now=NOON, **given)
    ]


def test_who_chose_email_and_answers_letters_is_found(home, engine):
    both, content, silent, unsaid = settle(engine, 4, channels=("email", "letter"))
    for customer in (both, content, silent):
        says(engine, customer, "email")
    behaves(engine, both)
    behaves(engine, content, email=(40, 36), letter=(40, 0))
    behaves(engine, silent, letter=(40, 3))
    behaves(engine, unsaid)

    assert found(home) == [(both, "email", "letter", "email")]


@pytest.mark.parametrize(
    ("columns", "many"),
    [
        pytest.param({}, 1, id="an order for everything"),
        pytest.param({"topic": "invoice"}, 1, id="an order for invoices"),
        pytest.param({"topic": "offer"}, 0, id="an order for something else"),
        pytest.param({"until_at": NOON + timedelta(days=1)}, 0, id="a wish for a while is no habit"),
        pytest.param({"until_at": NOON - timedelta(days=1)}, 0, id="a wish that is over"),
    ],
)
def test_only_what_is_said_for_good_about_these_messages_counts(home, engine, columns, many):
    [customer] = settle(engine, channels=("email", "letter"))
    says(engine, customer, "email", **columns)
    behaves(engine, customer)

    assert len(found(home)) == many


def test_little_is_no_proof(home, engine):
    [customer] = settle(engine, channels=("email", "letter"))
    says(engine, customer, "email")
    behaves(engine, customer, email=(4, 0), letter=(4, 4))

    assert found(home) == []


def test_who_has_no_channel_to_be_asked_on_is_listed_and_left_alone(home, engine):
    [customer] = settle(engine, channels=("email", "letter"))
    says(engine, customer, "letter")
    behaves(engine, customer, email=(40, 36), letter=(40, 0))

    assert found(home) == [(customer, "letter", "email", "email")]
    with engine.begin() as connection:
        suppress(connection, "email", "c1@example.org")
    assert found(home) == []  # what cannot be reached cannot be chosen either


class Post:
    """Takes every message."""

    name, capability, platforms, rate = "post", Capability.NONE, frozenset(), 0.0
    call_timeout = timedelta(seconds=1)

    def __init__(self, channel):
        self.channel = channel
        self.sent = []

    def send(self, parcels):
        for parcel in parcels:
            self.sent.append(parcel)
            yield parcel.attempt, Accepted(reference="ok")

    def close(self):
        pass


@pytest.fixture
def asked(home, engine):
    """A customer who was asked by e-mail, and that e-mail."""
    [customer] = settle(engine, channels=("email", "letter"))
    says(engine, customer, "email")
    behaves(engine, customer)
    assert ask(home, now=NOON) == 1
    post = Post(Channel.EMAIL)
    hand_out(home, {Channel.EMAIL: (post,)}, now=NOON)
    [parcel] = post.sent
    return customer, message_from_bytes(parcel.content.raw, policy=policy.default)


def links(mail):
    plain = mail.get_body(("plain",)).get_content()
    return [line for line in plain.splitlines() if line.startswith("http")]


def path_of(link):
    return link.partition(urlsplit(link).netloc)[2]


def orders(engine, customer):
    with engine.connect() as connection:
        query = text(
            "SELECT channels, topic, source, actor FROM statements WHERE customer_id = :who ORDER BY id DESC"
        )
        return [tuple(row) for row in connection.execute(query, {"who": customer})]


def test_the_message_has_two_buttons_and_says_what_was_chosen_and_seen(asked):
    _, mail = asked

    keep, switch = links(mail)
    html = mail.get_body(("html",)).get_content()
    assert "by e-mail" in mail.get_body(("plain",)).get_content()
    assert html.count("<a ") == 2
    assert keep.endswith("answer=stated")
    assert switch.endswith("answer=observed")
    assert "Keep: by e-mail" in html
    assert "Switch: by letter" in html


def test_two_who_ask_at_once_ask_everybody_once(home, engine):
    for customer in settle(engine, 20, channels=("email", "letter")):
        says(engine, customer, "email")
        behaves(engine, customer)

    with ThreadPoolExecutor(2) as pool:
        asked = sum(pool.map(lambda _: ask(home, now=NOON), range(2)))

    with engine.begin() as connection:
        assert (asked, connection.scalar(text("SELECT count(*) FROM slips"))) == (20, 20)


def test_several_records_of_a_person_are_asked_one_question(home, engine):
    both, other, says_it, does_it = settle(engine, 4, channels=("email", "letter"))
    for customer in (both, other, says_it):
        says(engine, customer, "email")
    for customer in (both, other, does_it):
        behaves(engine, customer)
    with engine.begin() as connection:
        for kept, gone in (("C1", "C2"), ("C3", "C4")):
            merge(connection, kept, gone, actor="staff:Mia", because="same person", now=NOON)

    assert [one[0] for one in found(home)] == [both, says_it]
    assert (ask(home, now=NOON), found(home)) == (2, [])


def test_the_question_is_in_the_language_that_was_asked_for(home, engine):
    [customer] = settle(engine, channels=("email", "letter"))
    says(engine, customer, "email")
    says(engine, customer, kind="language", value={"language": "pl"})
    behaves(engine, customer)

    assert ask(home, now=NOON) == 1
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT language FROM slips")) == "pl"


def test_nobody_is_asked_twice_within_the_period(home, asked):
    assert (ask(home, now=NOON + timedelta(days=1)), found(home)) == (0, [])
    assert ask(home, now=NOON + AGAIN + timedelta(days=1)) == 1


@pytest.mark.parametrize(("side", "first"), [("stated", "email"), ("observed", "letter")])
def test_the_answer_is_a_statement_that_says_where_it_came_from(home, engine, asked, side, first):
    customer, mail = asked
    link = next(one for one in links(mail) if one.endswith(f"answer={side}"))
    with TestClient(create(home, clock=lambda: NOON)) as client:
        before = orders(engine, customer)
        shown = client.get(path_of(link))
        assert (shown.status_code, orders(engine, customer)) == (200, before)  # looking answers nothing
        done = client.post(path_of(link), data={"answer": side})

    other = {"email": "letter", "letter": "email"}[first]
    assert done.status_code == 200
    assert orders(engine, customer) == [([first, other], "invoice", "question", "customer"), *before]
    with engine.begin() as connection:
        brand = home.organisation.brand(None)
        known = read(
            connection, customer=customer, brand=brand, policy=home.policy, now=NOON + timedelta(hours=1)
        )
    assert known.answers["invoice"].startswith(first)


@pytest.mark.parametrize(
    ("first", "other", "channels"),
    [
        pytest.param("email", "letter", ["email"], id="keep"),
        pytest.param("letter", "email", ["letter", "email"], id="switch"),
    ],
)
def test_who_wanted_one_channel_only_gets_no_more_by_answering(home, engine, first, other, channels):
    [customer] = settle(engine, channels=("email", "sms", "letter"))
    says(engine, customer, "email", value={"only": True}, topic="offer")
    with engine.begin() as connection:
        answer(
            connection, customer=customer, brand=home.organisation.brand(None), first=first, other=other,
            topic="offer", now=NOON,
        )  # fmt: skip
        newest = text("SELECT channels, value FROM statements ORDER BY id DESC LIMIT 1")
        assert tuple(connection.execute(newest).one()) == (channels, {"only": True})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param(lambda link: link.replace("letter", "email"), 404, id="twice the same channel"),
        pytest.param(lambda link: link.replace("letter", "fax"), 404, id="a channel that there is not"),
        pytest.param(lambda link: link.replace("invoice", "gossip"), 404, id="a topic that there is not"),
        pytest.param(lambda link: link.replace("/p/", "/p/x"), 404, id="somebody else's link"),
        pytest.param(lambda link: link, 422, id="no answer"),
    ],
)
def test_what_is_no_answer_changes_nothing(home, engine, asked, change, status):
    customer, mail = asked
    before = orders(engine, customer)
    with TestClient(create(home, clock=lambda: NOON)) as client:
        given = client.post(change(path_of(links(mail)[0])), data={"answer": "nonsense"})

    assert (given.status_code, orders(engine, customer)) == (status, before)


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt_BR"])
def test_the_page_asks_in_the_customers_language(home, asked, language):
    _, mail = asked
    with TestClient(create(home, clock=lambda: NOON)) as client:
        shown = client.get(f"{path_of(links(mail)[0])}&lang={language}")

    assert shown.status_code == 200
    assert f'lang="{language.replace("_", "-")}"' in shown.text


def test_by_sms_there_is_one_short_link(home, engine):
    [customer] = settle(engine, channels=("sms", "letter"))
    says(engine, customer, "sms")
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO behaviour (customer_id, channel, purpose_class, reached, engaged, observations, as_of)
                    VALUES (:who, 'sms', 'required', 40, 0, 40, :at), (:who, 'letter', 'required', 40, 36, 40, :at)"""),
            {"who": customer, "at": NOON},
        )
    assert ask(home, now=NOON) == 1
    post = Post(Channel.SMS)
    hand_out(home, {Channel.SMS: (post,)}, now=NOON)

    [parcel] = post.sent
    assert parcel.content.text.count("http") == 1
    assert "by SMS" in parcel.content.text


@pytest.mark.parametrize(
    ("stated", "sms", "letter"),
    [
        pytest.param("sms", 0, 36, id="who chose SMS"),
        pytest.param("letter", 36, 0, id="who chose letters, which do not wait for the morning"),
    ],
)
def test_in_the_night_nobody_is_asked_by_sms(home, engine, stated, sms, letter):
    [customer] = settle(engine, channels=("sms", "letter"))
    says(engine, customer, stated)
    night = NOON.replace(hour=23)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO behaviour (customer_id, channel, purpose_class, reached, engaged, observations, as_of)
                    VALUES (:who, 'sms', 'required', 40, :sms, 40, :at),
                           (:who, 'letter', 'required', 40, :letter, 40, :at)"""),
            {"who": customer, "at": NOON, "sms": sms, "letter": letter},
        )

    assert (ask(home, now=night), ask(home, now=NOON + timedelta(days=1))) == (0, 1)


def test_the_round_asks_for_every_brand_and_each_person_once(home, engine):
    both, second = settle(engine, 2, channels=("email", "letter"))
    nordlys = home.organisation.brands[0]
    other = nordlys.model_copy(update={"id": "fjell", "name": "Fjell"})
    two = replace(home, organisation=home.organisation.model_copy(update={"brands": (nordlys, other)}))
    for customer, brand in ((both, "all"), (second, "fjell")):
        says(engine, customer, "email", brand=brand)
        behaves(engine, customer)

    assert ask_of_all(two, now=NOON) == 2
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT customer_id, brand FROM slips ORDER BY customer_id"))
        assert [tuple(row) for row in rows] == [(both, "nordlys"), (second, "fjell")]
    assert ask_of_all(two, now=NOON) == 0
