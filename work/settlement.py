"""What becomes of invoices: paid, credited, cancelled, disputed. What has not left by then is not sent."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from store import invoice_events as store
from store.audit import note
from store.invoice_events import InvoiceEvent
from tidings.problem import Problem
from work.billing import amount
from work.installation import Installation

SAYS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "paid": "paid payment settled betalt betald oplacona paga",
        "credited": "credited kreditert krediterad skorygowana creditada",
        "cancelled": "cancelled canceled void voided annullert makulerad anulowana cancelada",
        "disputed": "disputed dispute bestridt bestridd kwestionowana contestada",
        "resolved": "resolved settled_dispute",
    }.items()
    for word in words.split()
}
_ID_LENGTH = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What a file of statuses came to."""

    counts: Mapping[str, int]
    """New events by kind."""
    known: int
    """Said before."""
    cancelled: Sequence[str]
    """Messages that are not sent any more."""
    wrong: Sequence[str]
    """A sentence for each row that could not be used."""


def take_statuses(
    installation: Installation, path: Path, *, brand_id: str | None, actor: str, now: datetime
) -> Settled:
    """Read what became of invoices: number or payment reference, status, amount, at, id.

    Raises:
        Problem: the file cannot be read, or has no column for the invoice or its status.
    """
    from work.reading import read

    brand = installation.organisation.brand(brand_id)
    sheet = read(path, is_header=lambda cells: "status" in cells)
    columns = set(sheet.frame.columns)
    name = "number" if "number" in columns else "reference"
    if not {name, "status"} <= columns:
        raise Problem(
            f"{path} has no column `number` or `reference`, or none called `status`.",
            todo="Write number,status,amount,at,id; amount, at and id may be missing.",
        )
    rows = list(zip(sheet.rows, sheet.frame.iter_rows(named=True), strict=True))
    with installation.engine.begin() as connection:
        known = store.invoices_of(
            connection, brand.id, sorted({str(row[name]) for _, row in rows if row[name]})
        )
        events, wrong = _events(rows, name, known, source=f"file:{brand.id}", now=now)
        counts = Counter(one.kind for one in events if store.record(connection, [one]))
        cancelled = store.withdraw(connection, now=now, invoices=sorted({one.invoice for one in events}))
        if counts:
            note(connection, actor=actor, action="invoice_status", subject=brand.id, detail=dict(counts))
    return Settled(counts=counts, known=len(events) - counts.total(), cancelled=cancelled, wrong=wrong)


def _events(
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    name: str,
    known: Mapping[str, int],
    *,
    source: str,
    now: datetime,
) -> tuple[list[InvoiceEvent], list[str]]:
    events: list[InvoiceEvent] = []
    wrong: list[str] = []
    for row, said in rows:
        try:
            events.append(_event(said, name, known, source=source, now=now))
        except ValueError as error:
            wrong.append(f"row {row}: {error}")
    return events, wrong


def _event(
    said: Mapping[str, Any], name: str, known: Mapping[str, int], *, source: str, now: datetime
) -> InvoiceEvent:
    called = str(said[name] or "")
    kind = SAYS.get(str(said["status"] or "").strip().casefold(), "")
    if called not in known:
        msg = f"{name}: there is no invoice {called!r}"
        raise ValueError(msg)
    if not kind:
        msg = f"status: {said['status']!r} is none of {', '.join(store.KINDS)}"
        raise ValueError(msg)
    try:
        paid = amount(str(said["amount"])) if said.get("amount") else None
    except Problem as problem:
        msg = f"amount: {problem.what}"
        raise ValueError(msg) from problem
    identity = json.dumps([called, kind, str(paid), said.get("at")])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_ID_LENGTH]
    return InvoiceEvent(
        invoice=known[called],
        kind=kind,
        at=_instant(said.get("at"), now),
        source=source,
        external_id=str(said.get("id") or f"row-{digest}"),
        amount=paid,
    )


def _instant(text: str | None, now: datetime) -> datetime:
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"at: {text!r} is no time; write 2026-11-22 or 2026-11-22T10:00:00Z"
        raise ValueError(msg) from error
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)


def settle_one(
    connection: Connection,
    invoice: int,
    kind: str,
    *,
    paid: Decimal | None,
    source: str,
    external_id: str,
    now: datetime,
) -> list[str]:
    """Write down one thing that became of an invoice; returns the messages that are not sent any more."""
    event = InvoiceEvent(
        invoice=invoice, kind=kind, at=now, source=source, external_id=external_id, amount=paid
    )
    store.record(connection, [event])
    return store.withdraw(connection, now=now, invoices=[invoice])


def withdraw_settled(installation: Installation, *, now: datetime) -> int:
    """Take payments that came as touchpoints and cancel what is planned of invoices that are over; returns how many."""
    with installation.engine.begin() as connection:
        store.take_payments(connection)
        return len(store.withdraw(connection, now=now))
