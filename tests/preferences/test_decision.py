# ruff: noqa: E501 -- tables, and rules told in one piece
"""`decide`: every rule once. The table is the specification in examples; test_oracle.py has the laws."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest

from preferences.decision import decide
from preferences.policy import Basis, Cap, Policy, Window
from tests.preferences.batches import DAY, NOW, addresses, answers, facts, question, rows
from tidings.channel import Channel
from tidings.purpose import Purpose

ALL = addresses("email", "sms", "push", "letter")
GIVEN = [{}]
INVOICE = question(topic="invoice", purpose_class="required")
ODDLY = 'form "x"'
LEGIT = Policy(basis={Channel.LETTER: Basis.LEGITIMATE_INTEREST})
EVERY = timedelta(days=30)
ONE_OFFER = Policy(caps=(Cap(purpose=Purpose.OFFER, limit=1, window=EVERY),))


def order(*channels, **change):
    return {"channels": list(channels), **change}


def verdict(asking=None, policy=None, now=NOW, **given):
    """Return the one verdict and its channels, consent given and all channels usable unless told otherwise."""
    told = {"addresses": ALL, "consents": GIVEN} | given
    ((found, channels),) = answers(decide(facts(asking or question(), rows(**told)), policy or Policy(), now))
    return found, channels


def ranked(channels):
    """Return the possible channels in order."""
    possible = [name for name, told in channels.items() if told["rank"]]
    return sorted(possible, key=lambda name: channels[name]["rank"])


HELD = [
    pytest.param(
        {"customers": [{"standing": "deceased"}]}, INVOICE, "standing", id="nobody writes to the dead"
    ),
    pytest.param(
        {"customers": [{"standing": "former"}]}, None, "standing", id="a former customer gets no offers"
    ),
    pytest.param(
        {"customers": [{"holds": ["complaint"]}]}, None, "open_matter", id="an open complaint holds offers"
    ),
    pytest.param({"customers": []}, INVOICE, "unknown_customer", id="a stranger gets nothing"),
    pytest.param(
        {"consents": []}, None, "no_consent", id="an offer needs consent on every channel, letters too"
    ),
    pytest.param(
        {"consents": [{"topic": "news"}]}, None, "no_consent", id="consent to news is none to offers"
    ),
    pytest.param(
        {"consents": [{"brand": "other"}]}, None, "no_consent", id="consent to another brand is none to this"
    ),
    pytest.param(
        {"consents": [{"proof": False}]}, None, "no_consent", id="consent without proof does not count"
    ),
    pytest.param(
        {"consents": [{"action": "legacy"}]}, None, "no_consent", id="legacy consent does not count"
    ),
    pytest.param(
        {"consents": [{}, {"consent": 31, "action": "objected", "topic": "all", "at": NOW - DAY}]},
        None,
        "no_consent",
        id="an objection to everything ends a consent to offers",
    ),
    pytest.param(
        {
            "consents": [
                {"at": NOW - DAY},
                {"consent": 31, "action": "withdrawn", "topic": "offer", "channel": "all", "at": NOW},
            ]
        },
        None,
        "no_consent",
        id="a withdrawal ends what was given before",
    ),
    pytest.param({"addresses": []}, INVOICE, "no_channel", id="without an address nothing can be sent"),
    pytest.param({"addresses": []}, None, "no_channel", id="without an address consent is not the reason"),
    pytest.param(
        {"asked": [{"tried": ["email", "sms", "push", "letter"]}]},
        INVOICE,
        "no_channel",
        id="all channels were tried",
    ),
    pytest.param(
        {"statements": [{"kind": "pause", "topic": "offer"}]},
        None,
        "pause",
        id="a pause without end holds offers",
    ),
]


@pytest.mark.parametrize(("given", "asking", "reason"), HELD)
def test_held(given, asking, reason):
    """A held message says why, and no channel of it has a rank."""
    found, channels = verdict(asking, **given)

    assert (found["state"], found["reason"], found["channel"]) == ("held", reason, None)
    assert ranked(channels) == []


ORDERS = [
    pytest.param({}, None, ["email", "push", "sms", "letter"], "default_order", id="nothing stated: the house order"),
    pytest.param({"statements": [order("letter")]}, None, ["letter", "email", "push", "sms"], "stated_all", id="letters first"),
    pytest.param(
        {"statements": [order("letter"), order("sms", statement=51, topic="offer", at=NOW - 99 * DAY)]},
        None,
        ["sms", "letter", "email", "push"],
        "stated_purpose",
        id="what is said of offers beats what is said of everything, even if it is older",
    ),
    pytest.param(
        {"statements": [order("sms", topic="offer"), order("push", statement=51, topic="offer.garden", at=NOW - 99 * DAY)]},
        question(topic="offer.garden.tools"),
        ["push", "sms", "email", "letter"],
        "stated_topic",
        id="the deepest topic speaks first, the ones above it fill the rest",
    ),
    pytest.param(
        {"statements": [order("sms"), order("letter", statement=51, brand="nordlys", at=NOW - 99 * DAY)]},
        None,
        ["letter", "sms", "email", "push"],
        "stated_all",
        id="what is said to this brand beats what is said to all",
    ),
    pytest.param(
        {"statements": [order("sms"), order("letter", statement=51, at=NOW)]},
        None,
        ["letter", "email", "push", "sms"],
        "stated_all",
        id="newer replaces older of the same scope",
    ),
    pytest.param(
        {"statements": [order("sms", topic="offer"), order("letter", statement=51, until_at=NOW + DAY)]},
        None,
        ["letter", "sms", "email", "push"],
        "stated_temporary",
        id="by post until tomorrow beats what is said for good",
    ),
    pytest.param(
        {"statements": [order("letter", until_at=NOW)]},
        None,
        ["email", "push", "sms", "letter"],
        "default_order",
        id="a temporary wish is over at its end",
    ),
    pytest.param(
        {"statements": [order("letter", from_at=NOW + DAY)]},
        None,
        ["email", "push", "sms", "letter"],
        "default_order",
        id="a wish for later does not count yet",
    ),
    pytest.param(
        {"statements": [order("letter", value='{"only": true}')]}, None, ["letter"], "stated_all", id="letters only, for offers"
    ),
    pytest.param(
        {"statements": [order("letter", value='{"only": true}')]},
        INVOICE,
        ["letter", "email", "push", "sms"],
        "stated_all",
        id="letters only never loses an invoice",
    ),
    pytest.param({"consents": []}, INVOICE, ["email", "push", "sms", "letter"], "default_order", id="invoices need no consent"),
    pytest.param(
        {"consents": [{"channel": "sms"}]}, None, ["sms"], "default_order", id="consent to one channel opens that channel"
    ),
    pytest.param(
        {"asked": [{"tried": ["email"]}]}, None, ["push", "sms", "letter"], "default_order", id="what was tried is left out"
    ),
    pytest.param(
        {}, question(channels=("sms", "letter")), ["sms", "letter"], "default_order", id="only channels of the run"
    ),
    pytest.param({}, question(default_order=()), ["push", "email", "sms", "letter"], "cheapest", id="no house order: cost"),
    pytest.param(
        {"suppressions": [{}]}, INVOICE, ["push", "sms", "letter"], "default_order", id="a bounced address is not used"
    ),
    pytest.param(
        {"suppressions": [{"brand": "other"}]},
        INVOICE,
        ["email", "push", "sms", "letter"],
        "default_order",
        id="another brand's suppression does not bind",
    ),
    pytest.param(
        {"addresses": [*ALL, {"channel": "sms", "address": 20, "position": 1}],
         "suppressions": [{"channel": "sms", "address": 11, "reason": "stop"}]},
        INVOICE,
        ["email", "push", "letter"],
        "default_order",
        id="a STOP closes its channel, invoices and other numbers included",
    ),
    pytest.param(
        {"behaviour": [{"channel": "letter", "reached": 40.0, "engaged": 30.0, "observations": 40}]},
        None,
        ["letter", "email", "push", "sms"],
        "observed",
        id="who answers letters gets letters, if nothing is stated",
    ),
    pytest.param(
        {"behaviour": [{"channel": "letter", "reached": 40.0, "engaged": 30.0, "observations": 40}],
         "statements": [order("sms")]},
        None,
        ["sms", "email", "push", "letter"],
        "stated_all",
        id="what is observed never overrides what is stated",
    ),
    pytest.param(
        {"behaviour": [{"channel": "letter", "reached": 3.0, "engaged": 3.0, "observations": 3}]},
        None,
        ["email", "push", "sms", "letter"],
        "default_order",
        id="three observations are too few",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "asking", "expected", "rule"), ORDERS)
def test_order(given, asking, expected, rule):
    """Possible channels come in the order of the rules, and the first says which rule placed it."""
    _, channels = verdict(asking, **given)

    assert ranked(channels) == expected
    assert channels[expected[0]]["reason"] == rule


LATER = [
    pytest.param({"recent": [{"at": NOW - 29 * DAY}]}, ONE_OFFER, NOW, "cap", NOW + DAY, id="a cap waits until it has room"),
    pytest.param({"recent": [{"at": NOW - EVERY}]}, ONE_OFFER, NOW, "", NOW, id="what is exactly as old as the window counts no more"),
    pytest.param({"recent": [{"purpose": "news"}]}, ONE_OFFER, NOW, "", NOW, id="news do not count against offers"),
    pytest.param(
        {"statements": [{"kind": "pause", "topic": "offer", "until_at": NOW + 9 * DAY}]},
        None, NOW, "pause", NOW + 9 * DAY, id="a pause waits for its end",
    ),
    pytest.param(
        {"statements": [
            {"kind": "pause", "topic": "offer"},
            {"kind": "pause", "topic": "offer", "statement": 51, "value": '{"resume": true}', "at": NOW - DAY},
        ]},
        None, NOW, "", NOW, id="a resumption ends a pause",
    ),
    pytest.param(
        {"statements": [
            {"kind": "pause", "topic": "offer", "from_at": NOW - DAY, "until_at": NOW + 9 * DAY, "at": NOW - 9 * DAY},
            {"kind": "pause", "topic": "offer", "statement": 51, "value": '{"resume": true}', "at": NOW - 5 * DAY},
        ]},
        None, NOW, "", NOW, id="also one that had not begun",
    ),
    pytest.param(
        {"statements": [
            {"kind": "pause", "topic": "offer", "until_at": NOW + 2 * DAY},
            {"kind": "pause", "topic": "all", "statement": 51, "from_at": NOW + DAY, "until_at": NOW + 5 * DAY},
        ]},
        None, NOW, "pause", NOW + 5 * DAY, id="a pause that ends in another waits for both",
    ),
    pytest.param(
        {"statements": [
            {"kind": "pause", "topic": "offer", "until_at": NOW + 9 * DAY},
            {"kind": "pause", "topic": "offer", "statement": 51, "at": NOW - DAY, "from_at": NOW + 99 * DAY,
             "until_at": NOW + 109 * DAY},
        ]},
        None, NOW, "pause", NOW + 9 * DAY, id="two separate pauses both stand",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "policy", "now", "reason", "due"), LATER)
def test_later(given, policy, now, reason, due):
    """Caps and pauses move a message, they never drop it."""
    found, _ = verdict(policy=policy, now=now, **given)

    assert (found["state"], found["reason"], found["due_at"]) == ("ready", reason, due)


NIGHT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # 23:30 in Oslo
TEXT = question(channels=("sms",))


@pytest.mark.parametrize(
    ("given", "asking", "policy", "reason", "due"),
    [
        pytest.param({}, TEXT, None, "quiet_hours", datetime(2026, 3, 3, 7, tzinfo=UTC), id="an SMS waits for 8 in the morning"),
        pytest.param({}, question(channels=("email",)), None, "", NIGHT, id="an e-mail leaves at night"),
        pytest.param(
            {}, replace(TEXT, topic="invoice", purpose_class="required"), None, "quiet_hours",
            datetime(2026, 3, 3, 7, tzinfo=UTC), id="quiet hours bind invoices by SMS too",
        ),
        pytest.param(
            {"statements": [{"kind": "quiet_hours", "value": '{"start": "22:00", "end": "06:00", "channels": ["email"]}'}]},
            question(channels=("email",)), None, "quiet_hours", datetime(2026, 3, 3, 5, tzinfo=UTC),
            id="an e-mail waits where the customer said so",
        ),
        pytest.param(
            {"statements": [{"kind": "quiet_hours", "value": '{"start": "00:00", "end": "00:00"}'}]},
            TEXT, None, "", NIGHT, id="quiet hours of no length are none",
        ),
        pytest.param(
            {"customers": [{"time_zone": "Mars/X"}]}, TEXT, Policy(time_zone="America/New_York"), "", NIGHT,
            id="an unknown zone is the organisation's",
        ),
        pytest.param({"statements": [order("sms")]}, None, None, "quiet_hours", datetime(2026, 3, 3, 7, tzinfo=UTC),
                     id="what the customer likes best is worth a night: the channel stays"),
        pytest.param(
            {"recent": [{"at": NIGHT - 30 * DAY + timedelta(minutes=5)}]}, TEXT, ONE_OFFER, "cap",
            datetime(2026, 3, 3, 7, tzinfo=UTC), id="a cap that ends at night waits for the morning",
        ),
    ],
)  # fmt: skip
def test_quiet(given, asking, policy, reason, due):
    """Quiet hours are the customer's own clock's."""
    found, _ = verdict(asking, policy, NIGHT, **given)

    assert (found["reason"], found["due_at"], found["state"]) == (reason, due, "ready")


def test_a_holiday_waits_for_the_next_morning():
    """1 May is a public holiday in Norway, 2 May a Saturday."""
    found, _ = verdict(TEXT, now=datetime(2026, 5, 1, 10, tzinfo=UTC))

    assert (found["reason"], found["due_at"]) == ("holiday", datetime(2026, 5, 2, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("policy", "customer", "expected"),
    [
        pytest.param(LEGIT, {}, ["letter"], id="letters may rest on legitimate interest"),
        pytest.param(LEGIT, {"standing": "prospect"}, [], id="but not to somebody who is no customer"),
        pytest.param(
            Policy(soft_opt_in=(Channel.EMAIL,)),
            {},
            ["email"],
            id="existing customers, where the policy says so",
        ),
        pytest.param(
            Policy(soft_opt_in=(Channel.EMAIL,)), {"standing": "prospect"}, [], id="not those to be"
        ),
    ],
)
def test_basis_without_consent(policy, customer, expected):
    """Other bases than consent are the organisation's choice, and an objection ends them."""
    _, channels = verdict(policy=policy, customers=[customer], consents=[])
    _, objected = verdict(
        policy=policy, customers=[customer], consents=[{"action": "objected", "topic": "all"}]
    )

    assert ranked(channels) == expected
    assert ranked(objected) == []


