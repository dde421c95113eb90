"""One customer's history: every channel, both directions, oldest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypedDict

from sqlalchemy import Connection

from store.timeline import events


class Entry(TypedDict):
    """One thing that happened."""

    at: datetime
    kind: str
    """A touchpoint's kind (sent, clicked, paid, ...), or message, delivery, attempt, receipt, statement, consent,
    suppression, suppression_lifted, address, address_verified, address_removed, customer.
    """
    channel: str
    """Also call, visit, web, payment; '' where it is about none or all."""
    direction: str
    """`in` from the customer, `out` from us, '' for our own books."""
    title: str
    message: str | None
    evidence: dict[str, Any]


def timeline(connection: Connection, customer: int) -> list[Entry]:
    """Return everything that happened with a customer; an empty list for a stranger.

    Args:
        connection: in whose transaction it is read.
        customer: the id, see `store.customers.find`.
    """
    return [
        Entry(
            at=row.at.astimezone(UTC),
            kind=row.kind,
            channel=row.channel,
            direction=row.direction,
            title=title(row.kind, row.channel, row.evidence),
            message=str(row.message) if row.message else None,
            evidence=row.evidence,
        )
        for row in events(connection, customer)
    ]


def title(kind: str, channel: str, evidence: dict[str, Any]) -> str:
    """Return a line of plain English.

    >>> title("statement", "", {"kind": "order", "topic": "invoice", "channels": ["letter"], "source": "form"})
    'Asked for letter for invoice (form)'
    >>> title("clicked", "email", {"purpose": "offer"})
    'Clicked: offer by email'
    """
    match kind:
        case "message":
            why = f", {_words(evidence['reason'])}" if evidence.get("reason") else ""
            return f"{_words(evidence['purpose']).capitalize()} {evidence['document']}: {_words(evidence['state'])}{why}"
        case "delivery":
            return f"Delivery {evidence['reference']} to {evidence['address'].splitlines()[0]}: {_words(evidence['state'])}"
        case "attempt":
            code = f" ({evidence['code']})" if evidence.get("code") else ""
            return f"Attempt by {evidence['provider']}: {_words(evidence['state'])}{code}"
        case "receipt":
            return f"{evidence['provider']} reported: {_words(evidence['kind'])}"
        case "statement" | "consent":
            return _said(kind, evidence)
        case "suppression" | "suppression_lifted":
            return f"{_words(kind).capitalize()}: {evidence['address']} ({evidence['reason']})"
        case "address" | "address_verified" | "address_removed":
            problem = f", {_words(evidence['problem'])}" if evidence.get("problem") else ""
            return f"{_words(kind).capitalize()}: {', '.join(evidence['value'].splitlines())}{problem}"
        case "customer":
            return f"Became known as {evidence['standing']}"
    purpose = f": {evidence['purpose']}" if evidence.get("purpose") else ""
    machine = " (a machine)" if evidence.get("machine") else ""
    return f"{_words(kind).capitalize()}{purpose} by {channel}{machine}"


def _said(kind: str, evidence: dict[str, Any]) -> str:
    about = "all messages" if evidence["topic"] == "all" else evidence["topic"]
    if kind == "consent":
        channel = "" if evidence["channel"] == "all" else f" by {evidence['channel']}"
        return f"Consent {evidence['action']} for {about}{channel} ({evidence['source']})"
    until = f" until {evidence['until'][:10]}" if evidence.get("until") else ""
    what = {"order": ", ".join(evidence.get("channels", ())) or "no order", "pause": "a pause"}
    return f"Asked for {what.get(evidence['kind'], _words(evidence['kind']))} for {about}{until} ({evidence['source']})"


def _words(code: str) -> str:
    return code.replace("_", " ")
