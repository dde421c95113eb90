"""`work.rehearsal`: what is rehearsed is what then runs, the same seed gives the same bytes."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from preferences.sheet import CHANNELS, NEVER
from store.rehearsals import Seen, became, happened
from store.silence import fall_back, take_back_overtaken
from store.touchpoints import Touchpoint, record
from templates.catalog import find
from tests.town import NOON, settle, state, suppress
from tests.work.test_deliver import House, Scripted, offer
from tidings.channel import Channel
from tidings.outcome import ErrorClass, Rejected
from tidings.problem import Problem
from tidings.settings import AlertSettings
from work import rehearsal
from work import run as stages
from work.collection import LEAD, next_collection
from work.course import Sent
from work.likely import Drawn, Happened, rates
from work.limits import cover_fallen
from work.simulate import simulate

WAITS = {"email": "P3D", "sms": "P1D"}
EVERYBODY = ["email", "sms", "letter"]


class PrintHouse(Scripted):
    """Takes every letter."""

    def send(self, parcels):
        for parcel in parcels:
            self.handed.append(parcel)
            yield parcel.attempt, self.default


class PaperHouse(House):
    """A house that a print house collects letters from, at four in the afternoon."""

    def __init__(self, settings, engine):
        super().__init__(settings.model_copy(update={"alerts": AlertSettings(cut_off="16:00")}), engine)
        self.letter = PrintHouse(Channel.LETTER)

    @contextmanager
    def sender(self):
        with super().sender() as sender:
            yield replace(sender, providers={**sender.providers, Channel.LETTER: (self.letter,)})

    def tick(self, now):
        """Do what the resident loop does at a moment."""
        self.now = now
        with self.engine.begin() as connection:
            silent = fall_back(connection, now=now, letters_at=next_collection(self.installation, now)) > 0
            cover_fallen(connection, self.installation, self.installation.policy, now=now, silent=silent)
            take_back_overtaken(connection, now=now)
        self.send()


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


@pytest.fixture
def paper(settings, engine):
    return PaperHouse(settings, engine)


def town(engine):
    """Twelve people of all kinds: what they said, where they live, what reaches them."""
    people = settle(engine, 4, channels=("email", "sms", "letter"))
    people += settle(engine, 2, channels=("email", "letter"), time_zone="America/Sao_Paulo", country="BR")
    people += settle(engine, 2, channels=("sms",), time_zone="Asia/Tokyo", country="JP")
    people += settle(engine, 1, consent=None)
    people += settle(engine, 1, standing="deceased")
    people += settle(engine, 2, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, people[1], channels=["letter"])
        state(connection, people[2], kind="pause", topic="offer", until_at=NOON + timedelta(days=2))
        state(connection, people[3], channels=["sms"], topic="offer", until_at=NOON + timedelta(hours=8))
        state(connection, people[11], channels=["sms"], from_at=NOON + timedelta(days=1))
        suppress(connection, "email", "c12@example.org")
    return people


def rehearsed(house, *, seed=0, now=NOON, **changes):
    with house.engine.begin() as connection:
        asked = rehearsal.ask(
            connection, house.installation, offer(**changes), now=now, seed=seed, actor="staff:test"
        )
    return rehearsal.rehearse(house.installation, asked)


def answer(engine, customer, *, kind, at, channel="email", machine=False, number=0):
    with engine.begin() as connection:
        record(
            connection,
            [
                Touchpoint(
                    customer=customer, source="test", external_id=f"{customer}:{kind}:{number}", direction="in",
                    channel=channel, kind=kind, at=at, brand="nordlys", purpose="offer", machine=machine, message=None,
                    detail={},
                )
            ],
        )  # fmt: skip


def foreseen(house, campaign, people, *, until):
    """Return how a run would go on, and what is known of its audience."""
    with house.engine.begin() as connection:
        policy = house.installation.policy
        template = find("offer/autumn")
        course = rehearsal.course_of(
            connection, house.installation, campaign, template, policy, now=NOON, until=until
        )
        prefix = f"nordlys:offer:{campaign.name}/{campaign.edition}:"
        course = rehearsal.with_limits(connection, course, campaign, people, prefix)
        return course, rehearsal.facts_of(connection, course.question, people, now=NOON)


def test_a_budget_and_households_are_shared_out_as_in_the_run(house, engine):
    """Who gains equally much is cut by the same lot, and one letter goes to each household."""
    people = settle(engine, 30, channels=("email", "sms"))
    people += settle(engine, 6, channels=("letter",), attributes={"household": "7"})
    budget = {"sms": 9}
    with engine.begin() as connection:
        for customer in people[:20]:
            state(connection, customer, channels=["sms", "email"])
    campaign = offer(channels=EVERYBODY, budget=budget)
    course, facts = foreseen(house, campaign, people, until=NOON + timedelta(days=1))
    told = rehearsal.frame_of(
        simulate(facts, course, Drawn(seed=0, rates=rates({}), answers=np.zeros((36, len(CHANNELS)))))
    ).sort("customer")

    house.plan(channels=EVERYBODY, budget=budget)
    house.sql("UPDATE runs SET state = 'planning'")
    stages.open_for_sending(house.installation, house.run, now=NOON)
    with engine.begin() as connection:
        ran = became(connection, house.run).sort("customer")

    assert told["first"].to_list() == ran["channel"].to_list()
    assert (told["state"] == "held").to_list() == (ran["state"] == "held").to_list()
    assert (
        told["first"].value_counts().sort("first").rows()
        == ran["channel"].value_counts().sort("channel").rows()
    )
    assert told.filter(told["first"] == "sms").height == 9


def test_what_is_rehearsed_is_what_runs(paper, engine):
    """With behaviour as it then was, everybody goes the same way, first and last, and for the same reason."""
    house = paper
    people = town(engine)
    people += settle(engine, 3, channels=("email", "letter"), attributes={"household": "9"})
    campaign = offer(channels=EVERYBODY, fallback_after=WAITS)
    course, facts = foreseen(house, campaign, people, until=NOON + timedelta(days=4, hours=23))

    house.plan(channels=EVERYBODY, fallback_after=WAITS)
    house.email.answers["c6@example.org"] = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")
    house.sms.answers["+4740600004"] = Rejected(error=ErrorClass.ADDRESS, code="gone")
    answers = {
        people[0]: ("clicked", NOON + timedelta(days=1)),
        people[4]: ("opened", NOON + timedelta(days=3, hours=1)),
    }
    before = NOON - timedelta(hours=1)
    for now in (NOON + timedelta(days=day, hours=hour) for day in range(5) for hour in (0, 6, 21)):
        for who, (kind, at) in answers.items():
            if before < at <= now:
                answer(engine, who, kind=kind, at=at)
        house.tick(now)
        before = now

    with engine.begin() as connection:
        behaviour = Happened(seen=happened(connection, house.run))
        ran = became(connection, house.run).sort("customer")
    told = rehearsal.frame_of(simulate(facts, course, behaviour)).sort("customer")
    for column in ("customer", "state", "first", "channel", "ground"):
        assert told[column].to_list() == ran[column].to_list(), column
    assert told["tried"].list.sort().to_list() == ran["tried"].list.sort().to_list()
    held = told["state"] == "held"
    assert told.filter(held)["reason"].to_list() == ran.filter(held)["reason"].to_list()
    assert told.filter(held)["reason"].to_list().count("household") == 2
    assert set(told["state"]) == {"done", "held"}
    assert told.filter(told["customer"] == people[4])["reason"].to_list() == ["recalled"]


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_behaviour(house, engine):
    settle(engine, 40, channels=("email", "sms"))

    first, again, other = (
        json.dumps(rehearsed(house, seed=seed, fallback_after=WAITS)) for seed in (7, 7, 8)
    )

    assert first == again
    assert json.loads(first)["engagement"] != json.loads(other)["engagement"]


TABLES = (
    "runs",
    "messages",
    "deliveries",
    "touchpoints",
    "campaigns",
    "statements",
    "consents",
    "audit",
    "templates",
)


def test_nothing_changes_but_the_rehearsal(house, engine):
    town(engine)

    def all_rows():
        return [house.sql(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]

    before = all_rows()
    found = rehearsed(house, channels=EVERYBODY, fallback_after=WAITS)

    assert all_rows() == before
    assert house.sql("SELECT state, count(*) FROM rehearsals GROUP BY 1") == [("done", 1)]
    assert house.sql("SELECT count(*) FROM rehearsed") == [(found["audience"],)]


def test_the_sums_of_a_rehearsal_add_up(house, engine):
    town(engine)
    found = rehearsed(house, channels=EVERYBODY, fallback_after=WAITS)

    assert found["audience"] == found["already_sent"] + sum(found["planned"].values()) + sum(
        found["held"].values()
    )
    assert sum(found["planned"].values()) == sum(
        sum(found[part].values()) for part in ("sent", "failed", "waiting")
    )
    by_day = [sum(one["sent"].values()) for one in found["days"]]
    assert sum(by_day) == sum(found["deliveries"].values())
    assert found["held"] == {"no_consent": 1, "standing": 1}
    assert found["waits"]["pause"] == 1


def test_whoever_has_it_already_is_not_rehearsed_again(house, engine):
    settle(engine, 3)
    house.plan().send()
    settle(engine, 2)

    assert (rehearsed(house)["already_sent"], rehearsed(house)["planned"]) == (3, {"email": 2})


def test_it_takes_the_hour_that_summer_time_skips_and_the_quiet_hours_of_each_zone(house, engine):
    """29 March 2026: at one in the night the clocks of Europe go to three; SMS wait for eight, which comes sooner."""
    settle(engine, channels=("sms",), time_zone="Europe/Oslo")
    settle(engine, channels=("sms",), time_zone="America/Sao_Paulo", country="BR")
    night = datetime(2026, 3, 28, 21, 30, tzinfo=UTC)

    found = rehearsed(house, now=night)

    assert found["waits"] == {"quiet_hours": 2}
    with engine.begin() as connection:
        due = connection.execute(text("SELECT due_at FROM rehearsed ORDER BY customer_id")).scalars().all()
    # The other one has a Norwegian number and lives in Brazil: both clocks must allow it.
    assert due == [datetime(2026, 3, 29, 6, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)]


def test_a_rehearsal_that_ends_before_the_start_is_refused(house):
    campaign = offer(schedule={"start": "2026-06-01T09:00:00", "zone": "Europe/Oslo"})
    with house.engine.begin() as connection, pytest.raises(Problem, match="over before"):
        rehearsal.ask(
            connection,
            house.installation,
            campaign,
            now=NOON,
            until=NOON + timedelta(days=1),
            actor="staff:x",
        )


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        pytest.param("2026-03-03T12:00", "2026-03-03T14:15", id="before the cut-off: the same day"),
        pytest.param("2026-03-03T14:15", "2026-03-03T14:15", id="at the last moment: now"),
        pytest.param("2026-03-03T14:16", "2026-03-04T14:15", id="after it: the next day"),
        pytest.param("2026-03-28T20:00", "2026-03-29T13:15", id="over the night in which summer time begins"),
    ],
)
def test_a_letter_that_may_wait_leaves_before_the_cut_off(settings, engine, at, leaves):
    settings = settings.model_copy(update={"alerts": AlertSettings(cut_off="16:00")})
    installation = House(settings, engine).installation

    found = next_collection(installation, datetime.fromisoformat(at).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(leaves).replace(tzinfo=UTC)
    assert timedelta(minutes=45) == LEAD


def test_without_a_cut_off_a_letter_leaves_at_once(house):
    assert next_collection(house.installation, NOON) == NOON


@given(
    st.lists(
        st.tuples(st.integers(1, 2**40), st.integers(0, len(CHANNELS) - 1)),
        min_size=2,
        max_size=40,
        unique=True,
    ),
    st.integers(0, 2**31),
    st.randoms(use_true_random=False),
)
def test_chance_does_not_depend_on_order_or_batch(pairs, seed, random):
    drawn = Drawn(seed=seed, rates=rates({}), answers=np.full((len(pairs), len(CHANNELS)), 0.5))
    shuffled = random.sample(pairs, len(pairs))

    def asked(some):
        who, way = (np.array(part, dtype=np.int64) for part in zip(*some, strict=True))
        found = drawn(
            Sent(row=np.arange(len(some)), customer=who, channel=way, at=np.zeros(len(some), dtype=np.int64))
        )
        parts = zip(some, found.bounced, found.heard, *found.reactions.values(), strict=True)
        return {pair: tuple(map(int, rest)) for pair, *rest in parts}

    whole = asked(pairs)
    assert asked(shuffled) == whole
    assert asked(pairs[:1]) | asked(pairs[1:]) == whole
    assert all(bounced == NEVER or heard == NEVER for bounced, heard, *_ in whole.values())


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_rate_lies_between_what_was_counted_and_what_is_assumed(sent, bounced):
    bounced = min(sent, bounced)
    found = rates({"email": Seen(sent=sent, bounced=bounced)}).bounced[CHANNELS.index(Channel.EMAIL)]
    low, high = sorted((0.01, bounced / sent if sent else 0.01))

    assert min(low, 0.95) - 1e-9 <= found <= high + 1e-9
