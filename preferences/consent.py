"""Whether marketing may use a channel: permission folded from append-only events (rule 3).

For one question only events count whose scope covers it: brand (this one or all) x topic (on its path) x
channel (it or all).

- A denial (`withdrawn`, `objected`) that covers the question closes the channel, whatever was given before it
and whatever less
  particular was given after it.
- Only the customer's own later consent **with proof**, for the same scope or a part of it, lifts a denial. At
the same instant
  a withdrawal yields to a consent for a part of it ("none, except by e-mail"), an objection to nothing.
- Of a person with several records (`member`) each is asked on its own, and all of them must agree: to merge two records
  never opens what one of them had closed, a record that was never asked included.
- Permission that has expired (`expires_at`, or what a purchase or an inquiry implies after the policy's or the law's
  time) is as if it had never been given: it opens nothing and lifts nothing.
- Without a denial a channel is open with consent with proof; with `legacy` consent, existing custom or
legitimate interest
  only where the policy says so. An objection is named before a withdrawal.

Source: GDPR art. 6(1), 7(1), 7(3), 21(3); Directive 2002/58/EC art. 13.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.law import Known, shortest, table
from preferences.policy import Basis, Implied, Policy
from preferences.reach import OPEN, number
from preferences.sheet import (
    CHANNELS,
    LONG_AGO,
    NEVER,
    NOBODY,
    WIDTH,
    Bools,
    Columns,
    Ints,
    Small,
    backwards,
    different,
    newest,
    where,
)
from preferences.statement import brand_words
from tidings.purpose import PurposeClass, topic_path
from tidings.reason import Reason

ACTIONS = ("given", "legacy", "withdrawn", "objected")
GIVEN, LEGACY, WITHDRAWN, OBJECTED = range(4)
IMPLIED = tuple(ground.value for ground in Implied)
_DAY = 86_400_000_000
BASES = ("", "consent", "legacy", "soft_opt_in", "legitimate_interest")
_BASIS_OF_STRENGTH = np.array([0, BASES.index("legacy"), BASES.index("consent")], dtype=np.int8)
WITH_EVENT = BASES.index("legacy")
"""The last of BASES that a consent event is the evidence of."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Customers x channels: OPEN or why not, the event that says so (NOBODY: none), and the place in BASES."""

    reason: Small
    event: Ints
    basis: Small
    relevant: Ints
    """Rows of the frame that touch the question."""


@dataclass(frozen=True, kw_only=True)
class _Events:
    """Events that cover the question, one line per channel that they speak of."""

    row: Ints
    cell: Ints
    """Channel x number of places + place of the customer or record, as `sheet` lies in memory."""
    action: Small
    level: Small
    wide: Small
    """1: said for all channels."""
    general: Small
    """1: said for all brands."""
    at: Ints
    number: Ints
    consents: Columns

    def only(self, which: Ints) -> _Events:
        """Return some of the lines."""
        names = ("row", "cell", "action", "level", "wide", "general", "at", "number")
        return _Events(consents=self.consents, **{name: getattr(self, name).take(which) for name in names})

    def content(self, which: Ints) -> Ints:
        """Return for lines of one scope and instant the greatest number for the one that is named."""
        rows = self.row[which]
        ends = (-self.consents.whole("expires_at", NEVER, rows)).tolist()
        said = self.consents.frame.select("action", "source", "on_behalf", "ground")[rows].rows()
        return backwards([(*map(str, one), end) for one, end in zip(said, ends, strict=True)])

    def scopes(self) -> Ints:
        """Return the scope of each line as one number."""
        return (self.level.astype(np.int64) * 2 + self.wide) * 2 + self.general


