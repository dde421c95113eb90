"""Proves a stored decision: asks the same question of the facts as they were, by the policy version that it names.

The fingerprint of the inputs (`input_digest`) says whether the facts that are read are those of the decision. First the
facts of today are tried; where they have changed since, the facts as they stood before each change, the newest change
first. With the same facts the answer must be the same, channel by channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy, policy_from
from store.facts import read_facts
from store.facts_as_of import changes, unknown
from store.persons import members
from store.policies import rules_of
from store.runs import Run
from tidings.facts import Decisions, Facts, empty
from tidings.problem import Problem
from work.build import context_of
from work.installation import Installation
from work.plan import question_of

if TYPE_CHECKING:
    import polars as pl

MOST_CHANGES = 40
"""So many former states of the facts are tried."""
_COMPARED = ("rank", "reason", "address", "evidence")


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What came of asking again."""

    proved: bool
    differs: Sequence[Mapping[str, Any]]
    """{channel, what, stored, computed}, or {what: facts | template}, when the facts or the template are not there."""
    unknown: Sequence[str]
    """What cannot be known as it was (`store.facts_as_of.unknown`)."""
    facts_changed: bool
    """Whether the facts of today differ from those of the decision."""
    today: Mapping[str, Any] | None
    """{state, reason, channel} when the same question would now have another channel."""

    def as_json(self) -> dict[str, Any]:
        """Return what an explanation says of it."""
        return {
            "proved": self.proved,
            "differs": list(self.differs),
            "unknown": list(self.unknown),
            "facts_changed": self.facts_changed,
            "today": self.today,
        }


def prove(connection: Connection, installation: Installation, run: Run, row: Any, *, now: datetime) -> Proof:
    """Recompute the decision of a message of a run, a row of `store.decided`; `now` is what today is compared at."""
    try:
        context = context_of(connection, installation, run)
    except Problem:  # its template is no longer there: nobody can ask the same again
        return Proof(proved=False, differs=[{"what": "template"}], unknown=[], facts_changed=True, today=None)
    question = question_of(context.run, context.template, installation.organisation)
    policy = policy_from(rules_of(connection, context.run.policy_version))
    asked = _asked(row)
    facts = read_facts(connection, question, asked, row.planned_at)
    found = _same(_before(facts, row.planned_at), policy, row)
    if found is not None:
        differs = _differences(row.decision, found)
        return Proof(proved=not differs, differs=differs, unknown=[], facts_changed=False, today=None)
    records = members(connection, row.customer)
    for known_at in _moments(connection, records):
        former = read_facts(connection, question, asked, row.planned_at, known_at=known_at)
        found = _same(_before(former, row.planned_at), policy, row)
        if found is not None:
            break
    differs = [{"what": "facts"}] if found is None else _differences(row.decision, found)
    return Proof(
        proved=not differs,
        differs=differs,
        unknown=unknown(connection, records, row.planned_at) if found is None else [],
        facts_changed=True,
        today=_today(facts, policy, row, now),
    )


def _asked(row: Any) -> pl.DataFrame:
    """Return the question for each number of channels that had been tried, when it was planned and when claimed."""
    import polars as pl

    spent = [entry["channel"] for entry in row.decision if entry["reason"] == "budget"]
    gain = next(
        (entry.get("evidence", {}).get("gain") for entry in row.decision if entry["reason"] == "budget"), None
    )
    lines = [
        {
            "message": f"{used} {waited}", "customer": row.customer, "tried": row.tried[:used], "over_budget": spent,
            "gain": gain, "waited": waited,
        }
        for used in range(len(row.tried) + 1)
        for waited in (False, True)
    ]  # fmt: skip
    return pl.DataFrame(lines, schema=empty("asked").schema)


def _before(facts: Facts, planned_at: datetime) -> Facts:
    """Return facts with what had been sent before a decision: the message itself is not among its reasons."""
    import polars as pl

    return replace(facts, recent=facts.recent.filter(pl.col("at") < planned_at))


def _moments(connection: Connection, records: Sequence[int]) -> Iterator[datetime]:
    """Yield the last instant before each change, the newest first."""
    for at in changes(connection, records, most=MOST_CHANGES):
        yield at - timedelta(microseconds=1)


def _same(facts: Facts, policy: Policy, row: Any) -> list[dict[str, Any]] | None:
    """Return the channels that these facts give, None when they are not the facts of the decision."""
    answer = decide(facts, policy, row.planned_at)
    asked = dict(answer.verdicts.select("input_digest", "message").iter_rows())
    return _channels(answer, asked[row.input_digest]) if row.input_digest in asked else None


def _channels(answer: Decisions, message: str) -> list[dict[str, Any]]:
    import json

    import polars as pl

    lines = answer.ranked.filter(pl.col("message") == message).iter_rows(named=True)
    return [line | {"evidence": json.loads(line["evidence"])} for line in lines]


def _differences(
    stored: Sequence[Mapping[str, Any]], computed: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return where two lists of channels differ; a rank or reason is told before what it rests on."""
    by_channel = {line["channel"]: line for line in computed}
    found = []
    for entry in stored:
        line = by_channel.get(entry["channel"], {})
        for what in _COMPARED:
            before, after = entry.get(what) or None, line.get(what) or None
            if before != after:
                found.append({"channel": entry["channel"], "what": what, "stored": before, "computed": after})
                break
    return found


def _today(facts: Facts, policy: Policy, row: Any, now: datetime) -> dict[str, Any] | None:
    verdict = decide(facts, policy, now, explained=False).verdicts.row(0, named=True)
    today = {name: verdict[name] for name in ("state", "reason", "channel")}
    stored = next((entry["channel"] for entry in row.decision if entry["rank"] == 1), None)
    return today if today["channel"] != stored else None
