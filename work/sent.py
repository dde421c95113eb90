"""Exactly what a customer was sent: built again from what was frozen, and shown only when its digest is that one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy import Connection

from store.claims import Claimed
from store.invoices import documents
from store.manners import manners
from store.sent import as_claimed
from tidings.message import Content
from work.because import becauses
from work.build import as_it_was, read_context
from work.installation import Installation

log = structlog.get_logger()


class Lost(StrEnum):
    """Why what was sent cannot be shown."""

    NEVER_BUILT = "never_built"
    ERASED = "erased"
    CHANGED = "changed"
    """The template, or what it draws on, is not what it was: other bytes would come out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What left, byte for byte, or why nobody can say."""

    claimed: Claimed
    content: Content | None
    lost: Lost | None


def sent(connection: Connection, installation: Installation, reference: str) -> Sent | None:
    """Return the content of a delivery; None when there is no such delivery, or it was never tried.

    Args:
        connection: any.
        installation: whose templates and archive are used.
        reference: the delivery's.
    """
    claimed = as_claimed(connection, reference)
    if claimed is None:
        return None
    if claimed.content_hash is None:
        return Sent(claimed=claimed, content=None, lost=Lost.NEVER_BUILT)
    if claimed.address == "erased":
        return Sent(claimed=claimed, content=None, lost=Lost.ERASED)
    invoices = documents(connection, [claimed.invoice] if claimed.invoice is not None else [])
    said = manners(connection, [claimed.customer])
    try:
        context = read_context(connection, installation, claimed.run)
        why = becauses(connection, [claimed], installation.organisation).get(claimed.message, "")
        made = as_it_was(connection, claimed, context, installation, invoices, said, why)
    except Exception as error:  # whatever the template has become, this page says only that it is another one
        log.info("what was sent cannot be built again", message=claimed.message, error=type(error).__name__)
        return Sent(claimed=claimed, content=None, lost=Lost.CHANGED)
    return Sent(claimed=claimed, content=made.content if made else None, lost=None if made else Lost.CHANGED)
