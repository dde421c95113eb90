"""Runs, campaigns, templates and invoice runs: who asked for what, and how far it is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from store.tables import campaign_runs, campaigns, invoice_runs, runs, templates
from tidings.state import DeliveryState, Event, MessageState, sources, target, within


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One row of `runs`."""

    id: str
    kind: str
    brand: str
    title: str
    purpose: str
    topic: str
    purpose_class: str
    template_id: int
    policy_version: int
    mode: str
    state: str
    options: Mapping[str, Any]
    audience: int
    already_sent: int
    rejected: Mapping[str, Any]
    repeats: str | None
    shards: int
    requested_by: str
    released_by: str | None
    released_at: datetime | None
    starts_at: datetime
    created_at: datetime
    finished_at: datetime | None


_COLUMNS = [runs.c[name] for name in Run.__slots__]


def runs_where(
    connection: Connection, *conditions: ColumnElement[bool], order: Sequence[ColumnElement[Any]], limit: int
) -> list[Run]:
    """Return the runs that meet all conditions on `store.tables.runs`, in an order, so many at most."""
    query = select(*_COLUMNS).where(*conditions).order_by(*order).limit(limit)
    return [Run(**row._mapping) for row in connection.execute(query)]


def page_of_runs(
    connection: Connection,
    *,
    kinds: Sequence[str],
    state: str = "",
    before: datetime | None = None,
    limit: int = 50,
) -> list[Run]:
    """Return the newest runs of some kinds, in a state unless it is '', made before an instant."""
    conditions: list[ColumnElement[bool]] = [runs.c.kind.in_(kinds)]
    conditions += [runs.c.state == state] if state else []
    conditions += [runs.c.created_at < before] if before else []
    return runs_where(connection, *conditions, order=(runs.c.created_at.desc(), runs.c.id), limit=limit)