def permission(
    consents: Columns,
    *,
    size: int,
    brand: str,
    topic: str,
    customers: Ints,
    prospects: Ints,
    policy: Policy,
    now: int,
    land: Known,
) -> Permission:
    """Fold the events of every customer and channel.

    Args:
        land: where each customer is known, for how long the laws there let permission be implied.
        customers: rows of the sheet whose standing is `customer`; for `soft_opt_in`.
        prospects: rows whose standing is `prospect`: they get nothing without consent.
    """
    place, owner = _places(consents, size)
    shape = (WIDTH, len(owner))
    relevant, events = _events(consents, place, len(owner), brand, topic)
    events, over = _expired(consents, events, owner, land, policy, now)
    basis, event = _grants(events, len(owner), policy)
    if len(owner) > size:
        customers, prospects = (np.flatnonzero(np.isin(owner, rows)) for rows in (customers, prospects))
    _without_consent(basis.reshape(shape), customers, prospects, policy)
    reason = where(basis == 0, np.int8(number(Reason.CHANNEL_NO_CONSENT)), np.int8(OPEN))
    late = newest(over.cell, len(basis), over.at, -over.scopes(), over.content, over.number)
    gone = np.flatnonzero((late != NOBODY) & (basis == 0))
    reason[gone], event[gone] = number(Reason.EXPIRED), over.row[late[gone]]
    _deny(events, reason, event)
    basis = where(reason == OPEN, basis, np.int8(0))
    sheets = (reason.reshape(shape).T, event.reshape(shape).T, basis.reshape(shape).T)
    if len(owner) > size:
        sheets = _strictest(sheets, owner, size)
    return Permission(reason=sheets[0], event=sheets[1], basis=sheets[2], relevant=relevant)


def _places(consents: Columns, size: int) -> tuple[Ints, Ints]:
    """Return in which row of a longer sheet each event counts, and whose row that is.

    The rows of the customers come first; after them one for every record of a person with several.
    """
    member = consents.whole("member", 0)
    several = np.flatnonzero((member != 0) & (consents.row != NOBODY))
    owner = np.arange(size)
    if not len(several):
        return consents.row, owner
    pairs, which = np.unique(
        np.stack([consents.row[several], member[several]], axis=1), axis=0, return_inverse=True
    )
    place = consents.row.copy()
    place[several] = size + which.ravel()
    return place, np.concatenate([owner, pairs[:, 0]])


def _strictest(sheets: tuple[Small, Ints, Small], owner: Ints, size: int) -> tuple[Small, Ints, Small]:
    """Return the answers of the customers, of a person with several records the strictest one of them."""
    reason = sheets[0]
    grave = where(reason == OPEN, 0, where(reason == number(Reason.OBJECTED), 2, 1)).astype(np.int64)
    records = np.arange(size, len(owner))
    key = np.full((size, WIDTH), NOBODY, dtype=np.int64)
    np.maximum.at(key, owner[records], grave[records] * len(owner) + records[:, None])
    own = np.arange(size)[:, None]
    chosen = where(key == NOBODY, own, key % len(owner))
    column = np.arange(WIDTH)[None, :]
    return sheets[0][chosen, column], sheets[1][chosen, column], sheets[2][chosen, column]


def _events(consents: Columns, place: Ints, places: int, brand: str, topic: str) -> tuple[Ints, _Events]:
    level = consents.codes("topic", topic_path(topic))
    own = consents.codes("brand", brand_words(brand))
    channel = consents.codes("channel", (*CHANNELS, "all"))
    action = consents.codes("action", ACTIONS)
    row = consents.rows(level != NOBODY, own != NOBODY, channel != NOBODY, action != NOBODY)
    unproven = (action == GIVEN) & ~consents.truth("proof")
    action = where(unproven, np.int8(LEGACY), action)
    wide = channel[row] == WIDTH
    narrow, wide = row[np.flatnonzero(~wide)], row[np.flatnonzero(wide)]
    lines = np.concatenate([narrow, np.tile(wide, WIDTH)])
    spread = np.concatenate([channel[narrow], np.repeat(np.arange(WIDTH), len(wide))])
    return row, _Events(
        row=lines,
        cell=spread * places + place[lines],
        action=action[lines],
        level=level[lines],
        wide=(channel[lines] == WIDTH).view(np.int8),
        general=own[lines],
        at=consents.whole("at")[lines],
        number=consents.whole("consent")[lines],
        consents=consents,
    )


