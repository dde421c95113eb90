# ruff: noqa: E501 -- tables
"""Lots, holdouts and the best hour: tables, and the laws that hold for any facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preferences.decision import decide
from preferences.explore import chance, lots
from preferences.holdout import held_out, lift
from preferences.policy import Learning, Observing, Policy, Window, policy_from
from preferences.reactions import fold_hours
from tests.preferences.batches import NOW, addresses, batches, facts, policies, question, rows
from tests.preferences.oracle_learnt import chance as plain_chance
from tests.work.test_learn import history
from tidings.channel import Channel
from tidings.facts import Population

laws = settings(max_examples=25, deadline=None)
EVERY = np.arange(1, 200_001)
REACHABLE = {"addresses": addresses("email", "sms", "push", "letter"), "consents": [{}]}
EXPLORING = Policy(explore=0.05, quiet={})


def crowd(size, **given):
    """Return rows of many equal customers, ids 1 to size."""
    lines = rows(**REACHABLE | given)
    return {
        name: [
            line | {"customer": who} | ({"message": f"m{who}"} if name == "asked" else {})
            for who in range(1, size + 1)
            for line in part
        ]
        for name, part in lines.items()
    }


# Lots


@given(st.text(max_size=20), st.integers(0, 2**62))
def test_chance_is_a_number_of_the_name_and_the_customer(name, customer):
    """As it is read one by one."""
    assert chance(name, np.array([customer]))[0] == plain_chance(name, customer)


def test_every_possible_channel_is_drawn_as_often_as_its_propensity_says():
    """Of 200,000 customers, within five standard deviations; and the mean of 1/propensity is the number of channels."""
    possible = np.tile([True, True, False, True, False], (len(EVERY), 1))
    found = lots(run="autumn", customers=EVERY, first=np.zeros(len(EVERY), dtype=np.int64), possible=possible,
                 silent=np.ones(len(EVERY), dtype=bool), share=0.05)  # fmt: skip

    counts = np.bincount(found.channel, minlength=5) / len(EVERY)
    each = 0.05 / 3
    expected = np.array([1 - 0.05 + each, each, 0, each, 0])
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(0.05 / len(EVERY)))
    assert np.array_equal(found.propensity, np.where(found.channel == 0, 1 - 0.05 + each, each))
    assert np.array_equal(found.drawn, found.channel != 0)
    assert abs(float((1 / found.propensity).mean()) - 3) < 0.1


def test_a_run_draws_again_what_it_drew_and_another_run_draws_otherwise():
    """Replayable, and not the same customers every time."""
    lines = crowd(2_000)
    first, again, other = (
        decide(facts(question(run=run), lines), EXPLORING, NOW) for run in ("autumn", "autumn", "winter")
    )
    drawn = [
        set(one.ranked.filter(pl.col("reason") == "explored")["message"]) for one in (first, again, other)
    ]

    assert drawn[0] == drawn[1] != drawn[2]
    assert 40 < len(drawn[0]) < 120
    assert first.verdicts["input_digest"][0] != other.verdicts["input_digest"][0]


@pytest.mark.parametrize(
    ("given", "asked", "policy"),
    [
        pytest.param({}, {}, Policy(quiet={}), id="a policy that does not explore"),
        pytest.param({}, {"topic": "invoice", "purpose_class": "required"}, EXPLORING, id="what is owed"),
        pytest.param({"statements": [{"channels": ["sms"]}]}, {}, EXPLORING, id="a customer who chose"),
        pytest.param({"asked": [{"tried": ["letter"]}]}, {}, EXPLORING, id="a second try"),
        pytest.param({}, {"channels": ("email",)}, EXPLORING, id="a single channel"),
    ],
)  # fmt: skip
def test_nothing_is_drawn_for(given, asked, policy):
    """Every message has a propensity all the same: 1."""
    found = decide(facts(question(**asked), crowd(400, **given)), policy, NOW)

    assert set(found.verdicts["propensity"]) == {1.0}
    assert "explored" not in set(found.ranked["reason"])


@laws
@given(batches(), policies, st.integers(1, 40))
def test_a_lot_never_opens_a_channel(batch, policy, run):
    """It only changes which of the possible ones comes first, and at most for the share that the policy names."""
    asking, lines = batch
    asking = replace(asking, run=f"run {run}")
    drawn, plain = (
        decide(facts(asking, lines), replace(policy, explore=share), NOW) for share in (0.05, 0.0)
    )
    ways = [
        set(one.ranked.filter(pl.col("rank").is_not_null()).select("message", "channel").iter_rows())
        for one in (drawn, plain)
    ]

    assert ways[0] == ways[1]
    assert drawn.verdicts["state"].to_list() == plain.verdicts["state"].to_list()


@pytest.mark.parametrize("share", [-0.01, 0.06, 1])
def test_a_policy_explores_one_message_in_twenty_at_most(share):
    """Or it is refused."""
    with pytest.raises(Exception, match="explore"):
        policy_from({"explore": share})


# Holdouts


@given(st.text(max_size=20), st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_greater_holdout_holds_the_same_customers_and_more(group, one, other):
    """So nobody changes sides when marketing changes its mind."""
    less, more = sorted((one, other))
    some = EVERY[:5_000]

    assert not np.any(held_out(group, some, less) & ~held_out(group, some, more))


def test_the_share_is_held_out_and_the_same_customers_in_every_edition():
    """With its reason; nobody of them has a channel."""
    lines = crowd(4_000)
    asked = question(holdout=0.1, holdout_group="nordlys/offer/autumn")
    first, next_year = (
        decide(facts(replace(asked, run=run), lines), Policy(quiet={}), NOW) for run in ("1", "2")
    )
    held = first.verdicts.filter(pl.col("reason") == "holdout")

    assert 320 < held.height < 480
    assert set(held["state"]) == {"held"}
    assert (
        held["message"].to_list()
        == next_year.verdicts.filter(pl.col("reason") == "holdout")["message"].to_list()
    )
    ranked = first.ranked.filter(pl.col("message") == held["message"][0])
    assert ranked["rank"].to_list() == [None] * 5
    assert '{"holdout": 0.1}' in ranked["evidence"].to_list()


def test_what_is_owed_is_never_held_out():
    """Whatever a question says."""
    asked = question(topic="invoice", purpose_class="required", holdout=0.5, holdout_group="g")

    assert set(decide(facts(asked, crowd(200)), Policy(quiet={}), NOW).verdicts["state"]) == {"ready"}


@laws
@given(batches(), policies)
def test_whoever_could_not_be_written_to_is_not_in_the_holdout(batch, policy):
    """Or the groups would not be alike: everybody held out would have got it."""
    asking, lines = batch
    asking = replace(asking, topic="offer", purpose_class="marketing", holdout_group="g")
    held, free = (decide(facts(replace(asking, holdout=share), lines), policy, NOW) for share in (0.5, 0.0))
    out = held.verdicts.filter(pl.col("reason") == "holdout")["message"]

    assert set(free.verdicts.filter(pl.col("message").is_in(out.implode()))["state"]) <= {"ready"}
    rest = ~pl.col("message").is_in(out.implode())
    assert held.verdicts.filter(rest)["reason"].to_list() == free.verdicts.filter(rest)["reason"].to_list()


@pytest.mark.parametrize(
    ("groups", "sure"),
    [
        pytest.param((10_000, 600, 500, 25), False, id="five in a hundred against six is chance with 500"),
        pytest.param((10_000, 900, 500, 25), True, id="five against nine is not"),
        pytest.param((10_000, 0, 500, 25), True, id="fewer who came is sure too"),
        pytest.param((100, 10, 0, 0), False, id="nobody held out"),
    ],
)  # fmt: skip
def test_a_lift_is_sure_when_its_interval_leaves_nothing_out(groups, sure):
    """And it holds the difference."""
    found = lift(**dict(zip(("treated", "treated_came", "held", "held_came"), groups, strict=True)))

    assert found.sure == sure
    assert found.lift is None or found.low <= found.lift <= found.high


# The best hour

TUESDAY_EVENING = 24 + 19
MANY = {"cell": TUESDAY_EVENING, "weight": 12.0, "as_of": NOW - timedelta(hours=1)}
NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)
"""A Tuesday, ten o'clock in Oslo."""
EVENING = datetime(2026, 3, 3, 18, tzinfo=UTC)
PEOPLE = Population(version=1, hours=tuple(5_000.0 if cell % 24 == 19 else 10.0 for cell in range(168)))
WAITS = question(channels=("email",), best_hour_until=NINE + timedelta(days=1))
MINE = {"hours": [MANY]}
TOMORROW = {"hours": [MANY | {"cell": MANY["cell"] + 24}]}

