"""From a frozen audience to decided messages, shard by shard."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy
from store.facts import read_facts
from store.messages import planned, write_decisions
from store.runs import Run
from templates.catalog import Template
from tidings.channel import Channel
from tidings.facts import Decisions, Question
from tidings.organisation import Organisation
from work.installation import Installation
from work.own_time import hold_for_own_time

if TYPE_CHECKING:
    import polars as pl

BATCH = 20_000  # Rows decided at once: about 60 MB of frames; larger ones are no faster.


def question_of(run: Run, template: Template, organisation: Organisation) -> Question:
    """Return what a run asks of `preferences.decision`."""
    brand = organisation.brand(run.brand)
    rendered = set(template.channels) & set(brand.channels)
    allowed = [channel for channel in run.options.get("channels", list(Channel)) if channel in rendered]
    return Question(
        run=run.id,
        brand=run.brand,
        topic=run.topic,
        purpose_class=run.purpose_class,
        channels=tuple(allowed),
        default_order=tuple(str(channel) for channel in brand.order_for(run.purpose)),
        costs=expected_costs(organisation),
        brand_name=brand.name,
    )


def expected_costs(organisation: Organisation) -> dict[str, float]:
    """Return what one message of each channel is expected to cost: one SMS part, one domestic sheet."""
    return {channel: float(organisation.costs.expected(channel)) for channel in Channel}


def plan_shard(
    installation: Installation, run: Run, template: Template, policy: Policy, *, shard: int, now: datetime
) -> int:
    """Decide every undecided message of a shard; returns how many. Running it again decides only what is left."""
    question = question_of(run, template, installation.organisation)
    decided = 0
    while True:
        with installation.engine.begin() as connection:
            rows = planned(connection, run.id, shard, limit=BATCH)
            if not rows:
                return decided
            decisions = ask(connection, question, [(*row, []) for row in rows], policy, now=now)
            write_decisions(connection, as_rows(decisions, question.costs), keep_keys=run.kind == "campaign")
            hold_for_own_time(connection, run, [message for message, _ in rows])
            decided += len(rows)


def ask(
    connection: Connection,
    question: Question,
    rows: list[tuple[str, int, list[str]]],
    policy: Policy,
    *,
    now: datetime,
    explained: bool = True,
) -> Decisions:
    """Read the facts of (message, customer, tried) rows and decide them. The only way to a decision in `work`.

    `explained` as in `preferences.decision.decide`.
    """
    import polars as pl

    messages, customers, tried = zip(*rows, strict=True) if rows else ((), (), ())
    nothing = pl.lit([], dtype=pl.List(pl.String))  # mostly: lists are slow to convert, one by one
    asked = pl.DataFrame(
        {"message": messages, "customer": customers}, schema={"message": pl.String, "customer": pl.Int64}
    ).with_columns(
        pl.Series("tried", tried, dtype=pl.List(pl.String)) if any(tried) else nothing.alias("tried")
    )
    return decide(read_facts(connection, question, asked, now), policy, now, explained=explained)


def as_rows(decisions: Decisions, costs: Mapping[str, float]) -> "pl.DataFrame":
    """Return verdicts as `store.messages.write_decisions` takes them, the ranked list as one JSON text a message."""
    import polars as pl

    def or_null(column: str) -> pl.Expr:
        return pl.col(column).cast(pl.String).fill_null("null")

    entry = pl.concat_str(
        pl.lit('{"channel":"'),
        pl.col("channel"),
        pl.lit('","rank":'),
        or_null("rank"),
        pl.lit(',"reason":"'),
        pl.col("reason"),
        pl.lit('","address":'),
        or_null("address"),
        pl.lit(',"evidence":'),
        pl.col("evidence").fill_null("{}"),
        pl.lit("}"),
    )
    ranked = (
        decisions.ranked.sort("message", pl.col("rank").fill_null(127), "channel")
        .with_columns(entry.alias("entry"))
        .group_by("message", maintain_order=True)
        .agg(pl.col("entry").str.join(","))
        .select("message", pl.concat_str(pl.lit("["), "entry", pl.lit("]")).alias("decision"))
    )
    price = pl.col("channel").replace_strict(dict(costs), default=0.0, return_dtype=pl.Float64).round(5)
    return decisions.verdicts.join(ranked, on="message", how="left").with_columns(
        price.cast(pl.String).alias("cost"), pl.col("decision").fill_null("[]")
    )
