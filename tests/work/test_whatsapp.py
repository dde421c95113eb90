"""The fifth channel, from an address in the store to what Twilio is given: nothing but words told the engine of it."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from channels.outbox import Outbox
from channels.whatsapp.twilio import TwilioWhatsApp
from store.owner import owner
from store.runs import set_run
from store.tables import touchpoints
from templates.catalog import find
from tests.peers.twilio import TwilioPeer
from tests.town import NOON, ORGANISATION, agree, settle
from tidings.channel import Channel
from tidings.organisation import Organisation
from tidings.settings import TwilioSettings
from work import run as stages
from work.campaign import open_campaign, parse_campaign
from work.deliver import Sender
from work.installation import Installation
from work.intake import import_file
from work.parity import check_facts

SAMPLE = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}
TEMPLATE = "HX" + "a" * 32
BRAND = ORGANISATION["brands"][0]
WITH_WHATSAPP = {
    **BRAND,
    "senders": {**BRAND["senders"], "whatsapp": "+4759440001"},
    "whatsapp": {"offer/autumn": {"en": TEMPLATE}},
}


@pytest.fixture
def peer():
    peer = TwilioPeer()
    yield peer
    peer.close()


def installed(settings, engine, brand=WITH_WHATSAPP):
    organisation = Organisation.model_validate({**ORGANISATION, "brands": [brand]})
    return Installation(settings=settings, organisation=organisation, engine=engine, key=b"k" * 32)


def planned(installation, channels=("whatsapp", "email")):
    campaign = parse_campaign(
        {
            "name": "autumn", "edition": "1", "topic": "offer", "template": "offer/autumn",
            "audience": {"everybody": True}, "channels": list(channels), "data": SAMPLE,
        },
        where="test",
    )  # fmt: skip
    opened = open_campaign(installation, campaign, installation.policy, actor="staff:test", now=NOON)
    for shard in range(stages.begin(installation, opened.run, now=NOON).count):
        stages.plan(installation, opened.run, shard, installation.policy, now=NOON)
    return opened.run


def sent(installation, run, peer, home, *, now=NOON):
    settings = {"account_sid": "AC1", "auth_token": "secret", "endpoint": peer.url}
    whatsapp = TwilioWhatsApp(
        TwilioSettings.model_validate(settings), public_url="https://nordlys.example", clock=lambda: now
    )
    with installation.engine.begin() as connection:
        set_run(connection, run, state="sending")
    with owner(installation.engine) as number:
        sender = Sender(
            installation=installation,
            providers={Channel.WHATSAPP: (whatsapp,), Channel.EMAIL: (Outbox(home / "out", Channel.EMAIL),)},
            policy=installation.policy,
            owner=number,
            clock=lambda: now,
        )
        sender.send_due(run=run)
    whatsapp.close()
    return {form["To"]: form for form in peer.forms()}


def write_to_us(connection, customer, *, ago, kind="replied", channel="whatsapp"):
    connection.execute(
        insert(touchpoints).values(
            customer_id=customer, source="twilio", external_id=f"{customer}", direction="in", channel=channel,
            kind=kind, at=NOON - ago,
        )
    )  # fmt: skip


def test_from_the_store_to_twilio(settings, engine, peer, home):
    """Who wrote within 24 hours is answered freely; the others get the approved template, or another channel."""
    ids = settle(engine, 4, channels=("whatsapp", "email"))
    with engine.begin() as connection:
        write_to_us(connection, ids[0], ago=timedelta(hours=2))
        write_to_us(connection, ids[1], ago=timedelta(hours=30))
        write_to_us(connection, ids[2], ago=timedelta(hours=1), channel="sms")
        agree(connection, ids[3], channel="whatsapp", action="withdrawn", at=NOON - timedelta(days=1))
        for customer in ids:
            connection.execute(
                text(
                    "INSERT INTO statements (customer_id, kind, topic, channels, source, proof, at, actor)"
                    " VALUES (:c, 'order', 'all', '{whatsapp,email}', 'form', 'p', :at, 'customer')"
                ),
                {"c": customer, "at": NOON - timedelta(days=9)},
            )
    installation = installed(settings, engine)
    forms = sent(installation, planned(installation), peer, home)

    assert set(forms) == {f"whatsapp:+4740700{n:03d}" for n in (1, 2, 3)}
    free, late, elsewhere = (forms[f"whatsapp:+4740700{n:03d}"] for n in (1, 2, 3))
    assert "25" in free["Body"]
    assert "http://127.0.0.1:8765/" in free["Body"]
    assert late["ContentSid"] == elsewhere["ContentSid"] == TEMPLATE
    variables = json.loads(late["ContentVariables"])
    assert set(variables) == {"1", "2", "3"}
    assert "\n" not in variables["1"]
    with engine.begin() as connection:
        states = connection.execute(text("SELECT channel, state FROM messages ORDER BY customer_id")).all()
        provider = (
            connection.execute(text("SELECT DISTINCT provider FROM attempts ORDER BY 1")).scalars().all()
        )
    assert [tuple(row) for row in states] == [*[("whatsapp", "done")] * 3, ("email", "done")]
    assert provider == ["outbox", "twilio-whatsapp"]


@pytest.mark.parametrize(
    ("brand", "channels", "expected"),
    [
        pytest.param(WITH_WHATSAPP, ("sms",), "sms", id="a mobile number is no WhatsApp address"),
        pytest.param(
            WITH_WHATSAPP, ("whatsapp", "email"), "email", id="nobody asked: the house order has it last"
        ),
        pytest.param(BRAND, ("whatsapp",), None, id="a brand without a WhatsApp number"),
        pytest.param(WITH_WHATSAPP, ("whatsapp",), "whatsapp", id="the only way, with consent for it"),
    ],
)
def test_who_gets_it(settings, engine, brand, channels, expected):
    """Only who gave a WhatsApp address, at a brand that has WhatsApp, and never instead of another channel unasked."""
    settle(engine, 1, channels=channels)
    run = planned(installed(settings, engine, brand), channels=[channel.value for channel in Channel])

    with engine.begin() as connection:
        assert (
            connection.scalar(text("SELECT channel FROM messages WHERE run_id = :run"), {"run": run})
            == expected
        )


def test_without_consent_for_it(settings, engine):
    """An address alone is no permission for marketing."""
    settle(engine, 1, channels=("whatsapp",), consent=None)
    run = planned(installed(settings, engine))

    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT state, reason FROM messages WHERE run_id = :r"), {"r": run}
        ).one()
    assert tuple(found) == ("held", "no_consent")


def test_its_facts_are_proved_before_a_run(settings, engine):
    """What the run will say on WhatsApp is searched for every fact, as on every channel."""
    from work.build import read_context

    settle(engine, 1, channels=("whatsapp",))
    installation = installed(settings, engine)
    run = planned(installation)
    with engine.begin() as connection:
        context = read_context(connection, installation, run)

    check_facts(installation, context)


FILES = [
    pytest.param(
        "customers", "ref,name,email,WhatsApp number,country\n1,Ada,a@example.org,99 88 77 66,NO\n",
        [("email", "a@example.org"), ("whatsapp", "+4799887766")], id="a column of customers",
    ),
    pytest.param(
        "addresses", "customer,channel,value\n1,WhatsApp,+47 99 88 77 66\n",
        [("whatsapp", "+4799887766")], id="a channel of addresses",
    ),
    pytest.param("addresses", "customer,value\n1,+47 99 88 77 66\n", [("sms", "+4799887766")], id="a bare number"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "table", "expected"), FILES)
def test_imported(engine, tmp_path, kind, table, expected):
    """A WhatsApp address is one only when the file says so."""
    path = tmp_path / "file.csv"
    if kind != "customers":
        path.write_text("ref,name,country\n1,Ada,NO\n")
        import_file(engine, "customers", path, now=NOON, actor="staff:test")
    path.write_text(table)
    report = import_file(engine, kind, path, now=NOON, actor="staff:test")

    assert report.rejected == 0
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT channel, value FROM addresses WHERE state = 'usable' ORDER BY channel")
        )
        assert [tuple(row) for row in rows] == expected


def test_suppressed(engine, tmp_path, settings):
    """A list of numbers that must not be written to on WhatsApp leaves SMS alone."""
    settle(engine, 1, channels=("whatsapp", "sms"))
    path = tmp_path / "stops.csv"
    path.write_text("channel,value,reason\nwhatsapp,+4740700001,STOP\n")
    import_file(engine, "suppressions", path, now=NOON, actor="staff:test")
    run = planned(installed(settings, engine), channels=("whatsapp", "sms"))

    with engine.begin() as connection:
        assert (
            connection.scalar(text("SELECT channel FROM messages WHERE run_id = :run"), {"run": run}) == "sms"
        )
