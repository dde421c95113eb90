"""`work.limits`, `work.coming`: one letter for a household, a budget that holds, and campaigns that give way."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from store.limits import uncover
from store.policies import rules_of
from store.silence import fall_back
from store.tables import addresses, customers
from tests.town import NOON, agree, install, settle, state
from tests.work.test_deliver import SAMPLE, House
from tests.work.test_receive import news
from tests.work.test_rehearsal import PaperHouse
from tidings.campaign import Budget
from tidings.channel import Channel
from tidings.problem import Problem
from work import run as stages
from work.campaign import open_campaign, parse_campaign
from work.erase import erase
from work.explain import explain
from work.missing import missing
from work.receive import receive
from work.report import report

DAY = timedelta(days=1)


def offer(**changes):
    raw = {
        "name": "spring",
        "edition": "1",
        "topic": "offer",
        "template": "offer/autumn",
        "audience": {"everybody": True},
        "channels": ["letter", "email", "sms"],
        "data": {
            "code": "LYS",
            "discount": 10,
            "price": "10.00",
            "currency": "EUR",
            "valid_until": "2027-11-30",
        },
    }
    return parse_campaign(raw | changes, where="spring.toml")


def planned(installation, now=NOON, **changes):
    """Plan a campaign and hold it to its limits; return its run."""
    opened = open_campaign(installation, offer(**changes), installation.policy, actor="staff:test", now=now)
    for shard in range(stages.begin(installation, opened.run, now=now).count):
        stages.plan(installation, opened.run, shard, installation.policy, now=now)
    stages.open_for_sending(installation, opened.run, now=now)
    return opened.run


def messages(engine, run):
    query = "SELECT customer_id, state, reason, channel, covered_by, over_budget, decision, due_at, data FROM messages"
    with engine.begin() as connection:
        found = connection.execute(
            text(f"{query} WHERE run_id = :run AND copy = 0 ORDER BY customer_id"), {"run": run}
        )
        return {row.customer_id: row for row in found}


def found(engine, run):
    with engine.begin() as connection:
        return report(connection, run)


def prefers_letters(engine, ids):
    with engine.begin() as connection:
        for customer in ids:
            state(connection, customer, channels=["letter", "email"])


def entry(row, channel):
    return next(one for one in row.decision if one["channel"] == channel)


def seen(engine, customer, engaged):
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO behaviour (customer_id, channel, purpose_class, reached, engaged, observations, as_of)
                VALUES (:customer, 'letter', 'marketing', 20, :engaged, 20, :now)
            """),
            {"customer": customer, "engaged": engaged, "now": NOON},
        )


@pytest.fixture
def house(settings, engine):
    return install(settings, engine)


def test_letters_go_to_those_who_gain_most_and_the_others_take_their_next_channel(house, engine):
    ids = settle(engine, 5, channels=("letter", "email"))
    prefers_letters(engine, ids)
    for place, customer in enumerate(ids):
        seen(engine, customer, place * 4)
    run = planned(house, budget={"letters": 2})

    rows = messages(engine, run)
    assert [rows[one].channel for one in ids] == ["email", "email", "email", "letter", "letter"]
    cut = entry(rows[ids[0]], "letter")
    assert (cut["reason"], cut["rank"]) == ("budget", None)
    assert cut["evidence"]["budget"][0]["limit"] == "letter"
    assert cut["evidence"]["gain"] < cut["evidence"]["budget"][0]["cut_line"]
    [line] = found(engine, run)["budget"]
    assert (line["most"], line["wanted"], line["used"], line["cut"]) == (2, 5, 2, 3)
    assert 0 < line["shadow_price"] <= line["cut_line"]


def test_who_has_no_other_channel_is_held_and_listed(house, engine):
    settle(engine, 3, channels=("letter",))
    run = planned(house, budget={"letters": 1})

    assert found(engine, run)["held"] == {"budget": 2}
    assert found(engine, run)["planned"] == {"letter": 1}


