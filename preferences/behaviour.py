"""What touchpoints say about a customer and a channel (rule 6): two exponentially forgotten counts and what follows.

Observed is never stated: it moves a channel only where the customer asked for nothing, and only when its
interval beats that of the channel that would come first otherwise. Ages count in whole days, so that the same
facts give the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preferences.policy import Observing, Policy
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Bools, Columns, Floats, Ints, Small, different
from tidings.facts import Question
from tidings.purpose import Purpose

if TYPE_CHECKING:
    import polars as pl

DAY = 86_400_000_000
BACK = ("bounced", "failed", "returned", "rejected")
"""A message that came back has not reached anybody."""
ENGAGED = ("clicked", "replied", "paid", "called", "visited", "scanned", "redeemed")
TOUCHPOINTS = (
    "customer", "touchpoint", "at", "direction", "channel", "kind", "purpose", "machine", "message", "answers", "link",
)  # fmt: skip
"""Columns of history: ids, an instant, words; `message` and `link` may be null; `answers` is the channel that a
payment, call or visit answers."""
TOO_SOON = timedelta(seconds=2)
"""Nobody opens or clicks so soon after a message was sent or delivered; gateways that look at every link do."""
BURST = timedelta(seconds=1)
"""Nobody clicks different links of a message so fast."""
_KEY = ("customer", "channel", "purpose_class")


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Per line one customer and channel: the posterior of "engages when reached" and how sure it is."""

    customer: Ints
    channel: Small
    row: Ints
    """Row of the frame of facts."""
    mean: Floats
    low: Floats
    high: Floats
    observations: Ints


