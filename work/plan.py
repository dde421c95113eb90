"""From a frozen audience to decided messages, shard by shard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy
from preferences.sheet import WIDTH
from store.facts import read_facts
from store.limits import shares_of
from store.messages import planned, write_decisions
from store.runs import Run
from store.undecided import AT_ONCE, Taken, next_undecided, write_messages, write_undecided
from templates.catalog import Template
from tidings.campaign import USUAL_PRIORITY, Budget
from tidings.channel import Channel
from tidings.facts import Decisions, Question
from tidings.organisation import Organisation
from work.collection import hold_for_collection
from work.coming import coming
from work.enclosures import sheets_of
from work.installation import Installation
from work.learnt import learnt_of
from work.own_time import hold_for_own_time

if TYPE_CHECKING:
    import polars as pl

BATCH = AT_ONCE  # Rows decided at once: larger frames are no faster.


def question_of(run: Run, template: Template, organisation: Organisation) -> Question:
    """Return what a run asks of `preferences.decision`."""
    brand = organisation.brand(run.brand)
    rendered = set(template.channels) & set(brand.channels)
    allowed = [channel for channel in run.options.get("channels", list(Channel)) if channel in rendered]
    costs, budget = costs_of(run, organisation), budget_of(run)
    return Question(
        run=run.id,
        brand=run.brand,
        topic=run.topic,
        purpose_class=run.purpose_class,
        channels=tuple(allowed),
        default_order=tuple(str(channel) for channel in brand.order_for(run.purpose)),
        costs=costs,
        brand_name=brand.name,
        priority=run.options.get("campaign", {}).get("priority", USUAL_PRIORITY),
        budget=_told(run),
        limited=() if budget is None else tuple(limited(budget, costs)),
        **learnt_of(run),
    )


def budget_of(run: Run) -> Budget | None:
    """Return the budget of a run's campaign."""
    said = run.options.get("campaign", {}).get("budget")
    return Budget.model_validate(said) if said else None


def limited(budget: Budget, costs: Mapping[str, float]) -> list[str]:
    """Return the channels that a budget limits: who was given no share of it has none of them."""
    paid = {name for name, cost in costs.items() if cost > 0} if budget.amount is not None else set()
    return [str(name) for name in Channel if name in budget.counts or name in paid]


def _told(run: Run) -> str:
    """Return the run's budget and its cut lines as evidence, '' where none was shared out."""
    lines = run.options.get("limits", {}).get("budget", ())
    kept = [{name: line[name] for name in ("limit", "most", "cut_line")} for line in lines]
    return json.dumps(kept) if kept else ""


def expected_costs(organisation: Organisation) -> dict[str, float]:
    """Return what one message of each channel is expected to cost: one SMS part, one domestic sheet."""
    return {channel: float(organisation.costs.expected(channel)) for channel in Channel}


def costs_of(run: Run, organisation: Organisation) -> dict[str, float]:
    """Return the same for a run, whose letters may carry enclosures."""
    costs = expected_costs(organisation)
    postage = next(iter(organisation.costs.postage.values()))
    return {**costs, Channel.LETTER: costs[Channel.LETTER] + sheets_of(run) * float(postage.sheet)}


def plan_shard(
    installation: Installation, run: Run, template: Template, policy: Policy, *, shard: int, now: datetime
) -> int:
    """Decide who waits in a shard and every undecided message of it; returns how many.

    Running it again decides only what is left.
    """
    question = question_of(run, template, installation.organisation)
    decided = 0
    while True:
        try:
            with installation.engine.begin() as connection:
                count = _plan_list(connection, installation, run, question, policy, shard=shard, now=now)
        except Taken:
            with installation.engine.begin() as connection:
                write_undecided(connection, runs=[run.id], shard=shard)
            continue
        if not count:
            break
        decided += count
    while True:
        with installation.engine.begin() as connection:
            rows = planned(connection, run.id, shard, limit=BATCH)
            if not rows:
                return decided
            decisions = ask(connection, question, [(*row, []) for row in rows], policy, now=now)
            decided_rows = as_rows(decisions, question.costs, expecting=budget_of(run) is not None)
            write_decisions(connection, decided_rows, keep_keys=run.kind == "campaign")
            _let_wait(connection, installation, run, [message for message, _ in rows])
            decided += len(rows)
        if len(rows) < BATCH:  # What others had begun was waited for: there is no more.
            return decided


def _plan_list(
    connection: Connection,
    installation: Installation,
    run: Run,
    question: Question,
    policy: Policy,
    *,
    shard: int,
    now: datetime,
) -> int:
    """Write the messages of one list of customers, decided; returns how many, 0 when nobody waits any more.

    Raises:
        Taken: somebody has got this document by another way meanwhile.
    """
    waiting = next_undecided(connection, run.id, shard)
    if waiting is None:
        return 0
    people = waiting.people
    decisions = _ask(connection, question, people.select("message", "customer"), policy, now=now)
    decided = as_rows(decisions, question.costs, expecting=budget_of(run) is not None)
    kind = {"brand": run.brand, "purpose": run.purpose, "purpose_class": run.purpose_class}
    write_messages(connection, waiting, decided, run=kind)
    _let_wait(connection, installation, run, people["message"].to_list())
    return people.height


