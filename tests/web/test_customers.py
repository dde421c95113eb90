"""The desk: one customer at a time with a reason, each role its part, and each change with who and why."""

import re

import pytest
from sqlalchemy import insert, text

from store.owner import owner
from store.tables import addresses, behaviour, touchpoints
from tests.town import NOON, settle, state, suppress
from tests.web.letters import bill, send
from tests.work.test_deliver import House
from tests.work.test_sent import Taking
from tidings.channel import Channel
from tidings.role import Role
from work.deliver import Sender


@pytest.fixture
def ada(engine):
    """Ada Berg, C1: reachable by e-mail and letter, with an invoice that was sent, a wish, and what was noticed."""
    one = settle(engine, channels=("email", "sms", "letter"))[0]
    send(engine, one, purpose="invoice", invoice=bill("2026-1"), sent_at=NOON)
    with engine.begin() as connection:
        state(connection, one, topic="offer", channels=["email"])
        connection.execute(
            insert(behaviour).values(
                customer_id=one, channel="sms", purpose_class="marketing", reached=4, engaged=3, observations=4,
                as_of=NOON,
            )
        )  # fmt: skip
        connection.execute(
            insert(touchpoints).values(
                customer_id=one, source="shop", external_id="v1", direction="in", channel="visit", kind="visited",
                at=NOON,
            )
        )  # fmt: skip
    return one


def opened(client, because="ticket", note="ticket 812", ref="C1"):
    answer = client.post(f"/customers/{ref}/open", {"because": because, "note": note})
    assert answer.status_code == 303, answer.text
    return client.get(f"/customers/{ref}")


def test_the_reason_is_asked_before_anything_is_shown_and_kept_in_the_audit(staff, door, ada):
    mia = staff(Role.SUPPORT)
    asked = mia.get("/customers/C1")
    assert "c1@example.org" not in asked.text
    assert "Why do you open this customer?" in asked.text
    assert mia.post("/customers/C1/open", {"because": "ticket", "note": " "}).status_code == 422
    page = opened(mia)
    assert "c1@example.org" in page.text
    assert door.ask(
        "SELECT actor, subject, detail ->> 'because' FROM audit WHERE action = 'open_customer'"
    ) == [(f"staff:{mia.name}", f"customer:{ada}", "ticket: ticket 812")]


def test_the_next_customer_closes_the_one_before(staff, engine, ada):
    settle(engine)
    mia = staff(Role.SUPPORT)
    opened(mia)
    opened(mia, ref="C2")
    assert "Why do you open this customer?" in mia.get("/customers/C1").text


def test_the_reason_is_asked_again_after_an_hour(staff, door, ada):
    door.clock.now = door.ask("SELECT now()")[0][0]
    mia = staff(Role.SUPPORT)
    opened(mia)
    assert "c1@example.org" in mia.get("/customers/C1").text
    door.clock.on(minutes=61)
    answer = mia.get("/customers/C1")
    assert "c1@example.org" not in answer.text


SEES = {
    "support sees the timeline, the addresses, both columns and the amount": (
        Role.SUPPORT,
        "ticket",
        ("c1@example.org", "Everything that happened", "The customer chose", "We noticed", "250.00", "Visit"),
        (),
    ),
    "the counter sees offers and wishes, no address, no invoice and no history": (
        Role.COUNTER,
        "counter",
        ("Offers in force", "Change a wish for the customer"),
        ("c1@example.org", "2026-1", "250.00", "Everything that happened", "Note a call"),
    ),
    "billing sees invoices and nothing else": (
        Role.BILLING,
        "ticket",
        ("2026-1", "250.00"),
        ("c1@example.org", "Offers in force", "Change a wish", "Everything that happened"),
    ),
}


@pytest.mark.parametrize(("role", "because", "there", "missing"), SEES.values(), ids=SEES)
def test_each_role_sees_its_part(staff, ada, role, because, there, missing):
    page = opened(staff(role), because=because).text
    assert [word for word in there if word not in page] == []
    assert [word for word in missing if word in page] == []


