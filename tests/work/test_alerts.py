"""Alerts on PostgreSQL, told to a real SMTP server and a real web server; one case a condition."""

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, text

from store import tables
from store.runs import set_run
from tests.peers.fault import Fault
from tests.peers.http import HttpPeer
from tests.peers.smtp import SmtpPeer
from tests.town import NOON, install, settle
from tests.work.test_deliver import House
from tidings.ticks import ticks
from work import run as stages
from work.alerts import QUIET, alerts, watch
from work.control import resume
from work.release import release

MINUTE = timedelta(minutes=1)
RUN = {
    "kind": "campaign",
    "brand": "nordlys",
    "title": "Autumn",
    "purpose": "offer",
    "topic": "offer",
    "purpose_class": "marketing",
    "mode": "live",
    "requested_by": "staff:Ola",
}


class Hook(HttpPeer):
    def answer(self, fault, reference):
        elsewhere = {"Location": f"{self.url}/secrets"}
        return {"/away": 302, "/odd": "what?"}.get(self.requests[-1][0], 200), elsewhere, b"{}"


@pytest.fixture
def relay():
    peer = SmtpPeer()
    yield peer
    peer.close()


@pytest.fixture
def hook():
    peer = Hook()
    yield peer
    peer.close()


@pytest.fixture
def town(settings, engine, relay, hook):
    given = settings.alerts.model_copy(
        update={"email": ("ops@example.org",), "smtp_host": "127.0.0.1", "smtp_port": relay.port}
    )
    settle(engine, 1)
    with engine.begin() as connection:
        connection.execute(insert(tables.policies).values(digest="d", rules={}))
        connection.execute(
            insert(tables.templates).values(
                name="t", version="1", purpose="offer", purpose_class="marketing", content_hash="h"
            )
        )
    return install(settings.model_copy(update={"alerts": given}), engine)


def run(connection, name="r", **changes):
    values = {"id": name, "template_id": 1, "policy_version": 1, "state": "sending", "starts_at": NOON}
    connection.execute(insert(tables.runs).values(**RUN | values | changes))
    return name


def message(connection, number=1, **changes):
    key = f"00000000-0000-7000-8000-{number:012}"
    values = {
        "id": key,
        "run_id": "r",
        "customer_id": 1,
        "brand": "nordlys",
        "purpose": "offer",
        "purpose_class": "marketing",
        "document": "d",
        "dedupe_key": f"k{number}",
        "state": "ready",
        "channel": "email",
        "due_at": NOON,
        "planned_at": NOON,
    }
    connection.execute(insert(tables.messages).values(**values | changes))
    return key


def circuit(connection):
    connection.execute(
        insert(tables.lanes).values(
            provider="ses", sender="hei@nordlys.example", reason="Suspended", open_until=NOON
        )
    )


def late(connection, *, by, **changes):
    run(connection)
    message(connection, due_at=NOON - by, **changes)


def doubt(connection, *, age):
    run(connection)
    key = message(connection, state="in_delivery")
    connection.execute(
        insert(tables.deliveries).values(
            id=key,
            message_id=key,
            number=1,
            channel="email",
            address="a",
            state="in_doubt",
            reference="R",
            created_at=NOON,
        )
    )
    connection.execute(
        insert(tables.attempts).values(
            id=key,
            delivery_id=key,
            number=1,
            provider="smtp",
            state="unknown",
            owner=0,
            started_at=NOON - age,
            lease_until=NOON,
        )
    )


def touched(connection, kind, count, message="00000000-0000-7000-8000-000000000001"):
    for one in range(count):
        connection.execute(
            insert(tables.touchpoints).values(
                customer_id=1,
                brand="nordlys",
                source="test",
                external_id=f"{kind}-{one}",
                direction="in" if kind == "complained" else "out",
                channel="email",
                kind=kind,
                message_id=message,
                at=NOON,
                recorded_at=NOON,
            )
        )


def complaints(connection, *, sent, complained):
    run(connection)
    message(connection, state="done")
    touched(connection, "sent", sent)
    touched(connection, "complained", complained)


def reply(connection, *, state):
    connection.execute(
        insert(tables.replies).values(
            provider="imap",
            event_id="1",
            brand="nordlys",
            channel="email",
            state=state,
            at=NOON,
            due_at=NOON,
        )
    )


def discrepancy(connection):
    connection.execute(
        insert(tables.print_discrepancies).values(
            batch="b", letter="", kind="sheets", expected="2", found="1", found_at=NOON
        )
    )


