"""`preferences.budget`, `preferences.household`: what is shared out over a run, against plain Python and the best."""

from datetime import UTC, datetime
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preferences.budget import UNITS, Wanted, share_out
from preferences.household import covered
from preferences.sheet import CHANNELS, NOBODY, WIDTH
from tests.preferences.batches import frame, question

COSTS = {"email": 0.0001, "sms": 0.05, "push": 0.0, "letter": 1.15, "whatsapp": 0.04}
NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
chances = st.sampled_from([0.0, 0.01, 0.02, 0.05, 0.3])
laws = settings(max_examples=60, deadline=None)


@st.composite
def runs(draw, most=7):
    """Return messages: a key, and their ranked list of (channel, expected)."""
    count = draw(st.integers(0, most))
    lists = st.lists(st.sampled_from(CHANNELS), unique=True, min_size=1, max_size=WIDTH)
    return [(f"m{n}", [(name, draw(chances)) for name in draw(lists)]) for n in range(count)]


def wanted(messages):
    channel = np.full((len(messages), WIDTH), NOBODY)
    expected = np.zeros((len(messages), WIDTH))
    for row, (_, ranked) in enumerate(messages):
        for place, (name, chance) in enumerate(ranked):
            channel[row, place], expected[row, place] = CHANNELS.index(name), chance
    return Wanted(keys=[key for key, _ in messages], channel=channel, expected=expected)


def shared(messages, counts, amount=None, run="r"):
    return share_out(wanted(messages), counts, amount, COSTS, run=run)


def got(messages, found):
    return {
        key: None if place == NOBODY else ranked[place][0]
        for (key, ranked), place in zip(messages, found.place.tolist(), strict=True)
    }


budgets = st.one_of(
    st.tuples(
        st.dictionaries(st.sampled_from(["letter", "sms", "email"]), st.integers(0, 4), min_size=1), st.none()
    ),
    st.tuples(st.just({}), st.sampled_from([0.01, 0.1, 1.15, 2.4, 9.0])),
    st.tuples(st.just({"letter": 2}), st.sampled_from([0.1, 1.2, 2.0])),
)


@laws
@given(runs(), budgets)
def test_the_budget_holds_and_everybody_has_a_place_or_a_reason(messages, budget):
    """Also whatever a message may still use afterwards costs no more than what it was given."""
    counts, amount = budget
    found = shared(messages, counts, amount)
    given_ = got(messages, found)

    for name, most in counts.items():
        assert sum(channel == name for channel in given_.values()) <= most
    if amount is not None:
        assert sum(round(COSTS[name] * UNITS) for name in given_.values() if name) <= round(amount * UNITS)
    for (key, _), closed in zip(messages, found.closed, strict=True):
        mine = given_[key]
        assert mine is None or not closed[CHANNELS.index(mine)]
        for name in CHANNELS:
            may = not closed[CHANNELS.index(name)]
            assert not (may and name in counts and name != mine)
            if amount is not None and may:
                assert COSTS[name] <= (COSTS[mine] if mine else 0.0)
    assert all(line.used <= line.most and line.used <= line.wanted for line in found.lines)


@laws
@given(runs(), budgets, st.randoms())
def test_the_order_of_the_messages_makes_no_difference(messages, budget, dice):
    shuffled = dice.sample(messages, len(messages))

    assert got(messages, shared(messages, *budget)) == got(shuffled, shared(shuffled, *budget))


@laws
@given(runs(), st.integers(0, 5))
def test_a_limit_of_one_channel_is_shared_out_as_plain_python_does(messages, most):
    """The oracle: everybody who wants the channel has a gain over the next one; the best of them have it."""
    first = [(key, ranked) for key, ranked in messages if ranked[0][0] == "letter"]
    gains = {key: ranked[0][1] - (ranked[1][1] if ranked[1:] else 0.0) for key, ranked in first}
    found = shared(messages, {"letter": most})
    given_ = got(messages, found)
    kept = [key for key in gains if given_[key] == "letter"]
    cut = [key for key in gains if given_[key] != "letter"]

    assert len(kept) == min(most, len(gains))
    assert all(gains[a] >= gains[b] for a in kept for b in cut)
    for key, ranked in first:
        if key in cut:
            assert given_[key] == (ranked[1][0] if ranked[1:] else None)
    if cut and kept:
        assert found.lines[0].cut_line == pytest.approx(min(gains[key] for key in kept))
    if cut:
        assert found.lines[0].shadow_price == pytest.approx(max(gains[key] for key in cut))


@laws
@given(runs(most=5), st.integers(0, 3))
def test_no_other_choice_of_letters_brings_more(messages, most):
    """Against every way there is to give letters to those who want them first."""
    takers = [ranked for _, ranked in messages if ranked[0][0] == "letter"]
    found = shared(messages, {"letter": most})
    ours = sum(
        ranked[place][1] for (_, ranked), place in zip(messages, found.place, strict=True) if place != NOBODY
    )
    rest = sum(ranked[0][1] for _, ranked in messages if ranked[0][0] != "letter")
    ways = [
        sum(r[0][1] if has else (r[1][1] if r[1:] else 0.0) for r, has in zip(takers, way, strict=True))
        for way in product([True, False], repeat=len(takers))
        if sum(way) == min(most, len(takers))
    ]

    assert ours == pytest.approx(max(ways) + rest)


