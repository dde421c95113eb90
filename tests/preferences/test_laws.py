"""Metamorphic laws: what may not change an answer, or only in one direction, whatever the facts are.

`python -m tests.preferences.test_laws --customers 100000` holds the decision against the oracle on that many customers.
"""

import argparse
import sys
from dataclasses import replace
from datetime import timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import preferences.pieces
from bench.crowd import NOW as MOMENT
from bench.crowd import POLICY, crowd, part
from preferences.decision import decide
from tests.preferences.batches import ALL, NOW, answers, batches, facts, oracle, policies
from tidings.facts import SCHEMAS

laws = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
QUICK = 2_000
"""Customers that are held against the oracle by `make test`."""


def decided(asking, lines, policy):
    return decide(facts(asking, lines), policy, NOW)


def ready(decisions):
    return set(decisions.verdicts.filter(pl.col("state") == "ready")["message"])


def firsts(decisions):
    return {line["message"]: line["channel"] for line in decisions.verdicts.iter_rows(named=True)}


@laws
@given(batches(), policies, st.sampled_from(ALL))
def test_a_channel_of_lower_rank_that_is_added_never_changes_the_choice(batch, policy, added):
    """Nobody stated it, nobody answered there, and the house has it last: who had a channel keeps it.

    Lots are drawn among all possible channels, so there are none here.
    """
    asking, lines = batch
    lines = lines | {
        "statements": [line for line in lines["statements"] if added not in line["channels"]],
        "behaviour": [line for line in lines["behaviour"] if line["channel"] != added],
    }
    others = tuple(name for name in ALL if name != added)
    without = replace(asking, channels=others, default_order=others)
    including = replace(asking, channels=ALL, default_order=(*others, added))
    policy = replace(policy, explore=0.0)
    before, after = (firsts(decided(one, lines, policy)) for one in (without, including))

    assert {message: after[message] for message, channel in before.items() if channel} == {
        message: channel for message, channel in before.items() if channel
    }


@laws
@given(batches(), policies, st.data())
def test_consent_that_is_withdrawn_never_adds_a_message(batch, policy, data):
    """Of a message that was held none becomes ready, and no channel opens."""
    asking, lines = batch
    customer = data.draw(st.sampled_from([line["customer"] for line in lines["asked"]]))
    told = {
        "customer": customer, "consent": 900, "brand": data.draw(st.sampled_from(["all", asking.brand])),
        "topic": data.draw(st.sampled_from([asking.topic, asking.purpose, "all"])),
        "channel": data.draw(st.sampled_from([*ALL, "all"])), "action": "withdrawn", "source": "form", "proof": True,
        "at": NOW + timedelta(days=1), "on_behalf": "", "expires_at": None, "ground": "", "member": 0,
    }  # fmt: skip
    before = decided(asking, lines, policy)
    after = decided(asking, lines | {"consents": [*lines["consents"], told]}, policy)

    assert ready(after) <= ready(before)


@laws
@given(batches(), policies, st.randoms())
def test_the_order_of_imports_never_matters(batch, policy, dice):
    """Rows of any table in any order: what happened is in them, not where they stand."""
    asking, lines = batch
    shuffled = {
        name: part_ if name == "asked" else dice.sample(part_, len(part_)) for name, part_ in lines.items()
    }
    one, other = decided(asking, lines, policy), decided(asking, shuffled, policy)

    assert_frame_equal(one.verdicts, other.verdicts)
    assert_frame_equal(one.ranked, other.ranked)


def without_numbers(decisions):
    """Return the answers without the numbers of the rows they name, which say when something was recorded."""
    return [
        (verdict, {
            name: told | {"evidence": {
                key: said for key, said in told["evidence"].items()
                if key not in ("statement", "consent", "pause", "wish")
            }}
            for name, told in channels.items()
        })
        for verdict, channels in answers(decisions)
    ]  # fmt: skip


