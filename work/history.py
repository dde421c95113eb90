"""The history of a customer's choices, and the way back: an undo is one more choice, nothing is taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Policy
from store.history import last_change, said
from tidings.behalf import SUPPORT
from tidings.organisation import Brand
from work.preference import Saved, channels_in, read, save
from work.scribe import is_marketing, questions
from work.wishes import NONE

MOST = 200
"""Rows that the page shows."""
_SOURCES = ("form", "unsubscribe", "reply", "api", "import", "provider", "merge")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What was said at one moment in one place."""

    at: datetime
    source: str
    """form, unsubscribe, reply, api, import, provider, merge, other."""
    behalf: bool
    """Somebody of ours wrote it down for the customer; a list or another system brought what they had said there."""
    spoke: str
    """Who spoke for the customer with a mandate, '' when nobody did."""
    items: Sequence[Mapping[str, Any]]
    """{kind, topic, channels, value, until_at}."""


def history(connection: Connection, *, customer: int, brand: Brand) -> list[Entry]:
    """Return what was said for a brand, newest first."""
    rows = said(connection, customer=customer, brand=brand.id, most=MOST)
    entries = []
    for (at, source, actor, spoke), items in groupby(
        rows,
        key=lambda row: (row["at"].replace(microsecond=0), row["source"], row["actor"], row["on_behalf"]),
    ):
        place = source.partition(":")[0]
        entries.append(
            Entry(
                at=at,
                source=place if place in _SOURCES else "other",
                spoke="" if spoke == SUPPORT else spoke,
                behalf=spoke == SUPPORT or (actor.startswith("staff:") and place != "import"),
                items=_distinct(items),
            )
        )
    return entries


def _distinct(rows: Any) -> list[Mapping[str, Any]]:
    """Join what consents say of the same topic into one line: permission for these channels."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        joined = row["kind"] in ("given", "legacy", "withdrawn", "objected")
        key = (row["kind"], row["topic"], *(() if joined else (row["id"],)))
        if key in found:
            found[key]["channels"] = sorted({*found[key]["channels"], *row["channels"]})
        else:
            found[key] = {name: row[name] for name in ("kind", "topic", "channels", "value", "until_at")}
    return list(found.values())


def undo(
    connection: Connection, *, customer: int, brand: Brand, proof: str, policy: Policy, now: datetime
) -> Saved | None:
    """Say again what held before the last change on a page; None when there is nothing to undo.

    Channels that cannot be used any more stay out. To undo an undo is to do it again.
    """
    last = last_change(connection, customer=customer, brand=brand.id)
    known = read(connection, customer=customer, brand=brand, policy=policy, now=now)
    if last is None or known is None:
        return None
    told = {key: value for key, value in last["detail"]["before"].items() if key in known.answers}
    before = {key: _possible(key, value, known.usable, brand) for key, value in told.items()}
    return save(
        connection,
        customer=customer,
        brand=brand,
        answers={key: value for key, value in before.items() if value != NONE or is_marketing(key)},
        shown={},
        proof=f"{proof}, undoes change {last['id']} of {last['at']:%Y-%m-%dT%H:%M:%SZ}",
        policy=policy,
        now=now,
        kind="preference_undone",
    )


def _possible(key: str, answer: str, usable: frozenset[str], brand: Brand) -> str:
    if key not in questions(brand) or answer in ("", NONE):
        return answer
    return ",".join(channel for channel in channels_in(answer) if channel in usable) or NONE