def weights(age: Ints, half_life: timedelta) -> Floats:
    """Return what an observation of some age (microseconds) still weighs; what lies ahead weighs 1."""
    days = np.maximum(age // DAY, 0)
    if not len(days):
        return np.zeros(0)
    table = np.zeros(int(days.max()) + 1)
    for day in different(days).tolist():
        table[day] = 0.5 ** (day / half_life.days)
    return table[days]


def fold(touchpoints: pl.DataFrame, rules: Observing) -> pl.DataFrame:
    """Fold the whole history of some customers into two exponentially forgotten counts per channel and purpose class.

    reached: the greatest of what was sent (less what came back), what was delivered and what a person opened, so that
        who reports several of them is not counted twice. engaged: messages that a person (no machine, `of_persons`)
        clicked, replied to, paid, called or visited about, scanned or redeemed, each once; a payment, call or visit
        counts where it names its message or channel, and what names no message belongs to the last one sent there.
        Both are weighed at `as_of`, the last touchpoint of the line, so that they change only with history.

    Args:
        touchpoints: columns TOUCHPOINTS, all rows of each customer.
        rules: the half-life.

    Returns:
        customer, channel, purpose_class, reached, engaged (at most reached), observations (reached, unweighed),
        last_engaged_at, as_of; sorted.
    """
    import polars as pl

    lines = _lines(touchpoints)
    lines = lines.with_columns(as_of=pl.col("at").max().over(_KEY))
    age = (lines["as_of"] - lines["at"]).dt.total_microseconds().to_numpy()
    lines = lines.with_columns(weight=pl.Series(weights(age, rules.half_life)))
    sent, back = pl.col("kind") == "sent", pl.col("kind").is_in(BACK)
    arrived, opened = pl.col("kind") == "delivered", pl.col("opens") & pl.col("first")
    once = pl.col("engages") & pl.col("first")

    def reached(value: pl.Expr) -> pl.Expr:
        total = [value.filter(which).sum() for which in (sent, back, arrived, opened)]
        return pl.max_horizontal(total[0] - total[1], total[2], total[3]).clip(0)

    folded = lines.sort("at", "touchpoint").group_by(_KEY).agg(
        reached(pl.col("weight")).alias("reached"),
        pl.col("weight").filter(once).sum().alias("engaged"),
        reached(pl.col("one")).cast(pl.Int32).alias("observations"),
        pl.col("at").filter(once).max().alias("last_engaged_at"),
        pl.col("as_of").first(),
    )  # fmt: skip
    engaged = pl.min_horizontal("engaged", "reached")
    return folded.filter(pl.col("reached") > 0).with_columns(engaged=engaged).sort(_KEY)


def of_persons(touchpoints: pl.DataFrame) -> pl.DataFrame:
    """Return what customers did themselves: not what is marked as a machine's or behaves like one.

    A machine opens or clicks within TOO_SOON of the message, or clicks different links of it within a BURST.
    """
    import polars as pl

    theirs = touchpoints.filter((pl.col("direction") == "in") & ~pl.col("machine"))
    looked = theirs.filter(pl.col("kind").is_in(["opened", "clicked"]) & pl.col("message").is_not_null())
    if looked.is_empty():
        return theirs
    came = touchpoints.filter((pl.col("direction") == "out") & pl.col("kind").is_in(["sent", "delivered"]))
    by = ["customer", "message"]
    soon = (
        looked.sort("at")
        .join_asof(
            came.drop_nulls("message").select(*by, "at", came=pl.col("at")).sort("at"),
            on="at", by=by, strategy="backward", check_sortedness=False,
        )
        .filter(pl.col("at") - pl.col("came") < TOO_SOON)
    )  # fmt: skip
    clicks = looked.filter((pl.col("kind") == "clicked") & (pl.col("link") != "")).sort(
        *by, "at", "touchpoint"
    )
    apart = (pl.col("at") - pl.col("at").shift(1).over(by)).fill_null(BURST) >= BURST
    burst = (
        clicks.with_columns(cluster=apart.cum_sum())
        .with_columns(links=pl.col("link").n_unique().over("cluster"))
        .filter(pl.col("links") > 1)
    )
    machines = pl.concat([soon["touchpoint"], burst["touchpoint"]])
    return theirs.filter(~pl.col("touchpoint").is_in(machines.implode()))


def _lines(touchpoints: pl.DataFrame) -> pl.DataFrame:
    """Return what was sent and what was answered, each with its channel and class; `first`: of its message."""
    import polars as pl

    classes = {purpose.value: purpose.purpose_class.value for purpose in Purpose}
    channels = list(CHANNELS)
    ours = touchpoints.filter(
        (pl.col("direction") == "out") & pl.col("kind").is_in(["sent", "delivered", *BACK])
    )
    theirs = of_persons(touchpoints).filter(pl.col("kind").is_in([*ENGAGED, "opened"]))
    sent = ours.filter((pl.col("kind") == "sent") & pl.col("channel").is_in(channels))
    of_message = (
        sent.drop_nulls("message")
        .sort("at", "touchpoint")
        .unique(["customer", "message"], keep="last", maintain_order=True)
    ).select("customer", "message", pl.col("channel").alias("by"), pl.col("purpose").alias("about"))
    answering = pl.col("channel").is_in(channels)
    theirs = theirs.join(of_message, on=["customer", "message"], how="left").with_columns(
        channel=pl.when(answering).then("channel").otherwise(pl.coalesce("by", "answers")),
        purpose=pl.when(pl.col("purpose") == "").then(pl.col("about").fill_null("")).otherwise("purpose"),
    )
    known = [
        frame.with_columns(
            purpose_class=pl.col("purpose").str.split(".").list.first().replace_strict(classes, default=None)
        )
        .drop_nulls("purpose_class")
        .filter(pl.col("channel").is_in(channels))
        for frame in (ours, theirs)
    ]
    last = known[0].filter(pl.col("kind") == "sent").sort("at", "touchpoint")
    answers = known[1].sort("at", "touchpoint").join_asof(
        last.select(*_KEY, "purpose", "at", pl.format("{}", "touchpoint").alias("last")),
        on="at", by=[*_KEY, "purpose"], strategy="backward", check_sortedness=False,
    )  # fmt: skip
    named = pl.coalesce("message", "last", pl.format("alone {}", "touchpoint"))
    opens = pl.col("kind") == "opened"
    first = pl.struct(*_KEY, opens, named).is_first_distinct()
    kept = [*map(pl.col, TOUCHPOINTS[:-3]), pl.col("purpose_class"), pl.lit(1, dtype=pl.Int32).alias("one")]
    never = pl.lit(value=False)
    return pl.concat(
        [
            known[0].select(*kept, engages=never, opens=never, first=never),
            answers.select(*kept, engages=~opens, opens=opens, first=first),
        ]
    )


def scores(columns: Columns, *, purpose_class: str, now: int, rules: Observing, base: Floats) -> Scores:
    """Judge every observed customer and channel of a purpose class.

    The Beta posterior is shrunk to `base`, the base rate of each channel; mean +- deviations x its standard deviation.
    """
    channel = columns.codes("channel", CHANNELS)
    ours = columns.codes("purpose_class", (purpose_class,)) == 0
    row = columns.rows(channel != NOBODY, ours)
    weight = weights(now - columns.whole("as_of")[row], rules.half_life)
    reached = np.maximum(columns.real("reached")[row], 0.0) * weight
    engaged = np.minimum(np.maximum(columns.real("engaged")[row], 0.0) * weight, reached)
    mean, spread = posterior(reached, engaged, base[channel[row]], rules)
    return Scores(
        customer=columns.row[row],
        channel=channel[row],
        row=row,
        mean=mean,
        low=mean - rules.deviations * spread,
        high=mean + rules.deviations * spread,
        observations=columns.whole("observations", 0)[row],
    )


def posterior(reached: Floats, engaged: Floats, base: Floats, rules: Observing) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of Beta(engaged + k base, reached - engaged + k (1 - base))."""
    total = reached + rules.prior_strength
    mean = (engaged + rules.prior_strength * base) / total
    return mean, np.sqrt(mean * (1.0 - mean) / (total + 1.0))


def base_rates(question: Question, policy: Policy) -> Floats:
    """Return the base rate of each channel for a question, as `shrunk` does."""
    return shrunk(question.purpose_class, question.population.rates, policy)


def shrunk(purpose_class: str, population: Mapping[str, Sequence[float]], policy: Policy) -> Floats:
    """Return the base rate of each channel: the policy's (a half where it names none), moved by the population's.

    Args:
        purpose_class: whose rates the policy names.
        population: by channel: counts reached and engaged of all customers.
        policy: its rates, and how many messages they are worth.
    """
    rates = policy.observing.base_rates.get(purpose_class, {})
    prior = np.array([rates.get(name, 0.5) for name in CHANNELS])
    seen = np.array([population.get(name, (0.0, 0.0)) for name in CHANNELS])
    reached = np.maximum(seen[:, 0], 0.0)
    engaged = np.clip(seen[:, 1], 0.0, reached)
    strength = policy.learning.base_strength
    rate: Floats = (engaged + strength * prior) / (reached + strength)
    return rate


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Customers x channels: mean and interval of every channel (its base rate where nothing was seen)."""

    mean: Floats
    low: Floats
    high: Floats
    enough: Bools
    row: Ints

    def of(self, person: Ints) -> Observed:
        """Return the lines of some customers, in that order, with repeats."""
        return Observed(**{part.name: getattr(self, part.name)[person] for part in fields(self)})


def spread_out(found: Scores, *, size: int, rules: Observing, base: Floats) -> Observed:
    """Lay the scores out on the sheet."""
    mean, deviation = posterior(np.zeros(WIDTH), np.zeros(WIDTH), base, rules)
    margin = rules.deviations * deviation
    cell = found.channel * np.int64(size) + found.customer
    sheets = []
    for start, values in ((mean, found.mean), (mean - margin, found.low), (mean + margin, found.high)):
        sheets.append(np.repeat(start, size))
        sheets[-1][cell] = values
    enough = np.zeros(size * WIDTH, dtype=np.bool_)
    row = np.full(size * WIDTH, NOBODY, dtype=np.int64)
    enough[cell], row[cell] = found.observations >= rules.at_least, found.row
    shape = (WIDTH, size)
    return Observed(
        mean=sheets[0].reshape(shape).T,
        low=sheets[1].reshape(shape).T,
        high=sheets[2].reshape(shape).T,
        enough=enough.reshape(shape).T,
        row=row.reshape(shape).T,
    )