def numbered(lines, dice):
    """Return the facts as if statements and consents had been recorded in another order."""
    told = dict(lines)
    for name, number in (("statements", "statement"), ("consents", "consent")):
        mixed = dice.sample([line[number] for line in lines[name]], len(lines[name]))
        told[name] = [line | {number: other} for line, other in zip(lines[name], mixed, strict=True)]
    return told


@settings(laws, max_examples=40)
@given(batches(), policies, st.randoms(), st.booleans())
def test_what_was_said_at_one_instant_counts_the_same_in_whatever_order_it_is_recorded(
    batch, policy, dice, at_once
):
    """Two paper forms of one day, or a form and an import of one second: what they say decides."""
    asking, lines = batch
    if at_once:
        names = ("statements", "consents")
        lines = lines | {
            name: [line | {"at": NOW - timedelta(days=9)} for line in lines[name]] for name in names
        }

    assert without_numbers(decided(asking, lines, policy)) == without_numbers(
        decided(asking, numbered(lines, dice), policy)
    )
    assert answers(decided(asking, lines, policy)) == oracle(asking, lines, policy, NOW)


@laws
@given(batches(), policies, st.integers(0, 10))
def test_a_batch_that_is_split_never_changes_a_row(batch, policy, at):
    asking, lines = batch
    parts = [lines["asked"][:at], lines["asked"][at:]]
    apart = [decided(asking, lines | {"asked": some}, policy) for some in parts if some]
    whole = decided(asking, lines, policy)

    assert_frame_equal(whole.verdicts, pl.concat([one.verdicts for one in apart]))
    assert_frame_equal(whole.ranked, pl.concat([one.ranked for one in apart]))


def test_pieces_make_no_difference():
    """Many customers are decided a piece at a time; sorted or not, the answers are the same."""
    count = preferences.pieces.PIECE + 700
    whole = crowd(count)
    mixed = replace(whole, statements=whole.statements.reverse(), recent=whole.recent.reverse())
    edge = part(whole, range(preferences.pieces.PIECE - 50, preferences.pieces.PIECE + 50))
    one, other = (decide(told, POLICY, MOMENT) for told in (whole, mixed))
    near = decide(edge, POLICY, MOMENT)
    kept = pl.col("message").is_in(near.verdicts["message"].to_list())

    assert_frame_equal(one.verdicts, other.verdicts)
    assert_frame_equal(one.verdicts.filter(kept), near.verdicts)
    assert_frame_equal(one.ranked.filter(kept), near.ranked)


@laws
@given(batches(), policies)
def test_nothing_that_waits_is_lost_or_early(batch, policy):
    """What moves has a time at or after now and says why; what is held says why."""
    asking, lines = batch
    found = decided(asking, lines, policy)

    for line in found.verdicts.iter_rows(named=True):
        assert line["due_at"] >= NOW
        assert line["reason"] or (line["state"] == "ready" and line["due_at"] == NOW)


def differs(count: int, seed: int) -> list[str]:
    """Return which of so many customers the oracle decides otherwise; each a message with both answers."""
    invented = part(crowd(count, seed=seed), range(1, count + 1))
    lines = {name: getattr(invented, name).to_dicts() for name in SCHEMAS}
    ours = answers(decide(invented, POLICY, MOMENT))
    theirs = oracle(invented.question, lines, POLICY, MOMENT, invented.washed)
    return [f"{one} is {other}" for one, other in zip(ours, theirs, strict=True) if one != other]


def test_thousands_of_customers_are_decided_as_the_oracle_does():
    assert not differs(QUICK, seed=3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Hold the decision against the row-by-row oracle.")
    parser.add_argument("--customers", type=int, default=100_000)
    asked = parser.parse_args().customers
    wrong = [line for seed in range(0, asked, 10_000) for line in differs(min(10_000, asked - seed), seed)]
    sys.stdout.write(f"{asked:,} customers, {len(wrong):,} decided otherwise by the oracle.\n")
    sys.stdout.writelines(f"{line}\n" for line in wrong[:3])
    sys.exit(1 if wrong else 0)
