"""A run on a simulated clock: decided, sent, bounced, answered, fallen back and recalled, over columns.

What decides is `preferences.decision.decide`, asked at the same moments as in a run: when it is planned, and again when
a message is due (`work.claim`). What follows is written here as `work.evidence`, `store.silence` and `store.recalls`
write it into the store: a bounce moves a message at once to its next channel, silence after the run's wait; what is
answered before the next channel leaves is recalled. Only what customers do is not known: `Behaviour` says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from preferences.budget import Wanted, share_out
from preferences.decision import decide
from preferences.household import covered
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Bools, Floats, Ints, microseconds
from tidings.channel import Channel
from tidings.facts import Facts, Question
from tidings.reason import Reason
from work.asked_people import People
from work.course import REACTIONS, Behaviour, Course, Outcome, Sent, Simulated, Words

QUANTUM = 300_000_000
"""Microseconds: what is due within so much is asked about at once, at the first of its instants. Each message leaves at
its own instant all the same; only a wish that begins within these five minutes is heeded late."""
CHUNK = 50_000
"""Customers decided at once: more need more memory and are no faster."""
LETTER = CHANNELS.index(Channel.LETTER)


def simulate(facts: Facts, course: Course, behaviour: Behaviour) -> Simulated:
    """Walk a run through to its end, or to `course.until`.

    Args:
        facts: of everybody in the audience; `asked` is not looked at.
        course: of the run.
        behaviour: what customers do.
    """
    world = _World(facts, course, behaviour)
    world.plan()
    while True:
        rows = world.due_next()
        if not len(rows):
            return world.told()
        world.claim(rows)


@dataclass
class _Answer:
    """What was decided for some rows."""

    ready: Bools
    due: Ints
    reason: Words
    order: Ints
    """rows x WIDTH: the channels by rank, NOBODY behind the last."""
    ground: Words
    expected: Floats
    """rows x WIDTH, along the ranked list: how likely it is that the customer answers there."""


class _World:
    """The messages and the clock."""

    def __init__(self, facts: Facts, course: Course, behaviour: Behaviour) -> None:
        self.people = People(facts)
        self.course = course
        self.behaviour = behaviour
        self.start, self.until = microseconds(course.starts_at), microseconds(course.until)
        size = len(self.people.customer)
        self.size = size
        self.due = np.full(size, NEVER, dtype=np.int64)
        self.state = np.full(size, "held", dtype=object)
        self.reason, self.ground, self.wait = (np.full(size, "", dtype=object) for _ in range(3))
        self.first, self.channel = (
            np.full(size, NOBODY, dtype=np.int64),
            np.full(size, NOBODY, dtype=np.int64),
        )
        self.order = np.full((size, WIDTH), NOBODY, dtype=np.int64)
        self.expected = np.zeros((size, WIDTH))
        self.tried = np.zeros(size, dtype=np.int64)
        self.closed = np.zeros(size, dtype=np.int64)
        """Bits: channels that the budget gave to others."""
        self.decided_at = np.full(size, NOBODY, dtype=np.int64)
        self.first_due = np.full(size, NEVER, dtype=np.int64)
        self.silent_on = np.full(size, NOBODY, dtype=np.int64)
        """The channel whose silence moved the message on."""
        self.heard = np.full(size, NEVER, dtype=np.int64)
        """The first answer to what was sent before."""
        self.because = np.full(size, "", dtype=object)
        self.events: dict[str, list[dict[str, Any]]] = {
            "sent": [],
            "moved": [],
            "recalled": [],
            "answered": [],
        }
        self._recent: list[pl.DataFrame] = []

    def plan(self) -> None:
        """Decide everybody at the start."""
        for begin in range(0, self.size, CHUNK):
            rows = np.arange(begin, min(begin + CHUNK, self.size))
            answer = self._ask(rows, self.start)
            self._take(rows, answer, self.start)
        self._one_letter_a_household(self.start)
        self._share_out()
        ready = np.flatnonzero(self.state == "ready")
        self.due[ready] = np.maximum(self.due[ready], self._own_time(ready))
        self._collected()
        self.first_due, self.first = self.due.copy(), self.channel.copy()
        ready = self.state == "ready"
        self.wait = np.where(ready, np.where(self.due > self.start, self.reason, ""), "")
        own = ready & (self.due > self.start) & (self.reason == "")
        self.wait[own] = "own_time"

    def _collected(self) -> None:
        """Let letters wait for the print house (`work.collection`)."""
        if self.course.collected_at is None:
            return
        letters: Ints = np.flatnonzero((self.state == "ready") & (self.channel == LETTER))
        kinds, back = np.unique(self.due[letters], return_inverse=True)
        leaves = np.array(
            [microseconds(self.course.collected_at(_moment(one))) for one in kinds], dtype=np.int64
        )[back]
        waits = (leaves > self.due[letters]) & (self.reason[letters] == "")
        self.reason[letters[waits]] = str(Reason.CUT_OFF)
        self.due[letters] = leaves

    def _one_letter_a_household(self, now: int) -> None:
        """Hold the letters that another one of their household stands for (`work.limits`)."""
        shared = self.course.households
        if shared is None or not shared.height:
            return
        place = np.searchsorted(self.people.customer, shared["customer"].to_numpy())
        state, goes = self.state[place], self.channel[place] == LETTER
        goes &= (state == "ready") | (state == "done")
        letters = shared.with_columns(
            message=pl.col("customer").cast(pl.String), gone=pl.Series(state == "done", dtype=pl.Boolean)
        ).filter(goes)
        pairs = covered(
            letters,
            self.people.facts.statements,
            self.course.question,
            together=self.course.policy.household,
            now=_moment(now),
        )
        rows = np.searchsorted(self.people.customer, pairs["message"].cast(pl.Int64).to_numpy())
        self.state[rows], self.reason[rows], self.due[rows] = "held", str(Reason.HOUSEHOLD), NEVER

    def _share_out(self) -> None:
        """Give the budget to those who gain most, and decide the others once more without what it closes."""
        budget, question = self.course.budget, self.course.question
        if budget is None:
            return
        rows = np.flatnonzero(self.state == "ready")
        amount = None if budget.amount is None else float(budget.amount)
        shared = share_out(
            Wanted(
                keys=[self.course.keys[row] for row in rows.tolist()],
                channel=self.order[rows],
                expected=self.expected[rows],
            ),
            {str(name): most for name, most in budget.counts.items()},
            amount,
            question.costs,
            run=question.run,
        )
        self.closed[rows] = shared.closed @ (1 << np.arange(WIDTH))
        cut = rows[shared.place != 0]
        for begin in range(0, len(cut), CHUNK):
            some = cut[begin : begin + CHUNK]
            self._take(some, self._ask(some, self.start), self.start)

    def due_next(self) -> Ints:
        """Return the rows that are due next, within a quantum; empty when nothing is until the end."""
        waiting: Ints = np.flatnonzero((self.state == "ready") & (self.due <= self.until))
        if not len(waiting):
            return waiting
        now = self.due[waiting].min()
        soon: Ints = waiting[self.due[waiting] <= min(now + QUANTUM, self.until)][:CHUNK]
        return soon

    def claim(self, rows: Ints) -> None:
        """Recall what was overtaken, ask again about the rest, and send what may go."""
        overtaken = (self.silent_on[rows] != NOBODY) & (self.heard[rows] <= self.due[rows])
        self._recall(rows[overtaken])
        rows = rows[~overtaken]
        if not len(rows):
            return
        now = int(self.due[rows].min())
        stale = rows[self.decided_at[rows] != now]
        if len(stale):
            planned = self.due[stale].copy()
            answer = self._ask(stale, now, waited=True)
            self._take(stale, answer, now)
            self.due[stale] = np.where(answer.ready, np.maximum(self.due[stale], planned), NEVER)
        goes = rows[(self.state[rows] == "ready") & (self.due[rows] <= min(now + QUANTUM, self.until))]
        self._send(goes)

    def told(self) -> Simulated:
        """Return everything."""
        shapes = {
            "sent": ("row", "channel", "at", "expected"),
            "moved": ("row", "channel", "to", "at", "why"),
            "recalled": ("row", "channel", "at", "because"),
            "answered": ("row", "channel", "at", "kind"),
        }
        kinds = {"expected": pl.Float64, "why": pl.String, "because": pl.String, "kind": pl.String}
        frames = {
            name: pl.concat(
                [pl.DataFrame(schema={column: kinds.get(column, pl.Int64) for column in shape})]
                + [
                    pl.DataFrame(part, schema={column: kinds.get(column, pl.Int64) for column in shape})
                    for part in self.events[name]
                ]
            ).sort(*[column for column in shape if column != "expected"])
            for name, shape in shapes.items()
        }
        return Simulated(
            customer=self.people.customer,
            state=self.state,
            reason=self.reason,
            first=self.first,
            channel=self.channel,
            ground=self.ground,
            wait=self.wait,
            due=self.first_due,
            tried=self.tried,
            **frames,
        )

    def _ask(self, rows: Ints, now: int, *, waited: bool = False) -> _Answer:
        recent = pl.concat(self._recent) if self._recent else pl.DataFrame()
        moment = _moment(now)
        asked = self.people.of(rows, self.tried, self.closed, recent)
        asked = replace(asked, asked=asked.asked.with_columns(waited=pl.lit(waited)))
        decisions = decide(asked, self.course.policy, moment, explained=False)
        verdicts = decisions.verdicts
        ranked = decisions.ranked.filter(pl.col("rank").is_not_null())
        place = np.searchsorted(rows, ranked["message"].cast(pl.Int64).to_numpy())
        code = ranked["channel"].replace_strict(CHANNELS, range(WIDTH), return_dtype=pl.Int64).to_numpy()
        rank = ranked["rank"].cast(pl.Int64).to_numpy() - 1
        order = np.full((len(rows), WIDTH), NOBODY, dtype=np.int64)
        order[place, rank] = code
        expected = np.zeros((len(rows), WIDTH))
        expected[place, rank] = ranked["expected"].to_numpy()
        ground = np.full(len(rows), "", dtype=object)
        ground[place[rank == 0]] = ranked["reason"].to_numpy()[rank == 0]
        return _Answer(
            ready=(verdicts["state"] == "ready").to_numpy(),
            due=verdicts["due_at"].cast(pl.Int64).fill_null(NEVER).to_numpy(),
            reason=verdicts["reason"].fill_null("").to_numpy().astype(object),
            order=order,
            ground=ground,
            expected=expected,
        )

    def _take(self, rows: Ints, answer: _Answer, now: int) -> None:
        """Write an answer down; who was tried and has no channel left has failed, they are not merely held."""
        ends = [str(Reason.NO_CHANNEL), str(Reason.NO_CONSENT), str(Reason.OFFER_OVER)]
        without = np.isin(answer.reason, ends)
        failed = ~answer.ready & without & (self.tried[rows] != 0)
        self.state[rows] = np.where(answer.ready, "ready", np.where(failed, "undeliverable", "held"))
        self.reason[rows] = answer.reason
        self.order[rows], self.expected[rows] = answer.order, answer.expected
        self.channel[rows] = answer.order[:, 0]
        self.due[rows] = answer.due
        self.decided_at[rows] = now
        fresh = self.ground[rows] == ""
        self.ground[rows[fresh]] = answer.ground[fresh]

    def _own_time(self, rows: Ints) -> Ints:
        """Return before when a campaign in the customers' own time does not reach each."""
        if not self.course.not_before:
            return np.full(len(rows), self.start, dtype=np.int64)
        instants = {zone: microseconds(moment) for zone, moment in self.course.not_before.items()}
        zones = self.people.facts.customers["time_zone"][rows]
        return zones.replace_strict(instants, default=self.start, return_dtype=pl.Int64).to_numpy()

    def _send(self, rows: Ints) -> None:
        if not len(rows):
            return
        channel, at = self.channel[rows], self.due[rows]
        customer = self.people.customer[rows]
        outcome = self.behaviour(Sent(row=rows, customer=customer, channel=channel, at=at))
        self._note("sent", row=rows, channel=channel, at=at, expected=outcome.expected)
        if self.course.question.purpose_class == "marketing":
            self._recent.append(
                _as_recent(customer, channel, at, self.course.question, self.people.facts.recent.schema)
            )
        self.state[rows], self.reason[rows], self.due[rows] = "done", "", NEVER
        for kind, when in outcome.reactions.items():
            known = when <= self.until
            self._note(
                "answered",
                row=rows[known],
                channel=channel[known],
                at=when[known],
                kind=pl.repeat(kind, int(known.sum()), dtype=pl.String, eager=True),
            )
        self.heard[rows] = outcome.heard
        self.because[rows] = _first(outcome)
        gone = outcome.bounced <= self.until
        self._move(rows[gone], outcome.bounced[gone], why="bounced")
        waits = np.array([self.course.fallback_after.get(name, -1.0) for name in CHANNELS])[channel]
        check = at + (waits * 1_000_000).astype(np.int64)
        silent = ~gone & (waits >= 0) & (outcome.heard > check) & (check <= self.until)
        if (last := self.course.question.last_day) is not None:  # as `store.silence`
            silent &= check < microseconds(datetime.combine(last, time.max, UTC))
        self._move(rows[silent], check[silent], why="silent")

    def _move(self, rows: Ints, at: Ints, *, why: str) -> None:
        """Give messages to their next channel; a bounce without one has failed, silence without one stays as it is."""
        used = self.tried[rows] | (1 << self.channel[rows])
        order = self.order[rows]
        left = (order != NOBODY) & ((used[:, None] >> np.maximum(order, 0)) & 1 == 0)
        some = left.any(axis=1)
        following = order[np.arange(len(rows)), left.argmax(axis=1)]
        if why == "bounced":
            lost = rows[~some]
            self.state[lost], self.reason[lost] = "undeliverable", why
        rows, at, following = rows[some], at[some], following[some]
        before = self.channel[rows]
        self._note(
            "moved", row=rows, channel=before, to=following, at=at,
            why=pl.repeat(why, len(rows), dtype=pl.String, eager=True),
        )  # fmt: skip
        self.tried[rows] = used[some]
        self.silent_on[rows] = before if why == "silent" else NOBODY
        self.state[rows], self.reason[rows] = "ready", str(Reason.FALLBACK)
        self.channel[rows] = following
        paper = following == LETTER
        if why == "silent" and paper.any():
            at = at.copy()
            kinds, back = np.unique(at[paper], return_inverse=True)
            at[paper] = np.array([microseconds(self.course.letters_at(_moment(one))) for one in kinds])[back]
        self.due[rows] = at
        if why == "silent" and paper.any():
            self._one_letter_a_household(int(at.min()))

    def _recall(self, rows: Ints) -> None:
        """Take back what was answered on the channel before."""
        if not len(rows):
            return
        self._note(
            "recalled", row=rows, channel=self.channel[rows], at=self.heard[rows],
            because=list(self.because[rows]),
        )  # fmt: skip
        self.channel[rows] = self.silent_on[rows]
        self.tried[rows] &= ~(1 << self.silent_on[rows])
        self.state[rows], self.reason[rows], self.due[rows] = "done", str(Reason.RECALLED), NEVER
        self.silent_on[rows] = NOBODY

    def _note(self, name: str, **columns: Any) -> None:
        if len(columns["row"]):
            self.events[name].append(columns)


def _first(outcome: Outcome) -> Words:
    """Return the kind of the first answer to each."""
    told = np.full(len(outcome.heard), "answered", dtype=object)
    for kind in reversed(REACTIONS):
        told[outcome.reactions[kind] == outcome.heard] = kind
    return told


def _as_recent(
    customer: Ints, channel: Ints, at: Ints, question: Question, schema: Mapping[str, Any]
) -> pl.DataFrame:
    """Return messages that left as caps count them."""
    known: dict[str, Any] = {
        "customer": customer,
        "brand": question.brand,
        "purpose": question.purpose,
        "channel": np.array(CHANNELS, dtype=object)[channel],
        "at": at,
    }
    rows = pl.DataFrame({"customer": customer}).with_columns(
        pl.Series(name, known[name])
        if isinstance(known[name], np.ndarray)
        else pl.lit(known[name]).alias(name)
        for name in known
    )
    return rows.select(
        (pl.col(name) if name in known else pl.lit(None).alias(name)).cast(kind)
        for name, kind in schema.items()
    )


def _moment(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(at))