def test_an_amount_buys_what_gains_most_for_the_money(house, engine):
    ids = settle(engine, 4, channels=("letter", "sms"))
    prefers_letters(engine, ids)
    price = house.organisation.costs.expected(Channel.LETTER)
    run = planned(house, budget={"amount": str(round(price * 2, 2))})

    rows = messages(engine, run)
    spent = sum(
        house.organisation.costs.expected(Channel(row.channel)) for row in rows.values() if row.channel
    )
    assert spent <= price * 2
    assert len({row.channel for row in rows.values()}) > 1
    assert found(engine, run)["budget"][0]["limit"] == "amount"


def test_a_wish_that_comes_before_the_claim_does_not_break_the_budget(settings, engine):
    """Everybody wants letters now; only who was given one gets one."""
    house = House(settings, engine)
    ids = settle(engine, 4, channels=("letter", "email"))
    prefers_letters(engine, ids[:1])
    with engine.begin() as connection:
        for customer in ids[1:]:
            state(connection, customer, channels=["email"])
    house.run = planned(house.installation, budget={"letters": 1})
    prefers_letters(engine, ids[1:])
    with engine.begin() as connection:
        for customer in ids[1:]:
            state(connection, customer, channels=["letter"], at=NOON - DAY)
    house.send()

    rows = messages(engine, house.run)
    assert [rows[one].channel for one in ids] == ["letter", "email", "email", "email"]


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        pytest.param({}, "names letters", id="a budget says something"),
        pytest.param({"letters": -1}, "greater than or equal to 0", id="less than nothing is no number"),
        pytest.param({"amount": "0"}, "greater than 0", id="no money is no budget"),
        pytest.param({"stamps": 3}, "not permitted", id="only channels and money"),
    ],
)
def test_a_budget_that_is_none_is_refused(budget, says):
    with pytest.raises(Problem, match=says):
        offer(budget=budget)


def test_an_edition_without_limits_keeps_its_digest():
    """What ran before there was a priority or a budget goes on as the same campaign."""
    written = offer().model_dump(mode="json")
    assert not {"priority", "budget"} & set(written)
    assert offer(priority=7, budget={"letters": 3}).model_dump(mode="json")["budget"] == {"letters": 3}
    assert Budget(letters=3).counts == {"letter": 3}


def at_home(engine, ids, street="Storgata 1", *, last_name="Berg", country="NO"):
    """Let customers live at an address, each writing it their own way."""
    ways = [street, street.upper(), f" {street}.", street.replace(" ", "  ")]
    with engine.begin() as connection:
        for place, customer in enumerate(ids):
            postal = {
                "street": [ways[place % len(ways)]],
                "postal_code": "0155",
                "city": "Oslo",
                "country": country,
            }
            connection.execute(
                update(addresses)
                .where(addresses.c.customer_id == customer, addresses.c.channel == "letter")
                .values(postal=postal)
            )
            connection.execute(
                update(customers).where(customers.c.id == customer).values(last_name=last_name)
            )


def test_a_household_gets_one_letter(house, engine):
    ids = settle(engine, 3, channels=("letter",))
    alone = settle(engine, 1, channels=("letter",))
    at_home(engine, ids)
    at_home(engine, alone, last_name="Dahl")
    run = planned(house)

    rows = messages(engine, run)
    assert [(rows[one].state, rows[one].reason) for one in (*ids, *alone)] == [
        ("ready", ""), ("held", "household"), ("held", "household"), ("ready", ""),
    ]  # fmt: skip
    assert entry(rows[ids[1]], "letter")["evidence"]["covered_by"] == str(rows[ids[1]].covered_by)
    assert rows[ids[0]].data["household"] == ["Ada Berg", "Ada Berg"]
    assert found(engine, run)["held"] == {"household": 2}


