"""What touchpoints say about a customer and a channel (rule 6): two exponentially forgotten counts and what follows.

Observed is never stated: it moves a channel only where the customer asked for nothing, and only when its
interval beats that of the channel that would come first otherwise. Ages count in whole days, so that the same
facts give the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preferences.policy import Observing
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Bools, Columns, Floats, Ints, different
from tidings.purpose import Purpose

if TYPE_CHECKING:
    import polars as pl

DAY = 86_400_000_000
BACK = ("bounced", "failed", "returned", "rejected")
"""A message that came back has not reached anybody."""
ENGAGED = ("clicked", "replied", "paid", "called")
TOUCHPOINTS = (
    "customer", "touchpoint", "at", "direction", "channel", "kind", "purpose", "machine", "message", "answers",
)  # fmt: skip
"""Columns of history: ids, an instant, words; `message` may be null; `answers` is the channel that a payment
or call answers."""
_KEY = ("customer", "channel", "purpose_class")


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Per line one customer and channel: the posterior of "engages when reached" and how sure it is."""

    customer: Ints
    channel: Ints
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

    reached: the greater of what was sent (less what came back) and what was delivered, so that who reports
    both is not
        counted twice. engaged: messages that a person (no machine) clicked, replied to, paid or called about,
        each once; a payment or call counts where it names its message or channel, and what names no message
        belongs to the last one sent there. Both are weighed at `as_of`, the last touchpoint of the line, so
        that they change only with history.

    Args:
        touchpoints: columns TOUCHPOINTS, all rows of each customer.
        rules: the half-life.

    Returns:
        customer, channel, purpose_class, reached, engaged (at most reached), observations (reached, unweighed),
        last_engaged_at, as_of; sorted.
    """
    import polars as pl

    lines = _lines(touchpoints)
    as_of = pl.col("at").max().over(_KEY)
    lines = lines.with_columns(as_of=as_of)
    age = (lines["as_of"] - lines["at"]).dt.total_microseconds().to_numpy()
    lines = lines.with_columns(weight=pl.Series(weights(age, rules.half_life)))
    sent, back = pl.col("kind") == "sent", pl.col("kind").is_in(BACK)
    once = pl.col("engages") & pl.col("first")
    folded = lines.sort("at", "touchpoint").group_by(_KEY).agg(
        pl.max_horizontal(
            pl.col("weight").filter(sent).sum() - pl.col("weight").filter(back).sum(),
            pl.col("weight").filter(pl.col("kind") == "delivered").sum(),
        ).clip(0).alias("reached"),
        pl.col("weight").filter(once).sum().alias("engaged"),
        pl.max_horizontal(
            sent.cast(pl.Int32).sum() - back.cast(pl.Int32).sum(), (pl.col("kind") == "delivered").cast(pl.Int32).sum()
        ).clip(0).cast(pl.Int32).alias("observations"),
        pl.col("at").filter(once).max().alias("last_engaged_at"),
        pl.col("as_of").first(),
    )  # fmt: skip
    engaged = pl.min_horizontal("engaged", "reached")
    return folded.filter(pl.col("reached") > 0).with_columns(engaged=engaged).sort(_KEY)


def _lines(touchpoints: pl.DataFrame) -> pl.DataFrame:
    """Return what was sent and what was answered, each with its channel and class; `first`: the first answer."""
    import polars as pl

    classes = {purpose.value: purpose.purpose_class.value for purpose in Purpose}
    channels = list(CHANNELS)
    ours = touchpoints.filter(
        (pl.col("direction") == "out") & pl.col("kind").is_in(["sent", "delivered", *BACK])
    )
    theirs = touchpoints.filter(
        (pl.col("direction") == "in") & pl.col("kind").is_in(ENGAGED) & ~pl.col("machine")
    )
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
    first = pl.struct(*_KEY, named).is_first_distinct()
    kept = [*TOUCHPOINTS[:-2], "purpose_class"]
    return pl.concat(
        [
            known[0].select(*kept, engages=pl.lit(value=False), first=pl.lit(value=False)),
            answers.select(*kept, engages=pl.lit(value=True), first=first),
        ]
    )


def scores(columns: Columns, *, purpose_class: str, now: int, rules: Observing) -> Scores:
    """Judge every observed customer and channel of a purpose class.

    The Beta posterior is shrunk to the base rate of (channel, class); mean +- deviations x its standard deviation.
    """
    channel = columns.codes("channel", CHANNELS)
    ours = columns.codes("purpose_class", (purpose_class,)) == 0
    row = np.flatnonzero((columns.row != NOBODY) & (channel != NOBODY) & ours)
    weight = weights(now - columns.whole("as_of")[row], rules.half_life)
    reached = np.maximum(columns.real("reached")[row], 0.0) * weight
    engaged = np.minimum(np.maximum(columns.real("engaged")[row], 0.0) * weight, reached)
    mean, spread = posterior(reached, engaged, base_rates(purpose_class, rules)[channel[row]], rules)
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


def base_rates(purpose_class: str, rules: Observing) -> Floats:
    """Return the base rate of each channel; a half where the policy names none."""
    rates = rules.base_rates.get(purpose_class, {})
    return np.array([rates.get(name, 0.5) for name in CHANNELS])


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


def spread_out(found: Scores, *, size: int, purpose_class: str, rules: Observing) -> Observed:
    """Lay the scores out on the sheet."""
    base = base_rates(purpose_class, rules)
    mean, deviation = posterior(np.zeros(WIDTH), np.zeros(WIDTH), base, rules)
    margin = rules.deviations * deviation
    sheets = [np.tile(start, (size, 1)) for start in (mean, mean - margin, mean + margin)]
    enough = np.zeros((size, WIDTH), dtype=np.bool_)
    row = np.full((size, WIDTH), NOBODY, dtype=np.int64)
    place = (found.customer, found.channel)
    for sheet, values in zip(sheets, (found.mean, found.low, found.high), strict=True):
        sheet[place] = values
    enough[place] = found.observations >= rules.at_least
    row[place] = found.row
    return Observed(mean=sheets[0], low=sheets[1], high=sheets[2], enough=enough, row=row)
