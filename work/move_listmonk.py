"""The subscribers that listmonk exports: `uuid, email, name, attributes, status, created_at, updated_at` (v2 to v5).

The status is the subscriber's, not the subscription's: who left the list is in its export as `enabled`, and only an
export of the list's unsubscribed tells who that is. `disabled` gets no mail, `blocklisted` nothing ever: listmonk puts
addresses there that bounced or complained, so ours are suppressed. Times are Go's: `2026-03-03 10:00:00.1 +0000 UTC`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tidings.problem import Problem
from work import reading
from work.move_parts import Parts
from work.reading import Unread

_COLUMNS = {"uuid", "email", "status"}
_STATUSES = ("enabled", "disabled", "blocklisted")
_UNTOLD = (
    "listmonk does not say there who left the list. On its page Lists click the number of unsubscribed, "
    "export them, too, and name that file with --unsubscribed."
)


def read(path: Path, parts: Parts) -> None:
    """Read an export.

    Raises:
        Problem: it is none; names the columns that are missing.
    """
    sheet = reading.read(path, is_header=lambda names: set(names) >= _COLUMNS)
    if missing := sorted(_COLUMNS - set(sheet.frame.columns)):
        raise Problem(
            f"{path} is no list of subscribers of listmonk: it has no column {', '.join(missing)}.",
            todo="Export it there by Subscribers, Export.",
        )
    parts.unread += sheet.unread
    parts.untold = "" if parts.left else _UNTOLD
    for number, row in zip(sheet.rows.to_list(), sheet.frame.iter_rows(named=True), strict=True):
        _subscriber(number, row, parts)


def _subscriber(number: int, row: dict[str, str | None], parts: Parts) -> None:
    reference, status = row["uuid"] or "", (row["status"] or "").casefold()
    attributes, wrong = _attributes(row.get("attributes") or "")
    if wrong:
        parts.unread.append(
            Unread(row=number, value=row.get("attributes") or "", problem=wrong, rejected=False)
        )
    at = _time(row.get("updated_at") or row.get("created_at") or "")
    parts.add(
        "customers",
        number,
        attributes=attributes,
        reference=reference,
        name=row.get("name"),
        email=row["email"],
    )
    match status:
        case "enabled" if not parts.left:
            parts.agreed(number, reference, "email", _time(row.get("created_at") or ""))
        case "enabled" | "disabled":
            parts.withdrew(number, reference, "email", at)
        case _:  # blocklisted, and whatever a later version calls it: never guessed to be a yes
            if status not in _STATUSES:
                parts.unread.append(
                    Unread(
                        row=number, value=status, problem="not a status of listmonk: no mail", rejected=False
                    )
                )
            parts.objected(number, reference, "email", at)
            parts.add(
                "suppressions",
                number,
                channel="email",
                value=row["email"],
                reason=f"{status or 'no status'} in listmonk",
                at=at,
            )


def _attributes(text: str) -> tuple[dict[str, Any], str]:
    if not text:
        return {}, ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "the attributes are not JSON and were left out"
    if not isinstance(found, dict):
        return {}, "the attributes are no JSON object and were left out"
    return found, ""


def _time(text: str) -> str:
    """Return Go's time as ISO 8601: date, time and offset without the zone's name."""
    day, _, rest = text.strip().partition(" ")
    clock, _, offset = rest.partition(" ")
    return f"{day}T{clock.partition('.')[0]}{offset.partition(' ')[0]}" if offset else text