HOURS = [
    pytest.param(MINE, WAITS, {}, EVENING, "best_hour", id="it waits for the evening in which the customer answers"),
    pytest.param({}, WAITS, {}, NINE, "", id="of whom nothing is known it does not wait"),
    pytest.param({}, replace(WAITS, population=PEOPLE), {}, EVENING, "best_hour", id="but for the hour in which the population surely answers"),
    pytest.param({"hours": [MANY | {"weight": 2.0}]}, WAITS, {}, NINE, "", id="two answers are no habit"),
    pytest.param({"hours": [MANY | {"weight": 4.0, "cell": cell} for cell in range(24, 48)]}, WAITS, {}, NINE, "",
                 id="whoever answers at any hour has no best one"),
    pytest.param({"hours": [MANY, MANY | {"cell": 24 + 10}]}, WAITS, {}, NINE, "", id="an hour that is as good already is not left"),
    pytest.param(MINE, replace(WAITS, best_hour_until=NINE + timedelta(hours=3)), {}, NINE, "", id="never after the window"),
    pytest.param(TOMORROW, replace(WAITS, best_hour_until=EVENING + timedelta(days=1)), {}, EVENING + timedelta(days=1), "best_hour",
                 id="also for tomorrow's"),
    pytest.param(TOMORROW, replace(WAITS, best_hour_until=EVENING + timedelta(days=1), last_day=date(2026, 3, 3)), {}, NINE, "",
                 id="never after the offer's last day"),
    pytest.param(MINE, replace(WAITS, best_hour_until=None), {}, NINE, "", id="not where the run does not ask for it"),
    pytest.param(MINE, replace(WAITS, best_hour_until=None), {"best_hour": True}, EVENING, "best_hour", id="but where the policy does"),
    pytest.param(MINE, replace(WAITS, topic="invoice", purpose_class="required"), {}, NINE, "", id="never what is owed"),
    pytest.param(MINE, replace(WAITS, channels=("letter",)), {}, NINE, "", id="never a letter"),
    pytest.param(MINE, WAITS, {"quiet": {Channel.EMAIL: Window(start=time(18), end=time(21))}},
                 NINE, "", id="never into quiet hours"),
    pytest.param(MINE | {"statements": [{"kind": "pause", "from_at": NINE + timedelta(hours=2), "until_at": NINE + timedelta(days=9)}]},
                 WAITS, {}, NINE, "", id="never into a pause"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "asking", "policy", "due", "reason"), HOURS)
