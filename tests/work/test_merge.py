"""Two records of one person: merged nothing is looser and nothing goes out twice, split everything is as it was."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from preferences.decision import decide
from preferences.policy import Basis, Policy
from store.customers import find, listed
from store.facts import read_facts
from store.persons import members
from store.segments import where
from store.tables import addresses, customers, messages, touchpoints, undecided
from store.undecided import freeze_campaign
from tests.patience import until
from tests.town import NOON, agree, install, settle, suppress
from tests.web.letters import send
from tidings.channel import Channel
from tidings.facts import Question, asked_of
from tidings.problem import Problem
from tidings.segment import Everybody
from work import preference
from work.erase import erase
from work.merge import merge, split
from work.timeline import timeline

CHANNELS = ("email", "sms", "letter")
QUESTION = Question(
    run="r",
    brand="nordlys",
    topic="offer.garden",
    purpose_class="marketing",
    channels=CHANNELS,
    default_order=CHANNELS,
    costs=dict.fromkeys(CHANNELS, 0.1),
)
POLICY = Policy()
BY = {"actor": "staff:Mia", "because": "same person, ticket 812", "now": NOON}


def answer(connection, customer, policy=POLICY, question=QUESTION, now=NOON):
    return decide(read_facts(connection, question, asked_of(customer), now), policy, now)


def open_channels(connection, customer, policy=POLICY, **more):
    ranked = answer(connection, customer, policy, **more).ranked
    return set(ranked.filter(pl.col("rank").is_not_null())["channel"])


def told(connection, customer, policy=POLICY):
    found = answer(connection, customer, policy)
    return found.verdicts.to_dicts(), found.ranked.to_dicts()


@pytest.fixture
def two(engine):
    """Anna's two records, C1 and C2, reachable by e-mail with consent on it for both."""
    return settle(engine, 2, channels=("email", "sms"))


def test_all_references_and_addresses_of_both_find_the_kept_record(engine, two):
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        found = {find(connection, word) for word in ("C1", "C2", "c1@example.org", "c2@example.org")}
        one = listed(connection, customer=two[0])[0]
    assert found == {two[0]}
    assert one["reference"] == "test:C1, test:C2"
    assert {way["value"] for way in one["addresses"]} >= {"c1@example.org", "c2@example.org"}


OBJECTIONS = {
    "the other record objected": (lambda c, a, b: agree(c, b, action="objected"), set()),
    "this record objected": (lambda c, a, b: agree(c, a, action="objected"), set()),
    "the other one withdrew e-mail before this one gave it": (
        lambda c, a, b: (
            agree(c, b, channel="email", action="withdrawn", at=NOON - timedelta(days=20)),
            agree(c, a, channel="email", at=NOON - timedelta(days=2)),
        ),
        {"sms"},
    ),
    "both agreed": (lambda c, a, b: None, {"email", "sms"}),
    "a STOP of the other one's number closes the channel": (
        lambda c, a, b: suppress(c, "sms", "+4740600002", "stop"),
        {"email"},
    ),
    "the other one has an open complaint": (
        lambda c, a, b: c.execute(customers.update().where(customers.c.id == b).values(holds=["complaint"])),
        set(),
    ),
    "the other one died": (
        lambda c, a, b: c.execute(customers.update().where(customers.c.id == b).values(standing="deceased")),
        set(),
    ),
}


@pytest.mark.parametrize(("say", "left"), OBJECTIONS.values(), ids=OBJECTIONS)
def test_the_stricter_record_counts(engine, two, say, left):
    with engine.begin() as connection:
        say(connection, *two)
        merge(connection, "C1", "C2", **BY)
        assert [open_channels(connection, one) for one in two] == [left, left]


def test_a_record_that_was_never_asked_has_not_agreed(engine):
    one, other = (settle(engine, channels=("email",), consent=given)[0] for given in ("given", ""))
    with engine.begin() as connection:
        assert open_channels(connection, one) == {"email"}
        merge(connection, "C1", "C2", **BY)
        assert open_channels(connection, one) == set()
        agree(connection, other, channel="email", at=NOON)
        assert open_channels(connection, one) == {"email"}, "what is said after the merge counts for both"


