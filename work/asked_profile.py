"""Customers whose attribute `einvoice` names no profile: what they asked for is not known, so it is told, not done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from store.invoices import other_profiles
from templates.einvoice.legal import PROFILES
from work.bill_document import Document

NAMED = 20
"""Customers that are named; the others are counted."""


def misspelt(connection: Connection, documents: Sequence[tuple[Document, int]]) -> dict[str, Any]:
    """Return {customers, known: [profile], named: [{customer, value}]} of the customers of a run; {} without any.

    An invoice that names its profile itself does not ask its customer.
    """
    asked = {
        customer: one.invoice.customer
        for one, customer in documents
        if one.invoice is not None and one.invoice.profile == "auto"
    }
    found = other_profiles(connection, list(asked), PROFILES)
    if not found:
        return {}
    named = [{"customer": asked[customer], "value": value} for customer, value in found[:NAMED]]
    return {"customers": len(found), "known": list(PROFILES), "named": named}
