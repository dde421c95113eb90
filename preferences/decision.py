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

from preferences.batch import CUSTOMER, PROSPECT, Batch, batch
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
from preferences.reach import OPEN, number, reach
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Bools, Ints, some
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
    sheet = batch(facts, policy, now)
    said = statements(
        sheet.statements,
        size=sheet.size,
        brand=sheet.question.brand,
        topic=sheet.question.topic,
        now=sheet.now,
    )
    ground = _ground(sheet, said)
    answer = _answer(sheet, said, ground)
    tongues, measured = _manner(sheet, said, answer.person)
    digests = _digests(sheet, said, ground, answer.person) if explained else [""] * len(answer.person)
    return Decisions(
        verdicts=verdicts_frame(sheet, answer, tongues, measured, digests),
        ranked=ranked_frame(sheet, answer, ground, explained=explained),
    )


def _ground(sheet: Batch, said: Statements) -> Ground:
    """Ask every rule about every customer and channel."""
    question, size = sheet.question, sheet.size
    found = reach(
        sheet.addresses,
        sheet.suppressions,
        size=size,
        brand=question.brand,
        policy=sheet.policy,
        marketing=sheet.is_marketing,
    )
    land = known(sheet, found.address)
    permitted = legal = None
    if sheet.is_marketing:
        permitted = permission(
            sheet.consents,
            size=size,
            brand=question.brand,
            topic=question.topic,
            customers=np.flatnonzero(sheet.standing == CUSTOMER),
            prospects=np.flatnonzero(sheet.standing == PROSPECT),
            policy=sheet.policy,
            now=sheet.now,
            land=land,
        )
        legal = lawful(sheet, land, found.address, permitted.basis)
    observing = sheet.policy.observing
    base = base_rates(question, sheet.policy)
    scored = scores(
        sheet.behaviour, purpose_class=question.purpose_class, now=sheet.now, rules=observing, base=base
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


def _closed(sheet: Batch, ground: Ground, person: Ints) -> Ints:
    """Return why each channel of each message is closed, OPEN where it is possible."""
    allowed = np.array([name in sheet.question.channels for name in CHANNELS])
    closed = np.tile(np.where(allowed, OPEN, number(Reason.NOT_ALLOWED)).astype(np.int16), (len(person), 1))
    closed = np.where((closed == OPEN) & _named(sheet, "tried"), number(Reason.TRIED), closed)
    closed = np.where(closed == OPEN, ground.reach.reason[person], closed)
    if ground.permission is not None:
        closed = np.where(closed == OPEN, ground.permission.reason[person], closed)
    if ground.lawful is not None:
        closed = np.where(closed == OPEN, ground.lawful.reason[person], closed)
        unwished = ground.wishes.unwished[person]
        closed = np.where((closed == OPEN) & unwished, number(Reason.NEVER_WISHED), closed)
        closed = np.where((closed == OPEN) & _named(sheet, "over_budget"), number(Reason.BUDGET), closed)
    held = sheet.held()[person][:, None]
    return np.where(held == OPEN, closed, held)


def _named(sheet: Batch, column: str) -> Bools:
    """Return which channels a column of the questions names: used up (`tried`), given to others (`over_budget`)."""
    if column not in sheet.asked.frame.columns:
        return np.zeros((sheet.asked.length, WIDTH), dtype=np.bool_)
    codes, words = sheet.asked.dictionary(column)
    table = np.array(
        [[name in (word or "").split(",") for name in CHANNELS] for word in words], dtype=np.bool_
    )
    return table.reshape(-1, WIDTH)[codes]


def _answer(sheet: Batch, said: Statements, ground: Ground) -> Answer:
    person = sheet.asked.row
    closed = _closed(sheet, ground, person)
    possible = closed == OPEN
    key, placed = _placed(sheet, ground, person, possible)
    order, rank = ranked(key, possible)
    drawn = _drawn(sheet, ground, person, order[:, 0], possible)
    if drawn.drawn.any():
        row = np.flatnonzero(drawn.drawn)
        key[row, drawn.channel[row]], placed[row, drawn.channel[row]] = NOBODY, number(Reason.EXPLORED)
        order, rank = ranked(key, possible)
    held = _held(sheet, closed, person)
    line, times = _times(sheet, said, ground, person, order[:, 0], held == OPEN)
    endless = np.append(times.due, 0)[line] == NEVER
    reason = np.where(possible, placed, closed)
    why = np.append(times.reason, OPEN)[line]
    reason[endless] = why[endless, None]
    held = np.where(endless, why, held)
    kept_out = _held_out(sheet) & (held == OPEN)
    reason = np.where(kept_out[:, None] & possible, number(Reason.HOLDOUT), reason)
    held = np.where(kept_out, number(Reason.HOLDOUT), held)
    rank[endless | kept_out] = NOBODY
    return Answer(
        person=person,
        reason=reason,
        order=order,
        rank=rank,
        propensity=np.where(held == OPEN, drawn.propensity, 1.0),
        held=held,
        timing=times,
        line=line,
    )


def _drawn(sheet: Batch, ground: Ground, person: Ints, first: Ints, possible: Bools) -> Lots:
    """Draw channels by lot for marketing of customers who stated nothing, at the first try."""
    return lots(
        run=sheet.question.run,
        customers=sheet.asked.whole("customer"),
        first=first,
        possible=possible,
        silent=~ground.wishes.stated[person] & ~some(_named(sheet, "tried")),
        share=sheet.policy.explore if sheet.is_marketing else 0.0,
    )


def _held_out(sheet: Batch) -> Bools:
    """Return whose customers get nothing of this group, to compare with."""
    question = sheet.question
    customers = sheet.asked.whole("customer")
    if not sheet.is_marketing or not question.holdout:
        return np.zeros(len(customers), dtype=np.bool_)
    return held_out(question.holdout_group, customers, question.holdout)


def _placed(sheet: Batch, ground: Ground, person: Ints, possible: Bools) -> tuple[Ints, Ints]:
    """Return the sorting key of every channel and which rule gave it."""
    house, by_house = house_order(sheet.question.default_order, sheet.question.costs)
    wished = ground.wishes.key[person]
    placed = np.where(wished == LAST, by_house[None, :], ground.wishes.reason[person])
    if ground.observed is None:
        return keys(wished, mean=None, moved=None, house=house), placed
    seen = ground.observed.of(person)
    moved = observed_first(seen, possible=possible, silent=~ground.wishes.stated[person], house=house)
    return keys(wished, mean=seen.mean, moved=moved, house=house), np.where(
        moved, number(Reason.OBSERVED), placed
    )


def _held(sheet: Batch, closed: Ints, person: Ints) -> Ints:
    """Return why each message is held, OPEN when some channel is possible."""
    lacking = np.isin(closed, [number(one) for one in LACKING])
    unwished = some(closed == number(Reason.NEVER_WISHED))
    why = np.where(some(lacking) & ~unwished, number(Reason.NO_CONSENT), number(Reason.NO_CHANNEL))
    why = np.where(some(closed == number(Reason.BUDGET)), number(Reason.BUDGET), why)
    why = np.where(some(closed == number(Reason.WASH_DUE)), number(Reason.WASH_DUE), why)
    why = np.where(some(closed == OPEN), OPEN, why)
    barred = sheet.held()[person]
    return np.where(barred == OPEN, why, barred)


def _times(
    sheet: Batch, said: Statements, ground: Ground, person: Ints, first: Ints, ready: Bools
) -> tuple[Ints, Timing]:
    """Time each customer and first channel once; return the line of each message (NOBODY: it is held)."""
    cell = person * WIDTH + first
    line = np.full(sheet.size * WIDTH, NOBODY, dtype=np.int64)
    line[cell[ready]] = 0
    used = np.flatnonzero(line == 0)
    line[used] = np.arange(len(used))
    return np.where(ready, line[cell], NOBODY), timing(sheet, said, ground.land, used // WIDTH, used % WIDTH)


def _manner(sheet: Batch, said: Statements, person: Ints) -> tuple[pl.Series, pl.Series]:
    """Return each message's language (asked for, else the customer's) and whether its links may be measured."""
    import polars as pl

    own, tongues = sheet.customers.dictionary("language")
    spoken, asked = np.full(sheet.size, NOBODY, dtype=np.int64), []
    measured = np.full(sheet.size, sheet.question.purpose not in sheet.policy.untracked)
    codes, words = said.columns.dictionary("value")
    if len(said.row):
        asked = [language(text) for text in words]
        row = said.first("language")
        spoken = np.where(row == NOBODY, NOBODY, codes[row])
        allowed = np.append(said.columns.judged("value", is_tracking, np.bool_), True)
        measured = measured & allowed[said.first("tracking")]
    names = [*(name or "" for name in tongues), "", *asked]
    at_home = np.append(own, len(tongues))[sheet.known]
    wished = np.array([*(bool(name) for name in asked), False])[spoken]
    place = np.where(wished, len(tongues) + 1 + spoken, at_home)
    return pl.Series(names, dtype=pl.String)[place[person]], pl.Series(measured[person])


def _digests(sheet: Batch, said: Statements, ground: Ground, person: Ints) -> list[str]:
    """Fingerprint the question, the policy and the facts that touch each message; `now` is no fact."""
    question = sheet.question
    every = counts_everything(said, sheet.policy.caps)
    recent = (sheet.recent.codes("purpose", (question.purpose,)) == 0) | every[sheet.recent.row]
    ours = sheet.suppressions.codes("brand", brand_words(question.brand)) != NOBODY
    touching = {
        "customers": np.flatnonzero(sheet.customers.row != NOBODY),
        "addresses": np.flatnonzero(sheet.addresses.row != NOBODY),
        "suppressions": np.flatnonzero((sheet.suppressions.row != NOBODY) & ours),
        "statements": said.row,
        "consents": ground.permission.relevant if ground.permission else said.row[:0],
        "behaviour": ground.observed.row[ground.observed.row != NOBODY] if ground.observed else said.row[:0],
        "hours": np.flatnonzero((sheet.hours.row != NOBODY) & (window_end(sheet) is not None)),
        "recent": np.flatnonzero((sheet.recent.row != NOBODY) & recent & sheet.is_marketing),
    }
    total = np.zeros(sheet.size, dtype=np.uint64)
    for name, rows in touching.items():
        if len(rows):
            columns = getattr(sheet, name)
            total += added(line_hashes(name, columns, rows), columns.row[rows], sheet.size)
    asked = (
        question.brand, question.topic, question.purpose_class, *sorted(question.channels), *question.default_order,
        *(f"{name}={question.costs[name]!r}" for name in sorted(question.costs)), sheet.policy.digest,
        *_learnt(sheet),
    )  # fmt: skip
    total += np.uint64(word("\n".join(asked)))
    tried = sheet.asked.judged("tried", _tried_word, np.uint64)
    if "over_budget" in sheet.asked.frame.columns:
        tried = tried + sheet.asked.judged("over_budget", _over_budget_word, np.uint64)
    return hexadecimal(mixed(mixed(total)[person] + tried))


def _learnt(sheet: Batch) -> list[str]:
    """Return what the population, chance and the best hour have to do with a question; nothing where they have not."""
    question, told = sheet.question, []
    if question.population.rates:
        told.append(f"rates {sorted(question.population.rates.items())!r}")
    if sheet.is_marketing and sheet.policy.explore:
        told.append(f"explore {question.run}")
    if sheet.is_marketing and question.holdout:
        told.append(f"holdout {question.holdout!r} {question.holdout_group}")
    if sheet.is_marketing and question.best_hour_until is not None:
        told.append(
            f"hours {question.best_hour_until.isoformat()} {question.last_day} {question.population.hours!r}"
        )
    return told


def _tried_word(channels: str | None) -> int:
    return word(",".join(sorted((channels or "").split(","))))


def _over_budget_word(channels: str | None) -> int:
    """Return 0 where the budget closed nothing: a decision without one keeps its digest."""
    return word("over budget " + ",".join(sorted(channels.split(",")))) if channels else 0
