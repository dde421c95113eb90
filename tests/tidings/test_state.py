"""The table of states: complete, and climbing only one way."""

import itertools

import pytest

from tidings.state import (
    OPEN_ATTEMPT,
    OPEN_DELIVERY,
    RULES,
    TABLE,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    Nothing,
    after,
    sources,
    target,
    within,
)

MACHINES = (MessageState, DeliveryState, AttemptState)
EVIDENCE = (Event.PROVEN, Event.DELIVERED, Event.EXPIRED, Event.BOUNCED)


@pytest.mark.parametrize(
    ("machine", "event"),
    list(itertools.product(MACHINES, Event)),
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_every_event_is_thought_about_once_in_every_state(machine, event):
    rule = RULES[machine][event]
    named = [*rule.moves, *rule.waits, *rule.ignored, *rule.impossible]
    assert sorted(named) == sorted(machine), "each state stands in exactly one group"
    assert all((machine, state, event) in TABLE for state in machine)
    assert (rule.to is None) == (not rule.moves)


def test_every_state_can_be_reached_and_only_by_an_event():
    first = {MessageState: "planned", DeliveryState: "ready", AttemptState: "sending"}
    for machine in MACHINES:
        moved = {new for (of, _, _), new in TABLE.items() if of is machine and not isinstance(new, Nothing)}
        assert moved | {first[machine]} == set(machine)


@pytest.mark.parametrize("state", [s for s in DeliveryState if s is not DeliveryState.SENDING], ids=str)
@pytest.mark.parametrize(
    "events", list(itertools.permutations(EVIDENCE, 3)), ids=lambda events: " then ".join(events)
)
def test_evidence_means_the_same_in_any_order_and_any_number_of_times(state, events):
    def fold(start, heard):
        for event in heard:
            new = after(start, event)
            start = start if isinstance(new, Nothing) else new
        return start

    once = fold(state, events)
    assert {fold(state, order) for order in itertools.permutations(events)} == {once}
    assert fold(once, events) == once


def test_an_accepted_attempt_stays_accepted_and_a_bounced_delivery_bounced():
    assert all(isinstance(after(AttemptState.ACCEPTED, event), Nothing) for event in Event)
    assert all(isinstance(after(DeliveryState.BOUNCED, event), Nothing) for event in Event)


def test_what_the_provider_has_is_claimed_never_again_without_the_table_saying_so():
    """Nothing leads from an accepted delivery back to one that is open."""
    reachable, new = {DeliveryState.ACCEPTED}, {DeliveryState.ACCEPTED}
    while new:
        new = {after(state, event) for state in new for event in Event} - set(Nothing) - reachable
        reachable |= new
    assert not reachable & set(OPEN_DELIVERY)


def test_helpers_say_what_the_table_says():
    assert sources(AttemptState, Event.ACCEPTED) == OPEN_ATTEMPT
    assert sources(DeliveryState, Event.ABSENT, Event.CLAIMED) == (
        DeliveryState.READY,
        DeliveryState.IN_DOUBT,
    )
    assert target(MessageState, Event.FALLBACK) is MessageState.READY
    with pytest.raises(KeyError):
        target(AttemptState, Event.RECALL)
    assert within(OPEN_ATTEMPT) == "'sending', 'unknown'"