def find_run(connection: Connection, run_id: str, *, lock: bool = False) -> Run | None:
    """Return a run, locked against other changes for the transaction when asked."""
    query = select(*_COLUMNS).where(runs.c.id == run_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return Run(**row._mapping) if row else None


def list_runs(connection: Connection, *, limit: int = 50) -> list[Run]:
    """Return the newest runs."""
    rows = connection.execute(select(*_COLUMNS).order_by(runs.c.created_at.desc()).limit(limit))
    return [Run(**row._mapping) for row in rows]


def open_doubts(connection: Connection, run_id: str) -> int:
    """Return how many messages of a run, copies left out, are handed over and nobody knows what became of them."""
    found = connection.scalar(
        text("""
            SELECT count(*) FROM messages m
            WHERE m.run_id = :run AND m.state = 'in_delivery' AND m.copy = 0 AND m.reason = ''
              AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state = 'in_doubt')
        """),
        {"run": run_id},
    )
    return int(found or 0)


def add_run(connection: Connection, values: Mapping[str, Any], *, stem: str) -> str:
    """Insert a run under the first free id made from `stem`: `stem`, `stem-2`, ...; returns the id."""
    number = 1
    while True:
        run_id = stem if number == 1 else f"{stem}-{number}"
        added = connection.execute(
            pg_insert(runs).values(id=run_id, **values).on_conflict_do_nothing().returning(runs.c.id)
        ).scalar()
        if added:
            return str(added)
        number += 1


def set_run(connection: Connection, run_id: str, **values: Any) -> None:
    """Change columns of a run."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


def runs_of_campaign(connection: Connection, campaign_id: int) -> list[Run]:
    """Return the campaign's runs that may send, oldest first."""
    query = (
        select(*_COLUMNS)
        .join(campaign_runs, campaign_runs.c.run_id == runs.c.id)
        .where(campaign_runs.c.campaign_id == campaign_id, runs.c.mode != "rehearsal")
        .order_by(runs.c.created_at, runs.c.id)
    )
    return [Run(**row._mapping) for row in connection.execute(query)]


def runs_of_file(connection: Connection, brand: str, file_hash: str) -> list[Run]:
    """Return the invoice runs of exactly this file and mapping, oldest first."""
    query = (
        select(*_COLUMNS)
        .join(invoice_runs, invoice_runs.c.run_id == runs.c.id)
        .where(invoice_runs.c.file_hash == file_hash, runs.c.brand == brand, runs.c.mode != "rehearsal")
        .order_by(runs.c.created_at, runs.c.id)
    )
    return [Run(**row._mapping) for row in connection.execute(query)]


def last_live_size(connection: Connection, *, kind: str, brand: str, purpose: str, before: str) -> int | None:
    """Return the audience of the last finished live run of this kind, brand and purpose."""
    size = connection.scalar(
        select(runs.c.audience)
        .where(
            runs.c.kind == kind,
            runs.c.brand == brand,
            runs.c.purpose == purpose,
            runs.c.mode == "live",
            runs.c.state == "finished",
            runs.c.repeats.is_(None),
            runs.c.id != before,
        )
        .order_by(runs.c.created_at.desc())
        .limit(1)
    )
    return None if size is None else int(size)


def find_campaign(
    connection: Connection, name: str, edition: str
) -> tuple[int, str, Mapping[str, Any]] | None:
    """Return (id, digest, definition) of a campaign's edition."""
    row = connection.execute(
        select(campaigns.c.id, campaigns.c.digest, campaigns.c.definition).where(
            campaigns.c.name == name, campaigns.c.edition == edition
        )
    ).one_or_none()
    return (row.id, row.digest, row.definition) if row else None


def add_campaign(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a campaign's edition; two processes that do so at once get the same one."""
    connection.execute(pg_insert(campaigns).values(**values).on_conflict_do_nothing())
    return int(
        connection.execute(
            select(campaigns.c.id)
            .where(campaigns.c.name == values["name"], campaigns.c.edition == values["edition"])
            .with_for_update()
        ).scalar_one()
    )


def link_campaign(connection: Connection, run_id: str, campaign_id: int) -> None:
    """Say which campaign a run belongs to."""
    connection.execute(insert(campaign_runs).values(run_id=run_id, campaign_id=campaign_id))


def add_invoice_run(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert the billing side of a run."""
    connection.execute(insert(invoice_runs).values(**values))


def template_id(connection: Connection, values: Mapping[str, Any]) -> int:
    """Return the id of a template version with this content, recording it on first use."""
    key = ("brand", "name", "version", "content_hash")
    connection.execute(pg_insert(templates).values(**values).on_conflict_do_nothing())
    same = [templates.c[name] == values[name] for name in key]
    return int(connection.execute(select(templates.c.id).where(*same)).scalar_one())


def recorded_template(connection: Connection, row_id: int) -> Row[Any]:
    """Return name, texts and content_hash of a template as a run recorded it; no texts before migration 0014."""
    asked = text("SELECT name, texts, content_hash FROM templates WHERE id = :id")
    return connection.execute(asked, {"id": row_id}).one()


def notify(connection: Connection, run_id: str) -> None:
    """Tell the resident loop of every process that a run wants attention."""
    connection.execute(
        text("SELECT pg_notify('tidings', :payload)"), {"payload": json.dumps({"run": run_id})}
    )


def due_runs(
    connection: Connection, *, now: datetime, closed: Sequence[tuple[str, str]] = ()
) -> Sequence[str]:
    """Return runs that should be worked on: their time has come and something in them is due.

    Args:
        connection: any.
        now: business time.
        closed: (channel, brand) pairs on which nothing can be sent now; what is due there waits.
    """
    rows = connection.execute(
        text("""
            SELECT r.id FROM runs r
            WHERE r.mode <> 'rehearsal' AND r.starts_at <= :now
              AND (r.state IN ('scheduled', 'planning')
                   OR (r.state IN ('sending', 'finished') AND EXISTS (
                        SELECT 1 FROM messages m
                        WHERE m.run_id = r.id AND (m.state = 'planned' OR (
                            m.state = 'ready' AND m.due_at <= :now AND m.channel || '/' || r.brand <> ALL(:closed))))))
            ORDER BY (r.purpose_class = 'required') DESC, r.starts_at
        """),
        {"now": now, "closed": ["/".join(pair) for pair in closed]},
    )
    return [row.id for row in rows]


def paused_from(connection: Connection, run_id: str) -> str | None:
    """Return the state that a paused run was in before."""
    state: str | None = connection.scalar(select(runs.c.paused_from).where(runs.c.id == run_id))
    return state


def states_of(connection: Connection, run_ids: Iterable[str]) -> list[str]:
    """Return the states of some runs, in any order."""
    return list(connection.scalars(select(runs.c.state).where(runs.c.id.in_(list(run_ids)))))


def rehearsals(connection: Connection, run_ids: Sequence[str]) -> set[str]:
    """Return those of the runs that go to colleagues."""
    statement = text("SELECT id FROM runs WHERE id = ANY(:ids) AND mode = 'rehearsal'")
    return set(connection.scalars(statement, {"ids": list(run_ids)}))


def cancel_stopped(connection: Connection, run_ids: Sequence[str]) -> int:
    """Cancel what is unsent in those of the runs that are stopped; returns how many messages."""
    return connection.execute(_CANCEL, {"runs": list(run_ids)}).rowcount


_CANCEL = text(f"""
    WITH over AS (
        UPDATE messages m SET state = '{target(MessageState, Event.STOP)}', reason = 'stopped',
            updated_at = clock_timestamp()
        FROM (SELECT id FROM runs WHERE id = ANY(:runs) AND state = 'stopped') r
        WHERE m.run_id = r.id AND m.state IN ('{MessageState.PLANNED}', '{MessageState.READY}')
        RETURNING m.id
    ), recalled AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.STOP)}', updated_at = clock_timestamp()
        FROM over WHERE d.message_id = over.id AND d.state IN ({within(sources(DeliveryState, Event.STOP))})
    )
    SELECT 1 FROM over
""")
"""What is held stays so, with the reason that it has."""


def wait_for_silence(connection: Connection, run: str, waits: Mapping[str, timedelta]) -> None:
    """Let a run wait so long, by channel, before silence moves a message on; in place of what its campaign says."""
    seconds = {channel: wait.total_seconds() for channel, wait in waits.items()}
    connection.execute(
        text("""
            UPDATE runs SET options = options || jsonb_build_object('fallback_after', CAST(:waits AS jsonb))
            WHERE id = :run
        """),
        {"run": run, "waits": json.dumps(seconds)},
    )
