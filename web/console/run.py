"""Runs: how far each is, who has not got it and why, and a hand on it: pause, resume, stop, release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import missing as without
from store.runs import Run, find_run, page_of_runs
from store.staff import listed as listed_accounts
from tidings.cells import Cell
from tidings.problem import Problem
from tidings.role import Role, sees_amounts
from web.charts import Bar, funnel
from web.console.noticed import interval
from web.downloads import asked_kind, download, heads
from web.figures import locale
from web.language import words
from web.live import Part, live
from web.staff import StaffRoute, Visit, page
from work.control import ACTIONS, BEGUN
from work.lift import lift_of
from work.progress import Progress, progress
from work.release import release
from work.report import rejected_lines

READERS = frozenset({Role.MARKETING, Role.BILLING, Role.MANAGER})
STATES = ("scheduled", "planning", "waiting_release", "sending", "paused", "stopped", "finished")
SHOWN = 50
"""Rows of a list."""


def routes() -> list[StaffRoute]:
    """Return the routes of the runs."""
    return [
        page("/runs", listed, roles=READERS),
        page("/runs/{run}", one, roles=READERS),
        page("/runs/{run}/live", follow, roles=READERS),
        page("/runs/{run}/missing", who_lacks_it, roles=READERS),
        page("/runs/{run}/{action}", steer, roles=READERS, methods=("POST",)),
    ]


def listed(visit: Visit) -> Response:
    """Show the newest runs."""
    asked = visit.request.query_params
    state = asked.get("state", "")
    with visit.site.reading.connect() as connection:
        found = page_of_runs(
            connection,
            kinds=kinds_of(visit),
            state=state if state in STATES else "",
            before=_instant(asked.get("before")),
            limit=SHOWN + 1,
        )
    older = found[SHOWN - 1].created_at.isoformat() if len(found) > SHOWN else ""
    said = words(visit.language)["console"]
    choices = [("", said["all"]), *((one, said["run"][one]) for one in STATES)]
    return visit.page("runs", runs=found[:SHOWN], state=state, choices=choices, older=older)


def one(visit: Visit) -> Response:
    """Show a run; `?as=csv` is its report as a file."""
    found = _progress(visit)
    if kind := asked_kind(visit.request.query_params.get("as")):
        return download(found.run.id, heads(visit.language, _REPORT), report_rows(found), kind)
    with visit.site.reading.connect() as connection:
        wrong = rejected_lines(connection, found.run.id) if sees_amounts(visit.staff.roles) else []
        lift = lift_of(connection, found.run)
        single = found.run.state == "waiting_release" and alone(connection)
    return visit.page(
        "run",
        p=found,
        chart=picture(found, visit.language),
        wrong=wrong[:SHOWN],
        more_wrong=max(len(wrong) - SHOWN, 0),
        lift=lift,
        interval=partial(interval, visit.language),
        may=may_steer(visit, found.run),
        may_release=may_release(visit, found.run, alone=single),
        actions=_actions(found),
        rules=visit.may(Role.MARKETING, Role.MANAGER),
    )


def follow(visit: Visit) -> Response:
    """Send the moving part of a run's page whenever it changed."""
    _progress(visit)
    pages, language, run = visit.site.pages, visit.language, visit.request.path_params["run"]

    def read() -> Part:
        found = read_run(visit, run)
        text = pages.part("console/run_live", language=language, p=found, chart=picture(found, language))
        return Part(text=text, final=found.final)

    return live(visit.request, f"run {run} {language}", read, session=visit.staff.csrf)


def who_lacks_it(visit: Visit) -> Response:
    """Show who has not got a run's message and why; `?as=csv` is everybody of them as a file.

    Numbers of invoices, and documents that were refused, are for those only who may see amounts.
    """
    found = _progress(visit)
    numbers = found.run.kind != "invoice_run" or sees_amounts(visit.staff.roles)
    asked = visit.request.query_params
    if kind := asked_kind(asked.get("as")):
        with snapshot(visit) as connection:
            everybody = _everybody(connection, found.run.id, numbers=numbers)
            return download(f"{found.run.id}-missing", heads(visit.language, _COLUMNS), everybody, kind)
    reason, after = asked.get("reason", ""), _message(asked.get("after"))
    with visit.site.reading.connect() as connection:
        if reason:
            rows = without.some_without(connection, found.run.id, reason, after=after, limit=SHOWN + 1)
        else:
            rows = without.some_waiting(connection, found.run.id, limit=SHOWN)
    last = rows[SHOWN - 1].message if len(rows) > SHOWN else ""
    return visit.page("run_missing", p=found, reason=reason, rows=rows[:SHOWN], after=last, numbers=numbers)


def steer(visit: Visit) -> Response:
    """Pause, resume, stop or release a run."""
    run_id, action = visit.request.path_params["run"], visit.request.path_params["action"]
    with visit.site.installation.engine.begin() as connection:
        run = _run(connection, visit, run_id)
        try:
            _act(visit, connection, run, action)
        except Problem as problem:
            return visit.page("refused", status=409, problem=problem, to=f"/runs/{run_id}")
    return visit.back(f"/runs/{run_id}", said=action)


