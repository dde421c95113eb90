"""What binds a run as a whole, once all of its messages are decided: one letter for a household, and the budget.

Both hold after that, too. A message that goes another way when it is claimed may not take what was given to others:
what the budget closed stays closed, and who was covered by a letter that does not go has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection

from preferences.budget import Line, Shared, Wanted, share_out
from preferences.household import covered
from preferences.policy import Policy
from preferences.sheet import CHANNELS, NOBODY, WIDTH
from store import limits as stored
from store.facts import read_facts
from store.messages import to_ask_again, write_decisions
from store.runs import Run, find_run, set_run
from tidings.campaign import Budget
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from work.build import RunContext, context_of
from work.collection import hold_for_collection
from work.installation import Installation
from work.plan import BATCH, as_rows, ask, budget_of, costs_of, limited, question_of

if TYPE_CHECKING:
    import polars as pl


def hold_to_limits(installation: Installation, context: RunContext, policy: Policy, *, now: datetime) -> None:
    """Let one letter of each household go, then share the budget out; once, and with the run locked."""
    if context.run.purpose_class != PurposeClass.MARKETING:
        return
    with installation.engine.begin() as connection:
        run = find_run(connection, context.run.id, lock=True)
        if run is None or run.state != "planning" or "limits" in run.options:
            return
        held = cover_households(connection, installation, replace(context, run=run), policy, now)
        budget = budget_of(run)
        if held:
            run = _noted(connection, run, {"households": held})
        if budget is not None:
            _share(connection, installation, replace(context, run=run), budget, policy, now)


def cover_households(
    connection: Connection, installation: Installation, context: RunContext, policy: Policy, now: datetime
) -> int:
    """Hold the letters of a run that another one stands for; returns how many."""
    import polars as pl

    letters = stored.letters_of_households(connection, context.run.id)
    if not letters.height:
        return 0
    question = question_of(context.run, context.template, installation.organisation)
    asked = letters.select("message", "customer", tried=pl.lit([], dtype=pl.List(pl.String)))
    said = read_facts(connection, question, asked, now).statements
    pairs = covered(letters, said, question, together=policy.household, now=now)
    return stored.cover(connection, pairs.rows())


def cover_fallen(
    connection: Connection, installation: Installation, policy: Policy, *, now: datetime, silent: bool = True
) -> None:
    """Hold the letters that follow another channel to their households, too: who stays silent lives together.

    Where none followed a silence (`silent`) those that are due are looked at: what bounces is followed at once.
    """
    for run_id in stored.runs_fallen(connection, due=None if silent else now):
        run = find_run(connection, run_id)
        assert run is not None
        try:
            context = context_of(connection, installation, run)
        except Problem:  # its template is gone: nothing of it leaves
            continue
        held = cover_households(connection, installation, context, policy, now)
        if held and "households" not in (known := run.options.get("limits", {})):
            _noted(connection, run, {**known, "households": held})


def _share(
    connection: Connection,
    installation: Installation,
    context: RunContext,
    budget: Budget,
    policy: Policy,
    now: datetime,
) -> None:
    """Give the budget to those who gain most, and decide the others once more without what it closes."""
    run, costs = context.run, costs_of(context.run, installation.organisation)
    wanted = _wanted(stored.lists_of(connection, run.id))
    amount = None if budget.amount is None else float(budget.amount)
    shared = share_out(
        wanted, {str(name): most for name, most in budget.counts.items()}, amount, costs, run=run.id
    )
    stored.write_shares(connection, run.id, _shares(wanted, shared), everything=limited(budget, costs))
    lines = [_plain(line) for line in shared.lines]
    run = _noted(connection, run, {**run.options.get("limits", {}), "budget": lines})
    question = question_of(run, context.template, installation.organisation)
    cut = [wanted.keys[row] for row in np.flatnonzero(shared.place != 0).tolist()]
    for begin in range(0, len(cut), BATCH):
        rows = to_ask_again(connection, cut[begin : begin + BATCH])
        decisions = ask(connection, question, rows, policy, now=now)
        decided = as_rows(decisions, costs, expecting=True, again_at=now)
        write_decisions(connection, decided, keep_keys=True, anew=True)
        hold_for_collection(connection, installation, [message for message, *_ in rows])


def _noted(connection: Connection, run: Run, limits: Mapping[str, Any]) -> Run:
    """Keep with a run what its limits did."""
    options = {**run.options, "limits": limits}
    set_run(connection, run.id, options=options)
    return replace(run, options=options)


def _wanted(lists: pl.DataFrame) -> Wanted:
    keys = lists["message"].unique(maintain_order=True)
    place = np.unique(lists["message"].to_numpy(), return_inverse=True)[1]
    column = lists["rank"].to_numpy() - 1
    channel = np.full((len(keys), WIDTH), NOBODY, dtype=np.int64)
    expected = np.zeros((len(keys), WIDTH))
    names = {name: number for number, name in enumerate(CHANNELS)}
    channel[place, column] = [names[name] for name in lists["channel"].to_list()]
    expected[place, column] = lists["expected"].to_numpy()
    return Wanted(keys=keys.to_list(), channel=channel, expected=expected)


def _shares(wanted: Wanted, shared: Shared) -> pl.DataFrame:
    import polars as pl

    words = np.array(CHANNELS)
    known = {bits: words[list(bits)].tolist() for bits in {tuple(row) for row in shared.closed.tolist()}}
    return pl.DataFrame(
        {
            "message": wanted.keys,
            "over_budget": [known[tuple(row)] for row in shared.closed.tolist()],
            "gain": np.round(shared.gain, 9),
        },
        schema={"message": pl.String, "over_budget": pl.List(pl.String), "gain": pl.Float64},
    )


def _plain(line: Line) -> dict[str, Any]:
    """Return a line of the budget as it is kept, reported and given as evidence."""
    return {
        "limit": line.limit,
        "most": line.most,
        "wanted": round(line.wanted, 5),
        "used": round(line.used, 5),
        "cut": line.cut,
        "cut_line": None if line.cut_line is None else round(line.cut_line, 9),
        "shadow_price": round(line.shadow_price, 9),
    }
