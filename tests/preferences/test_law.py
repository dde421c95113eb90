# ruff: noqa: E501 -- tables
"""Best days, ended consents, laws and registers: each rule as a table, and the laws that hold for all of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preferences.decision import decide
from preferences.law import addressed, countries, edges_of, laws, laws_of
from preferences.policy import Basis, Implied, Policy, Window
from tests.preferences.batches import NOW, addresses, answers, batches, facts, policies, question, rows
from tidings.channel import Channel
from tidings.keywords import Keyword, keyword
from tidings.problem import Problem

OPEN = Policy(
    basis={Channel.LETTER: Basis.LEGITIMATE_INTEREST}, soft_opt_in=(Channel.EMAIL, Channel.SMS), caps=(),
    legacy_counts=tuple(Channel),
)  # fmt: skip
REQUIRED = {
    "NO",
    "SE",
    "PL",
    "PT",
    "BR",
    "DE",
    "AT",
    "CH",
    "GB",
    "US",
    "CA",
    "DK",
    "FI",
    "FR",
    "NL",
    "IT",
    "ES",
}


def answer(policy=OPEN, washed=None, now=NOW, channels=("email", "sms", "letter"), **given):
    lines = rows(**({"addresses": addresses(*channels)} | given))
    told = replace(facts(question(), lines), washed=washed or {})
    [found] = answers(decide(told, policy, now))
    return found


def reasons(**change):
    return {channel: one["reason"] for channel, one in answer(**change)[1].items()}


def test_the_table_knows_the_countries_and_names_a_source_for_every_rule():
    assert {law.country for law in laws()} >= REQUIRED
    assert all(law.source and law.country in countries() and law.channels for law in laws())
    assert {law.country for law in laws_of("no")} == {"NO"}
    with pytest.raises(Problem, match="says nothing about 'XX'"):
        laws_of("XX")


def test_every_word_that_a_law_makes_a_stop_is_one():
    assert {keyword(word) for law in laws() for word in law.keywords} == {Keyword.STOP}


@pytest.mark.parametrize(
    ("word", "lands"),
    [
        ("NO", ("NO",)),
        ("+4791", ("NO", "SJ")),
        ("+4479", ("GB", "GG")),
        ("+1416", ("US", "CA")),
        ("", ()),
        ("+", ()),
    ],
)
def test_an_address_says_its_country(word, lands):
    assert addressed(word) == lands


def test_a_wide_country_is_between_its_edges():
    assert edges_of("US") == ("America/Adak", "America/New_York")
    assert edges_of("NO") == ("Europe/Oslo",)
    assert edges_of("XX") == ()


@pytest.mark.parametrize(
    ("customer", "where", "expected"),
    [
        pytest.param({}, {}, "default_order", id="soft opt-in is lawful in Norway"),
        pytest.param({"country": "PL"}, {}, "law", id="not in Poland"),
        pytest.param({"time_zone": "Europe/Warsaw"}, {}, "law", id="nor for who lives by Poland's clock"),
        pytest.param(
            {"country": "CA"}, {}, "law", id="nor in Canada, where it is implied consent that counts"
        ),
        pytest.param(
            {"country": "XX", "time_zone": "UTC"},
            {},
            "default_order",
            id="a country without a rule is the policy's",
        ),
    ],
)
def test_the_strictest_country_decides_what_marketing_rests_on(customer, where, expected):
    assert reasons(customers=[customer])["email"] == expected


def test_the_number_counts_too_and_the_statute_is_named():
    lines = [{"channel": "sms", "address": 11, "prefix": "+4879"}]
    found = answer(channels=(), addresses=lines)[1]["sms"]

    assert (found["reason"], found["rank"]) == ("law", None)
    assert found["evidence"] == {
        "country": "PL", "law": "Prawo komunikacji elektronicznej (ustawa z dnia 12 lipca 2024 r.) art. 398",
    }  # fmt: skip


def test_the_customers_own_consent_opens_what_the_law_closes():
    assert reasons(customers=[{"country": "PL"}], consents=[{}])["email"] == "default_order"


def test_the_law_of_the_number_moves_an_sms_into_its_day():
    line = {"channel": "sms", "address": 11, "prefix": "+1212"}
    own = {"kind": "quiet_hours", "value": '{"start": "01:00", "end": "02:00", "channels": ["sms"]}'}
    verdict, channels = answer(
        channels=(),
        addresses=[line],
        consents=[{}],
        statements=[own],
        customers=[{"country": "US", "time_zone": "America/New_York"}],
    )

    assert (verdict["reason"], verdict["due_at"]) == ("law", datetime(2026, 3, 2, 13, tzinfo=UTC))
    assert channels["sms"]["evidence"]["law"] == "47 CFR § 64.1200(c)(1)"


@pytest.mark.parametrize(
    ("prefix", "zone", "now", "due"),
    [
        pytest.param("+1415", "America/New_York", 14, 16, id="nine in New York, six where the number is"),
        pytest.param(
            "+1212", "America/Los_Angeles", 3, 16, id="seven in the evening, ten where the number is"
        ),
        pytest.param(
            "+1808", "America/New_York", 14, 18, id="four in Honolulu, and nobody told us the state"
        ),
        pytest.param("+1212", "America/New_York", 14, 14, id="nine at both"),
    ],
)
def test_the_area_of_a_number_is_a_clock_that_is_known(prefix, zone, now, due):
    """A state is often not known: then a customer has the clock of where most of the country lives."""
    for policy in (OPEN, Policy(quiet={Channel.SMS: Window(start=time(21), end=time(8))})):
        verdict, _ = answer(
            policy,
            now=datetime(2026, 3, 5, now, tzinfo=UTC),
            channels=(),
            addresses=[{"channel": "sms", "address": 11, "prefix": prefix}],
            consents=[{}],
            customers=[{"country": "US", "time_zone": zone}],
        )

        assert verdict["due_at"] == datetime(2026, 3, 5, due, tzinfo=UTC)


def test_a_wish_for_nights_and_a_law_for_days_leave_nothing_and_it_is_held():
    line = {"channel": "sms", "address": 11, "prefix": "+1212"}
    own = {"kind": "quiet_hours", "value": '{"start": "08:00", "end": "21:00", "channels": ["sms"]}'}
    verdict, _ = answer(
        channels=(),
        addresses=[line],
        consents=[{}],
        statements=[own],
        customers=[{"country": "US", "time_zone": "America/New_York"}],
    )

    assert (verdict["state"], verdict["reason"], verdict["channel"]) == ("held", "law", None)


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        pytest.param(
            {"expires_at": NOW + timedelta(seconds=1)}, "default_order", id="a second before its end"
        ),
        pytest.param({"expires_at": NOW}, "expired", id="at its end"),
        pytest.param(
            {"action": "legacy", "ground": "purchase", "at": NOW - timedelta(days=729)},
            "default_order",
            id="bought 729 days ago",
        ),
        pytest.param(
            {"action": "legacy", "ground": "purchase", "at": NOW - timedelta(days=730)},
            "expired",
            id="bought 730 days ago",
        ),
        pytest.param(
            {"action": "legacy", "ground": "inquiry", "at": NOW - timedelta(days=182)},
            "expired",
            id="asked 182 days ago",
        ),
    ],
)
def test_a_canadian_consent_ends(consent, expected):
    strict = Policy(legacy_counts=tuple(Channel), caps=())

    assert reasons(policy=strict, customers=[{"country": "CA"}], consents=[consent])["email"] == expected


def test_the_policy_ends_what_is_implied_elsewhere():
    strict = Policy(legacy_counts=tuple(Channel), caps=(), expiry={Implied.PURCHASE: timedelta(days=30)})
    bought = {"action": "legacy", "ground": "purchase"}

    assert reasons(policy=strict, consents=[bought | {"at": NOW - timedelta(days=31)}])["email"] == "expired"
    assert (
        reasons(policy=strict, consents=[bought | {"at": NOW - timedelta(days=29)}])["email"]
        == "default_order"
    )


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        pytest.param([], "register", id="legitimate interest yields"),
        pytest.param([{"proof": False}], "register", id="so does consent without proof"),
        pytest.param([{}], "default_order", id="the customer's own consent does not"),
    ],
)
def test_who_is_on_a_register_gets_no_marketing_there(consents, expected):
    listed = [{"channel": "letter", "address": 13, "register": 4}]

    assert reasons(channels=(), addresses=listed, consents=consents)["letter"] == expected


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        pytest.param(None, "wash_due", id="never washed"),
        pytest.param(date(2026, 1, 29), "wash_due", id="washed 32 days ago"),
        pytest.param(date(2026, 1, 30), "default_order", id="washed 31 days ago"),
    ],
)
def test_an_old_register_holds_marketing(dated, expected):
    policy = replace(OPEN, wash={"NO": 40})  # the law says 31 for letters
    washed = {("NO", "letter"): dated} if dated else {}
    verdict, channels = answer(
        policy=policy, washed=washed, channels=("letter",), addresses=[{"channel": "letter", "address": 13}]
    )

    assert channels["letter"]["reason"] == expected
    assert verdict["reason"] == ("wash_due" if expected == "wash_due" else "")


@pytest.mark.parametrize(
    ("days", "due"),
    [
        pytest.param('["mon"]', NOW, id="today is one"),
        pytest.param(
            '["tue", "fri"]', datetime(2026, 3, 2, 23, tzinfo=UTC), id="tomorrow, on the customer's clock"
        ),
        pytest.param('["sun"]', datetime(2026, 3, 7, 23, tzinfo=UTC), id="the end of the week"),
        pytest.param("[]", NOW, id="no day is any day"),
    ],
)
def test_marketing_waits_for_a_wished_day(days, due):
    wish = {"kind": "best_days", "value": f'{{"days": {days}}}', "on_behalf": "relative, mandate M-17"}
    verdict, channels = answer(channels=("email",), consents=[{}], statements=[wish])

    assert (verdict["due_at"], verdict["reason"]) == (due, "best_day" if due != NOW else "")
    assert due == NOW or channels["email"]["evidence"]["wish_on_behalf"] == "relative, mandate M-17"


def test_double_opt_in_binds_marketing_alone():
    policy = Policy(double_opt_in=(Channel.EMAIL,))
    asked = rows(addresses=addresses("email"), consents=[{}])
    proven = rows(addresses=[{"channel": "email", "verified": True}], consents=[{}])
    owed = question(topic="invoice", purpose_class="required")

    def reason(asking, lines):
        return answers(decide(facts(asking, lines), policy, NOW))[0][1]["email"]["reason"]

    assert [reason(question(), asked), reason(question(), proven), reason(owed, asked)] == [
        "unverified_address", "default_order", "default_order",
    ]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(batches(), policies, st.randoms(use_true_random=False))
def test_no_law_or_register_ever_opens_a_channel(batch, policy, chance):
    """Law: without the table's countries, registers and wash dates nobody gets less; and order never matters."""
    asking, lines = batch
    strict = answers(decide(facts(asking, lines), policy, NOW))
    bare = {**lines, "addresses": [one | {"register": None} for one in lines["addresses"]]}
    loose = answers(decide(facts(asking, bare), replace(policy, wash={}), NOW))
    for (_, mine), (_, theirs) in zip(strict, loose, strict=True):
        possible = {channel for channel, one in mine.items() if one["rank"]}
        assert possible <= {channel for channel, one in theirs.items() if one["rank"]} or any(
            one["reason"] in ("pause", "law", "quiet_hours", "holdout") for one in theirs.values()
        )
    mixed = {
        name: chance.sample(part, len(part)) if name != "asked" else part for name, part in lines.items()
    }

    assert answers(decide(facts(asking, mixed), policy, NOW)) == strict


@settings(max_examples=50, deadline=None)
@given(batches(), policies)
def test_withdrawing_consent_never_adds_a_message(batch, policy):
    """Law: one more withdrawal leaves no channel open that was closed."""
    asking, lines = batch
    before = answers(decide(facts(asking, lines), policy, NOW))
    gone = [
        {
            "customer": person, "consent": 900 + n, "brand": "all", "topic": asking.topic, "channel": "all", "action": "withdrawn",
            "source": "form", "proof": True, "at": NOW, "on_behalf": "", "expires_at": None, "ground": "",
        }
        for n, person in enumerate({one["customer"] for one in lines["asked"]})
    ]  # fmt: skip
    after = answers(decide(facts(asking, {**lines, "consents": [*lines["consents"], *gone]}), policy, NOW))

    for (verdict, _), (later, _) in zip(before, after, strict=True):
        assert not (verdict["state"] == "held" and later["state"] == "ready")