EVENTS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.sampled_from(("given", "legacy", "withdrawn", "objected")),
        st.sampled_from(("all", "offer", "offer.garden")),
        st.sampled_from(("all", *CHANNELS)),
        st.integers(1, 6),
    ),
    max_size=7,
)
STANDINGS = st.tuples(*[st.sampled_from(("prospect", "customer", "former", "deceased"))] * 2)
POLICIES = st.sampled_from(
    (
        POLICY,
        Policy(soft_opt_in=(Channel.EMAIL,), legacy_counts=(Channel.SMS,)),
        Policy(basis={**POLICY.basis, Channel.LETTER: Basis.LEGITIMATE_INTEREST}),
    )
)


@settings(max_examples=30)  # each decides dozens of times, for one message at a time
@given(events=EVENTS, later=EVENTS, standings=STANDINGS, policy=POLICIES)
def test_merged_is_never_looser_than_either_and_split_is_as_it_was(
    module_engine, events, later, standings, policy
):
    with module_engine.connect() as connection:
        both = []
        for number, standing in enumerate(standings):
            values = {"language": "en", "time_zone": "Europe/Oslo", "country": "NO", "standing": standing}
            both.append(
                connection.execute(insert(customers).values(**values).returning(customers.c.id)).scalar()
            )
            for channel in CHANNELS:
                connection.execute(
                    insert(addresses).values(
                        customer_id=both[-1], channel=channel, value=f"{channel}-{number % 2 or both[-1]}"
                    )
                )
            connection.execute(
                text("INSERT INTO customer_references VALUES ('test', :name, :id)"),
                {"name": f"R{number}", "id": both[-1]},
            )
        for who, action, topic, channel, day in events:
            agree(
                connection,
                both[who],
                action=action,
                topic=topic,
                channel=channel,
                at=NOON - timedelta(days=day),
            )
        before = [told(connection, one, policy) for one in both]
        apart = [open_channels(connection, one, policy) for one in both]
        merge(connection, "R0", "R1", **BY)
        assert open_channels(connection, both[0], policy) <= apart[0] & apart[1]
        assert (
            told(connection, both[0], policy)[0][0]["state"]
            == told(connection, both[1], policy)[0][0]["state"]
        )
        split(connection, "R0", **BY)
        assert [told(connection, one, policy) for one in both] == before
        merge(connection, "R1", "R0", **BY)
        for who, action, topic, channel, day in later:
            if action in ("withdrawn", "objected"):
                agree(
                    connection,
                    both[who],
                    action=action,
                    topic=topic,
                    channel=channel,
                    at=NOON - timedelta(days=day),
                )
        split(connection, "R0", **BY)
        assert all(
            open_channels(connection, one, policy) <= was for one, was in zip(both, apart, strict=True)
        )
        connection.rollback()


def test_a_message_planned_for_both_goes_out_once_and_comes_back_with_the_split(engine, two):
    with engine.begin() as connection:
        plan_for_both(connection, engine)
        kept = merge(connection, "C1", "C2", **BY)
        states = connection.execute(select(messages.c.customer_id, messages.c.state, messages.c.reason)).all()
        assert {(two[0], "planned", ""), (two[1], "held", "merged")} <= set(states)
        assert kept.messages == 1
        split(connection, "C2", **BY)
        assert sorted(connection.scalars(select(messages.c.state))) == ["done", "planned", "planned"]


def test_who_was_sent_it_as_one_record_is_not_sent_it_as_the_other(engine, two):
    send(engine, two[1], sent_at=NOON)
    with engine.begin() as connection:
        connection.execute(messages.update().values(document="autumn/2026", dedupe_key=f"offer:{two[1]}"))
        merge(connection, "C1", "C2", **BY)
        assert freeze(connection, "run-1").added == 0


def test_an_audience_that_selects_only_the_gone_record_reaches_the_kept_one(engine, two):
    send(engine, two[0])
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        frozen = freeze(connection, "run-1", audience=customers.c.id == two[1])
        assert (frozen.audience, frozen.added) == (1, 1)
        assert connection.scalars(select(undecided.c.customers)).all() == [[two[0]]]


def freeze(connection, run, audience=None):
    return freeze_campaign(
        connection,
        run=run,
        audience=where(Everybody(everybody=True), now=NOON) if audience is None else audience,
        document="autumn/2026",
        key_prefix="offer:",
        shard_size=100,
        most_shards=10,
        now=NOON,
    )