@laws
@given(runs(), st.sampled_from([0.0, 0.05, 1.2]), st.sampled_from([0.05, 1.15, 3.0]))
def test_more_money_never_takes_a_step_away(messages, amount, more):
    """Who had the letter for little money has it for more."""
    little, much = (shared(messages, {}, money) for money in (amount + 0.00001, amount + more))
    price = [0.0 if name is None else COSTS[name] for name in got(messages, little).values()]
    richer = [0.0 if name is None else COSTS[name] for name in got(messages, much).values()]

    assert all(a <= b for a, b in zip(price, richer, strict=True))


def test_equals_are_chosen_by_a_stable_hash():
    """The same ones every time in a run, others in another; a million in seconds."""
    messages = [(f"m{n}", [("letter", 0.05), ("email", 0.01)]) for n in range(100)]
    told = [got(messages, shared(messages, {"letter": 50}, run=run)) for run in ("a", "a", "b")]
    chosen = [frozenset(key for key, name in one.items() if name == "letter") for one in told]

    assert chosen[0] == chosen[1] != chosen[2]
    assert {len(one) for one in chosen} == {50}


def letters(*rows):
    shape = {"message": pl.String, "customer": pl.Int64, "household": pl.String, "gone": pl.Boolean}
    return pl.DataFrame([(*row, False)[:4] for row in rows], schema=shape, orient="row")


def wish(customer, value, **more):
    return {"customer": customer, "statement": customer, "kind": "household", "value": value} | more


def cover_all(rows, said=(), *, together=True):
    from tests.preferences.batches import DEFAULTS

    told = frame("statements", [DEFAULTS["statements"] | one for one in said])
    return dict(covered(letters(*rows), told, question(), together=together, now=NOW).rows())


THREE = [
    ("a", 1, "berg"),
    ("b", 2, "berg"),
    ("c", 3, "berg"),
    ("d", 4, "dahl"),
    ("e", 5, None),
    ("f", 6, None),
]


@pytest.mark.parametrize(
    ("said", "together", "expected"),
    [
        pytest.param([], True, {"b": "a", "c": "a"}, id="the lowest number has it for all"),
        pytest.param([], False, {}, id="a house that sends each their own"),
        pytest.param(
            [wish(1, '{"letters": "own"}')], True, {"c": "b"}, id="who wants their own covers nobody"
        ),
        pytest.param([wish(2, '{"letters": "own"}')], True, {"c": "a"}, id="nor is covered"),
        pytest.param(
            [wish(1, '{"letters": "one"}'), wish(3, '{"letters": "one"}')],
            False,
            {"c": "a"},
            id="who wishes it",
        ),
        pytest.param(
            [wish(1, '{"letters": "own"}', topic="news")], True, {"b": "a", "c": "a"}, id="of another topic"
        ),
        pytest.param(
            [wish(2, '{"large_print": true}', kind="manner")],
            True,
            {"c": "a"},
            id="who needs large print gets it",
        ),
        pytest.param(
            [wish(2, '{"large_print": true}', kind="manner"), wish(2, '{"letters": "one"}', statement=9)],
            True,
            {"b": "a", "c": "a"},
            id="unless they asked for one letter",
        ),
        pytest.param([wish(1, "{}")], True, {"b": "a", "c": "a"}, id="nothing usable says nothing"),
    ],
)
def test_one_letter_for_a_household(said, together, expected):
    assert cover_all(THREE, said, together=together) == expected
    assert cover_all(THREE[::-1], said, together=together) == expected


def test_a_letter_that_has_left_stands_for_the_others():
    gone = [(*one, one[0] in {"b", "e"}) for one in THREE]
    assert cover_all(gone) == {"a": "b", "c": "b"}
    assert cover_all(gone, [wish(2, '{"letters": "own"}')]) == {"c": "a"}


@laws
@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["x", "y", None])), unique_by=lambda one: one[0]),
    st.dictionaries(st.integers(1, 9), st.sampled_from(['{"letters": "own"}', '{"letters": "one"}'])),
    st.booleans(),
)
def test_every_household_keeps_one_letter_and_nobody_covers_who_wants_their_own(people, wishes, together):
    """The oracle says it a household at a time."""
    rows = [(f"m{customer}", customer, home) for customer, home in people]
    found = cover_all(rows, [wish(customer, value) for customer, value in wishes.items()], together=together)
    shares = {
        customer: wishes.get(customer, '"one"' if together else '"own"').find("one") > 0
        for customer, _ in people
    }
    expected = {}
    for home in ("x", "y"):
        sharing = sorted(customer for customer, place in people if place == home and shares[customer])
        expected |= {f"m{other}": f"m{sharing[0]}" for other in sharing[1:]}

    assert found == expected