@pytest.mark.parametrize("role", [Role.MARKETING, Role.MANAGER, Role.ADMIN])
def test_nobody_else_gets_in(staff, ada, role):
    client = staff(role)
    for path in ("/customers", "/customers/C1", "/customers/C1/messages/x"):
        assert client.get(path).status_code == 403


def test_the_timeline_is_filtered_by_channel(staff, ada):
    mia = staff(Role.SUPPORT)
    opened(mia)
    page = mia.get("/customers/C1?channel=visit").text
    timeline = page[page.index('id="timeline"') : page.index("Invoices")]
    assert "visit" in timeline
    assert "Message" not in timeline


FINDS = {
    "an e-mail address opens its customer": ("c1@example.org", 303, "/customers/C1"),
    "an invoice's number opens its customer": ("2026-1", 303, "/customers/C1"),
    "a name lists": ("berg", 200, "Ada Berg"),
    "a wildcard finds nobody": ("%", 200, "Nobody is found by that."),
}


@pytest.mark.parametrize(("words", "status", "said"), FINDS.values(), ids=FINDS)
def test_finding(staff, ada, words, status, said):
    answer = staff(Role.SUPPORT).get("/customers", params={"q": words})
    assert answer.status_code == status
    assert said in (answer.headers.get("location") or answer.text)
    assert "c1@example.org" not in answer.text.replace(f'value="{words}"', "")


ACTS = {
    "a call is noted": (
        "call",
        {"note": "Wants paper", "way": "in"},
        "noted",
        "SELECT detail ->> 'note' FROM touchpoints WHERE kind = 'called'",
        "Wants paper",
    ),
    "a complaint is opened": (
        "matter",
        {"matter": "complaint", "do": "open", "because": "damaged"},
        "opened",
        "SELECT detail ->> 'because' FROM audit WHERE action = 'open_matter'",
        "damaged",
    ),
    "a bounced address is used again": (
        "lift",
        {"suppression": "bounce", "because": "said it works"},
        "lifted",
        "SELECT detail ->> 'because' FROM audit WHERE action = 'lift_suppression'",
        "said it works",
    ),
    "a wish is written down": (
        "wish",
        {"brand": "nordlys", "offer": "none", "because": "said so on the phone"},
        "wished",
        "SELECT source FROM consents WHERE action = 'objected'",
        "staff",
    ),
}


@pytest.mark.parametrize(("act", "fields", "said", "query", "kept"), ACTS.values(), ids=ACTS)
def test_what_the_desk_does_is_kept_with_its_reason(staff, door, engine, ada, act, fields, said, query, kept):
    with engine.begin() as connection:
        suppress(connection, "email", "c1@example.org")
    number = str(door.ask("SELECT id FROM suppressions")[0][0])
    mia = staff(Role.SUPPORT)
    opened(mia)
    fields = {key: number if value == "bounce" else value for key, value in fields.items()}
    answer = mia.post(f"/customers/C1/{act}", fields)
    assert answer.headers["location"] == f"/customers/C1?said=customers.{said}"
    assert (kept,) in door.ask(query)
    assert mia.get(answer.headers["location"]).status_code == 200


def test_a_wish_says_who_wrote_it_down_and_why(staff, door, ada):
    mia = staff(Role.COUNTER)
    opened(mia, because="counter", note="")
    mia.post("/customers/C1/wish", {"brand": "nordlys", "news": "email", "because": "filled in the card"})
    rows = door.ask("SELECT actor, proof, action FROM consents WHERE topic = 'news'")
    assert rows == [
        (f"staff:{mia.name}", f"recorded by staff:{mia.name} (counter): filled in the card", "given")
    ]


MEANWHILE = {
    "an objection of the customer": ("stop", "marketing", "none"),
    "a choice of another channel": ("offer", "letter", "letter"),
}


