"""`work.as_of` and `work.proof`: what was known at an instant, and whether a stored decision is what its facts say."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import text

from preferences.policy import Policy
from store.export import everything
from store.manners import manner, manners
from store.policies import current_policy
from store.preference import hold
from tests.town import NOON, agree, settle, state, suppress
from tests.work.test_deliver import House
from tidings.problem import Problem
from work.as_of import explain_as_of
from work.care import card
from work.copy import ask_for_copy
from work.explain import explain
from work.gaps import gaps
from work.wishes import own_word, paused_until, spoken

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 4, 12, tzinfo=UTC)
OLD = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def aged(connection):
    """Make everything so old that the past of the test lies after it."""
    connection.execute(text("UPDATE customers SET created_at = :old"), {"old": OLD})
    connection.execute(text("UPDATE addresses SET created_at = :old"), {"old": OLD})
    connection.execute(
        text("UPDATE installation SET value = :old WHERE key = 'states_since'"), {"old": OLD.isoformat()}
    )


def recorded(connection, table, when):
    """Say when the last row of an append-only table was recorded; nothing but a test may."""
    connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    connection.execute(
        text(f"UPDATE {table} SET recorded_at = :at WHERE id = (SELECT max(id) FROM {table})"), {"at": when}
    )
    connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def asked(house, at, **change):
    return explain_as_of(house.installation, "C1", as_of=at, **({"purpose": "offer"} | change))


def test_a_paper_form_counts_from_when_it_was_recorded_not_from_when_it_was_signed(house, engine):
    (ada,) = settle(engine, channels=("email", "sms"), consent=None)
    with engine.begin() as connection:
        aged(connection)
        agree(connection, ada, channel="email", at=MARCH - 9 * DAY)
        recorded(connection, "consents", MARCH - 8 * DAY)
        agree(connection, ada, channel="sms", at=MARCH - 7 * DAY)
        recorded(connection, "consents", MARCH + 2 * DAY)
        state(connection, ada, channels=["sms"], topic="offer", at=MARCH - 7 * DAY)
        recorded(connection, "statements", MARCH + 2 * DAY)
    before, after = asked(house, MARCH), asked(house, MARCH + 3 * DAY)

    assert (before["channel"], [c["topic"] for c in before["consents"]], before["statements"]) == (
        "email",
        ["offer"],
        [],
    )
    assert (after["channel"], len(after["consents"]), len(after["statements"])) == ("sms", 2, 1)
    assert before["unknown"] == ["policy"]
    assert (
        next(one for one in before["channels"] if one["channel"] == "sms")["reason"] == "channel_no_consent"
    )


def test_who_was_barred_then_is_barred_then(house, engine):
    (ada,) = settle(engine, channels=("email",))
    with engine.begin() as connection:
        aged(connection)
        recorded(connection, "consents", OLD)
        connection.execute(text("UPDATE customers SET holds = '{complaint}' WHERE id = :id"), {"id": ada})
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET holds = '{}' WHERE id = :id"), {"id": ada})
        connection.execute(
            text("UPDATE customer_states SET until_at = :at WHERE holds = '{}'"), {"at": MARCH - DAY}
        )
        connection.execute(
            text("UPDATE customer_states SET until_at = :at WHERE holds = '{complaint}'"), {"at": MARCH + DAY}
        )

    assert [asked(house, at)["reason"] for at in (MARCH - 2 * DAY, MARCH, MARCH + 2 * DAY)] == [
        "",
        "open_matter",
        "",
    ]


def sent(connection, customer, at, recorded_at):
    connection.execute(
        text("""
            INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, purpose, at,
                                     recorded_at)
            VALUES (:customer, 't', :id, 'out', 'email', 'sent', 'offer', :at, :recorded_at)
        """),
        {"customer": customer, "id": at.isoformat(), "at": at, "recorded_at": recorded_at},
    )


def test_what_was_sent_or_told_of_later_counted_against_nothing_then(house, engine):
    (ada,) = settle(engine)
    with engine.begin() as connection:
        aged(connection)
        state(connection, ada, kind="frequency", value={"at_most": 1, "per": "month"}, at=OLD)
        recorded(connection, "consents", OLD)
        recorded(connection, "statements", OLD)
        sent(connection, ada, MARCH + 3 * DAY, MARCH + 3 * DAY)
        sent(connection, ada, MARCH - 3 * DAY, MARCH + 2 * DAY)

    assert [asked(house, at)["reason"] for at in (MARCH, MARCH + 2 * DAY)] == ["", "frequency"]
    assert asked(house, MARCH + 2 * DAY)["due_at"] == MARCH + 27 * DAY


def test_what_cannot_be_known_is_said_and_not_guessed(house, engine):
    settle(engine, channels=("email",))
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET created_at = :old"), {"old": OLD})

    assert asked(house, MARCH)["unknown"] == ["states", "policy"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"purpose": ""}, "is no purpose", id="neither a run nor a purpose"),
        pytest.param(
            {"purpose": "offer", "topic": "news.x"}, "news.x is no offer", id="a topic of something else"
        ),
        pytest.param({"run": "nothing"}, "no run", id="no such run"),
    ],
)
def test_what_cannot_be_asked_is_said(house, engine, change, words):
    settle(engine)

    with pytest.raises(Problem, match=words):
        asked(house, MARCH, **change)


def test_statements_in_any_order_fold_to_the_same_state(house, engine):
    """Law: a late paper form and an import end where they would have ended in time."""
    said = [
        {"kind": "order", "channels": ["sms"], "at": NOON - 9 * DAY},
        {"kind": "order", "channels": ["letter", "email"], "at": NOON - 5 * DAY},
        {"kind": "best_days", "value": {"days": ["fri"]}, "at": NOON - 4 * DAY},
        {"kind": "best_days", "value": {}, "at": NOON - 6 * DAY},
    ]
    people = settle(engine, 24, channels=("email", "sms", "letter"))
    with engine.begin() as connection:
        for customer, order in zip(people, permutations(said), strict=True):
            for one in order:
                state(connection, customer, **one)
    answers = set()
    for number in range(1, 25):
        found = explain_as_of(
            house.installation, f"C{number}", as_of=datetime.now(UTC) + DAY, purpose="offer"
        )
        answers.add(
            (
                found["channel"],
                found["reason"],
                tuple(one["channel"] for one in found["channels"] if one["rank"]),
            )
        )

    assert len(answers) == 1


def at_one_instant(connection, customer, backwards):
    """Write two forms of one day, in one order or the other."""
    said = [
        {"channels": ["letter", "email"]},
        {"channels": ["letter"], "value": {"only": True}},
        {"topic": "offer", "channels": ["email"]},
        {"topic": "offer", "channels": ["sms"]},
        {"kind": "manner", "value": {"call": True}},
        {"kind": "manner", "value": {"large_print": True}},
        {"kind": "tracking", "value": {"tracking": False}},
        {"kind": "tracking", "value": {"tracking": True}},
        {"kind": "pause", "topic": "news", "until_at": NOON + 9 * DAY},
        {"kind": "pause", "topic": "news", "value": {"resume": True}},
    ]
    agreed = [{"channel": "letter", "action": action} for action in ("given", "withdrawn", "objected")]
    step = -1 if backwards else 1
    for one in said[::step]:
        state(connection, customer, **one)
    for one in agreed[::step]:
        agree(connection, customer, **one)


def test_two_forms_of_one_day_are_the_same_in_whatever_order_they_were_typed_in(house, engine):
    """Law: in the decision, on the customer's page, at the service desk, in what is printed and exported."""
    people = settle(engine, 2, channels=("email", "sms", "letter"))
    own = ("id", "statement", "consent", "recorded_at", "customer_id", "proof")

    def plain(rows):
        return [{key: value for key, value in row.items() if key not in own} for row in rows]

    seen = []
    with engine.begin() as connection:
        for backwards, customer in enumerate(people):
            at_one_instant(connection, customer, backwards)
        for customer in people:
            known = hold(connection, customer=customer, brand="nordlys")
            shown = [plain(spoken(known, kind, "offer", NOON)) for kind in ("order", "tracking", "manner")]
            files = everything(connection, [customer])
            printed = manner(manners(connection, [customer]), customer, brand="nordlys", at=NOON)
            seen.append([
                shown, own_word(known, "offer", NOON), paused_until(known, ("news",), NOON), printed,
                plain(card(connection, customer, now=NOON).said), plain(files["statements"]), plain(files["consents"]),
            ])  # fmt: skip
        wished = gaps(connection, house.installation, Policy(), now=NOON).asked
    later = datetime.now(UTC) + DAY
    for customer, reference in zip(seen, ("C1", "C2"), strict=True):
        found = explain_as_of(house.installation, reference, as_of=later, purpose="offer")
        customer += [
            found["channel"],
            plain(found["channels"][0]["evidence"] for _ in "1"),
            plain(found["statements"]),
        ]

    assert seen[0] == seen[1]
    assert [row["channels"] for row in seen[0][0][0]] == [["email"], ["letter"]]
    assert (seen[0][2], seen[0][3]) == ((NOON + 9 * DAY).date(), {"call": True})
    assert {(row["topic"], row["channel"]) for row in wished if row["asked"] == 2} >= {
        ("offer", "email"), ("invoice", "letter"),
    }  # fmt: skip


