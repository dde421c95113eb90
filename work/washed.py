"""A fresh wash file has come: what was held because the last one was too old is decided again, once for each file."""

from __future__ import annotations

from datetime import datetime

from preferences.policy import Policy
from store import registers
from store.messages import to_ask_again, write_decisions
from store.policies import current_policy
from store.runs import find_run
from tidings.purpose import PurposeClass
from tidings.reason import Reason
from work.build import context_of, expiry
from work.collection import hold_for_collection
from work.installation import Installation
from work.limits import cover_households
from work.plan import BATCH, as_rows, ask, question_of


def decide_washed(installation: Installation, policy: Policy, *, now: datetime) -> int:
    """Decide again what waits for a register, in runs that are neither stopped nor over; returns how many are let go.

    A run takes one transaction a batch and is locked meanwhile, so that it is not stopped half-way. What was imported
    while this went on is looked at the next time.
    """
    with installation.engine.begin() as connection:
        fresh = registers.unapplied(connection)
        runs = registers.runs_waiting(connection, reason=Reason.WASH_DUE) if fresh else []
    let_go = sum(_of_run(installation, run, policy, now) for run in runs)
    if fresh:
        with installation.engine.begin() as connection:
            registers.apply(connection, fresh, now=now)
    return let_go


def _of_run(installation: Installation, run_id: str, policy: Policy, now: datetime) -> int:
    let_go, after = 0, None
    while True:
        with installation.engine.begin() as connection:
            run = find_run(connection, run_id, lock=True)
            held = registers.waiting(connection, run_id, reason=Reason.WASH_DUE, after=after, limit=BATCH)
            if run is None or run.state == "stopped" or not held:
                return let_go
            context = context_of(connection, installation, run)
            last = expiry(run)
            if last is not None and last < now.date():
                return let_go
            question = question_of(run, context.template, installation.organisation)
            rows = to_ask_again(connection, held)
            decisions = ask(connection, question, rows, policy, now=now)
            current_policy(connection, policy)
            write_decisions(
                connection,
                as_rows(decisions, question.costs, expecting=True, again_at=now),
                keep_keys=run.kind == "campaign",
            )
            if run.purpose_class == PurposeClass.MARKETING:
                cover_households(connection, installation, context, policy, now)
            hold_for_collection(connection, installation, held)
            let_go += int((decisions.verdicts["state"] == "ready").sum())
            after = held[-1]
