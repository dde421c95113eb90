"""One customer's history: every channel, both directions, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

from sqlalchemy import Connection

from store.timeline import events


class Entry(TypedDict):
    """One thing that happened."""

    at: datetime
    kind: str
    """A touchpoint's kind (sent, clicked, paid, ...), or message, delivery, attempt, receipt, statement, consent,
    suppression, suppression_lifted, address, address_verified, address_removed, customer, merged, split.
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
    told = _TITLES.get(kind)
    if told:
        return told(kind, evidence)
    purpose = f": {evidence['purpose']}" if evidence.get("purpose") else ""
    machine = " (a machine)" if evidence.get("machine") else ""
    return f"{_words(kind).capitalize()}{purpose} by {channel}{machine}"


def _message(kind: str, evidence: dict[str, Any]) -> str:
    del kind
    why = f", {_words(evidence['reason'])}" if evidence.get("reason") else ""
    return (
        f"{_words(evidence['purpose']).capitalize()} {evidence['document']}: {_words(evidence['state'])}{why}"
    )


def _delivery(kind: str, evidence: dict[str, Any]) -> str:
    where = (evidence["address"].splitlines() or [""])[0]
    also = f", in the envelope of {evidence['in_envelope_of']}" if evidence.get("in_envelope_of") else ""
    return f"{kind.capitalize()} {evidence['reference']} to {where}: {_words(evidence['state'])}{also}"


def _attempt(kind: str, evidence: dict[str, Any]) -> str:
    code = f" ({evidence['code']})" if evidence.get("code") else ""
    return f"{kind.capitalize()} by {evidence['provider']}: {_words(evidence['state'])}{code}"


def _receipt(kind: str, evidence: dict[str, Any]) -> str:
    del kind
    return f"{evidence['provider']} reported: {_words(evidence['kind'])}"


def _suppression(kind: str, evidence: dict[str, Any]) -> str:
    return f"{_words(kind).capitalize()}: {evidence['address']} ({evidence['reason']})"


def _address(kind: str, evidence: dict[str, Any]) -> str:
    problem = f", {_words(evidence['problem'])}" if evidence.get("problem") else ""
    return f"{_words(kind).capitalize()}: {', '.join(evidence['value'].splitlines())}{problem}"


def _customer(kind: str, evidence: dict[str, Any]) -> str:
    del kind
    return f"Became known as {evidence['standing']}"


def _merge(kind: str, evidence: dict[str, Any]) -> str:
    said = "Merged with another record" if kind == "merged" else "Split from another record"
    return f"{said}: {evidence['because']}"


def _said(kind: str, evidence: dict[str, Any]) -> str:
    spoke = f", by a {evidence['on_behalf']}" if evidence.get("on_behalf") else ""
    about = "all messages" if evidence["topic"] == "all" else evidence["topic"]
    if kind == "consent":
        channel = "" if evidence["channel"] == "all" else f" by {evidence['channel']}"
        return f"Consent {evidence['action']} for {about}{channel} ({evidence['source']}{spoke})"
    until = f" until {evidence['until'][:10]}" if evidence.get("until") else ""
    what = {"order": ", ".join(evidence.get("channels", ())) or "no order", "pause": "a pause"}
    wish = what.get(evidence["kind"], _words(evidence["kind"]))
    return f"Asked for {wish} for {about}{until} ({evidence['source']}{spoke})"


def _words(code: str) -> str:
    return code.replace("_", " ")


_TITLES: Mapping[str, Callable[[str, dict[str, Any]], str]] = {
    "message": _message,
    "delivery": _delivery,
    "attempt": _attempt,
    "receipt": _receipt,
    "statement": _said,
    "consent": _said,
    "suppression": _suppression,
    "suppression_lifted": _suppression,
    "address": _address,
    "address_verified": _address,
    "address_removed": _address,
    "customer": _customer,
    "merged": _merge,
    "split": _merge,
}
