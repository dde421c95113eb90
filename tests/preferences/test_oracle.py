"""`decide` against the oracle, and the laws that hold for any facts."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from bench.crowd import NOW as MOMENT
from bench.crowd import POLICY, crowd, part
from preferences.decision import decide
from preferences.policy import Policy, policy_from
from tests.preferences.batches import (
    NOW,
    answers,
    batches,
    consents,
    facts,
    oracle,
    policies,
    question,
    rows,
    statements,
)
from tidings.channel import Channel
from tidings.purpose import topic_path

laws = settings(max_examples=25)


@given(batches(), policies)
@settings(max_examples=120)
def test_it_agrees_with_a_row_by_row_reading(batch, policy):
    """Columns and rows say the same, evidence included."""
    asking, lines = batch

    assert answers(decide(facts(asking, lines), policy, NOW)) == oracle(asking, lines, policy, NOW)


def decided(asking, lines, policy, now=NOW):
    """Return what is decided."""
    return decide(facts(asking, lines), policy, now)


def possible(decisions):
    """Return (message, channel) of every possible channel."""
    return set(decisions.ranked.filter(pl.col("rank").is_not_null()).select("message", "channel").iter_rows())


@laws
@given(batches(), policies)
def test_without_evidence_the_answers_are_the_same(batch, policy):
    """The sender asks that way, inside the claim."""
    asking, lines = batch
    full, bare = (decide(facts(asking, lines), policy, NOW, explained=told) for told in (True, False))

    assert_frame_equal(full.verdicts.drop("input_digest"), bare.verdicts.drop("input_digest"))
    assert_frame_equal(full.ranked.drop("evidence"), bare.ranked.drop("evidence"))
    assert set(bare.ranked["evidence"]) <= {None}


@laws
@given(batches(), policies, st.randoms())
def test_the_order_of_rows_makes_no_difference(batch, policy, dice):
    """Byte for byte, digest included; the answer follows the order asked."""
    asking, lines = batch
    shuffled = {name: dice.sample(part, len(part)) for name, part in lines.items()} | {
        "asked": lines["asked"]
    }

    first, second = decided(asking, lines, policy), decided(asking, shuffled, policy)

    assert_frame_equal(first.verdicts, second.verdicts)
    assert_frame_equal(first.ranked, second.ranked)


@laws
@given(batches(), policies)
def test_the_batch_makes_no_difference(batch, policy):
    """One question at a time gives what all of them together give, other customers' facts present or not."""
    asking, lines = batch
    together = decided(asking, lines, policy)
    alone = [decided(asking, lines | {"asked": [one]}, policy) for one in lines["asked"]]

    assert_frame_equal(together.verdicts, pl.concat([one.verdicts for one in alone]))
    assert_frame_equal(together.ranked, pl.concat([one.ranked for one in alone]))


def test_many_customers_are_decided_like_few():
    """The ways that are quicker for many rows, and for words that come as places in a list, say the same."""
    facts_of_all = crowd(6_000)
    together = decide(facts_of_all, POLICY, MOMENT)
    for begin in range(1, 6_001, 400):
        apart = decide(part(facts_of_all, range(begin, begin + 100)), POLICY, MOMENT)
        where = pl.col("message").is_in(apart.verdicts["message"].to_list())
        assert_frame_equal(together.verdicts.filter(where), apart.verdicts)
        assert_frame_equal(together.ranked.filter(where), apart.ranked)


@laws
@given(batches(), policies)
def test_nobody_falls_out(batch, policy):
    """Every question has one verdict in its place and one line per channel; ready means a first channel and a time."""
    asking, lines = batch
    answer = decided(asking, lines, policy)

    assert answer.verdicts["message"].to_list() == [line["message"] for line in lines["asked"]]
    assert answer.ranked["message"].to_list() == [line["message"] for line in lines["asked"] for _ in Channel]
    first = dict(answer.ranked.filter(pl.col("rank") == 1).select("message", "channel").iter_rows())
    for line in answer.verdicts.iter_rows(named=True):
        assert line["state"] == ("ready" if line["channel"] else "held")
        assert line["channel"] == first.get(line["message"])
        assert line["reason"] or line["state"] == "ready"
        assert line["due_at"] >= NOW


