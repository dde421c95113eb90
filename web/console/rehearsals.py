"""A campaign's rehearsal: what would happen day by day, and beside its run what happened; a run under other rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from preferences.policy import policy_from
from store import drafts as stored_drafts
from store import rehearsals as stored
from store.policies import rules_of, versions
from store.runs import find_run
from tidings.problem import Problem
from tidings.role import Role
from web.charts import Bar, Stack, bars, stack
from web.figures import locale
from web.language import words
from web.staff import StaffRoute, Visit, page
from work import drafts

READERS = frozenset({Role.MARKETING, Role.MANAGER})
SHOWN = 50
LARGEST = 64 * 2**10
"""Of a form: a policy."""


def routes() -> list[StaffRoute]:
    """Return the routes."""
    return [
        page("/campaigns/{draft:int}/rehearsal", show, roles=READERS),
        page("/campaigns/{draft:int}/rehearsal", start, roles=READERS, methods=("POST",)),
        page("/runs/{run}/whatif", form, roles=READERS),
        page("/runs/{run}/whatif", replay, roles=READERS, methods=("POST",), largest=LARGEST),
    ]


def show(visit: Visit) -> Response:
    """Show the newest rehearsal of a draft by day and channel, and its run against it."""
    draft = _draft(visit)
    with visit.site.reading.connect() as connection:
        rows = stored.rehearsals_of(connection, draft.name, draft.edition)
    newest = rows[0] if rows else None
    compared, result = None, {}
    if newest is not None and newest.state == "done":
        result = newest.result
        compared = _compared(visit, draft.run_id)
    return visit.page(
        "rehearsal",
        draft=draft,
        content=drafts.content_of(draft),
        newest=newest,
        r=result,
        c=compared,
        chart=_chart(result, visit.language) if result else "",
        sides=_sides(compared, visit.language) if compared else "",
        shown=SHOWN,
    )


def start(visit: Visit) -> Response:
    """Write down that a draft is to be rehearsed; the resident loop works it through within seconds."""
    from work.rehearsal import ask  # with the libraries of the decision, which pages do not need to start

    draft = _draft(visit)
    site = visit.site
    try:
        ready = drafts.ready(site.installation, drafts.content_of(draft))
        with site.installation.engine.begin() as connection:
            ask(connection, site.installation, ready.campaign, now=visit.now, actor=visit.actor)
    except Problem as problem:
        return visit.page("refused", status=422, problem=problem, to=f"/campaigns/{draft.id}")
    return visit.back(f"/campaigns/{draft.id}/rehearsal")


def form(visit: Visit) -> Response:
    """Ask under which rules a run is to be decided once more."""
    return _form(visit)


def replay(visit: Visit) -> Response:
    """Decide a run once more under the stored version or the rules that were written; nothing is changed."""
    from work.whatif import read_rules, whatif

    version, rules = str(visit.fields.get("version", "")), str(visit.fields.get("rules", ""))
    try:
        if rules.strip():
            policy = read_rules(rules)
        else:
            with visit.site.reading.connect() as connection:
                known = {str(one) for one in versions(connection)}
                if version not in known:
                    raise HTTPException(404)
                policy = policy_from(rules_of(connection, int(version)))
        found = whatif(visit.site.installation, _run(visit).id, policy)
    except Problem as problem:
        return _form(visit, error=str(problem), rules=rules, status=422)
    return _form(visit, found=found, rules=rules, version=version)


def _form(
    visit: Visit,
    *,
    found: Mapping[str, Any] | None = None,
    error: str = "",
    rules: str = "",
    version: str = "",
    status: int = 200,
) -> Response:
    run = _run(visit)
    with visit.site.reading.connect() as connection:
        known = versions(connection)
    return visit.page(
        "whatif",
        status=status,
        run=run,
        versions=[(str(one), str(one)) for one in known],
        version=version or str(run.policy_version),
        rules=rules,
        errors={"": error} if error else {},
        f=found,
        shown=SHOWN,
    )


def _compared(visit: Visit, run: str | None) -> dict[str, Any] | None:
    from work.compare import compare

    if run is None:
        return None
    try:
        return compare(visit.site.installation, run)
    except Problem:
        return None


def _chart(result: Mapping[str, Any], language: str) -> Any:
    """Return what leaves each day, a bar of channels each."""
    from babel.dates import format_date
    from babel.numbers import format_decimal

    where, names = locale(language), words(language)["console"]["channel"]

    def shown(n: float) -> str:
        return str(format_decimal(n, locale=where))

    stacks = []
    for one in result["days"]:
        parts = [
            Bar(label=names.get(channel, channel), value=n, shown=shown(n), kind=channel)
            for channel, n in one["sent"].items()
        ]
        if parts:
            label = str(format_date(date.fromisoformat(one["day"]), format="medium", locale=where))
            stacks.append(Stack(label=label, parts=parts, shown=shown(sum(one["sent"].values()))))
    said = words(language)["rehearsal"]
    return stack(stacks, title=said["by_day"], table=words(language)["console"]["table"])


def _sides(compared: Mapping[str, Any], language: str) -> Any:
    """Return both sides of a comparison, two bars for each channel."""
    from babel.numbers import format_decimal

    known, said = words(language), words(language)["rehearsal"]
    rows = [
        Bar(
            label=f"{known['console']['channel'].get(channel, channel)}, {said[side]}",
            value=counts[side],
            shown=str(format_decimal(counts[side], locale=locale(language))),
            kind=channel if side == "happened" else "held",
        )
        for channel, counts in compared["channels"].items()
        for side in ("rehearsed", "happened")
    ]
    return bars(rows, title=said["compared"], table=known["console"]["table"])


def _draft(visit: Visit) -> stored_drafts.Draft:
    number = visit.request.path_params["draft"]
    with visit.site.reading.connect() as connection:
        draft = stored_drafts.find(connection, number)
    if draft is None:
        raise HTTPException(404)
    return draft


def _run(visit: Visit) -> Any:
    with visit.site.reading.connect() as connection:
        run = find_run(connection, visit.request.path_params["run"])
    if run is None:
        raise HTTPException(404)
    return run
