"""What a customer may ask of their data: a copy of all of it, and to be erased. Both after a second factor, audited."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from store import audit, erasures, touchpoints
from store.export import everything
from store.persons import members

Parts = Mapping[str, list[dict[str, Any]]]


def export(
    connection: Connection, *, customer: int, brand: str, page: Callable[[Parts], str], now: datetime
) -> bytes:
    """Return a ZIP with `data.json` (GDPR art. 20) and the same to read, `data.html`; that it was made is audited.

    Args:
        connection: in a transaction.
        customer: whose data.
        brand: at whose page.
        page: makes HTML of the parts.
        now: this moment.
    """
    parts = everything(connection, members(connection, customer))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        whole = {"made_at": now.isoformat(timespec="seconds"), **parts}
        for name, content in (
            ("data.json", json.dumps(whole, ensure_ascii=False, indent=1)),
            ("data.html", page(parts)),
        ):
            entry = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.encode("utf-8", "replace"))
    _note(connection, customer, brand, "export_own_data", now)
    return out.getvalue()


def ask_erasure(connection: Connection, *, customer: int, brand: str, now: datetime) -> bool:
    """Queue the wish to be erased, for people to decide; False when it waits already."""
    asked = erasures.ask(connection, customer=customer, brand=brand, now=now)
    if asked:
        _note(connection, customer, brand, "ask_erasure", now)
    return asked


def _note(connection: Connection, customer: int, brand: str, kind: str, now: datetime) -> None:
    touchpoints.record(
        connection,
        [
            touchpoints.Touchpoint(
                customer=customer,
                brand=brand,
                source="form",
                external_id=str(uuid4()),
                direction="in",
                channel="web",
                kind=kind,
                detail={"actor": "customer"},
                at=now,
            )
        ],
    )
    audit.note(
        connection, actor="customer", action=kind, subject=f"customer:{customer}", detail={"brand": brand}
    )
