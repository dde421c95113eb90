"""Who gets what, where and when: one function over columns, for a million customers or for one.

`decide` plans a run, checks it again when messages are claimed, explains one customer's letter and replays an
old run; there is no second implementation. The rules are read in the order of docs/deciding.md, the first that
speaks about a channel wins, and each lives in a module of its own: standing (batch), reach, consent, statement
and rank, behaviour, and timing with pause, cap and quiet.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from preferences.batch import CUSTOMER, PROSPECT, Batch, columns
from preferences.behaviour import base_rates, scores, spread_out
from preferences.cap import counts_everything
from preferences.consent import permission
from preferences.digest import added, hexadecimal, line_hashes, mixed, word
from preferences.explore import Lots, lots
from preferences.grounds import Ground
from preferences.holdout import held_out
from preferences.hours import window_end
from preferences.law import known
from preferences.pieces import pieces
from preferences.policy import Policy
from preferences.rank import LAST, house_order, keys, observed_first, ranked, wishes
from preferences.reach import OPEN, REASONS, number, reach
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Bools, Ints, Small, first_speaks, some, where
from preferences.statement import Statements, brand_words, is_tracking, language, statements
from preferences.timing import Timing, timing
from preferences.wash import lawful
from preferences.writing import Answer, ranked_frame, verdicts_frame
from tidings.facts import Decisions, Facts
from tidings.reason import Reason

if TYPE_CHECKING:
    import polars as pl

LACKING = (
    *(Reason.CHANNEL_NO_CONSENT, Reason.OBJECTED, Reason.EXPIRED),
    *(Reason.REGISTER, Reason.LAW),
)
"""Why a channel is closed that the customer's own consent would open."""


def decide(facts: Facts, policy: Policy, now: datetime, *, explained: bool = True) -> Decisions:
    """Answer every question of a batch.

    The order of rows, the size of the batch and other customers in it make no difference to an answer, byte for byte.

    Args:
        facts: the questions and what is known; rows of customers who are not asked about are ignored.
        policy: the organisation's rules.
        now: the instant it is decided at, with a zone.
        explained: with evidence and digests, which cost as much as the answers; without, both are empty.

    Returns:
        One verdict per question in the order asked, and for each question all four channels: those that are
        possible by rank, then the others, each with its reason and evidence. A held message has no channel
        with a rank.

    Raises:
        ValueError: `now` has no zone.
    """
    parts = [_decide(part, policy, now, explained=explained) for part in pieces(facts)]
    if len(parts) == 1:
        return parts[0]
    import polars as pl

    return Decisions(
        verdicts=pl.concat([part.verdicts for part in parts]),
        ranked=pl.concat([part.ranked for part in parts]),
    )


def _decide(facts: Facts, policy: Policy, now: datetime, *, explained: bool) -> Decisions:
    batch = columns(facts, policy, now)
    said = statements(
        batch.statements,
        size=batch.size,
        brand=batch.question.brand,
        topic=batch.question.topic,
        now=batch.now,
    )
    ground = _ground(batch, said)
    answer = _answer(batch, said, ground)
    tongues, measured = _manner(batch, said, answer.person)
    digests = _digests(batch, said, ground, answer.person) if explained else [""] * len(answer.person)
    return Decisions(
        verdicts=verdicts_frame(batch, answer, tongues, measured, digests),
        ranked=ranked_frame(batch, answer, ground, explained=explained),
    )


def _ground(batch: Batch, said: Statements) -> Ground:
    """Ask every rule about every customer and channel."""
    question, size = batch.question, batch.size
    found = reach(
        batch.addresses,
        batch.suppressions,
        size=size,
        brand=question.brand,
        policy=batch.policy,
        marketing=batch.is_marketing,
    )
    land = known(batch, found.address)
    permitted = legal = None
    if batch.is_marketing:
        permitted = permission(
            batch.consents,
            size=size,
            brand=question.brand,
            topic=question.topic,
            customers=np.flatnonzero(batch.standing == CUSTOMER),
            prospects=np.flatnonzero(batch.standing == PROSPECT),
            policy=batch.policy,
            now=batch.now,
            land=land,
        )
        legal = lawful(batch, land, found.address, permitted.basis)
    observing = batch.policy.observing
    base = base_rates(question, batch.policy)
    scored = scores(
        batch.behaviour, purpose_class=question.purpose_class, now=batch.now, rules=observing, base=base
    )
    seen = spread_out(scored, size=size, rules=observing, base=base) if len(scored.row) else None
    return Ground(
        reach=found,
        land=land,
        permission=permitted,
        lawful=legal,
        wishes=wishes(said),
        observed=seen,
    )


