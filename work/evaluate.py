"""Another policy judged by what past runs did and what came of it (`preferences.evaluate`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection

from preferences.behaviour import ENGAGED, fold
from preferences.decision import decide
from preferences.evaluate import Evaluation, evaluate
from preferences.policy import Policy
from store.behaviour import history
from store.logged import logged
from store.runs import Run, find_run
from tidings.facts import Facts, Question
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from work.build import read_context
from work.installation import Installation
from work.plan import BATCH, question_of
from work.whatif import facts_then

WINDOW = timedelta(days=7)
"""How long after it was decided a message may be answered to count."""


def evaluated(
    installation: Installation,
    policy: Policy,
    runs: Sequence[str],
    *,
    now: datetime,
    within: timedelta = WINDOW,
) -> dict[str, Any]:
    """Judge a policy by runs that were sent, each customer with what was known of them when it was decided.

    Args:
        installation: whose store is read; nothing is written.
        policy: to be judged.
        runs: ids.
        now: messages younger than `within` are counted apart: answers may still come.
        within: how long an answer counts.

    Returns:
        {policy, runs, window_days, n, supported, effective_sample_size, overlap, logged, ips, snips, dr, warnings,
        young, same}: the estimates are {value, low, high} or None; `same` is how many messages would go as they went.

    Raises:
        Problem: there is no such run, its template is gone, or it sent nothing.
    """
    with installation.engine.connect() as connection:
        parts = [_of_run(connection, installation, run, policy, within) for run in dict.fromkeys(runs)]
        connection.rollback()
    rows = pl.concat(parts)
    found = _judged(rows)
    young = rows.filter(pl.col("planned_at") > now - within).height
    told = asdict(found)
    told["effective_sample_size"] = round(told.pop("effective"), 1)
    return {
        "policy": policy.digest,
        "runs": list(dict.fromkeys(runs)),
        "window_days": within / timedelta(days=1),
        **told,
        "warnings": [*found.warnings, *(["young"] if young else [])],
        "young": young,
        "same": rows.filter(pl.col("target") == 1.0).height,
    }


def _judged(rows: pl.DataFrame) -> Evaluation:
    return evaluate(
        reward=rows["engaged"].cast(float).to_numpy(),
        propensity=rows["propensity"].to_numpy(),
        target=rows["target"].to_numpy(),
        modelled=rows["modelled"].to_numpy(),
        expected=rows["expected"].to_numpy(),
        reachable=rows["reachable"].to_numpy(),
        silent=rows["silent"].to_numpy(),
    )


def _of_run(
    connection: Connection, installation: Installation, run_id: str, policy: Policy, within: timedelta
) -> pl.DataFrame:
    run = find_run(connection, run_id)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` shows them.")
    context = read_context(connection, installation, run.repeats or run.id)
    question = replace(
        question_of(context.run, context.template, installation.organisation),
        holdout=0.0,
        best_hour_until=None,
    )
    rows = logged(connection, context.run.id, engaged=ENGAGED, within=within)
    if rows.is_empty():
        raise Problem(
            f"Run {run_id} has sent nothing that could be judged.", todo="Name runs that were sent."
        )
    parts = [
        _against(connection, question, some, policy, at, context.run)
        for (at,), group in rows.sort("planned_at", "message").group_by("planned_at", maintain_order=True)
        for some in group.iter_slices(BATCH)
    ]
    return pl.concat(parts)


def _against(
    connection: Connection, question: Question, rows: pl.DataFrame, policy: Policy, at: Any, run: Run
) -> pl.DataFrame:
    """Return the rows with what the policy would do: target, modelled, expected, reachable, silent."""
    known = facts_then(connection, question, rows, at, max(at, run.created_at))
    facts = _behaviour_then(connection, known, rows, policy, at)
    decisions = decide(facts, replace(policy, explore=0.0, best_hour=False), at, explained=False)
    share = policy.explore if question.purpose_class == PurposeClass.MARKETING else 0.0
    ways = decisions.ranked.filter(pl.col("rank").is_not_null()).join(
        decisions.verdicts.filter(pl.col("state") == "ready").select("message"), on="message"
    )
    drawn = (pl.len() > 1) & ~pl.col("reason").str.starts_with("stated_").any()
    each = pl.when(drawn.over("message")).then(share / pl.len().over("message")).otherwise(0.0)
    rest = pl.when(drawn.over("message")).then(1.0 - share).otherwise(1.0)
    ways = ways.with_columns(chance=each + pl.when(pl.col("rank") == 1).then(rest).otherwise(0.0))
    numbered = rows.with_columns(number=pl.Series([str(n) for n in range(rows.height)]))
    mean = decisions.ranked.select("message", "channel", modelled="expected")
    judged = (
        ways.filter(pl.col("chance") > 0)
        .join(numbered.select("number", "possible", "propensity", went="channel"), left_on="message", right_on="number")
        .with_columns(
            could=pl.when(pl.col("propensity") < 1.0)
            .then(pl.col("possible").str.split(",").list.contains(pl.col("channel")))
            .otherwise(pl.col("went") == pl.col("channel"))
        )
        .group_by("message")
        .agg(
            pl.col("could").all().alias("reachable"),
            (pl.col("chance") * pl.col("expected")).sum().alias("expected"),
            pl.col("chance").filter(pl.col("went") == pl.col("channel")).sum().alias("target"),
        )
    )  # fmt: skip
    return (
        numbered.join(judged, left_on="number", right_on="message", how="left", maintain_order="left")
        .join(mean, left_on=["number", "channel"], right_on=["message", "channel"], how="left", maintain_order="left")
        .with_columns(silent=pl.col("reachable").is_null())
        .with_columns(
            pl.col("reachable").fill_null(value=False),
            pl.col("target", "expected", "modelled").fill_null(0.0),
        )
    )  # fmt: skip


def _behaviour_then(
    connection: Connection, facts: Facts, rows: pl.DataFrame, policy: Policy, at: datetime
) -> Facts:
    """Return the facts with what was learnt of the customers by then, folded from their history until then."""
    read = history(connection, rows["customer"].to_list(), before=at)
    found = fold(read.touchpoints, policy.observing)
    columns = facts.behaviour.columns
    then = found.select(pl.col(name).cast(facts.behaviour.schema[name]) for name in columns)
    ours = then.filter(pl.col("purpose_class") == facts.question.purpose_class)
    return replace(facts, behaviour=ours)