HOLDS = [
    pytest.param(circuit, ["circuit_open"], id="a circuit is open"),
    pytest.param(
        lambda c: late(c, by=61 * MINUTE), ["oldest_ready"], id="marketing waits for more than an hour"
    ),
    pytest.param(lambda c: late(c, by=59 * MINUTE), [], id="marketing waits for less than an hour"),
    pytest.param(
        lambda c: late(c, by=16 * MINUTE, purpose_class="required"),
        ["oldest_ready"],
        id="what is owed waits for more than a quarter of an hour",
    ),
    pytest.param(lambda c: late(c, by=-MINUTE), [], id="what is due later waits as it should"),
    pytest.param(lambda c: doubt(c, age=61 * MINUTE), ["doubts"], id="a doubt is older than an hour"),
    pytest.param(lambda c: doubt(c, age=59 * MINUTE), [], id="a doubt may still settle by itself"),
    pytest.param(
        lambda c: run(c, state="scheduled", starts_at=NOON - 11 * MINUTE),
        ["missed_schedule"],
        id="a run did not begin",
    ),
    pytest.param(lambda c: run(c, state="scheduled", starts_at=NOON + MINUTE), [], id="a run begins later"),
    pytest.param(
        lambda c: complaints(c, sent=1000, complained=3), ["complaints"], id="three of a thousand complain"
    ),
    pytest.param(
        lambda c: complaints(c, sent=1001, complained=3), [], id="a little less than 0.3 % complain"
    ),
    pytest.param(lambda c: complaints(c, sent=10, complained=2), [], id="two people are no pattern"),
    pytest.param(lambda c: reply(c, state="held"), ["replies_held"], id="a customer's reply reached nobody"),
    pytest.param(lambda c: reply(c, state="waiting"), [], id="a reply is on its way to the service desk"),
    pytest.param(discrepancy, ["print_discrepancies"], id="the print house counted otherwise"),
    pytest.param(lambda _: None, [], id="all is well"),
]


@pytest.mark.parametrize(("given", "expected"), HOLDS)
def test_what_holds(town, engine, given, expected):
    with engine.begin() as connection:
        given(connection)

        assert [alert.name for alert in alerts(connection, town, now=NOON)] == expected


@pytest.mark.parametrize(
    ("update", "moment", "expected"),
    [
        pytest.param(
            {"cut_off": "13:20"},
            NOON,
            ["cut_off_at_risk"],
            id="a letter waits twenty minutes before the cut-off",
        ),
        pytest.param({"cut_off": "14:00"}, NOON, [], id="the cut-off is an hour away"),
        pytest.param({"cut_off": "12:50"}, NOON, [], id="the cut-off is over"),
        pytest.param(
            {"expires": {"twilio": "2026-03-20"}},
            NOON,
            ["credentials_expire"],
            id="credentials end in 17 days",
        ),
        pytest.param({"expires": {"twilio": "2026-04-20"}}, NOON, [], id="credentials end in 48 days"),
    ],
)
def test_what_settings_watch(town, engine, update, moment, expected):
    """The cut-off is in the organisation's own time, an hour before UTC's here."""
    watched = type(town.settings.alerts).model_validate(update)
    here = install(town.settings.model_copy(update={"alerts": watched}), engine)
    with engine.begin() as connection:
        run(connection)
        message(connection, channel="letter")

        assert [alert.name for alert in alerts(connection, here, now=moment)] == expected


def test_an_alert_is_told_once_again_after_a_day_and_when_it_is_over(town, engine, relay):
    with engine.begin() as connection:
        circuit(connection)

    told = [watch(town, now=NOON + wait) for wait in (0 * MINUTE, MINUTE, timedelta(days=1, minutes=2))]
    with engine.begin() as connection:
        connection.execute(text("UPDATE lanes SET open_until = NULL"))
    told += [watch(town, now=NOON + timedelta(days=2) + wait) for wait in (0 * MINUTE, QUIET, QUIET + MINUTE)]

    assert told == [1, 0, 1, 0, 1, 0]
    assert [taken.to for taken in relay.taken] == ["ops@example.org"] * 3
    assert b"ses sends nothing" in relay.taken[0].raw
    assert b"this is over" in relay.taken[2].raw


def test_what_comes_and_goes_is_one_alert(town, engine, relay):
    """A provider that fails now and then opens its circuit every other minute."""
    with engine.begin() as connection:
        circuit(connection)
    for minute in range(120):
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE lanes SET open_until = :until"), {"until": None if minute % 2 else NOON}
            )
        watch(town, now=NOON + minute * MINUTE)

    assert len(relay.taken) == 1


@pytest.mark.parametrize(
    ("port", "url", "mails", "posts"),
    [
        pytest.param(1, "{hook}", 0, 1, id="a dead relay does not silence the webhook"),
        pytest.param(None, "http://127.0.0.1:1/", 1, 0, id="a dead webhook does not repeat the mail"),
        pytest.param(None, "{hook}/odd", 1, 1, id="nor does one that speaks no HTTP"),
        pytest.param(None, "{hook}/away", 1, 1, id="nor one that leads elsewhere, which is not followed"),
        pytest.param(None, "http://169.254.169.254/latest", 1, 0, id="nor where a cloud keeps its secrets"),
    ],
)
def test_one_way_of_two_is_enough(town, engine, relay, hook, port, url, mails, posts):
    both = town.settings.alerts.model_copy(
        update={"smtp_port": port or relay.port, "webhook": SecretStr(url.format(hook=hook.url))}
    )
    here = install(town.settings.model_copy(update={"alerts": both}), engine)
    with engine.begin() as connection:
        circuit(connection)

    told = [watch(here, now=NOON + minute * MINUTE) for minute in range(30)]

    assert sum(told) == 1
    assert (len(relay.taken), len(hook.requests)) == (mails, posts)