def test_the_best_hour(given, asking, policy, due, reason):
    """When it leaves, and why not before."""
    lines = rows(**REACHABLE | given)
    found = decide(facts(asking, lines), Policy(**{"quiet": {}} | policy), NINE).verdicts.row(0, named=True)

    assert (found["state"], found["due_at"], found["reason"]) == ("ready", due, reason)


@pytest.mark.parametrize(
    ("zone", "now", "cell", "due"),
    [
        pytest.param("Europe/Oslo", datetime(2026, 3, 28, 20, tzinfo=UTC), 6 * 24 + 9, datetime(2026, 3, 29, 7, tzinfo=UTC), id="over the spring change"),
        pytest.param("Europe/Oslo", datetime(2026, 10, 24, 20, tzinfo=UTC), 6 * 24 + 9, datetime(2026, 10, 25, 8, tzinfo=UTC), id="over the autumn change"),
        pytest.param("Europe/Oslo", datetime(2026, 3, 28, 20, tzinfo=UTC), 6 * 24 + 2, datetime(2026, 3, 28, 20, tzinfo=UTC), id="never in an hour that there is not"),
        pytest.param("Europe/Oslo", datetime(2026, 10, 24, 20, tzinfo=UTC), 6 * 24 + 2, datetime(2026, 10, 25, 0, tzinfo=UTC), id="in the first of two equal hours"),
        pytest.param("Australia/Lord_Howe", datetime(2026, 10, 3, 6, tzinfo=UTC), 6 * 24 + 2, datetime(2026, 10, 3, 15, 30, tzinfo=UTC), id="when half of the hour is left out, when the rest begins"),
        pytest.param("Asia/Kolkata", datetime(2026, 3, 3, 9, tzinfo=UTC), 24 + 19, datetime(2026, 3, 3, 13, 30, tzinfo=UTC), id="where hours begin at the half"),
    ],
)  # fmt: skip
def test_hours_are_those_of_the_customers_own_clock(zone, now, cell, due):
    """Also in the nights in which it is set."""
    lines = rows(
        **REACHABLE | {"customers": [{"time_zone": zone}], "hours": [MANY | {"cell": cell, "as_of": now}]}
    )
    found = decide(
        facts(replace(WAITS, best_hour_until=now + timedelta(days=1)), lines), Policy(quiet={}), now
    )

    assert found.verdicts["due_at"][0] == due