def _closed(batch: Batch, ground: Ground) -> Small:
    """Return why each channel of each message is closed, OPEN where it is possible."""
    allowed = np.array([name in batch.question.channels for name in CHANNELS])
    rules = [
        np.repeat(batch.asked_of(batch.held())[None], WIDTH, axis=0).T,
        _closing(np.repeat(~allowed[:, None], batch.asked.length, axis=1).T, Reason.NOT_ALLOWED),
        _closing(_named(batch, "tried"), Reason.TRIED),
        batch.asked_of(ground.reach.reason),
    ]
    if ground.permission is not None:
        rules.append(batch.asked_of(ground.permission.reason))
    if ground.lawful is not None:
        rules += [
            batch.asked_of(ground.lawful.reason),
            _closing(batch.asked_of(ground.wishes.unwished), Reason.NEVER_WISHED),
            _closing(_named(batch, "over_budget"), Reason.BUDGET),
        ]
    return first_speaks(*rules)


def _closing(which: Bools, reason: Reason) -> Small:
    """Return a reason where something holds, OPEN elsewhere."""
    return where(which, np.int8(number(reason)), np.int8(OPEN))


def _named(batch: Batch, column: str) -> Bools:
    """Return which channels a column of the questions names: used up (`tried`), given to others (`over_budget`)."""
    if column not in batch.asked.frame.columns:
        return np.zeros((batch.asked.length, WIDTH), dtype=np.bool_)
    codes, words = batch.asked.dictionary(column)
    named = [[name in (word or "").split(",") for word in words] for name in CHANNELS]
    return np.array(named, dtype=np.bool_).reshape(WIDTH, -1).take(codes, axis=1).T


def _answer(batch: Batch, said: Statements, ground: Ground) -> Answer:
    closed = _closed(batch, ground)
    possible = closed == OPEN
    key, placed = _placed(batch, ground, possible)
    order, rank = ranked(key, possible)
    drawn = _drawn(batch, ground, order[:, 0], possible)
    row = np.flatnonzero(drawn.drawn)
    if len(row):
        channel = drawn.channel[row]
        key[row, channel], placed[row, channel] = NOBODY, number(Reason.EXPLORED)
        order[row], _ = ranked(key[row], possible[row])
    held = _held(batch, closed)
    line, times = _times(batch, said, ground, order[:, 0], held == OPEN)
    endless = (np.append(times.due, 0) == NEVER)[line]
    reason = where(possible, placed, closed)
    row, why = np.flatnonzero(endless), np.append(times.reason, np.int8(OPEN))[line]
    reason[row], held = why[row, None], where(endless, why, held)
    kept_out = _held_out(batch) & (held == OPEN)
    reason = where(kept_out[:, None] & possible, np.int8(number(Reason.HOLDOUT)), reason)
    held = where(kept_out, np.int8(number(Reason.HOLDOUT)), held)
    rank[np.flatnonzero(endless | kept_out)] = NOBODY
    return Answer(
        person=batch.asked.row,
        reason=reason,
        order=order,
        rank=rank,
        propensity=where(held == OPEN, drawn.propensity, 1.0),
        held=held,
        timing=times,
        line=line,
    )


def _drawn(batch: Batch, ground: Ground, first: Small, possible: Bools) -> Lots:
    """Draw channels by lot for marketing of customers who stated nothing, at the first try."""
    return lots(
        run=batch.question.run,
        customers=batch.asked.whole("customer"),
        first=first,
        possible=possible,
        silent=~batch.asked_of(ground.wishes.stated) & ~some(_named(batch, "tried")),
        share=batch.policy.explore if batch.is_marketing else 0.0,
    )


def _held_out(batch: Batch) -> Bools:
    """Return whose customers get nothing of this group, to compare with."""
    question = batch.question
    customers = batch.asked.whole("customer")
    if not batch.is_marketing or not question.holdout:
        return np.zeros(len(customers), dtype=np.bool_)
    return held_out(question.holdout_group, customers, question.holdout)


def _placed(batch: Batch, ground: Ground, possible: Bools) -> tuple[Ints, Small]:
    """Return the sorting key of every channel and which rule gave it."""
    house, by_house = house_order(batch.question.default_order, batch.question.costs)
    wished = batch.asked_of(ground.wishes.key)
    placed = where(wished == LAST, by_house[None, :], batch.asked_of(ground.wishes.reason))
    if ground.observed is None:
        return keys(wished, mean=None, moved=None, house=house), placed
    seen = ground.observed if batch.once else ground.observed.of(batch.asked.row)
    silent = ~batch.asked_of(ground.wishes.stated)
    moved = observed_first(seen, possible=possible, silent=silent, house=house)
    placed = where(moved, np.int8(number(Reason.OBSERVED)), placed)
    return keys(wished, mean=seen.mean, moved=moved, house=house), placed


def _held(batch: Batch, closed: Small) -> Small:
    """Return why each message is held, OPEN when some channel is possible."""
    lacks = np.zeros(len(REASONS) + 1, dtype=np.bool_)  # the last is that of OPEN
    lacks[[number(one) for one in LACKING]] = True
    unwished = some(closed == number(Reason.NEVER_WISHED))
    return first_speaks(
        batch.asked_of(batch.held()),
        where(
            some(closed == OPEN),
            np.int8(OPEN),
            first_speaks(
                _closing(some(closed == number(Reason.WASH_DUE)), Reason.WASH_DUE),
                _closing(some(closed == number(Reason.BUDGET)), Reason.BUDGET),
                _closing(some(lacks[closed]) & ~unwished, Reason.NO_CONSENT),
                np.full(len(closed), number(Reason.NO_CHANNEL), dtype=np.int8),
            ),
        ),
    )


