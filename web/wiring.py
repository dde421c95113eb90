"""The one place where the doors meet what they start: runs, reports, timelines. The app is handed these functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Policy
from tidings.campaign import Campaign
from tidings.problem import Problem
from work.installation import Installation


@dataclass(frozen=True, kw_only=True, slots=True)
class Billing:
    """An invoice run as it came through the door: documents of JSON, or a file with its mapping."""

    documents: Sequence[Mapping[str, Any]] = ()
    file: Path | None = None
    file_name: str = ""
    mapping: Path | None = None
    source: str = ""
    """The system whose customer references are used; '' = the mapping's, else any."""
    brand: str | None = None
    enclosures: Sequence[str] = ()
    """PDFs of the library that go with each letter."""
    uploads: Sequence[tuple[str, bytes]] = ()
    """(name, bytes) of PDFs that are put into the library and go with each letter, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A run that is on its way."""

    run: str
    repeats: str | None = None
    """The run that sent this already; nothing is left to do."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the API starts and reads. Each raises `tidings.problem.Problem` for what a person can put right."""

    start_campaign: Callable[[Installation, Policy, Campaign, str, datetime], Started]
    start_invoices: Callable[[Installation, Policy, Billing, str, datetime], Started]
    report: Callable[[Connection, str], Mapping[str, Any]]
    timeline: Callable[[Connection, int], Sequence[Mapping[str, object]]]
    ask_rehearsal: Callable[[Installation, Campaign, datetime | None, int, str, datetime], str] = field(
        default_factory=lambda: _ask_rehearsal
    )


def wired() -> Wiring:
    """Return the functions of `work`. The scheduler hears of a new run by its row and its notification."""
    return Wiring(
        start_campaign=_start_campaign,
        start_invoices=_start_invoices,
        report=_report,
        timeline=_timeline,
    )


def _report(connection: Connection, run: str) -> Mapping[str, Any]:
    from work.report import report

    return report(connection, run)


def _timeline(connection: Connection, customer: int) -> Sequence[Mapping[str, object]]:
    from work.timeline import timeline

    return timeline(connection, customer)


def _start_campaign(
    installation: Installation, policy: Policy, campaign: Campaign, actor: str, now: datetime
) -> Started:
    from work.campaign import open_campaign, parse_campaign

    checked = parse_campaign(campaign.model_dump(mode="json"), where="campaign")
    opened = open_campaign(installation, checked, policy, actor=actor, now=now)
    _tell(installation, opened.run)
    return Started(run=opened.run, repeats=opened.repeats)


def _ask_rehearsal(
    installation: Installation,
    campaign: Campaign,
    until: datetime | None,
    seed: int,
    actor: str,
    now: datetime,
) -> str:
    from work.campaign import checked, parse_campaign
    from work.rehearsal import ask

    asked = parse_campaign(campaign.model_dump(mode="json"), where="campaign")
    checked(installation, asked, now=now)
    with installation.engine.begin() as connection:
        return ask(connection, installation, asked, now=now, until=until, seed=seed, actor=actor)


def _start_invoices(
    installation: Installation, policy: Policy, billing: Billing, actor: str, now: datetime
) -> Started:
    from work.bills import check_bills, read_bills, read_mapping
    from work.enclosures import shelved
    from work.invoicing import open_invoice_run

    brand = installation.organisation.brand(billing.brand)
    try:
        mapping = read_mapping(billing.mapping)
        if billing.file is not None:
            documents, digest = read_bills(billing.file, mapping)
    except Problem as error:  # the caller knows the file by the name that it was sent under
        told = error.what.replace(str(billing.file), billing.file_name).replace(
            str(billing.mapping), "mapping"
        )
        raise Problem(told, todo=error.todo) from error
    if billing.file is None:
        documents = check_bills(list(enumerate(billing.documents, start=1)), mapping)
        text = json.dumps(billing.documents, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
    brought = [shelved(installation, name, content, brand) for name, content in billing.uploads]
    opened = open_invoice_run(
        installation,
        documents,
        policy,
        file_name=billing.file_name or "API",
        file_hash=digest,
        source=billing.source or mapping.constants.get("source", ""),
        actor=actor,
        now=now,
        brand_id=billing.brand,
        enclosures=list(dict.fromkeys([*billing.enclosures, *brought])),
    )
    _tell(installation, opened.run)
    return Started(run=opened.run, repeats=opened.repeats)


def _tell(installation: Installation, run: str) -> None:
    from store.runs import notify

    with installation.engine.begin() as connection:
        notify(connection, run)