NEXT_MORNING = datetime(2026, 3, 4, 9, tzinfo=UTC)
TORN = {
    "hours": [MANY | {"cell": TUESDAY_EVENING - 9, "weight": 30.0}, MANY | {"cell": 48 + 10, "weight": 30.0}]
}
"""Answers at ten on Tuesdays, when it is due, and as often at ten on Wednesdays; the population in the evenings."""


@pytest.mark.parametrize(
    ("waited", "due", "reason"),
    [
        pytest.param(False, NEXT_MORNING, "best_hour", id="its own hour has become sure in the population's"),
        pytest.param(True, EVENING, "", id="but it has had its best hour"),
    ],
)  # fmt: skip
def test_a_message_waits_for_a_best_hour_once(waited, due, reason):
    """Whoever was moved into the population's hour does not wait on there for one of their own."""
    asking = replace(WAITS, population=PEOPLE)
    planned = decide(facts(asking, rows(**REACHABLE | TORN)), Policy(quiet={}), NINE).verdicts
    assert (planned["due_at"][0], planned["reason"][0]) == (EVENING, "best_hour")

    lines = rows(**REACHABLE | TORN | {"asked": [{"waited": waited}]})
    again = decide(facts(asking, lines), Policy(quiet={}), EVENING).verdicts
    assert (again["due_at"][0], again["reason"][0]) == (due, reason)


@laws
@given(batches(), policies)
def test_asked_again_at_its_best_hour_a_message_waits_for_none(batch, policy):
    """The sender asks again; nobody is kept waiting from one best hour to the next."""
    asking, lines = batch
    asking = replace(asking, best_hour_until=NOW + timedelta(hours=30))
    first = decide(facts(asking, lines), policy, NOW, explained=False).verdicts
    asked = {one["message"]: one for one in lines["asked"]}
    for line in first.filter(pl.col("reason") == "best_hour").iter_rows(named=True):
        one = {**lines, "asked": [asked[line["message"]] | {"waited": True}]}
        again = decide(facts(asking, one), policy, line["due_at"], explained=False).verdicts.row(
            0, named=True
        )
        assert again["reason"] != "best_hour"