def test_a_decision_is_proved_by_its_facts_also_when_they_have_changed_since(house, engine):
    (ada,) = settle(engine, channels=("email", "sms"))
    house.plan()
    fresh = explain(house.installation, "C1", house.run, now=NOON)
    with engine.begin() as connection:
        state(connection, ada, channels=["sms"], topic="offer", at=NOON)
    later = explain(house.installation, "C1", house.run, now=NOON)

    assert (fresh["proved"], fresh["differs"], fresh["facts_changed"]) == (True, [], False)
    assert (later["proved"], later["differs"], later["facts_changed"]) == (True, [], True)
    assert later["today"]["channel"] == "sms"


@pytest.mark.parametrize("many", [1, 7, 30])
def test_a_decision_is_proved_behind_many_changes_and_other_policies(house, engine, many):
    (ada,) = settle(engine, channels=("email", "sms"))
    house.plan()
    with engine.begin() as connection:
        for number in range(3):
            current_policy(connection, Policy(explore=0.01 * (number + 1)))
        suppress(connection, "email", "c1@example.org", "stop")
    for number in range(many):
        with engine.begin() as connection:
            state(
                connection, ada, channels=["sms", "email"][: 1 + number % 2], at=NOON - timedelta(days=number)
            )
    found = explain(house.installation, "C1", house.run, now=NOON)

    assert (found["proved"], found["differs"], found["facts_changed"]) == (True, [], True)


