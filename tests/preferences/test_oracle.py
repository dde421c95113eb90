"""`decide` against the oracle, and the laws that hold for any facts."""

from hypothesis import given, settings

from preferences.decision import decide
from tests.preferences.batches import (
    NOW,
    answers,
    batches,
    facts,
    oracle,
    policies,
)
from tidings.facts import SCHEMAS

FRAMES = tuple(SCHEMAS)


@given(batches(), policies)
@settings(max_examples=400)
def test_it_agrees_with_a_row_by_row_reading(batch, policy):
    """Columns and rows say the same, evidence included."""
    asking, lines = batch

    assert answers(decide(facts(asking, lines), policy, NOW)) == oracle(asking, lines, policy, NOW)