@pytest.mark.parametrize(
    ("value", "held"),
    [
        pytest.param({"letters": "own"}, 1, id="who wishes letters of their own gets one and covers nobody"),
        pytest.param({"letters": "one"}, 2, id="one letter is what happens anyway"),
        pytest.param({}, 2, id="nothing usable says nothing"),
    ],
)
def test_a_wish_about_the_household_counts(house, engine, value, held):
    ids = settle(engine, 3, channels=("letter",))
    at_home(engine, ids)
    with engine.begin() as connection:
        state(connection, ids[0], kind="household", value=value)
    run = planned(house)

    rows = messages(engine, run)
    assert rows[ids[0]].state == "ready"
    assert [row.reason for row in rows.values()].count("household") == held


def test_the_next_one_has_the_letter_when_the_first_takes_another_way(settings, engine):
    house = House(settings, engine)
    ids = settle(engine, 3, channels=("letter", "email"))
    at_home(engine, ids)
    prefers_letters(engine, ids)
    house.run = planned(house.installation)
    with engine.begin() as connection:
        state(connection, ids[0], channels=["email"], at=NOON - DAY)
    house.now = NOON + DAY
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE messages SET channel = 'email' WHERE customer_id = :c"), {"c": ids[0]}
        )
        assert uncover(connection, [house.run], now=NOON) == 1
        assert uncover(connection, [house.run], now=NOON) == 0
    rows = messages(engine, house.run)
    assert [(rows[one].state, rows[one].reason) for one in ids[1:]] == [("ready", ""), ("held", "household")]
    assert rows[ids[1]].data["household"] == ["Ada Berg"]
    assert "household" not in rows[ids[0]].data


@pytest.mark.parametrize(
    ("gone", "goes", "named"),
    [
        pytest.param(1, 2, ["Per Berg"], id="who had it for all: the next one has it"),
        pytest.param(2, 1, ["Per Berg"], id="who was named: nobody reads their name"),
    ],
)
def test_who_is_erased_leaves_their_household(house, engine, gone, goes, named):
    ids = settle(engine, 2, channels=("letter",)) + settle(engine, channels=("letter",), first_name="Per")
    at_home(engine, ids)
    run = planned(house)
    erase(house, f"C{gone}", by="Ida", because="asked for it", now=NOON)

    rows = {place: messages(engine, run)[one] for place, one in enumerate(ids, 1)}
    assert (rows[gone].state, rows[gone].data) == ("cancelled", {})
    assert (rows[goes].state, rows[goes].data["household"]) == ("ready", named)
    assert [row.state for row in rows.values()].count("ready") == 1


def test_a_household_that_stays_silent_gets_one_letter(settings, engine):
    """Two of three were sent e-mails that nobody opened, the third later; whose letter is out stands for them all."""
    house = PaperHouse(settings, engine)
    ids = settle(engine, 3, channels=("email", "letter"))
    at_home(engine, ids)
    with engine.begin() as connection:
        state(connection, ids[0], kind="pause", topic="offer", until_at=NOON + DAY)
    house.plan(channels=["email", "letter"], fallback_after={"email": "P3D"})
    found = []
    for now in (NOON, NOON + DAY, NOON + 3 * DAY, NOON + 3 * DAY + timedelta(hours=4), NOON + 4 * DAY):
        house.tick(now)
        rows = messages(engine, house.run)
        found.append([(rows[one].state, rows[one].reason or rows[one].channel) for one in ids])

    waits, sent, covered = ("ready", "fallback"), ("done", "email"), ("held", "household")
    assert found[0][1:] == [sent, sent]
    assert found[1:] == [
        [sent, sent, sent],
        [sent, waits, covered],
        [sent, ("done", "letter"), covered],
        [covered, ("done", "letter"), covered],
    ]
    assert len(house.letter.handed) == 1
    assert house.report()["held"] == {"household": 2}
    assert proofs(house.installation, house.run, 3) == [True] * 3