def _times(batch: Batch, said: Statements, ground: Ground, first: Small, ready: Bools) -> tuple[Ints, Timing]:
    """Time what is ready; return the line of each message (NOBODY: it is held)."""
    sent = np.flatnonzero(ready)
    line = np.full(len(first), NOBODY, dtype=np.int64)
    line[sent], times = timing(
        batch, said, ground.land, batch.asked.row[sent], first[sent], batch.waited()[sent]
    )
    return line, times


def _manner(batch: Batch, said: Statements, person: Ints) -> tuple[pl.Series, pl.Series]:
    """Return each message's language (asked for, else the customer's) and whether its links may be measured."""
    import polars as pl

    own, tongues = batch.customers.dictionary("language")
    spoken, asked = np.full(batch.size, NOBODY, dtype=np.int64), []
    measured = np.full(batch.size, batch.question.purpose not in batch.policy.untracked)
    codes, words = said.columns.dictionary("value")
    if len(said.row):
        asked = [language(text) for text in words]
        row = said.first("language")
        spoken = where(row == NOBODY, NOBODY, codes[row].astype(np.int64))
        allowed = np.append(said.columns.judged("value", is_tracking, np.bool_), True)
        measured = measured & allowed[said.first("tracking")]
    names = [*(name or "" for name in tongues), "", *asked]
    at_home = np.append(own, len(tongues))[batch.known]
    wished = np.array([*(bool(name) for name in asked), False])[spoken]
    place = where(wished, len(tongues) + 1 + spoken, at_home)
    return pl.Series(names, dtype=pl.String)[place[person]], pl.Series(measured[person])


def _digests(batch: Batch, said: Statements, ground: Ground, person: Ints) -> list[str]:
    """Fingerprint the question, the policy and the facts that touch each message; `now` is no fact."""
    question = batch.question
    every = counts_everything(said, batch.policy.caps)
    recent = (batch.recent.codes("purpose", (question.purpose,)) == 0) | every[batch.recent.row]
    ours = batch.suppressions.codes("brand", brand_words(question.brand)) != NOBODY
    touching = {
        "customers": np.flatnonzero(batch.customers.row != NOBODY),
        "addresses": np.flatnonzero(batch.addresses.row != NOBODY),
        "suppressions": np.flatnonzero((batch.suppressions.row != NOBODY) & ours),
        "statements": said.row,
        "consents": ground.permission.relevant if ground.permission else said.row[:0],
        "behaviour": ground.observed.row[ground.observed.row != NOBODY] if ground.observed else said.row[:0],
        "hours": np.flatnonzero((batch.hours.row != NOBODY) & (window_end(batch) is not None)),
        "recent": np.flatnonzero((batch.recent.row != NOBODY) & recent & batch.is_marketing),
    }
    total = np.zeros(batch.size, dtype=np.uint64)
    for name, rows in touching.items():
        if len(rows):
            columns = getattr(batch, name)
            total += added(line_hashes(name, columns, rows), columns.row[rows], batch.size)
    asked = (
        question.brand, question.topic, question.purpose_class, *sorted(question.channels), *question.default_order,
        *(f"{name}={question.costs[name]!r}" for name in sorted(question.costs)), batch.policy.digest,
        *_learnt(batch),
    )  # fmt: skip
    total += np.uint64(word("\n".join(asked)))
    tried = batch.asked.judged("tried", _tried_word, np.uint64)
    if "over_budget" in batch.asked.frame.columns:
        tried = tried + batch.asked.judged("over_budget", _over_budget_word, np.uint64)
    if window_end(batch) is not None:
        tried = tried + where(batch.waited(), np.uint64(word("waited")), np.uint64(0))
    return hexadecimal(mixed(mixed(total)[person] + tried))


def _learnt(batch: Batch) -> list[str]:
    """Return what the population, chance and the best hour have to do with a question; nothing where they have not."""
    question, told = batch.question, []
    if question.population.rates:
        told.append(f"rates {sorted(question.population.rates.items())!r}")
    if batch.is_marketing and batch.policy.explore:
        told.append(f"explore {question.run}")
    if batch.is_marketing and question.holdout:
        told.append(f"holdout {question.holdout!r} {question.holdout_group}")
    if batch.is_marketing and question.best_hour_until is not None:
        told.append(
            f"hours {question.best_hour_until.isoformat()} {question.last_day} {question.population.hours!r}"
        )
    return told


def _tried_word(channels: str | None) -> int:
    return word(",".join(sorted((channels or "").split(","))))


def _over_budget_word(channels: str | None) -> int:
    """Return 0 where the budget closed nothing: a decision without one keeps its digest."""
    return word("over budget " + ",".join(sorted(channels.split(",")))) if channels else 0