def test_a_list_of_what_was_sent_that_comes_late_is_no_doubt_about_a_decision(house, engine):
    (ada,) = settle(engine)
    house.plan()
    with engine.begin() as connection:
        sent(connection, ada, NOON - 3 * DAY, datetime.now(UTC) + DAY)
    found = explain(house.installation, "C1", house.run, now=NOON)

    assert (found["proved"], found["facts_changed"]) == (True, True)


def test_a_copy_is_proved_by_the_facts_of_what_it_is_a_copy_of(house, engine):
    settle(engine)
    house.plan().send()
    [(message,)] = house.sql("SELECT id::text FROM messages")
    with engine.begin() as connection:
        ask_for_copy(connection, message, by="staff:Ida", because="lost", channel=None, now=NOON + DAY)
    house.now = NOON + DAY
    house.send()
    found = explain(house.installation, "C1", house.run, now=NOON + DAY)

    assert [(one["state"], one["proved"]) for one in (found, *found["others"])] == [("done", True)] * 2


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        pytest.param(
            "decision = jsonb_set(decision, '{0,reason}', '\"stated_all\"')", ("email", "reason", "stated_all"),
            id="another reason of a channel",
        ),
        pytest.param(
            "decision = decision - 0", ("", "channels", ["sms", "letter", "push", "whatsapp"]), id="a channel taken out"
        ),
        pytest.param("decision = '[]'", ("", "channels", []), id="nothing left of it"),
        pytest.param(
            "decision = decision || (decision -> 1)",
            ("", "channels", ["email", "sms", "sms", "letter", "push", "whatsapp"]), id="a channel twice",
        ),
        pytest.param(
            "state = 'held', reason = 'open_matter'", ("", "reason", "open_matter"), id="another reason of the message"
        ),
    ],
)  # fmt: skip
def test_a_decision_that_somebody_changed_is_not_proved(house, engine, change, differs):
    settle(engine, channels=("email", "sms"))
    house.plan()
    house.sql(f"UPDATE messages SET {change}")
    found = explain(house.installation, "C1", house.run, now=NOON)

    assert not found["proved"]
    assert [(one.get("channel", ""), one["what"], one["stored"]) for one in found["differs"]] == [differs]


def test_facts_that_cannot_be_had_back_prove_nothing_and_are_named(house, engine):
    settle(engine, channels=("email", "sms"))
    house.plan()
    with engine.begin() as connection:
        connection.execute(text("UPDATE messages SET input_digest = '0123456789abcdef'"))
    found = explain(house.installation, "C1", house.run, now=NOON)

    assert (found["proved"], found["differs"]) == (False, [{"what": "facts"}])
    assert "states" in found["unknown"]
