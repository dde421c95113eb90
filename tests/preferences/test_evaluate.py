"""Off-policy evaluation: what it says of a policy is what the policy would have been worth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.evaluate import evaluate

RATES = np.array([0.02, 0.10, 0.05, 0.30])
"""True reward of four channels; the run's house channel is the first."""


def logs(seed, *, share=0.05, count=40_000):
    """Return (channel, propensity, reward) of a run that draws a share by lot."""
    dice = np.random.default_rng(seed)
    drawn = dice.random(count) < share
    channel = np.where(drawn, dice.integers(0, 4, count), 0)
    propensity = np.where(channel == 0, 1 - share + share / 4, share / 4)
    return channel, propensity, (dice.random(count) < RATES[channel]).astype(float)


def judged(channel, propensity, reward, *, target, model=RATES, silent=None):
    """Evaluate a policy that always takes one channel."""
    return evaluate(
        reward=reward,
        propensity=propensity,
        target=(channel == target).astype(float),
        modelled=model[channel],
        expected=np.full(len(channel), model[target]),
        reachable=(propensity < 1) | (channel == target),
        silent=np.zeros(len(channel), dtype=bool) if silent is None else silent,
    )


@pytest.mark.parametrize("target", range(4))
@pytest.mark.parametrize(
    "model",
    [
        pytest.param(RATES, id="with a model that knows"),
        pytest.param(np.full(4, 0.5), id="with a model that knows nothing"),
    ],
)
def test_the_intervals_hold_the_truth_about_as_often_as_they_say(target, model):
    """Of 40 runs; 95 % intervals, so that 6 misses are already rarer than one time in a hundred."""
    missed = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(40):
        found = judged(*logs(seed, count=20_000), target=target, model=model)
        for name in missed:
            one = getattr(found, name)
            missed[name] += not one.low <= RATES[target] <= one.high

    assert max(missed.values()) <= 6
    assert found.overlap == "full"


@pytest.mark.parametrize(
    ("count", "share", "rate"),
    [
        pytest.param(200, 1.0, 0.01, id="two answers in a small run"),
        pytest.param(500, 0.3, 0.02, id="a choice that was seldom drawn and seldom answered"),
        pytest.param(2_000, 0.5, 0.003, id="six answers in a run of two thousand"),
        pytest.param(60, 1.0, 0.99, id="nearly everybody answers"),
    ],
)
def test_where_hardly_anybody_answers_the_intervals_are_no_surer_than_that(count, share, rate):
    """The normal approximation alone said `nobody ever will`, plus or minus nothing, and missed 2 of 5 runs."""
    missed = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(40):
        channel, propensity, _ = logs(seed, share=share, count=count)
        reward = (np.random.default_rng(seed + 99).random(count) < rate).astype(float)
        found = judged(channel, propensity, reward, target=1, model=np.full(4, 0.5))
        for name in missed:
            one = getattr(found, name)
            missed[name] += one is not None and not one.low <= rate <= one.high

    assert max(missed.values()) <= 6


def test_a_good_model_makes_the_doubly_robust_interval_no_wider():
    """That is what it is for."""
    found = judged(*logs(1), target=3)

    assert found.dr.high - found.dr.low <= found.ips.high - found.ips.low


def test_what_was_done_is_worth_what_came_of_it():
    """The policy that logged is judged without any error: every weight is 1."""
    channel, propensity, reward = logs(2)
    found = evaluate(
        reward=reward, propensity=propensity, target=propensity, modelled=RATES[channel],
        expected=RATES[channel], reachable=np.ones(len(channel), dtype=bool),
        silent=np.zeros(len(channel), dtype=bool),
    )  # fmt: skip

    assert found.ips.value == found.snips.value == found.logged.value == pytest.approx(reward.mean())
    assert found.dr.value == pytest.approx(reward.mean())
    assert found.effective == pytest.approx(len(channel))


def test_a_run_that_drew_nothing_by_lot_says_nothing_of_another_choice():
    """Deterministic logging has no overlap, and it is said; the model's word is marked as such."""
    channel, propensity, reward = logs(3, share=0.0)
    found = judged(channel, propensity, reward, target=3)

    assert (found.overlap, found.supported, found.ips, found.snips) == ("none", 0, None, None)
    assert found.warnings == ("no_overlap",)
    assert found.dr.value == pytest.approx(RATES[3])


def test_where_both_agree_there_is_overlap_without_lots():
    """Half of the customers are sent to as the policy would: only of those something is said."""
    channel, reward = np.tile([0, 3], 500), np.tile([0.0, 1.0], 500)
    found = judged(channel, np.ones(1000), reward, target=3)

    assert (found.overlap, found.supported, found.warnings) == ("partial", 500, ("partial_overlap",))
    assert found.ips.value == found.snips.value == found.logged.value == 1.0


def test_few_that_count_in_effect_are_warned_of():
    """A lot that rarely falls is no basis."""
    found = judged(*logs(4, share=0.01, count=2_000), target=2)

    assert "few_effective" in found.warnings


@pytest.mark.parametrize(
    ("count", "said"),
    [
        pytest.param(2_000, True, id="where some three stand for two hundred"),
        pytest.param(40_000, False, id="not where fifty stand for four thousand"),
    ],
)
def test_few_that_were_tried_are_warned_of_though_most_messages_would_go_as_they_went(count, said):
    """Their great weights come or do not come: without the warning the interval held the truth two times of three."""
    channel, propensity, reward = logs(7, count=count)
    target = np.where(np.arange(count) % 10, 0, 3)
    found = evaluate(
        reward=reward, propensity=propensity, target=(channel == target).astype(float),
        modelled=RATES[channel], expected=RATES[target],
        reachable=np.ones(count, dtype=bool), silent=np.zeros(count, dtype=bool),
    )  # fmt: skip

    assert ("few_tried" in found.warnings, found.overlap) == (said, "full")


def test_sending_nothing_is_worth_nothing():
    """Which needs no log."""
    channel, propensity, reward = logs(5, share=0.0)
    found = judged(channel, propensity, reward, target=3, silent=np.ones(len(channel), dtype=bool))

    assert (found.overlap, found.ips.value, found.snips.value, found.dr.value) == ("full", 0.0, 0.0, 0.0)


def test_nothing_can_be_said_of_nothing():
    """No message, no number."""
    nothing = np.zeros(0)
    found = evaluate(
        reward=nothing, propensity=nothing, target=nothing, modelled=nothing, expected=nothing,
        reachable=nothing.astype(bool), silent=nothing.astype(bool),
    )  # fmt: skip

    assert (found.n, found.ips, found.warnings) == (0, None, ("no_messages",))


@given(st.integers(0, 1000), st.integers(1, 400), st.integers(0, 3), st.randoms())
def test_the_order_of_messages_makes_no_difference(seed, count, target, dice):
    """But for the last bits of a sum."""
    lines = logs(seed, share=0.5, count=count)
    order = np.array(dice.sample(range(count), count))
    first, second = judged(*lines, target=target), judged(*(part[order] for part in lines), target=target)

    assert (first.warnings, first.supported) == (second.warnings, second.supported)
    for name in ("ips", "snips", "dr", "logged"):
        one, other = getattr(first, name), getattr(second, name)
        assert one == other or one.value == pytest.approx(other.value)