@laws
@given(batches(), policies)
def test_what_has_had_its_best_hour_is_decided_as_where_there_are_none(batch, policy):
    """Waiting for one changes when a message leaves and why, nothing else."""
    asking, lines = batch
    asking = replace(asking, best_hour_until=NOW + timedelta(hours=30))
    lines = {**lines, "asked": [one | {"waited": True} for one in lines["asked"]]}
    without = replace(asking, best_hour_until=None), replace(policy, best_hour=False)
    had = decide(facts(asking, lines), policy, NOW)
    none = decide(facts(without[0], lines), without[1], NOW)

    assert had.verdicts.drop("input_digest").equals(none.verdicts.drop("input_digest"))
    assert had.ranked.equals(none.ranked)


@pytest.mark.parametrize("values", [{"base_strength": 0}, {"hour_strength": -1}])
def test_a_strength_is_positive(values):
    """Or the policy is refused."""
    with pytest.raises(ValueError, match="positive"):
        Learning(**values)


REACTED = st.lists(
    st.tuples(
        st.sampled_from(["opened", "clicked", "replied", "sent", "paid"]),
        st.integers(0, 2_000).map(lambda hours: hours / 24),
        st.fixed_dictionaries(
            {
                "customer": st.integers(1, 3),
                "machine": st.booleans(),
                "message": st.sampled_from([None, "a", "b"]),
            }
        ),
    ),
    min_size=1,
    max_size=20,
)
ZONES = pl.DataFrame({"customer": [1, 2, 3], "time_zone": ["Europe/Oslo", "America/Sao_Paulo", "Mars/X"]})


@laws
@given(REACTED, st.randoms())
def test_the_order_of_touchpoints_and_the_batch_make_no_difference_to_hours(lines, dice):
    """To the last bit; every weight lies in its cell, none is of a machine.

    What is opened or clicked in the second in which it was sent is a machine's, too.
    """
    told = history(*lines)
    shuffled = told[dice.sample(range(told.height), told.height)]
    found = fold_hours(told, ZONES, Observing(), "UTC")
    alone = [
        fold_hours(told.filter(pl.col("customer") == who), ZONES, Observing(), "UTC") for who in (1, 2, 3)
    ]

    assert found.equals(fold_hours(shuffled, ZONES, Observing(), "UTC"))
    assert found.equals(pl.concat(alone))
    sent = {
        (line["customer"], line["message"], line["at"])
        for line in told.rows(named=True)
        if line["kind"] == "sent"
    }
    persons = {
        line["customer"]
        for line in told.rows(named=True)
        if line["kind"] in {"opened", "clicked", "replied"}
        and not line["machine"]
        and (
            line["kind"] == "replied"
            or line["message"] is None
            or (line["customer"], line["message"], line["at"]) not in sent
        )
    }
    assert set(found["customer"]) == persons
    assert all(0 < weight <= count for row in found.iter_rows(named=True) for weight, count in
               zip(row["weights"], [row["observations"]] * len(row["weights"]), strict=True))  # fmt: skip


def test_hours_are_counted_on_the_customers_clock():
    """Noon in UTC on a Tuesday is one o'clock in Oslo, nine in Sao Paulo; where nobody knows, the fallback's."""
    told = history(*[("clicked", 0, {"customer": who}) for who in (1, 2, 3)])
    found = fold_hours(told, ZONES, Observing(), "Asia/Kolkata")

    assert found["cells"].to_list() == [[24 + 13], [24 + 9], [24 + 17]]


# Base rates


def test_the_population_moves_the_policys_base_rate_by_how_much_it_says():
    """Two hundred messages are worth as much as the policy."""
    line = {"behaviour": [{"channel": "letter", "reached": 20.0, "engaged": 10.0, "observations": 20}]}
    asked = question(channels=("email", "letter"))
    moved = replace(asked, population=Population(version=1, rates={"letter": (200.0, 160.0)}))
    before, after = (
        decide(facts(one, rows(**REACHABLE | line)), Policy(quiet={}), NOW) for one in (asked, moved)
    )
    share = [one.ranked.filter(pl.col("channel") == "letter")["expected"][0] for one in (before, after)]

    assert share == pytest.approx([(10 + 8 * 0.04) / 28, (10 + 8 * 0.42) / 28])
    assert before.verdicts["input_digest"][0] != after.verdicts["input_digest"][0]