def test_a_household_whose_mails_come_back_gets_one_letter(settings, engine):
    """Two at once, the third when the letter has left; without a word of silence."""
    house = PaperHouse(settings, engine)
    ids = settle(engine, 3, channels=("email", "letter"))
    at_home(engine, ids)
    house.plan(channels=["email", "letter"])
    house.tick(NOON)
    tries = house.sql(
        "SELECT a.id::text FROM attempts a JOIN deliveries d ON d.id = a.delivery_id"
        " JOIN messages m ON m.id = d.message_id ORDER BY m.customer_id"
    )
    for some, hours in ((tries[:2], 1), (tries[2:], 6)):
        back = [news("bounced", attempt=one, provider=house.email.name) for (one,) in some]
        receive(house.installation, back, now=NOON + timedelta(hours=hours))
        house.tick(NOON + timedelta(hours=hours))

    assert len(house.letter.handed) == 1
    assert sorted(row.reason for row in messages(engine, house.run).values()) == [
        "",
        "household",
        "household",
    ]


def test_a_campaign_that_matters_less_waits_for_the_one_that_the_cap_has_room_for(house, engine):
    """The cap of a week lets one through; tomorrow's campaign has the higher priority."""
    [customer] = settle(engine, 1, channels=("email",))
    policy = house.policy
    assert policy.caps
    with engine.begin() as connection:
        state(connection, customer, kind="frequency", value={"at_most": 1, "per": "week"})
    later = offer(name="summer", priority=8, schedule={"start": (NOON + DAY).isoformat()})
    open_campaign(house, later, policy, actor="staff:test", now=NOON)
    run = planned(house)

    row = messages(engine, run)[customer]
    assert (row.state, row.reason, row.due_at) == ("ready", "priority", NOON + DAY + timedelta(hours=1))
    assert entry(row, "email")["evidence"]["gives_way_to"] == "summer/1"


def test_a_campaign_of_the_same_priority_is_no_rival(house, engine):
    [customer] = settle(engine, 1, channels=("email",))
    with engine.begin() as connection:
        state(connection, customer, kind="frequency", value={"at_most": 1, "per": "week"})
    later = offer(name="summer", schedule={"start": (NOON + DAY).isoformat()})
    open_campaign(house, later, house.policy, actor="staff:test", now=NOON)

    assert messages(engine, planned(house))[customer].reason == ""


def test_a_wish_of_one_a_year_looks_back_a_year(house, engine):
    [customer] = settle(engine, 1, channels=("email",))
    with engine.begin() as connection:
        state(
            connection, customer, kind="frequency", value={"at_most": 1, "per": "year"}, at=NOON - 400 * DAY
        )
        agree(connection, customer)
        connection.execute(
            text("""
                INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, purpose, at)
                VALUES (:customer, 't', '1', 'out', 'email', 'sent', 'news', :at)
            """),
            {"customer": customer, "at": NOON - 200 * DAY},
        )
    row = messages(engine, planned(house))[customer]

    assert (row.reason, row.due_at) == ("frequency", NOON + 165 * DAY)


def proofs(installation, run, count):
    """Return of each customer of a run whether their decision is proved, or what differs."""
    told = [explain(installation, f"C{number}", run, now=NOON) for number in range(1, count + 1)]
    return [one["proved"] or one["differs"] for one in told]


def test_what_other_messages_had_to_do_with_a_decision_is_no_doubt_about_it(house, engine):
    """Law: whom a run holds for its household, its budget or a rival has a decision that is proved."""
    ids = settle(engine, 5, channels=("letter", "email"))
    settle(engine, 1, channels=("email",))
    at_home(engine, ids[:2])
    prefers_letters(engine, ids)
    with engine.begin() as connection:
        state(connection, ids[4], kind="frequency", value={"at_most": 1, "per": "week"})
    later = offer(name="summer", priority=8, schedule={"start": (NOON + DAY).isoformat()})
    open_campaign(house, later, house.policy, actor="staff:test", now=NOON)
    run = planned(house, budget={"letters": 2})

    assert {row.reason for row in messages(engine, run).values()} == {"", "household", "priority"}
    assert "budget" in {one["reason"] for row in messages(engine, run).values() for one in row.decision}
    assert proofs(house, run, 6) == [True] * 6


