"""In invented worlds the learned policy finds what is best, beats every fixed channel, and harms nobody without signal.

The short form; `python -m bench.worlds` prints the table of docs/learning.md.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from preferences.behaviour import TOUCHPOINTS, fold
from preferences.evaluate import evaluate
from preferences.policy import Observing
from tests.preferences.worlds import CHANNELS, PACE, RULES, START, no_signal, one_channel, tastes

EXPLORING = replace(RULES, explore=0.05)


def on_best(world, chosen):
    """Return the share of customers on the channel they like best."""
    return float((world.rates[np.arange(len(chosen)), chosen] == world.rates.max(axis=1)).mean())


def test_what_a_world_counts_is_what_is_learnt_of_its_touchpoints():
    """Or it would prove nothing about the program."""
    world = tastes(20)
    world.past(3)
    lines = [
        {
            "customer": who + 1,
            "kind": kind,
            "direction": way,
            "at": START + day * PACE,
            "channel": CHANNELS[channel],
        }
        for day, chosen, answered in world.log
        for who, channel in enumerate(chosen)
        for kind, way in ((("sent", "out"), ("clicked", "in")) if answered[who] else (("sent", "out"),))
    ]
    told = pl.DataFrame(lines).with_columns(
        pl.col("at").cast(pl.Datetime("us", "UTC")), touchpoint=pl.int_range(pl.len()),
        purpose=pl.lit("offer"), machine=pl.lit(value=False), message=pl.lit(None, dtype=pl.String),
        answers=pl.lit(""), link=pl.lit(""),
    )  # fmt: skip
    found = fold(told.select(TOUCHPOINTS), Observing()).sort("customer", "channel")
    ours = world._behaviour().sort("customer", "channel")

    assert found["observations"].to_list() == ours["observations"].to_list()
    for name in ("reached", "engaged"):
        assert np.allclose(found[name].to_numpy(), ours[name].to_numpy())


@pytest.mark.parametrize(
    ("liked", "each", "share"),
    [
        pytest.param(0.5, 20, 0.75, id="strong tastes after 20 messages a channel"),
        pytest.param(0.5, 80, 0.97, id="strong tastes after 80"),
        pytest.param(0.35, 80, 0.90, id="weaker tastes after 80"),
    ],
)
def test_with_a_history_it_finds_what_each_customer_likes(liked, each, share):
    """And is worth more than any channel for everybody."""
    world = tastes(400, liked=liked)
    world.past(each)
    chosen = world.choose(RULES)

    assert on_best(world, chosen) > share
    assert world.worth(chosen) > 1.5 * world.fixed.max()


def test_without_a_history_exploring_finds_it():
    """Five messages in a hundred are drawn by lot; what it costs meanwhile is little."""
    world = tastes(120, liked=0.5)
    chosen = world.live(EXPLORING, 400)
    came = np.mean([answered.mean() for _, _, answered in world.log[:200]])

    assert world.worth(chosen) > 1.3 * world.fixed.max()
    assert came > 0.9 * world.fixed[0]


def test_what_everybody_likes_is_found_although_the_house_sends_it_last():
    """Letters, in this world."""
    world = one_channel(400)
    before = world.worth(world.choose(RULES))
    world.past(40)

    assert world.worth(world.choose(RULES)) > 0.9 * world.best
    assert before == pytest.approx(world.fixed[0])


@pytest.mark.parametrize("each", [10, 40])
def test_without_signal_it_does_no_harm(each):
    """Nearly everybody stays where the house would write them, and the worth is what it was."""
    world = no_signal(1000)
    world.past(each)
    chosen = world.choose(RULES)

    assert (chosen != 0).mean() < 0.02
    assert world.worth(chosen) == pytest.approx(world.best)


def test_what_an_exploring_run_logs_tells_the_worth_of_every_channel():
    """The true worth lies in the intervals of IPS, SNIPS and DR, for a policy that was never followed."""
    world = one_channel(300)
    share = EXPLORING.explore
    for _ in range(60):
        world.send(world.choose(EXPLORING))
    channel = np.concatenate([chosen for _, chosen, _ in world.log])
    reward = np.concatenate([answered for _, _, answered in world.log])
    propensity = np.where(channel == 0, 1 - share + share / 4, share / 4)
    letter = CHANNELS.index("letter")
    found = evaluate(
        reward=reward, propensity=propensity, target=(channel == letter).astype(float),
        modelled=np.full(len(channel), 0.1), expected=np.full(len(channel), 0.1),
        reachable=np.ones(len(channel), dtype=bool), silent=np.zeros(len(channel), dtype=bool),
    )  # fmt: skip

    assert world.now - START == timedelta(days=60)
    for one in (found.ips, found.snips, found.dr):
        assert one.low <= world.fixed[letter] <= one.high
