"""The versions of a template that were ever used, with what they said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.tables import runs, templates


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A version of a template as a run used it."""

    id: int
    name: str
    version: str
    content_hash: str
    texts: Mapping[str, str]
    """File to content; empty of one that was used before texts were kept."""
    created_at: datetime
    runs: int


def recorded(connection: Connection, name: str) -> list[Recorded]:
    """Return the versions of a template, the newest first, each with how many runs it had."""
    used = (
        select(func.count())
        .select_from(runs)
        .where(runs.c.template_id == templates.c.id, runs.c.mode != "rehearsal")
    )
    columns = [templates.c[key] for key in Recorded.__slots__ if key != "runs"]
    query = (
        select(*columns, used.scalar_subquery().label("runs"))
        .where(templates.c.name == name)
        .order_by(templates.c.created_at.desc(), templates.c.id.desc())
    )
    return [Recorded(**row._mapping) for row in connection.execute(query)]


def use_counts(connection: Connection) -> Mapping[str, int]:
    """Return how many runs each template had, by name."""
    query = (
        select(templates.c.name, func.count())
        .join(runs, runs.c.template_id == templates.c.id)
        .where(runs.c.mode != "rehearsal")
        .group_by(templates.c.name)
    )
    return {name: count for name, count in connection.execute(query)}
