"""The audit log: who did what, and why. Append-only."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from store.tables import audit


def note(
    connection: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Write down what somebody did."""
    connection.execute(
        insert(audit).values(actor=actor, action=action, subject=subject, detail=dict(detail or {}))
    )
