"""What a law or a do-not-mail register forbids, where marketing rests on less than the customer's own consent.

A register (a Robinson list) is a file of a country, of letters, phones or e-mail, and has a date. Whom its newest file
lists gets no marketing there; when the file is older than the policy or the law allows, nobody does until it is washed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from preferences.batch import Batch
from preferences.law import Known, Table, number_of, strictest, table
from preferences.reach import OPEN, number
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Ints, some
from tidings.channel import Channel
from tidings.reason import Reason

CONSENT = 1
"""Place of the customer's own consent with proof in `preferences.consent.BASES`; what comes after it is less."""
_WORTH = (0, 3, 3, 2, 1)
"""The place in `preferences.law.BASES` of each of `preferences.consent.BASES`."""
_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True)
class Lawful:
    """Customers x channels: OPEN or LAW, REGISTER, WASH_DUE, and what that rests on (NOBODY: nothing)."""

    reason: Ints
    law: Ints
    """Place in `laws`."""
    country: Ints
    """Place in `wash`, the policy's countries, whose file is due."""


def lawful(batch: Batch, found: Known, address: Ints, basis: Ints) -> Lawful:
    """Close what a law or a do-not-mail register forbids to marketing that rests on less than the customer's consent.

    Args:
        batch: the facts.
        found: where each customer is known.
        address: the row that is used, customers x channels.
        basis: what marketing rests on there, the place in `preferences.consent.BASES`.
    """
    reason = np.full(basis.shape, OPEN, dtype=np.int64)
    law, country = np.full(basis.shape, NOBODY, dtype=np.int64), np.full(basis.shape, NOBODY, dtype=np.int64)
    rules = table(batch.question.purpose_class)
    weak = basis > CONSENT
    cell = np.flatnonzero(weak)
    if len(cell):
        due = _due(batch, found, rules)
        country = np.where(weak & (due != NOBODY), due, NOBODY)
        reason[country != NOBODY] = number(Reason.WASH_DUE)
        on_list = np.append(batch.addresses.whole("register"), NOBODY)[address.ravel()[cell]] != NOBODY
        listed = cell[on_list]
        _, land = strictest(found, rules.register_law + 1, listed)
        law.ravel()[listed] = rules.register_law[land, listed % WIDTH]
        reason.ravel()[listed] = number(Reason.REGISTER)
        least, land = strictest(found, rules.basis, cell)
        less = np.array(_WORTH)[basis.ravel()[cell]] < least
        forbidden = cell[less]
        law.ravel()[forbidden] = rules.basis_law[land[less], forbidden % WIDTH]
        reason.ravel()[forbidden] = number(Reason.LAW)
    return Lawful(reason=reason, law=law, country=country)


def _due(batch: Batch, found: Known, rules: Table) -> Ints:
    """Return for each cell a country of the policy's `wash` whose newest file is too old; NOBODY: none."""
    due = np.full(found.places.shape[:2], NOBODY, dtype=np.int64)
    kinds = [(column, kind) for column, name in enumerate(CHANNELS) if (kind := register_kind(name))]
    today = date(1970, 1, 1) + timedelta(days=batch.now // _DAY)
    for place, (land, days) in enumerate(sorted(batch.policy.wash.items())):
        for column, kind in kinds:
            every = int(rules.every[number_of(land), column])
            dated = batch.washed.get((land, kind))
            if dated is None or (today - dated).days > min(days, every or days):
                here = some(found.places[:, column] == number_of(land))
                due[:, column] = np.where(here & (due[:, column] == NOBODY), place, due[:, column])
    return due


def register_kind(channel: str) -> str:
    """Return which kind of register is asked about a channel, '' for none.

    >>> [register_kind(name) for name in ("letter", "sms", "email", "push")]
    ['letter', 'phone', 'email', '']
    """
    one = Channel(channel)
    return "letter" if one.on_paper else "phone" if one.by_phone else "email" if one is Channel.EMAIL else ""