def plan_for_both(connection, engine):
    send(engine, settle(engine, first_name="Somebody else")[0])
    freeze(connection, "run-1", audience=customers.c.first_name == "Ada")
    connection.execute(messages.update().where(messages.c.document == "d").values(state="done"))


def test_one_timeline_tells_both_histories_and_the_merge(engine, two):
    with engine.begin() as connection:
        for number, one in enumerate(two):
            connection.execute(
                insert(touchpoints).values(
                    customer_id=one, source="shop", external_id=f"v{number}", direction="in", channel="visit",
                    kind="visited", at=NOON,
                )
            )  # fmt: skip
        merge(connection, "C1", "C2", **BY)
        stories = [timeline(connection, one) for one in two]
        assert stories[0] == stories[1]
        kinds = [entry["kind"] for entry in stories[0]]
        assert (kinds.count("visited"), kinds.count("merged")) == (2, 1)
        split(connection, "C2", **BY)
        assert [entry["kind"] for entry in timeline(connection, two[1])].count("visited") == 1


def test_the_form_behind_either_links_shows_and_saves_for_both(settings, engine, two):
    brand = install(settings, engine).organisation.brand("nordlys")
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        values = {"brand": brand, "policy": POLICY, "now": NOON}
        saved = preference.save(
            connection, customer=two[1], answers={"offer": "none"}, shown={}, proof="p", **values
        )
        assert saved.changed == {"offer": "none"}
        shown = [preference.read(connection, customer=one, **values) for one in two]
        assert [one.answers["offer"] for one in shown] == ["none", "none"]
        assert open_channels(connection, two[0]) == set()


def test_what_was_taken_back_while_merged_binds_both_after_the_split(engine, two):
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        agree(connection, two[1], action="objected", at=NOON)
        done = split(connection, "C2", **BY)
        assert done.denials == 1
        assert [open_channels(connection, one) for one in two] == [set(), set()]


def test_three_records_merge_and_any_of_them_is_split_again(engine):
    ids = settle(engine, 3)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        merge(connection, "C3", "C1", **BY)
        assert members(connection, ids[1]) == ids
        split(connection, "C2", **BY)
        assert [members(connection, one) for one in ids] == [[ids[0], ids[2]], [ids[1]], [ids[0], ids[2]]]
        split(connection, "C1", **BY)
        assert [members(connection, one) for one in ids] == [[one] for one in ids]


def test_who_splits_at_the_same_moment_as_somebody_else_splits_nothing_more(engine):
    ids = settle(engine, 3)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
        merge(connection, "C1", "C3", **BY)

    def also():
        with engine.begin() as connection:
            return split(connection, "C2", **BY)

    def waits():
        with engine.connect() as connection:
            locked = "wait_event_type = 'Lock' AND datname = current_database()"
            return connection.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {locked}"))

    with ThreadPoolExecutor() as pool:
        with engine.begin() as connection:
            split(connection, "C2", **BY)
            second = pool.submit(also)
            until(waits)
        with pytest.raises(Problem, match="this moment"):
            second.result()
    with engine.connect() as connection:
        assert members(connection, ids[0]) == [ids[0], ids[2]]


def test_erasing_one_record_erases_the_person(settings, engine, two):
    installation = install(settings, engine)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", **BY)
    counts = erase(installation, "C2", by="Mia", because="asked, ticket 9", now=NOON)
    assert counts["addresses"] == 4
    with engine.connect() as connection:
        assert not connection.scalars(select(customers.c.last_name).where(customers.c.last_name != "")).all()


REFUSED = {
    "a stranger": (("C1", "C9"), "no customer 'C9'"),
    "the same customer": (("C1", "C1"), "one customer already"),
    "no reason": (("C1", "C2"), "need a reason"),
}


@pytest.mark.parametrize(("pair", "said"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_merge_says_what_is_wrong(engine, two, pair, said):
    because = "" if said == "need a reason" else "r"
    with engine.begin() as connection, pytest.raises(Problem, match=said):
        merge(connection, *pair, **{**BY, "because": because})


def test_nothing_merged_cannot_be_split(engine, two):
    with engine.begin() as connection, pytest.raises(Problem, match="not merged"):
        split(connection, "C1", **BY)
