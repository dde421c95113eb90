"""Why a customer got a message on this channel, or why not: the decision as stored, and whether it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from preferences.explain import sentence
from store.comail import of_messages
from store.customers import find, time_zone
from store.decided import of_message, of_run, of_same_edition
from store.runs import Run, find_run
from tidings.problem import Problem
from tidings.reason import Reason
from work.installation import Installation
from work.proof import prove


def explain(
    installation: Installation,
    reference: str,
    run_id: str,
    *,
    now: datetime,
    language: str = "en",
    source: str | None = None,
) -> dict[str, Any]:
    """Explain what a run decided for a customer.

    Args:
        installation: whose store is read.
        reference: the customer's, as `store.customers.find` takes it.
        run_id: a campaign's or an invoice run's.
        now: what the decision is compared with: the same question today.
        language: of the sentences.
        source: the system of the reference; None looks in all.

    Returns:
        {customer, run, message, document, state, reason, sentence, channel, policy, decided_at, due_at,
        proved, differs, unknown, facts_changed, today, channels: [{channel, rank, reason, sentence, evidence}],
        envelope, others}: `proved` and what follows it as `work.proof.Proof` has them; `channels` as decided, in order;
        `today` is {state, reason, channel} when the same question would now be answered differently, else None;
        `envelope` is None, or {with_message, with_purpose, with_document, sheets, saved, inside, reason, sentence} of
        a letter that shared its envelope: `inside` of it, or on top; `saved` is the postage, in the organisation's
        currency. `others` has the customer's other documents of an invoice run in the same form.
        For a run that found the customer already served, the message of the original run, with state `held`,
        reason `already_sent` and `original_run`.

    Raises:
        Problem: no such customer or run, or the customer has no part in it.
    """
    with installation.engine.begin() as connection:
        customer = find(connection, reference, source)
        if customer is None:
            raise Problem(
                f"There is no customer {reference!r}.",
                todo="Give a reference, an e-mail address or a number.",
            )
        run = find_run(connection, run_id)
        if run is None:
            raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` shows them.")
        rows = of_run(connection, customer, run_id)
        repeated = not rows
        rows = rows or of_same_edition(connection, customer, run_id)
        if not rows:
            raise Problem(
                f"Customer {reference!r} has no part in {run_id}: it is not in the audience and has no document there.",
                todo=f"`tidings timeline {reference}` shows what there is.",
            )
        told = [_told(connection, installation, run, row, reference, language, now) for row in rows]
    if repeated:
        told = [_already_sent(one, run, language) for one in told]
    return told[0] | {"others": told[1:]}


def explain_message(
    connection: Connection, installation: Installation, message: str, *, now: datetime, language: str = "en"
) -> dict[str, Any] | None:
    """Explain one message by its id, as `explain` does; None when there is none. `customer` is the number."""
    row = of_message(connection, message)
    if row is None or (run := find_run(connection, row.run)) is None:
        return None
    return _told(connection, installation, run, row, row.customer, language, now)


def _already_sent(told: dict[str, Any], run: Run, language: str) -> dict[str, Any]:
    again = {"state": "held", "reason": Reason.ALREADY_SENT.value, "run": run.id, "original_run": told["run"]}
    return told | again | {"sentence": sentence(Reason.ALREADY_SENT, language, {})}


def _told(
    connection: Connection,
    installation: Installation,
    asked: Run,
    row: Any,
    reference: str | int,
    language: str,
    now: datetime,
) -> dict[str, Any]:
    """Tell of a message; `asked`: the run that was asked about, its own or another one of its edition."""
    run = asked if asked.id == row.run else find_run(connection, row.run)
    assert run is not None
    writes_on = installation.organisation.brand(
        run.brand
    ).channels  # of what a brand has not, nothing is told
    zone = time_zone(connection, row.customer)
    channels = [
        told_channel(entry, language, zone)
        for entry in row.decision
        if entry["rank"] or entry["channel"] in writes_on
    ]
    return {
        "customer": reference,
        "run": row.run,
        "message": row.message,
        "document": row.document,
        "state": row.state,
        "reason": row.reason,
        "sentence": told_sentence(row.reason, channels, language, zone),
        "channel": row.channel,
        "decided_at": row.decided_at.astimezone(UTC),
        "due_at": row.due_at.astimezone(UTC) if row.due_at else None,
        **prove(connection, installation, run, row, now=now).as_json(),
        "channels": channels,
        "envelope": _envelope(connection, row.message, language),
    }


def _envelope(connection: Connection, message: str, language: str) -> dict[str, Any] | None:
    """Return what a letter shared its envelope with, and why, in a sentence."""
    found = of_messages(connection, [message]).get(message)
    if found is None:
        return None
    evidence = {name: value for name, value in found.items() if name != "at"} | {"saved": str(found["saved"])}
    told = sentence(Reason.CO_MAILED, language, evidence)
    return {**evidence, "reason": Reason.CO_MAILED.value, "sentence": told}


def told_channel(entry: Mapping[str, Any], language: str, zone: str) -> dict[str, Any]:
    """Return a channel of a decision with its sentence: {channel, rank, reason, sentence, evidence}."""
    evidence = {**(entry.get("evidence") or {}), **entry.get("collection", {})}
    told = sentence(entry["reason"], language, {**evidence, "channel": entry["channel"]}, zone=zone)
    return {
        "channel": entry["channel"],
        "rank": entry["rank"],
        "reason": entry["reason"],
        "sentence": told,
        "evidence": evidence,
    }


def told_sentence(reason: str, channels: list[dict[str, Any]], language: str, zone: str) -> str:
    """Return the sentence of the message: why it is held or waits, else why it has its first channel."""
    first = channels[0] if channels else dict[str, Any](sentence="", evidence={})
    if not reason:
        return str(first["sentence"])
    try:
        return sentence(reason, language, first["evidence"], zone=zone)
    except ValueError:  # an answer of a provider
        return reason