@pytest.mark.parametrize(("name", "value", "expected"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_lay_open_at_the_desk_does_not_take_back_what_the_customer_said(
    staff, door, ada, name, value, expected
):
    mia = staff(Role.SUPPORT)
    page = opened(mia).text
    form = page.split('action="/customers/C1/wish"')[1].split("</form>")[0]
    shown = dict(re.findall(r'name="(shown\.[\w.]+)" value="([^"]*)"', form))
    door.client.post(door.form(ada), data={name: value})
    door.clock.on(minutes=1)

    answer = mia.post(
        "/customers/C1/wish",
        shown | {"brand": "nordlys", "offer": shown["shown.offer"], "language": "nb", "because": "asked"},
    )

    assert answer.headers["location"] == "/customers/C1?said=customers.wished"
    again = mia.get("/customers/C1").text
    assert f'name="shown.offer" value="{expected}"' in again
    assert 'name="shown.language" value="nb"' in again


def test_a_pause_ends_on_a_day_where_the_customer_lives(staff, door, engine, ada):
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET time_zone = 'America/Los_Angeles'"))
    door.clock.now = NOON.replace(hour=3)  # 19 o'clock of the day before
    mia = staff(Role.SUPPORT)
    opened(mia)
    answers = [
        mia.post(
            "/customers/C1/wish", {"brand": "nordlys", "pause_until": day, "because": "asked"}
        ).status_code
        for day in (f"{NOON:%Y-%m-%d}", f"{NOON.replace(day=2):%Y-%m-%d}")
    ]
    assert answers == [303, 422], "tomorrow, and today"


REFUSED = {
    "a call without words": ("call", {"note": " "}),
    "a matter that is none": ("matter", {"matter": "gossip", "do": "open", "because": "r"}),
    "a STOP that only the customer takes back": ("lift", {"suppression": "stop", "because": "r"}),
    "a wish without a reason": ("wish", {"brand": "nordlys", "offer": "none"}),
    "a merge with a stranger": ("merge", {"other": "C99", "because": "r"}),
    "a split of nothing": ("split", {"because": "r"}),
}


@pytest.mark.parametrize(("act", "fields"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_be_is_refused_in_a_sentence(staff, door, engine, ada, act, fields):
    with engine.begin() as connection:
        suppress(connection, "sms", "+4740600001", "stop")
    number = str(door.ask("SELECT id FROM suppressions")[0][0])
    mia = staff(Role.SUPPORT)
    opened(mia)
    fields = {key: number if value == "stop" else value for key, value in fields.items()}
    answer = mia.post(f"/customers/C1/{act}", fields)
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text


@pytest.mark.parametrize("act", ["call", "matter", "lift", "merge", "split", "copy", "wish"])
def test_nothing_is_done_for_a_customer_who_is_not_open(staff, door, ada, act):
    mia = staff(Role.SUPPORT)
    answer = mia.post(
        f"/customers/C1/{act}", {"note": "x", "because": "x", "matter": "complaint", "do": "open"}
    )
    assert answer.status_code == 403
    assert door.ask("SELECT count(*) FROM touchpoints WHERE source = 'staff'") == [(0,)]


def test_two_records_are_merged_and_split_on_the_page(staff, engine, door, ada):
    settle(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(addresses).values(customer_id=ada + 1, channel="letter", value="Storgata 1, 0155 Oslo")
        )
    mia = staff(Role.SUPPORT)
    assert "Likely the same person" in opened(mia).text
    mia.post("/customers/C1/merge", {"other": "C2", "because": "same address"})
    assert "Split them again" in mia.get("/customers/C1").text
    assert "c2@example.org" in mia.get("/customers/C2").text, "the person is open, by either reference"
    mia.post("/customers/C1/split", {"record": "C2", "because": "father and daughter"})
    assert door.ask("SELECT action FROM merges ORDER BY id") == [("merge",), ("split",)]
    assert "c2@example.org" not in mia.get("/customers/C1").text


def test_a_message_that_was_never_built_says_so(staff, engine, ada):
    mia = staff(Role.SUPPORT)
    page = opened(mia).text
    path = re.search(r'href="(/customers/C1/messages/[0-9a-f-]+)"', page)[1]
    shown = mia.get(path)
    assert shown.status_code == 200
    assert "Nothing was built" in shown.text
    assert mia.get(path.replace("C1/messages/0", "C1/messages/9")).status_code == 404


@pytest.fixture
def offered(settings, engine, door):
    """C1 was sent an offer by e-mail; the sender's house is the page's, with the page's keys."""
    settle(engine, channels=("email",))
    sent = House(settings, engine).plan(channels=["email", "sms"])
    with owner(engine) as number:
        sender = Sender(
            installation=door.installation,
            providers={Channel.EMAIL: (Taking(Channel.EMAIL),)},
            policy=door.installation.policy,
            owner=number,
            clock=lambda: NOON,
        )
        sender.settle()
        sender.send_due()
    return sent


def test_a_message_shows_why_and_what_was_sent_and_goes_out_again(staff, door, offered):
    mia = staff(Role.SUPPORT)
    path = re.search(r'href="(/customers/C1/messages/[0-9a-f-]+)"', opened(mia).text)[1]
    page = mia.get(path).text
    assert [word for word in ("Why this channel", "Send it again") if word not in page] == []
    frame = mia.get(re.search(r'<iframe src="([^"]+)"', page)[1])
    assert "Ada" in frame.text
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    mail = mia.get(re.search(r'href="([^"]+email\.eml)"', page)[1])
    assert b"\r\nMessage-ID: <" in mail.content
    answer = mia.post("/customers/C1/copy", {"message": path.rpartition("/")[2], "because": "lost it"})
    assert answer.headers["location"] == "/customers/C1?said=customers.copied"
    assert door.ask("SELECT copy_because FROM messages WHERE copy = 1") == [(f"{mia.name}: lost it",)]


@pytest.mark.parametrize(
    ("role", "because", "channel"),
    [
        pytest.param(Role.COUNTER, "counter", "visit", id="at the counter"),
        pytest.param(Role.SUPPORT, "ticket", "call", id="on the phone"),
    ],
)
def test_an_offer_is_used_once_where_the_customer_is(staff, door, offered, role, because, channel):
    person = staff(role)
    page = opened(person, because=because).text
    offer = re.search(r'name="offer" value="([^"]+:[^"]+)"', page)[1]

    first, second = (person.post("/customers/C1/redeem", {"offer": offer}) for _ in range(2))

    assert first.headers["location"] == "/customers/C1?said=customers.redeemed"
    assert second.headers["location"] == "/customers/C1?said=customers.nothing"
    assert "There is no offer in force." in person.get("/customers/C1").text
    assert door.ask("SELECT channel FROM touchpoints WHERE kind = 'redeemed'") == [(channel,)]
    nothing = person.post("/customers/C1/redeem", {"offer": "nobody:1"})
    assert nothing.headers["location"] == "/customers/C1?said=customers.nothing"


def test_what_was_sent_is_shown_to_nobody_who_has_not_opened_the_customer(staff, offered):
    mia, jon = staff(Role.SUPPORT), staff(Role.SUPPORT)
    path = re.search(r'href="(/customers/C1/messages/[0-9a-f-]+)"', opened(mia).text)[1]
    frame = re.search(r'<iframe src="([^"]+)"', mia.get(path).text)[1]
    assert jon.get(frame).status_code == 404
    assert "Why do you open this customer?" in jon.get(path).text
    bill = staff(Role.BILLING)
    opened(bill)
    assert (bill.get(path).status_code, bill.get(frame).status_code) == (404, 404), (
        "an offer is not billing's"
    )


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt-BR"])
def test_every_page_speaks_every_language(staff, ada, language):
    mia = staff(Role.SUPPORT)
    opened(mia)
    for path in ("/customers?q=berg", "/customers/C1"):
        answer = mia.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200
        assert f'<html lang="{language}">' in answer.text
