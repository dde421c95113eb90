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
from preferences.sheet import CHANNELS, NOBODY, Ints, Small, at, cells, sheet, some
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

    reason: Small
    law: Small
    """Place in `laws`."""
    country: Small
    """Place in `wash`, the policy's countries, whose file is due."""


def lawful(batch: Batch, found: Known, address: Ints, basis: Small) -> Lawful:
    """Close what a law or a do-not-mail register forbids to marketing that rests on less than the customer's consent.

    Args:
        batch: the facts.
        found: where each customer is known.
        address: the row that is used, customers x channels.
        basis: what marketing rests on there, the place in `preferences.consent.BASES`.
    """
    reason = sheet(batch.size, OPEN, np.int8)
    law, country = sheet(batch.size, NOBODY, np.int16), sheet(batch.size, NOBODY, np.int16)
    rules = table(batch.question.purpose_class)
    who, channel = cells(basis > CONSENT)
    if len(who):
        country[who, channel] = due = at(_due(batch, found, rules), who, channel)
        late = np.flatnonzero(due != NOBODY)
        reason[who[late], channel[late]] = number(Reason.WASH_DUE)
        register = np.append(batch.addresses.whole("register"), NOBODY)
        listed = np.flatnonzero((register != NOBODY).take(at(address, who, channel)))
        _, land = strictest(found, rules.register_law + 1, who[listed], channel[listed])
        law[who[listed], channel[listed]] = rules.register_law[land, channel[listed]]
        reason[who[listed], channel[listed]] = number(Reason.REGISTER)
        least, land = strictest(found, rules.basis, who, channel)
        less = np.flatnonzero(np.array(_WORTH)[at(basis, who, channel)] < least)
        who, channel, land = who[less], channel[less], land[less]
        law[who, channel] = rules.basis_law[land, channel]
        reason[who, channel] = number(Reason.LAW)
    return Lawful(reason=reason, law=law, country=country)


def _due(batch: Batch, found: Known, rules: Table) -> Small:
    """Return for each cell a country of the policy's `wash` whose newest file is too old; NOBODY: none."""
    due = sheet(batch.size, NOBODY, np.int16)
    kinds = [(column, kind) for column, name in enumerate(CHANNELS) if (kind := register_kind(name))]
    today = date(1970, 1, 1) + timedelta(days=batch.now // _DAY)
    for place, (land, days) in enumerate(sorted(batch.policy.wash.items())):
        for column, kind in kinds:
            every = int(rules.every[number_of(land), column])
            dated = batch.washed.get((land, kind))
            if dated is None or (today - dated).days > min(days, every or days):
                here = np.flatnonzero(
                    some(found.places[:, column] == number_of(land)) & (due[:, column] == NOBODY)
                )
                due[here, column] = place
    return due


def register_kind(channel: str) -> str:
    """Return which kind of register is asked about a channel, '' for none.

    >>> [register_kind(name) for name in ("letter", "sms", "email", "push")]
    ['letter', 'phone', 'email', '']
    """
    one = Channel(channel)
    return "letter" if one.on_paper else "phone" if one.by_phone else "email" if one is Channel.EMAIL else ""
