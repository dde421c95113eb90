"""The stages of a run, each safe to call again: open, plan a shard, make documents, check, release, send, close.

A run's state says how far it is; whoever goes on with it, in whatever process, calls the same functions.
"""

from dataclasses import dataclass
from datetime import datetime

from preferences.policy import Policy
from store.limits import uncover
from store.messages import pending
from store.runs import Run, find_run, set_run
from tidings.problem import Problem
from work.build import RunContext, read_context
from work.campaign import campaign_of, freeze
from work.complaints import hold_back
from work.credits import follow
from work.departures import doubt_departed
from work.installation import Installation
from work.invoicing import render_documents
from work.limits import hold_to_limits
from work.parity import check_facts
from work.plan import plan_shard
from work.release import needs_release


@dataclass(frozen=True, kw_only=True, slots=True)
class Shards:
    """What is left of a run: how many shards it was cut into, and how many messages in all."""

    run: str
    title: str
    kind: str
    count: int
    messages: int


def begin(installation: Installation, run_id: str, *, now: datetime) -> Shards:
    """Freeze the audience, unless that is done; returns the shards to work through.

    Raises:
        Problem: there is no such run.
    """
    run = _run(installation, run_id)
    if run.state == "scheduled":
        freeze(installation, run, campaign_of(run), now=now)
        run = _run(installation, run_id)
    size = run.audience - run.already_sent - sum(len(named) for named in run.rejected.values())
    return Shards(run=run.id, title=run.title, kind=run.kind, count=run.shards, messages=size)


def plan(installation: Installation, run_id: str, shard: int, policy: Policy, *, now: datetime) -> int:
    """Decide what is undecided in a shard and make its documents; returns how many messages were decided."""
    context = _context(installation, run_id)
    decided = plan_shard(installation, context.run, context.template, policy, shard=shard, now=now)
    if context.run.kind == "invoice_run":
        render_documents(installation, context.run, context.template, shard=shard)
        follow(installation, run_id, shard)
    with installation.engine.begin() as connection:
        doubt_departed(connection, installation.settings, run=run_id, shard=shard, now=now)
    return decided


def open_for_sending(installation: Installation, run_id: str, *, now: datetime | None = None) -> Run:
    """Hold the run to its limits, check that all channels would say the same, then let it send or wait for a release.

    Args:
        installation: whose run it is.
        run_id: of the run, every shard planned.
        now: what its budget cuts is decided again as of then; None: when it was to start.

    Raises:
        Problem: a fact is missing or different on a channel; nothing is sent.
    """
    context = _context(installation, run_id)
    if context.run.state != "planning":
        return context.run
    hold_to_limits(installation, context, installation.policy, now=now or context.run.starts_at)
    check_facts(installation, context)
    with installation.engine.begin() as connection:
        run = find_run(connection, run_id, lock=True)
        if run is not None and run.state == "planning":
            waits = needs_release(connection, installation, run)
            set_run(connection, run_id, state="waiting_release" if waits else "sending")
            if not waits:
                hold_back(connection, run, now=now or run.starts_at)
    return _run(installation, run_id)


def close(installation: Installation, run_id: str, *, now: datetime) -> None:
    """Mark a run finished when nothing in it is left to do; what waits keeps it open, a rehearsal is over."""
    with installation.engine.begin() as connection:
        run = find_run(connection, run_id, lock=True)
        if run is not None and run.state == "sending":
            uncover(connection, [run_id], now=now)
            if run.mode != "rehearsal" and pending(connection, run_id):
                return
            set_run(connection, run_id, state="finished", finished_at=now)


def _run(installation: Installation, run_id: str) -> Run:
    with installation.engine.begin() as connection:
        run = find_run(connection, run_id)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` lists them.")
    return run


def _context(installation: Installation, run_id: str) -> RunContext:
    with installation.engine.begin() as connection:
        return read_context(connection, installation, run_id)
