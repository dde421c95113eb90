# ruff: noqa: E501 -- tables
"""`work.learn`: touchpoints become behaviour, whenever and however often it runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import insert, text

from preferences.behaviour import TOUCHPOINTS, fold
from preferences.policy import Observing
from store.tables import touchpoints
from tests.town import NOON, settle
from work.learn import learn

DAY = timedelta(days=1)
HALF = timedelta(days=180)
SHAPE = {
    "customer": pl.Int64, "touchpoint": pl.Int64, "at": pl.Datetime("us", "UTC"), "direction": pl.String,
    "channel": pl.String, "kind": pl.String, "purpose": pl.String, "machine": pl.Boolean, "message": pl.String,
    "answers": pl.String, "link": pl.String,
}  # fmt: skip
OUT = ("sent", "delivered", "bounced", "returned")


def history(*lines):
    """Return touchpoints from (kind, days ago[, changes]) of one customer about offers by e-mail."""
    plain = {
        "customer": 1,
        "channel": "email",
        "purpose": "offer",
        "machine": False,
        "message": None,
        "answers": "",
        "link": "",
    }
    told = [
        plain
        | {"kind": kind, "at": NOON - ago * DAY, "touchpoint": n, "direction": "out" if kind in OUT else "in"}
        | change
        for n, (kind, ago, change) in enumerate(lines)
    ]
    return pl.DataFrame(told, schema=SHAPE).select(TOUCHPOINTS)


CASES = [
    pytest.param([("sent", 0, {})], (1.0, 0.0, 1), id="one sent, none answered"),
    pytest.param([("sent", 0, {}), ("delivered", 0, {})], (1.0, 0.0, 1), id="sent and delivered is one"),
    pytest.param([("delivered", 0, {})], (1.0, 0.0, 1), id="delivered counts where sent is not told"),
    pytest.param([("sent", 180, {}), ("sent", 0, {})], (1.5, 0.0, 2), id="after a half-life it weighs half"),
    pytest.param([("sent", 0, {}), ("clicked", 0, {}), ("paid", 0, {"channel": "payment", "answers": "email"})], (1.0, 1.0, 1),
                 id="a message is answered once"),
    pytest.param([("sent", 0, {}), ("clicked", 0, {"machine": True})], (1.0, 0.0, 1), id="a machine does not click"),
    pytest.param([("sent", 0, {}), ("opened", 0, {})], (1.0, 0.0, 1), id="an opening is no answer"),
    pytest.param([("sent", 0, {"message": "a"}), ("called", 0, {"channel": "call", "purpose": "", "message": "a"})],
                 (1.0, 1.0, 1), id="a call counts where it names the message"),
    pytest.param([("sent", 0, {}), ("paid", 0, {"channel": "payment"})], (1.0, 0.0, 1), id="a payment that names nothing does not"),
    pytest.param([("sent", 1, {}), ("sent", 0, {}), ("bounced", 0, {})], (None, 0.0, 1), id="what came back reached nobody"),
    pytest.param([("opened", 0, {"message": "a"}), ("opened", 0, {"message": "a"})], (1.0, 0.0, 1), id="what a person opened has reached them"),
    pytest.param([("opened", 0, {"machine": True}), ("sent", 9, {})], (1.0, 0.0, 1), id="what a machine opened has not"),
    pytest.param([("sent", 0, {"message": "a"}), ("visited", 0, {"channel": "visit", "message": "a"})], (1.0, 1.0, 1),
                 id="a visit counts where it names the message"),
    pytest.param([("sent", 0, {"message": "a"}), ("scanned", 0, {"channel": "web", "message": "a"})], (1.0, 1.0, 1),
                 id="whoever scans the code of a message has answered it"),
    pytest.param([("sent", 2, {}), ("sent", 1, {}), ("returned", 0, {})], (None, 0.0, 1), id="a letter that came back reached nobody"),
    pytest.param([("sent", 0, {"message": "a"}), ("clicked", -1 / 86_400, {"message": "a"})], (1.0, 0.0, 1),
                 id="nobody clicks a second after it was sent"),
    pytest.param([("sent", 1, {"message": "a"}), ("delivered", 0, {"message": "a"}), ("clicked", -1 / 86_400, {"message": "a"})],
                 (1.0, 0.0, 1), id="nor a second after it was delivered"),
    pytest.param([("sent", 1, {"message": "a"}), ("clicked", 0, {"message": "a", "link": "one"}), ("clicked", 0, {"message": "a", "link": "two"})],
                 (1.0, 0.0, 1), id="nobody clicks all links at once"),
    pytest.param([("sent", 1, {"message": "a"}), ("clicked", 0, {"message": "a", "link": "one"}), ("clicked", 0, {"message": "a", "link": "one"})],
                 (None, None, 1), id="a double click is a person's"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), CASES)
def test_the_rule(lines, expected):
    """Reached, engaged and observations of the one line that comes of it."""
    line = fold(history(*lines), Observing(half_life=HALF)).row(0, named=True)

    reached, engaged, count = expected
    assert reached is None or line["reached"] == pytest.approx(reached)
    assert line["engaged"] == pytest.approx(engaged) if engaged is not None else line["engaged"] > 0
    assert line["observations"] == count
    assert (line["channel"], line["purpose_class"]) == ("email", "marketing")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sent", "sent", "delivered", "clicked", "paid", "bounced"]),
            st.integers(0, 900),
            st.fixed_dictionaries(
                {"channel": st.sampled_from(["email", "sms"]), "customer": st.integers(1, 3)}
            ),
        ),
        min_size=1,
        max_size=20,
    ),
    st.randoms(),
)
def test_the_order_of_rows_makes_no_difference(lines, dice):
    """To the last bit, and nobody engages more than was reached."""
    told = history(*lines)
    shuffled = told[dice.sample(range(told.height), told.height)]
    found = fold(told, Observing())

    assert_frame_equal(found, fold(shuffled, Observing()), check_exact=True)
    assert found.filter(pl.col("engaged") > pl.col("reached")).is_empty()


def touch(engine, customer, number, kind, ago):
    with engine.begin() as connection:
        connection.execute(
            insert(touchpoints).values(
                customer_id=customer, source="t", external_id=str(number), direction="out" if kind in OUT else "in",
                channel="email", kind=kind, purpose="offer", at=NOON - ago * DAY,
            )
        )  # fmt: skip


def kept(engine):
    with engine.begin() as connection:
        return connection.execute(text("SELECT * FROM behaviour ORDER BY customer_id, channel")).all()


def test_learning_again_changes_nothing_and_news_are_added(engine):
    """Incremental and full end at the same numbers."""
    ada, bo = settle(engine, 2)
    touch(engine, ada, 1, "sent", 9)
    touch(engine, bo, 2, "sent", 8)

    assert learn(engine, now=NOON) == 2
    assert learn(engine, now=NOON) == 0
    touch(engine, ada, 3, "clicked", 1)
    assert learn(engine, now=NOON) == 1
    step_by_step = kept(engine)
    assert learn(engine, now=NOON, full=True) == 0
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM behaviour"))
    assert learn(engine, now=NOON, full=True) == 2
    assert kept(engine) == step_by_step
    assert step_by_step[0].engaged > 0.9


def test_what_lies_ahead_is_not_learnt_yet(engine):
    """A rehearsal of last month sees last month."""
    (ada,) = settle(engine)
    touch(engine, ada, 1, "sent", -3)

    assert learn(engine, now=NOON) == 0


def test_what_lay_ahead_is_learnt_when_it_has_come(engine):
    """As if everything had been read again."""
    (ada,) = settle(engine)
    touch(engine, ada, 1, "sent", 3)
    touch(engine, ada, 2, "clicked", -1)
    learn(engine, now=NOON)

    assert learn(engine, now=NOON + 5 * DAY) == 1
    assert kept(engine)[0].engaged > 0.9
    assert learn(engine, now=NOON + 5 * DAY, full=True) == 0


def test_what_a_clock_ahead_of_ours_told_is_found_by_its_own_time(engine):
    """It was recorded before it happened, so what is recorded since the last time does not find it."""
    (ada,) = settle(engine)
    touch(engine, ada, 1, "sent", 3)
    with engine.begin() as connection:
        connection.execute(text("UPDATE touchpoints SET recorded_at = at"))
    learn(engine, now=NOON)
    touch(engine, ada, 2, "clicked", -1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE touchpoints SET recorded_at = at - interval '9 days'"))

    assert learn(engine, now=NOON + 5 * DAY) == 1


def test_two_at_once_learn_the_same(engine):
    """One after the other, and neither fails."""
    for number, customer in enumerate(settle(engine, 200)):
        touch(engine, customer, number, "sent", 3)

    with ThreadPoolExecutor(4) as several:
        found = list(several.map(lambda _: learn(engine, now=NOON), range(4)))

    assert sorted(found) == [0, 0, 0, 200]


def test_what_was_being_learnt_of_somebody_while_they_were_erased_does_not_stay(engine):
    """A learner that had read their history writes it when nobody is there any more."""
    (ada,) = settle(engine)
    touch(engine, ada, 1, "sent", 3)
    learn(engine, now=NOON)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM touchpoints"))
        connection.execute(text("UPDATE customers SET standing = 'former'"))

    assert learn(engine, now=NOON) == 1
    assert not kept(engine)
