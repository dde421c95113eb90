"""The report of a run, counted from rows: audience = planned + held, planned = sent + failed + unknown + waiting."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from store.comail import shared_of
from store.in_full import in_full
from store.invoices import held as held_documents
from store.messages import counts
from store.runs import Run, find_run
from store.tally import went_on
from tidings.problem import Problem
from tidings.reason import Reason
from tidings.state import MessageState
from work.lift import lift_of
from work.savings import savings

HELD = {MessageState.HELD, MessageState.SUPPRESSED, MessageState.CANCELLED}
UNDECIDED = "undecided"


def report(connection: Connection, run_id: str, *, lifted: bool = True) -> dict[str, Any]:
    """Return {run, audience, planned, held, sent, failed, unknown, waiting, cost}; the sums always agree.

    `planned` is counted by first choice, `sent` by the channel that accepted last; `went_on`, where there are any, are
    the messages that had left on a channel before and are counted where they went on to. `cost` is {currency, total,
    channels}: what was sent at its price, on every channel that took it, what waits at its expected one. `saved`, where
    there are any, is of `work.savings`: letters that did not have to leave. `budget` is what its limits did.
    `without_xml`, where there are any, are taxed invoices of a brand without a tax number: a PDF that carries no XML.
    `misspelt` is of `work.asked_profile`: customers whose attribute `einvoice` names no profile.

    `holdout`, where the campaign has one, is what `work.lift.lift_of` says; it reads every message, so that a page that
    asks again and again leaves it out (`lifted`).

    Raises:
        Problem: there is no such run.
    """
    run = find_run(connection, run_id)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` lists them.")
    planned: Counter[str] = Counter()
    held: Counter[str] = Counter({reason: len(documents) for reason, documents in run.rejected.items()})
    held[Reason.ALREADY_SENT] += run.already_sent
    sent: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    unknown = 0
    left = went_on(connection, [run_id])
    spent = defaultdict(Decimal, {row.channel: row.cost for row in left})
    # A run that was read before its audience was frozen has none, whatever was committed since.
    for row in counts(connection, run_id) if run.state != "scheduled" else ():
        if row.state in HELD:
            held[row.reason] += row.n
            continue
        planned[row.first_channel or UNDECIDED] += row.n
        match row.state:
            case MessageState.DONE:
                sent[row.channel] += row.n
            case MessageState.UNDELIVERABLE:
                failed[row.reason] += row.n
                continue
            case MessageState.IN_DELIVERY:
                unknown += row.n
            case _:
                waiting[_why(run, row.reason)] += row.n
        if row.channel:
            spent[row.channel] += row.cost
    return {
        "run": run.id,
        "audience": run.audience,
        "planned": _plain(planned),
        "held": _plain(held),
        "sent": _plain(sent),
        "failed": _plain(failed),
        "unknown": unknown,
        "waiting": _plain(waiting),
        "cost": {
            "currency": run.options.get("currency", ""),
            "total": str(sum(spent.values(), Decimal(0)).quantize(Decimal("0.01"))),
            "channels": {channel: str(cost.normalize()) for channel, cost in sorted(spent.items()) if cost},
        },
        **({"went_on": _plain(Counter({row.channel: row.n for row in left}))} if left else {}),
        **_where_there_is(connection, run, lifted=lifted),
    }


def _where_there_is(connection: Connection, run: Run, *, lifted: bool) -> dict[str, Any]:
    """Return what only some runs have: a budget, invoices without XML, letters that were spared, a holdout.

    `in_full` are documents laid out in full although others are filled, by kind and `templates.typeset.Cause`.
    `co_mailed` is {letters, amount}: letters in the envelope of another one, and the postage that this saved.
    """
    letters, postage = shared_of(connection, run.id)
    found = {
        "budget": run.options.get("limits", {}).get("budget"),
        "without_xml": run.options.get("without_xml"),
        "misspelt": run.options.get("misspelt"),
        "saved": savings(connection, run),
        "co_mailed": {"letters": letters, "amount": str(postage.quantize(Decimal("0.01")))}
        if letters
        else None,
        "in_full": in_full(connection, run.id),
        "holdout": lift_of(connection, run) if lifted else None,
    }
    if not found["saved"]["channels"]:
        del found["saved"]
    return {key: value for key, value in found.items() if value}


def rejected_lines(connection: Connection, run_id: str) -> list[str]:
    """Return one sentence for each document of an invoice run that was held because it is wrong, by row."""
    run = find_run(connection, run_id)
    named = (
        [] if run is None else [(reason, item) for reason, items in run.rejected.items() for item in items]
    )
    named.sort(key=lambda pair: pair[1]["row"])
    return [
        *(
            f"row {item['row']}, invoice {item['number'] or '(no number)'}: {reason}: {item['detail']}"
            for reason, item in named
        ),
        *(
            f"invoice {number}: {Reason.WRONG_DOCUMENT}: {problem}"
            for number, problem in held_documents(connection, run_id)
        ),
    ]


def _why(run: Run, reason: str) -> str:
    """Say what a message waits for: the whole run's reason before its own."""
    if run.mode == "rehearsal":
        return Reason.REHEARSAL
    if run.state == "waiting_release":
        return Reason.RELEASE
    if run.state in {"paused", "stopped", "scheduled", "planning"}:
        return run.state
    return reason or "due"


def _plain(counter: Counter[str]) -> dict[str, int]:
    return {str(key): n for key, n in sorted(counter.items()) if n}