def _let_wait(connection: Connection, installation: Installation, run: Run, messages: Sequence[str]) -> None:
    hold_for_own_time(connection, run, messages)
    hold_for_collection(connection, installation, messages)


def ask(
    connection: Connection,
    question: Question,
    rows: list[tuple[str, int, list[str]]],
    policy: Policy,
    *,
    now: datetime,
    explained: bool = True,
    waited: bool = False,
) -> Decisions:
    """Read the facts of (message, customer, tried) rows and decide them. The only way to a decision in `work`.

    A run's budget that was shared out binds: what it closed of a message is closed, and whatever it limits of one that
    had no share.

    `explained` as in `preferences.decision.decide`; `waited`: they were planned before and have had their best hour.
    """
    import polars as pl

    messages, customers, tried = zip(*rows, strict=True) if rows else ((), (), ())
    asked = pl.DataFrame(
        {"message": messages, "customer": customers}, schema={"message": pl.String, "customer": pl.Int64}
    )
    if waited:
        asked = asked.with_columns(pl.lit(value=True).alias("waited"))
    if any(tried):
        asked = asked.with_columns(pl.Series("tried", tried, dtype=pl.List(pl.String)))
    return _ask(connection, question, asked, policy, now=now, explained=explained)


def _ask(
    connection: Connection,
    question: Question,
    asked: "pl.DataFrame",
    policy: Policy,
    *,
    now: datetime,
    explained: bool = True,
) -> Decisions:
    """Read the facts of messages and customers, of whom nothing was tried unless it says so, and decide them."""
    import polars as pl

    if "tried" not in asked.columns:  # lists are slow to convert, one by one
        asked = asked.with_columns(pl.lit([], dtype=pl.List(pl.String)).alias("tried"))
    if question.budget:
        asked = _with_shares(connection, question, asked)
    facts = read_facts(connection, question, asked, now)
    facts = replace(facts, coming=coming(connection, question, asked["customer"].to_list(), now=now))
    return decide(facts, policy, now, explained=explained)


def _with_shares(connection: Connection, question: Question, asked: "pl.DataFrame") -> "pl.DataFrame":
    """Say of each message what the budget closes."""
    import polars as pl

    shares, none = shares_of(connection, asked["message"].to_list()), list(question.limited)
    told = [shares.get(message, (None, None)) for message in asked["message"].to_list()]
    return asked.with_columns(
        pl.Series("over_budget", [none if one is None else one for one, _ in told], dtype=pl.List(pl.String)),
        pl.Series("gain", [gain for _, gain in told], dtype=pl.Float64),
    )


def as_rows(
    decisions: Decisions,
    costs: Mapping[str, float],
    *,
    expecting: bool = False,
    again_at: datetime | None = None,
) -> "pl.DataFrame":
    """Return verdicts as `store.messages.write_decisions` takes them, the ranked list as one JSON text a message.

    All channels of a message are ranked, one after the other; messages without a verdict are left out.

    `expecting`: with how likely the customer engages on each channel, which a budget is shared out by.
    `again_at`: when it is not decided as it is planned but once more, later: that is kept for its proof.
    """
    import polars as pl

    def told(column: str, value: pl.Expr) -> pl.Expr:
        return pl.concat_str(pl.lit(f',"{column}":'), value.cast(pl.String)).fill_null("")

    # A closed channel has no address, and rests on nothing more than its reason: a million rows are shorter without.
    entry = pl.concat_str(
        pl.lit('{"channel":"'),
        pl.col("channel"),
        pl.lit('","rank":'),
        pl.col("rank").cast(pl.String).fill_null("null"),
        pl.lit(',"reason":"'),
        pl.col("reason"),
        pl.lit('"'),
        told("address", pl.col("address")),
        told("evidence", pl.when(pl.col("evidence") != "{}").then("evidence")),
        *((told("expected", pl.col("expected").round(9)),) if expecting else ()),
        *((pl.lit(f',"decided_at":"{again_at.isoformat()}"'),) if again_at else ()),
        pl.lit("}"),
    )
    # Of each message by rank, then those that have none by name: one small number for both, sorted five at a time.
    places = {name: place for place, name in enumerate(sorted(Channel))}
    order = decisions.ranked.select(
        pl.col("rank").cast(pl.Int16).fill_null(127) * WIDTH
        + pl.col("channel").replace_strict(places, return_dtype=pl.Int16)
    )[:, 0].to_numpy().reshape(-1, WIDTH).argsort(axis=1)  # fmt: skip
    place = (order + np.arange(len(order))[:, None] * WIDTH).ravel()
    entries = decisions.ranked.select(entry)[:, 0][place]
    listed = pl.DataFrame(
        {
            "message": decisions.ranked["message"].gather_every(WIDTH),
            "decision": "[" + entries.reshape((-1, WIDTH)).arr.join(",") + "]",
        }
    )
    price = pl.col("channel").replace_strict(dict(costs), default=0.0, return_dtype=pl.Float64).round(5)
    return decisions.verdicts.join(listed, on="message", how="left", maintain_order="left").with_columns(
        price.cast(pl.String).alias("cost")
    )