@laws
@given(batches(), policies)
def test_a_required_message_that_can_be_reached_is_ready(batch, policy):
    """Consent, caps and pauses never hold it: only a dead customer, or no usable channel of the run."""
    asking, lines = batch
    required = replace(asking, topic="invoice", purpose_class="required")
    answer = decided(required, lines, policy)
    closed = {"no_address", "unusable_address", "unverified_address", "suppressed", "not_allowed", "tried"}
    for line in answer.verdicts.filter(pl.col("state") == "held").iter_rows(named=True):
        reasons = set(answer.ranked.filter(pl.col("message") == line["message"])["reason"])
        assert reasons <= closed or line["reason"] in {"standing", "unknown_customer"}


@laws
@given(batches(), policies, st.sampled_from(["objected", "withdrawn"]))
def test_a_denial_of_everything_that_is_said_last_never_sends(batch, policy, action):
    """Whatever was given, by whatever basis."""
    asking, lines = batch
    marketing = replace(asking, topic="offer", purpose_class="marketing")
    late = {
        "consent": 900,
        "brand": "all",
        "topic": "all",
        "channel": "all",
        "action": action,
        "source": "form",
    }
    said = [
        late | {"customer": line["customer"], "proof": False, "at": NOW + timedelta(days=400)}
        for line in lines["customers"]
    ]
    answer = decided(marketing, lines | {"consents": lines["consents"] + said}, policy)

    assert set(answer.verdicts["state"]) == {"held"}


@laws
@given(batches(), policies, st.data())
def test_more_denials_and_suppressions_never_add_a_channel(batch, policy, data):
    """Deny beats allow."""
    asking, lines = batch
    before = possible(decided(asking, lines, policy))
    customer = st.sampled_from([line["customer"] for line in lines["asked"]])
    event = data.draw(consents(customer, 900)) | {
        "action": data.draw(st.sampled_from(["objected", "withdrawn"]))
    }
    after = possible(decided(asking, lines | {"consents": [*lines["consents"], event]}, policy))
    assert after <= before
    if lines["addresses"]:
        where = data.draw(st.sampled_from(lines["addresses"]))
        bar = {"suppression": 900, "brand": "all", "reason": "stop", "at": NOW}
        bar |= {name: where[name] for name in ("customer", "channel", "address")}
        assert (
            possible(decided(asking, lines | {"suppressions": [*lines["suppressions"], bar]}, policy))
            <= before
        )


@laws
@given(batches(), policies, st.data())
def test_the_digest_notices_what_touches_the_question_and_nothing_else(batch, policy, data):
    """A statement about another brand or topic leaves it; one about this question changes it."""
    asking, lines = batch
    customer = st.just(lines["asked"][0]["customer"])
    said = data.draw(statements(customer, 900))
    path = {*topic_path(asking.topic)}
    touches = said["topic"] in path and said["brand"] in {asking.brand, "all"}
    before = decided(asking, lines, policy).verdicts["input_digest"][0]
    after = decided(asking, lines | {"statements": [*lines["statements"], said]}, policy).verdicts[
        "input_digest"
    ][0]

    assert (before != after) == touches
    assert len(before) == 16


@pytest.mark.parametrize("change", [{"time_zone": "Europe/Oslo"}, {"legacy_counts": ("email",)}])
def test_the_digest_names_the_policy(change):
    """Other rules, another digest; the same rules read back from JSON, the same."""
    rules = policy_from(change)
    lines = rows()

    assert (
        decided(question(), lines, rules).verdicts["input_digest"][0]
        != (decided(question(), lines, Policy()).verdicts["input_digest"][0])
    )
    assert policy_from(rules.to_json()) == rules
    assert policy_from(rules.to_json()).digest == rules.digest
