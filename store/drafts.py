"""Campaigns that are not runs yet: what marketing has written, whether it is approved, and by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError

from store.tables import campaign_runs, campaigns, drafts, runs, seeds
from tidings.problem import Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One row of `drafts`."""

    id: int
    name: str
    edition: str
    definition: Mapping[str, Any]
    state: str
    """draft, waiting_approval, approved, dropped."""
    asked_for: str
    asked_by: str
    asked_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    note: str
    run_id: str | None
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


_COLUMNS = [drafts.c[name] for name in Draft.__slots__]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A draft beside its run, as a list shows it; the run's values are '' and None without one."""

    draft: Draft
    run_state: str
    starts_at: datetime | None
    audience: int


def add(
    connection: Connection,
    *,
    name: str,
    edition: str,
    definition: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> int:
    """Insert a draft; returns its id.

    Raises:
        Problem: there is one of this name and edition already.
    """
    row = dict(definition)
    statement = pg_insert(drafts).values(
        name=name,
        edition=edition,
        definition=row,
        created_by=actor,
        created_at=now,
        updated_by=actor,
        updated_at=now,
    )
    added = connection.execute(statement.on_conflict_do_nothing().returning(drafts.c.id)).scalar()
    if added is None:
        raise _taken(name, edition)
    return int(added)


def find(connection: Connection, draft_id: int, *, lock: bool = False) -> Draft | None:
    """Return a draft that was not dropped, locked for the transaction when asked."""
    query = select(*_COLUMNS).where(drafts.c.id == draft_id, drafts.c.state != "dropped")
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return Draft(**row._mapping) if row else None


def change(connection: Connection, draft_id: int, **values: Any) -> None:
    """Change columns of a draft.

    Raises:
        Problem: another draft has its new name and edition.
    """
    try:
        with connection.begin_nested():
            connection.execute(update(drafts).where(drafts.c.id == draft_id).values(**values))
    except IntegrityError as error:
        raise _taken(values.get("name", ""), values.get("edition", "")) from error


def listed(connection: Connection, *, limit: int = 200) -> list[Listed]:
    """Return drafts with their runs, the last changed first."""
    query = (
        select(*_COLUMNS, runs.c.state.label("run_state"), runs.c.starts_at, runs.c.audience)
        .outerjoin(runs, runs.c.id == drafts.c.run_id)
        .where(drafts.c.state != "dropped")
        .order_by(drafts.c.updated_at.desc(), drafts.c.id.desc())
        .limit(limit)
    )
    return [
        Listed(
            draft=Draft(**{name: row._mapping[name] for name in Draft.__slots__}),
            run_state=row.run_state or "",
            starts_at=row.starts_at,
            audience=row.audience or 0,
        )
        for row in connection.execute(query)
    ]


def withdraw_run(connection: Connection, run_id: str) -> bool:
    """Take back a run that has not begun, with its campaign; returns False when it has.

    Nothing of it was selected, so nothing is lost, and the name and edition are free again.
    """
    locked = connection.execute(select(runs.c.state).where(runs.c.id == run_id).with_for_update()).scalar()
    touched = text("SELECT EXISTS (SELECT 1 FROM messages WHERE run_id = :run)")
    if locked != "scheduled" or connection.scalar(touched, {"run": run_id}):
        return False
    campaign = connection.scalar(
        delete(campaign_runs).where(campaign_runs.c.run_id == run_id).returning(campaign_runs.c.campaign_id)
    )
    connection.execute(update(drafts).where(drafts.c.run_id == run_id).values(run_id=None))
    connection.execute(delete(runs).where(runs.c.id == run_id))
    others = select(campaign_runs.c.run_id).where(campaign_runs.c.campaign_id == campaign)
    connection.execute(delete(campaigns).where(campaigns.c.id == campaign, ~others.exists()))
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Seed:
    """A colleague who gets tests."""

    id: int
    name: str
    channel: str
    address: str


def all_seeds(connection: Connection) -> list[Seed]:
    """Return the colleagues who get tests, by name."""
    columns = [seeds.c[name] for name in Seed.__slots__]
    return [
        Seed(**row._mapping)
        for row in connection.execute(select(*columns).order_by(seeds.c.name, seeds.c.id))
    ]


def add_seed(connection: Connection, *, name: str, channel: str, address: str, actor: str) -> None:
    """Add a colleague's address; one that is there keeps its place and gets the name."""
    statement = pg_insert(seeds).values(name=name, channel=channel, address=address, created_by=actor)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["channel", "address"], set_={"name": name})
    )


def remove_seed(connection: Connection, seed: int) -> None:
    """Remove a colleague's address."""
    connection.execute(delete(seeds).where(seeds.c.id == seed))


def used_in(connection: Connection, template: str) -> Sequence[Any]:
    """Return rows (id, kind, title, state, mode, starts_at, version, content_hash) of a template's newest 50 runs."""
    return connection.execute(
        text("""
            SELECT r.id, r.kind, r.title, r.state, r.mode, r.starts_at, t.version, t.content_hash
            FROM runs r JOIN templates t ON t.id = r.template_id
            WHERE t.name = :name AND r.mode <> 'rehearsal' ORDER BY r.starts_at DESC LIMIT 50
        """),
        {"name": template},
    ).all()


def _taken(name: str, edition: str) -> Problem:
    return Problem(
        f"There is a draft of campaign {name!r}, edition {edition!r} already.",
        todo="Give this one another edition.",
    )