def test_what_is_decided_again_is_proved_by_the_rules_and_the_instant_of_that(settings, engine):
    """The night is over and the rules are others by then; one of them has no address that the budget is about."""
    house = House(settings, engine)
    (settings.home / "policy.toml").write_text(
        '[quiet]\nemail = { start = "11:00", end = "14:00" }\n', encoding="utf-8"
    )
    settle(engine, 2, channels=("email",))
    house.plan(budget={"letters": 1}, channels=["email", "letter"])
    (settings.home / "policy.toml").write_text(
        '[quiet]\nemail = { start = "13:00", end = "17:00" }\n', encoding="utf-8"
    )
    later = House(settings, engine)
    later.run, later.now = house.run, NOON + timedelta(hours=2)
    later.send()
    told = explain(later.installation, "C1", later.run, now=later.now)

    assert (told["reason"], told["due_at"]) == ("quiet_hours", NOON + timedelta(hours=4))
    assert (told["proved"], told["differs"], told["facts_changed"]) == (True, [], False)
    assert told["decided_at"] == later.now
    with engine.begin() as connection:
        assert '"13:00:00"' in rules_of(connection, told["policy"])


def ends(day):
    return {"data": {**SAMPLE, "valid_until": day}}


def test_what_could_leave_only_after_the_offer_is_held_and_listed(settings, engine):
    """One asked for a pause until then, one had their message of the month; the third has it at once."""
    house = House(settings, engine)
    paused, patient, _ = settle(engine, 3)
    with engine.begin() as connection:
        state(connection, paused, kind="pause", until_at=NOON + 20 * DAY)
        state(connection, patient, kind="frequency", value={"at_most": 1, "per": "month"})
        connection.execute(
            text("""
                INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, purpose, at)
                VALUES (:customer, 't', '1', 'out', 'email', 'sent', 'offer', :at)
            """),
            {"customer": patient, "at": NOON - 5 * DAY},
        )
    house.plan(**ends("2026-03-10")).send()
    house.now = NOON + 40 * DAY
    house.send()

    assert house.report()["held"] == {"offer_over": 2}
    assert house.report()["sent"] == {"email": 1}
    with engine.begin() as connection:
        assert missing(connection, house.run)["by_reason"] == {"offer_over": 2}
    assert proofs(house.installation, house.run, 3) == [True] * 3
    told = explain(house.installation, "C1", house.run, now=NOON)
    assert told["sentence"] == "It could not be sent by March 10, 2026, the last day of the offer."


@pytest.mark.parametrize(
    ("zone", "day", "late", "state"),
    [
        pytest.param("Europe/Oslo", "2026-03-10", 40 * DAY, "held", id="a run that lay still until the offer was over"),
        pytest.param("Pacific/Auckland", "2026-03-04", DAY, "held", id="where the day is over before ours"),
        pytest.param("America/Lima", "2026-03-03", timedelta(hours=16), "done", id="where it is not over yet"),
        pytest.param("Europe/Oslo", "2026-03-02", DAY, "done", id="an edition that begins after its offer means to"),
    ],
)  # fmt: skip
def test_the_last_day_of_an_offer_counts_when_it_is_claimed(settings, engine, zone, day, late, state):
    house = House(settings, engine)
    settle(engine, time_zone=zone)
    house.plan(**ends(day))
    house.now = NOON + late
    house.send()

    assert house.sql("SELECT state FROM messages") == [(state,)]


@pytest.mark.parametrize(("day", "moved"), [("2026-03-04", 0), ("2026-03-05", 1)])
def test_nobody_hears_once_more_of_an_offer_that_is_over(settings, engine, day, moved):
    house = House(settings, engine)
    settle(engine, channels=("email", "sms"))
    house.plan(fallback_after={"email": "P2D"}, **ends(day)).send()
    with engine.begin() as connection:
        assert fall_back(connection, now=NOON + 2 * DAY) == moved
