"""How customers behave in a rehearsal: drawn from what was learnt of them, or as it then happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from preferences.behaviour import base_rates, posterior, weights
from preferences.digest import mixed, word
from preferences.policy import Policy
from preferences.sheet import CHANNELS, NEVER, WIDTH, Floats, Ints, microseconds
from store.rehearsals import Seen
from tidings.channel import Channel
from tidings.facts import Facts
from work.course import REACTIONS, Outcome, Sent

if TYPE_CHECKING:
    import polars as pl

WORTH = 50.0
"""How many messages an assumption below is worth against what was counted."""
BOUNCE = {
    Channel.EMAIL: 0.01,
    Channel.SMS: 0.01,
    Channel.PUSH: 0.03,
    Channel.LETTER: 0.005,
    Channel.WHATSAPP: 0.01,
}
OPENED = {Channel.EMAIL: 0.3}
"""Beside those who answer; the other channels tell nobody who looked."""
PAID = 0.2
"""Of those who answer, before anything is known."""
HOURS = {Channel.EMAIL: 6.0, Channel.SMS: 1.0, Channel.PUSH: 1.0, Channel.LETTER: 96.0, Channel.WHATSAPP: 1.0}
"""Until half of those who answer have done so."""
BOUNCE_HOURS = {Channel.LETTER: 120.0}
SOON = 0.1
"""Hours until another channel's bounce is known."""
_HOUR = 3_600_000_000


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What is likely on each channel, in the order of CHANNELS."""

    bounced: Floats
    opened: Floats
    paid: Floats
    hours: Floats


def rates(seen: Mapping[str, Seen]) -> Rates:
    """Return the rates of what was counted, each drawn towards its assumption as far as little was seen."""

    def share(part: str, assumed: Mapping[Channel, float], of: str = "sent", usual: float = 0.0) -> Floats:
        found = []
        for name in CHANNELS:
            one = seen.get(name, Seen())
            base = assumed.get(Channel(name), usual)
            found.append((getattr(one, part) + WORTH * base) / (getattr(one, of) + WORTH))
        clipped: Floats = np.clip(np.array(found), 0.0, 0.95)
        return clipped

    hours = [
        seen[name].hours if name in seen and seen[name].hours > 0 else HOURS[Channel(name)]
        for name in CHANNELS
    ]
    return Rates(
        bounced=share("bounced", BOUNCE),
        opened=share("opened", OPENED),
        paid=share("paid", {}, of="answered", usual=PAID),
        hours=np.array(hours),
    )


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Behaviour by chance: the same seed, customer and channel always do the same."""

    seed: int
    rates: Rates
    answers: Floats
    """Customers x channels: how likely a customer answers, by row of the simulation."""

    def __call__(self, sent: Sent) -> Outcome:
        """Draw what becomes of messages."""
        lot = {
            name: self._lot(sent, name) for name in ("bounced", "answers", "opened", "paid", "when", "look")
        }
        chance = self.answers[sent.row, sent.channel]
        gone = lot["bounced"] < self.rates.bounced[sent.channel]
        answers = ~gone & (lot["answers"] < chance)
        looks = ~gone & (
            answers & (self.rates.opened[sent.channel] > 0)
            | (lot["opened"] < self.rates.opened[sent.channel])
        )
        pays = answers & (lot["paid"] < self.rates.paid[sent.channel])
        half = self.rates.hours[sent.channel]
        when = sent.at + (-np.log2(1.0 - lot["when"]) * half * _HOUR).astype(np.int64)
        look = np.where(answers, sent.at + ((when - sent.at) * lot["look"]).astype(np.int64), when)
        back = np.array([BOUNCE_HOURS.get(Channel(name), SOON) for name in CHANNELS])[sent.channel]
        reactions = {
            "opened": np.where(looks, look, NEVER),
            "clicked": np.where(answers & ~pays, when, NEVER),
            "paid": np.where(pays, when, NEVER),
        }
        return Outcome(
            bounced=np.where(gone, sent.at + (back * _HOUR).astype(np.int64), NEVER),
            heard=np.minimum.reduce([reactions[kind] for kind in REACTIONS]),
            reactions=reactions,
            expected=chance * (1.0 - self.rates.bounced[sent.channel]),
        )

    def _lot(self, sent: Sent, what: str) -> Floats:
        """Return a number in [0, 1) for each message, of seed, customer, channel and what it is drawn for."""
        start = np.uint64(word(f"{self.seed}\n{what}"))
        place = (sent.customer * WIDTH + sent.channel).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        lot: Floats = (mixed(mixed(place) + start) >> np.uint64(11)).astype(np.float64) / float(1 << 53)
        return lot


def chances(customers: Ints, facts: Facts, *, now: datetime, policy: Policy) -> Floats:
    """Return how likely each customer answers on each channel: the mean of what the decision sees.

    Args:
        customers: sorted.
        facts: what is known, with the question.
        now: at what instant.
        policy: how behaviour is judged.
    """
    import polars as pl

    rules, behaviour = policy.observing, facts.behaviour
    base = base_rates(facts.question, policy)
    found = np.tile(base, (len(customers), 1))
    ours = behaviour.filter(
        (pl.col("purpose_class") == facts.question.purpose_class)
        & pl.col("channel").is_in(CHANNELS)
        & pl.col("customer").is_in(customers)
    )
    if not ours.height:
        return found
    place = np.searchsorted(customers, ours["customer"].to_numpy())
    channel = ours["channel"].replace_strict(CHANNELS, range(WIDTH), return_dtype=pl.Int64).to_numpy()
    weight = weights(microseconds(now) - ours["as_of"].cast(pl.Int64).to_numpy(), rules.half_life)
    reached = np.maximum(ours["reached"].to_numpy(), 0.0) * weight
    engaged = np.minimum(np.maximum(ours["engaged"].to_numpy(), 0.0) * weight, reached)
    found[place, channel] = posterior(reached, engaged, base[channel], rules)[0]
    return found


@dataclass(frozen=True, kw_only=True)
class Happened:
    """Behaviour as it was in a run; what the run never sent is neither answered nor does it come back.

    `seen` is a frame of `store.rehearsals.happened`.
    """

    seen: pl.DataFrame

    def __call__(self, sent: Sent) -> Outcome:
        """Return what became of messages."""
        import polars as pl

        asked = pl.DataFrame(
            {"customer": sent.customer, "channel": np.array(CHANNELS, dtype=object)[sent.channel]}
        )
        found = asked.with_columns(pl.col("channel").cast(pl.String)).join(
            self.seen, on=["customer", "channel"], how="left", maintain_order="left"
        )

        def instants(column: str) -> Ints:
            return found[column].cast(pl.Int64).fill_null(NEVER).to_numpy()

        heard = instants("heard_at")
        return Outcome(
            bounced=instants("bounced_at"),
            heard=heard,
            reactions={kind: instants(f"{kind}_at") for kind in REACTIONS},
            expected=(heard != NEVER).astype(np.float64),
        )