def test_the_customer_chooses_language_and_measured_links():
    """A statement about this beats one about all."""
    said = [
        {"kind": "language", "value": '{"language": "sv"}'},
        {"kind": "language", "statement": 51, "topic": "offer", "value": '{"language": "pl"}'},
        {"kind": "tracking", "statement": 52, "value": '{"tracking": false}'},
    ]
    found, _ = verdict(statements=said)
    plain, _ = verdict()

    assert (found["language"], found["tracking"]) == ("pl", False)
    assert (plain["language"], plain["tracking"]) == ("nb", True)


def test_evidence_names_statement_consent_and_what_it_waits_for():
    """Hostile sources stay inside their string."""
    _, channels = verdict(now=NIGHT, statements=[order("sms", source=ODDLY)])

    assert channels["sms"]["evidence"] == {
        "statement": 50, "said_at": "2026-02-10T11:00:00Z", "source": ODDLY,
        "consent": 30, "action": "given", "consent_at": "2026-01-31T11:00:00Z", "consent_source": "form",
        "quiet": "21:00-08:00", "quiet_by": "policy", "zone": "Europe/Oslo",
    }  # fmt: skip


def test_an_empty_batch_has_the_same_columns():
    """Nobody asked, nobody answered."""
    nobody = decide(facts(question(), rows(asked=[], customers=[])), Policy(), NOW)
    somebody = decide(facts(question(), rows()), Policy(), NOW)

    assert nobody.verdicts.schema == somebody.verdicts.schema
    assert nobody.ranked.schema == somebody.ranked.schema
    assert somebody.ranked.schema["evidence"] == pl.String


