"""What was rehearsed against what happened, customer by customer, and why somebody went another way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from store import rehearsals
from store.runs import Run, find_run
from tidings.problem import Problem
from tidings.reason import Reason
from work.installation import Installation

if TYPE_CHECKING:
    import polars as pl

NOBODY = "-"
"""Where a customer had no part."""
STATED = {
    Reason.STATED_TEMPORARY,
    Reason.STATED_TOPIC,
    Reason.STATED_PURPOSE,
    Reason.STATED_ALL,
    Reason.NEVER_WISHED,
}


def compare(installation: Installation, run_id: str, *, rehearsal: str | None = None) -> dict[str, Any]:
    """Compare a run with the rehearsal of its campaign.

    Args:
        installation: whose store is read.
        run_id: of a campaign.
        rehearsal: which; None: the last one that was made before the run was, else the last one.

    Returns:
        {run, rehearsal, policy_changed, customers, same, other, channels: {channel: {rehearsed, happened}},
        held: {code: {rehearsed, happened}}, causes: [{cause, rehearsed, happened, customers}], people: [{customer,
        rehearsed, happened, cause, code}]}: `rehearsed` and `happened` are a channel, or the code of why not;
        `cause` is why it came otherwise: `not_in_audience`, `not_rehearsed`, `statement_changed`, `consent_changed`,
        `suppressed`, `address_changed`, `bounced`, `did_not_bounce`, `answered`, `was_silent`, `recalled`,
        `policy_changed`, `erased` (what was rehearsed of them is gone, too), or a code of tidings.reason.

    Raises:
        Problem: there is no such run, it is no campaign's, or nobody rehearsed it.
    """
    with installation.engine.connect() as connection:
        run, row = _both(connection, run_id, rehearsal)
        rehearsed = rehearsals.people_of(connection, row.id)
        became = rehearsals.became(connection, run.repeats or run.id)
        behaved = rehearsals.happened(connection, run.repeats or run.id)
        connection.rollback()
    policy_changed = row.policy_version != run.policy_version
    people = _people(rehearsed, became, behaved, known_at=row.known_at, policy_changed=policy_changed)
    other = [one for one in people if one["cause"]]
    causes = Counter((one["cause"], one["rehearsed"], one["happened"]) for one in other)
    return {
        "run": run.id,
        "rehearsal": row.id,
        "policy_changed": policy_changed,
        "customers": len(people),
        "same": len(people) - len(other),
        "other": len(other),
        **_sums(people),
        "causes": [
            {"cause": cause, "rehearsed": was, "happened": now, "customers": n}
            for (cause, was, now), n in sorted(causes.items(), key=lambda item: (-item[1], item[0]))
        ],
        "people": other,
    }


def _both(connection: Connection, run_id: str, rehearsal: str | None) -> tuple[Run, Any]:
    run = find_run(connection, run_id)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` shows them.")
    if run.kind != "campaign":
        raise Problem(f"Run {run_id!r} is no campaign's; only campaigns are rehearsed.")
    campaign = run.options["campaign"]
    known = rehearsals.rehearsals_of(connection, campaign["name"], campaign["edition"])
    done = [row for row in known if row.state == "done" and rehearsal in (None, row.id)]
    if not done:
        raise Problem(
            f"Nobody rehearsed {campaign['name']} {campaign['edition']}{f' as {rehearsal!r}' if rehearsal else ''}.",
            todo="`tidings campaign rehearse FILE.toml` does, before the run.",
        )
    return run, next((row for row in done if row.created_at <= run.created_at), done[0])


def _sums(people: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    sums: dict[str, dict[str, dict[str, int]]] = {"channels": {}, "held": {}}
    for side in ("rehearsed", "happened"):
        for one in people:
            part = "channels" if one[f"{side}_goes"] else "held"
            if one[side] != NOBODY:
                counted = sums[part].setdefault(one[side], {"rehearsed": 0, "happened": 0})
                counted[side] += 1
    for one in people:
        del one["rehearsed_goes"], one["happened_goes"]
    return {part: dict(sorted(counted.items())) for part, counted in sums.items()}


def _people(
    rehearsed: pl.DataFrame,
    became: pl.DataFrame,
    behaved: pl.DataFrame,
    *,
    known_at: datetime,
    policy_changed: bool,
) -> list[dict[str, Any]]:
    before = {row["customer"]: row for row in rehearsed.iter_rows(named=True)}
    after = {row["customer"]: row for row in became.iter_rows(named=True)}
    heard: dict[int, dict[str, Any]] = {}
    for row in behaved.iter_rows(named=True):
        heard.setdefault(row["customer"], {})[row["channel"]] = row
    people = []
    for customer in sorted({*before, *after}):
        was, now = before.get(customer), after.get(customer)
        code = ""
        cause = "" if _same(was, now) else _cause(was, now, heard.get(customer, {}), known_at)
        if cause and cause not in _BEHAVIOUR:
            code = cause if cause in set(Reason) else ""
            cause = "policy_changed" if policy_changed and cause in set(Reason) else cause
        people.append(
            {
                "customer": customer,
                "rehearsed": _way(was),
                "happened": _way(now),
                "rehearsed_goes": was is not None and was["state"] in _GOES,
                "happened_goes": now is not None and now["state"] in _GOES,
                "cause": cause,
                "code": code,
            }
        )
    return people


_GOES = {"planned", "ready", "in_delivery", "done"}
_BEHAVIOUR = {"bounced", "did_not_bounce", "answered", "was_silent", "recalled", Reason.ERASED.value}


def _way(row: Mapping[str, Any] | None) -> str:
    """Return the channel on which a customer was reached, or why not."""
    if row is None:
        return NOBODY
    return str(row["channel"] or row["reason"]) if row["state"] in _GOES else str(row["reason"])


def _same(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> bool:
    if was is None or now is None:
        return False
    return _way(was) == _way(now) and was["first"] == now["first"]


def _cause(
    was: Mapping[str, Any] | None, now: Mapping[str, Any] | None, heard: Mapping[str, Any], known_at: datetime
) -> str:
    if was is None:
        return Reason.ERASED if now is not None and now["ground"] == Reason.ERASED else "not_rehearsed"
    if now is None:
        return "not_in_audience"
    if was["first"] == now["first"] and now["first"] is not None:
        return _behaved(was, now, heard)
    return _decided(was, now, known_at)


def _behaved(was: Mapping[str, Any], now: Mapping[str, Any], heard: Mapping[str, Any]) -> str:
    """Return what the customer, or their mailbox, did otherwise than was drawn."""
    if now["state"] == "cancelled":
        return str(now["reason"])
    if now["reason"] == Reason.RECALLED or was["reason"] == Reason.RECALLED:
        return "recalled"
    first = heard.get(now["first"], {})
    if first.get("bounced_at") is not None:
        return "bounced"
    if now["tried"] and not was["tried"]:
        return "was_silent"
    if was["tried"] and not now["tried"]:
        return "answered" if first.get("heard_at") is not None else "did_not_bounce"
    return str(now["reason"] or now["ground"])


def _decided(was: Mapping[str, Any], now: Mapping[str, Any], known_at: datetime) -> str:
    """Return what the decision of the run rests on that the rehearsal's did not."""
    entries = json.loads(now["decision"])
    chosen = next((one for one in entries if one["rank"] == 1), None)
    passed = next((one for one in entries if one["channel"] == was["first"]), None)
    closed = passed if passed is not None and passed["rank"] is None else None
    telling = closed or chosen
    if telling is None:
        return str(now["reason"])
    reason, evidence = str(telling["reason"]), telling.get("evidence") or {}
    if reason in STATED:
        return "statement_changed" if _since(evidence.get("said_at"), known_at) else reason
    if reason in {Reason.OBJECTED, Reason.CHANNEL_NO_CONSENT}:
        return "consent_changed"
    if reason == Reason.SUPPRESSED:
        return "suppressed"
    if reason in {Reason.NO_ADDRESS, Reason.UNUSABLE_ADDRESS, Reason.UNVERIFIED_ADDRESS}:
        return "address_changed"
    return _resumed(was, reason)


def _resumed(was: Mapping[str, Any], reason: str) -> str:
    """Return why somebody goes now who was held, or goes by a rule that did not speak before."""
    if was["state"] == "held" and was["reason"] == Reason.NO_CONSENT:
        return "consent_changed"
    if was["ground"] in STATED and reason not in STATED:
        return "statement_changed"
    return reason


def _since(said_at: str | None, known_at: datetime) -> bool:
    if not said_at:
        return False
    moment = datetime.fromisoformat(said_at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > known_at