def _expired(
    consents: Columns, events: _Events, owner: Ints, land: Known, policy: Policy, now: int
) -> tuple[_Events, _Events]:
    """Return the lines that still count, and the permissions among them that are over."""
    granting = events.action <= LEGACY
    until = where(granting, consents.whole("expires_at", NEVER, events.row), NEVER)
    ground = consents.codes("ground", IMPLIED)[events.row]
    rules = table(PurposeClass.MARKETING.value)
    for place, law in enumerate((rules.purchase, rules.inquiry)):
        lines = np.flatnonzero((ground == place) & granting)
        channel, place_of = np.divmod(events.cell[lines], len(owner))
        lasting = policy.expiry.get(Implied(IMPLIED[place]))
        least = shortest(land, law, owner[place_of], channel) * _DAY
        ours = round(lasting.total_seconds()) * 1_000_000 if lasting else NEVER
        span = np.minimum(where(least == 0, NEVER, least), ours)
        end = where(span == NEVER, NEVER, events.at[lines] + where(span == NEVER, 0, span))
        until[lines] = np.minimum(until[lines], end)
    over = until <= now
    return events.only(np.flatnonzero(~over)), events.only(np.flatnonzero(over))


def _grants(events: _Events, places: int, policy: Policy) -> tuple[Small, Ints]:
    """Return the basis of each cell before denials, and the best event: proof first, particular, then new."""
    grants = events.only(np.flatnonzero(events.action <= LEGACY))
    counts = [name in policy.legacy_counts for name in CHANNELS]
    legacy = np.repeat(np.array(counts, dtype=np.int8), places)
    strength = where(grants.action == GIVEN, np.int8(2), legacy[grants.cell])
    order = (strength, -grants.scopes(), grants.at, grants.content, grants.number)
    best = newest(grants.cell, len(legacy), *order)
    basis = _BASIS_OF_STRENGTH[np.append(strength, np.int8(0))[best]]
    return basis, np.append(grants.row, NOBODY)[best]


def _without_consent(basis: Small, customers: Ints, prospects: Ints, policy: Policy) -> None:
    """Write what the policy takes for enough where there is no consent; `basis`: channels x places."""
    for column, name in enumerate(CHANNELS):
        if name in policy.soft_opt_in:
            basis[column, customers[np.flatnonzero(basis[column, customers] == 0)]] = 3
        if policy.basis.get(name) is Basis.LEGITIMATE_INTEREST:  # type: ignore[call-overload]
            closed = basis[column, prospects]
            basis[column, np.flatnonzero(basis[column] == 0)] = 4
            basis[column, prospects] = closed


def _deny(events: _Events, reason: Small, event: Ints) -> None:
    """Close the cells of every denial that no later consent lifts; write which one."""
    denying = np.flatnonzero(events.action >= WITHDRAWN)
    if not len(denying):
        return
    place = np.full(len(reason), NOBODY, dtype=np.int64)
    place[events.cell[denying]] = 0
    cells = np.flatnonzero(place == 0)
    place[cells] = np.arange(len(cells))
    near = events.only(np.flatnonzero(place[events.cell] != NOBODY))
    closed = near.only(np.flatnonzero(_standing(near, place[near.cell], len(cells))))
    order = (closed.action, closed.at, -closed.scopes(), closed.content, closed.number)
    last = newest(place[closed.cell], len(cells), *order)
    hit = last != NOBODY
    names = where(closed.action == OBJECTED, number(Reason.OBJECTED), number(Reason.CHANNEL_NO_CONSENT))
    reason[cells[hit]] = names[last[hit]]
    event[cells[hit]] = closed.row[last[hit]]


def _standing(events: _Events, place: Ints, size: int) -> Bools:
    """Return which lines are denials that stand."""
    denies = events.action >= WITHDRAWN
    given = events.action == GIVEN
    scope = events.scopes()
    stands = denies.copy()
    for one in different(scope[denies]):
        level, wide, general = one // 4, one // 2 % 2, one % 2
        part = given & (events.level <= level) & (events.wide <= wide) & (events.general <= general)
        # At equal instants a part of the scope comes after the whole, and an objection after both.
        latest = np.full(size, LONG_AGO, dtype=np.int64)
        np.maximum.at(latest, place[part], events.at[part] * 4 + (scope[part] != one))
        here = denies & (scope == one)
        when = events.at[here] * 4 + where(events.action[here] == OBJECTED, 2, 0)
        stands[here] = when >= latest[place[here]]
    return stands