def _act(visit: Visit, connection: Connection, run: Run, action: str) -> None:
    if action == "release":
        single = alone(connection)
        if not may_release(visit, run, alone=single):
            raise HTTPException(403)
        release(connection, run.id, by=visit.staff.name, now=visit.now, alone=single)
    elif action not in ACTIONS:
        raise HTTPException(404)
    elif not may_steer(visit, run):
        raise HTTPException(403)
    else:
        because = str(visit.fields.get("because", ""))[:500]
        ACTIONS[action](connection, run.id, by=visit.staff.name, because=because)


def kinds_of(visit: Visit) -> list[str]:
    """Return the kinds of runs that somebody may look at: billing sends no offers."""
    return ["campaign", "invoice_run"] if visit.may(Role.MARKETING, Role.MANAGER) else ["invoice_run"]


def may_steer(visit: Visit, run: Run) -> bool:
    """Return whether somebody may pause, resume and stop a run: those whose it is, and managers."""
    return visit.may(Role.MANAGER, Role.BILLING if run.kind == "invoice_run" else Role.MARKETING)


def may_release(visit: Visit, run: Run, *, alone: bool = False) -> bool:
    """Return whether somebody may let a waiting run go: not who asked for it, unless there is nobody else."""
    second = alone or run.requested_by != visit.actor
    return run.state == "waiting_release" and may_steer(visit, run) and second


def alone(connection: Connection) -> bool:
    """Return whether the organisation has one account only, so that there is no second person."""
    return sum(account.removed_at is None for account in listed_accounts(connection)) == 1


def picture(found: Progress, language: str) -> Any:
    """Return the funnel of a run as a chart."""
    from babel.numbers import format_decimal

    said = words(language)["run"]

    def bar(name: str, value: int, kind: str = "mark1") -> Bar:
        shown = str(format_decimal(value, locale=locale(language)))
        return Bar(label=said[name], value=value, shown=shown, kind=kind)

    steps = [
        bar("audience", found.report["audience"], "mark2"),
        bar("planned", found.planned),
        bar("sent", found.sent),
        bar("delivered", found.delivered),
        bar("answered", found.answered),
    ]
    return funnel(steps, title=said["funnel"], table=words(language)["console"]["table"])


def report_rows(found: Progress) -> Iterator[tuple[Cell, ...]]:
    """Yield a run's report line by line: part, key, number."""
    report = found.report
    yield "audience", "", report["audience"]
    for part in ("planned", "held", "sent", "failed", "waiting", "went_on", "co_mailed"):
        for key, number in report.get(part, {}).items():
            yield part, key, number
    yield "unknown", "", report["unknown"]
    for way in found.ways:
        for part in ("delivered", "answered", "back", "fallbacks", "recalled", "forecast", "cost"):
            yield part, way.channel, getattr(way, part)
    for kind, causes in report.get("in_full", {}).items():
        for cause, number in causes.items():
            yield f"{kind} in full", cause, number
    for reason, number in found.missing.items():
        yield "missing", reason, number


_REPORT = ("part", "key", "count")
_COLUMNS = ("customer", "message", "document", "state", "reason", "channel", "since")


def _everybody(connection: Connection, run: str, *, numbers: bool) -> Iterator[tuple[Cell, ...]]:
    for row in without.each_missing(connection, run):
        document = row.document if numbers else ""
        yield row.customer, row.message, document, row.state, row.reason, row.channel, row.since
    for item in without.rejected(connection, run) if numbers else ():
        yield tuple(item[name] for name in _COLUMNS)


def _actions(found: Progress) -> list[str]:
    """Return what may be done with a run now; see `work.control`."""
    if found.run.state == "paused":
        return ["resume", "stop"]
    goes_on = found.run.state in BEGUN or (found.run.state == "finished" and found.waiting)
    return ["pause", "stop"] if goes_on and found.run.mode != "rehearsal" else []


def _progress(visit: Visit) -> Progress:
    """Return the run that the path names, when they may look at it."""
    with visit.site.reading.connect() as connection:
        run = _run(connection, visit, visit.request.path_params["run"])
    return read_run(visit, run.id)


def read_run(visit: Visit, run: str) -> Progress:
    """Return how far a run is, seen at one moment."""
    costs = visit.site.installation.organisation.costs
    with snapshot(visit) as connection:
        return progress(connection, run, costs, now=visit.site.clock())


def snapshot(visit: Visit) -> Connection:
    """Return a connection that sees one moment, so that all sums agree."""
    engine = visit.site.installation.engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True).connect()


def _run(connection: Connection, visit: Visit, run_id: str) -> Run:
    run = find_run(connection, run_id)
    if run is None or run.kind not in kinds_of(visit):
        raise HTTPException(404)
    return run


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


def _message(text: str | None) -> str | None:
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None