def test_a_provider_that_answers_in_lines_is_told_of_in_one(town, engine, relay):
    with engine.begin() as connection:
        circuit(connection)
        connection.execute(text("UPDATE lanes SET reason = :reason"), {"reason": "no\r\nBcc: a@example.org"})

    assert watch(town, now=NOON) == 1
    assert b"\r\nBcc" not in relay.taken[0].raw.partition(b"\r\n\r\n")[0]


def test_a_web_hook_gets_the_same_as_json(town, engine, hook):
    only = town.settings.alerts.model_copy(update={"email": (), "webhook": SecretStr(hook.url)})
    here = install(town.settings.model_copy(update={"alerts": only}), engine)
    with engine.begin() as connection:
        circuit(connection)

    watch(here, now=NOON)

    [(_, _, body)] = hook.requests
    [alert] = json.loads(body)["alerts"]
    assert (alert["name"], alert["subject"], alert["state"]) == (
        "circuit_open",
        "ses/hei@nordlys.example",
        "holds",
    )


def test_an_alert_that_cannot_be_told_is_told_later(town, engine, relay):
    """The relay of the alerts is away; the next look tells."""
    with engine.begin() as connection:
        circuit(connection)
    away = town.settings.alerts.model_copy(update={"smtp_port": 1})
    first = watch(install(town.settings.model_copy(update={"alerts": away}), engine), now=NOON)

    later = watch(town, now=NOON + 3 * MINUTE)

    assert (first, later) == (0, 1)
    assert len(relay.taken) == 1


def test_a_machine_whose_clock_is_a_day_ahead_keeps_nobody_from_telling(town, engine, relay):
    """It takes the alert and cannot tell it; later it is the one that sees that all is well again."""
    ahead = timedelta(days=1)
    elsewhere = town.settings.alerts.model_copy(update={"smtp_port": 1})
    there = install(town.settings.model_copy(update={"alerts": elsewhere}), engine)
    with engine.begin() as connection:
        circuit(connection)
    told = [watch(there, now=NOON + ahead), watch(town, now=NOON)]
    with engine.begin() as connection:
        connection.execute(text("UPDATE lanes SET open_until = NULL"))
    told += [watch(there, now=NOON + MINUTE + ahead), watch(town, now=NOON + QUIET)]

    assert told == [0, 1, 0, 1]


def test_a_relay_that_never_ends_its_answer_is_left(town, engine, relay):
    """Each byte comes before the time-out, so no time-out ends it."""
    with engine.begin() as connection:
        circuit(connection)
    relay.will(Fault.SLOW)
    began = ticks()

    watch(town, now=NOON, timeout=timedelta(seconds=0.5))

    assert len(relay.taken) == 1
    assert ticks() - began < 10


def test_complaints_pause_marketing_and_a_person_has_the_last_word(town, engine):
    """The brand's runs pause; resumed by a person they go on, although the rate stands."""
    with engine.begin() as connection:
        complaints(connection, sent=1000, complained=3)
        run(connection, "owed", purpose_class="required")

    watch(town, now=NOON)
    with engine.begin() as connection:
        paused = dict(connection.execute(text("SELECT id, state FROM runs")).all())
        resume(connection, "r", by="Ola", because="the list is cleaned")
    watch(town, now=NOON + MINUTE)

    assert paused == {"r": "paused", "owed": "sending"}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT state FROM runs WHERE id = 'r'")) == "sending"


@pytest.fixture
def hated(settings, engine):
    """A planned offer of a brand whose last one three of a thousand called spam."""
    settle(engine, 1)
    house = House(settings, engine).plan()
    [[name]] = house.sql("SELECT id::text FROM messages")
    with engine.begin() as connection:
        touched(connection, "sent", 1000, name)
        touched(connection, "complained", 3, name)
    return house


@pytest.mark.parametrize("released", [False, True], ids=["by itself", "by a second person"])
def test_a_run_that_begins_while_too_many_complain_waits_for_a_person(hated, engine, released):
    """All of it could be out before anybody looks again."""
    with engine.begin() as connection:
        set_run(connection, hated.run, state="waiting_release" if released else "planning")
        if released:
            release(connection, hated.run, by="Kari", now=NOON)
    if not released:
        stages.open_for_sending(hated.installation, hated.run, now=NOON)
    hated.send()
    assert hated.email.handed == []

    with engine.begin() as connection:
        resume(connection, hated.run, by="Ola", because="the list is cleaned")
    hated.send()
    assert len(hated.email.handed) == 1