def test_an_instant_without_a_zone_is_refused():
    """The core never guesses what time it is."""
    with pytest.raises(ValueError, match="no zone"):
        decide(facts(question(), rows()), Policy(), datetime(2026, 3, 2))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("due", "zone", "window", "freed"),
    [
        pytest.param(
            (2026, 3, 28, 23, 0),
            "Europe/Oslo",
            (21, 2, 30),
            (2026, 3, 29, 1, 0),
            id="an end in the missing hour is the jump",
        ),
        pytest.param(
            (2026, 10, 25, 0, 10),
            "Europe/Oslo",
            (21, 2, 30),
            (2026, 10, 25, 0, 30),
            id="a repeated hour: the first",
        ),
        pytest.param(
            (2026, 10, 25, 1, 10),
            "Europe/Oslo",
            (21, 2, 30),
            (2026, 10, 25, 1, 30),
            id="a repeated hour: still ahead",
        ),
        pytest.param(
            (2026, 10, 25, 0, 30),
            "Europe/Oslo",
            (21, 3, 0),
            (2026, 10, 25, 2, 0),
            id="the end after a repeated hour",
        ),
        pytest.param(
            (2026, 10, 25, 0, 45),
            "Europe/Oslo",
            (21, 2, 30),
            (2026, 10, 25, 0, 45),
            id="free between the two",
        ),
    ],
)
def test_clock_changes(due, zone, window, freed):
    """The wall clock decides, also in the nights in which it is set."""
    start, hour, minute = window
    policy = Policy(quiet={Channel.SMS: Window(start=time(start), end=time(hour, minute))}, holidays=())
    found, _ = verdict(TEXT, policy, datetime(*due, tzinfo=UTC), customers=[{"time_zone": zone}])

    assert found["due_at"] == datetime(*freed, tzinfo=UTC)
