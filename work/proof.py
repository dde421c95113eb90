"""Proves a stored decision: asks the same question of the facts as they were, by the policy version that it names.

The fingerprint of the inputs (`input_digest`) says whether the facts that are read are those of the decision. First the
facts of today are tried; where they have changed since, the facts as they stood before each change, the newest change
first. With the same facts the answer must be the same, channel by channel. What waited is decided once more when its
time has come, by the rules of that day: so the versions after the run's own are tried, too.

What other messages of the run or of other campaigns had to do with it is taken as the decision tells it: which campaign
it gave way to, what the budget closed, whose letter covers a household.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy, policy_from
from preferences.statement import MOST_OFTEN
from store.facts import read_facts
from store.facts_as_of import changes, unknown
from store.persons import members
from store.policies import rules_of, versions
from store.runs import Run
from tidings.channel import Channel
from tidings.facts import SCHEMAS, Decisions, Facts, Question, empty
from tidings.problem import Problem
from tidings.reason import Reason
from tidings.state import MessageState
from work.build import context_of
from work.installation import Installation
from work.plan import question_of

if TYPE_CHECKING:
    import polars as pl

MOST_CHANGES = 40
"""So many former states of the facts are tried."""
AT_ONCE = (1, 4, MOST_CHANGES)
"""So many of them are read and tried at once: nearly always it is the newest."""
MOST_POLICIES = 10
"""So many versions of the policy after the run's own are tried."""
_ONE_NAME = {
    "consent_on_behalf": "on_behalf", "wish": "statement", "wish_said_at": "said_at", "wish_source": "source",
    "wish_on_behalf": "on_behalf",
}  # fmt: skip
_COMPARED = ("rank", "reason", "address", "evidence")
_HOLD = {
    *(Reason.UNKNOWN_CUSTOMER, Reason.STANDING, Reason.OPEN_MATTER, Reason.NO_CONSENT, Reason.NO_CHANNEL),
    *(Reason.WASH_DUE, Reason.BUDGET, Reason.HOLDOUT, Reason.PAUSE, Reason.QUIET_HOURS, Reason.LAW),
    Reason.OFFER_OVER,
}
"""Reasons for which a decision itself holds a message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What came of asking again."""

    proved: bool
    policy: int
    """The version of the policy that it was decided by."""
    facts_changed: bool
    """Whether the facts of today differ from those of the decision."""
    differs: Sequence[Mapping[str, Any]] = ()
    """{channel, what, stored, computed}; {what: channels | reason, stored, computed} of the message as a whole; or
    {what: facts | template}, when the facts or the template are not there."""
    unknown: Sequence[str] = ()
    """What cannot be known as it was (`store.facts_as_of.unknown`)."""
    today: Mapping[str, Any] | None = None
    """{state, reason, channel} when the same question would now have another channel."""

    def as_json(self) -> dict[str, Any]:
        """Return what an explanation says of it."""
        return {
            "proved": self.proved,
            "policy": self.policy,
            "differs": list(self.differs),
            "unknown": list(self.unknown),
            "facts_changed": self.facts_changed,
            "today": self.today,
        }


def prove(connection: Connection, installation: Installation, run: Run, row: Any, *, now: datetime) -> Proof:
    """Recompute the decision of a message of a run, a row of `store.decided`; `now` is what today is compared at."""
    own = run.policy_version
    try:
        context = context_of(connection, installation, run)
    except Problem:  # its template is no longer there: nobody can ask the same again
        return Proof(proved=False, policy=own, facts_changed=True, differs=[{"what": "template"}])
    question = question_of(context.run, context.template, installation.organisation)
    policies = policies_of(connection, own)
    asked = _asked(row, question)
    facts = read_facts(connection, question, asked, row.decided_at)
    found = _same(facts, policies, row)
    if found is not None and not found.differs:
        return Proof(proved=True, policy=found.policy, facts_changed=False)
    records = members(connection, row.customer)
    former = _formerly(connection, question, asked, records, policies, row)
    changed = found is None or (former is not None and not former.differs)
    found = former if changed else found
    if found is None:
        return Proof(
            proved=False,
            policy=own,
            facts_changed=True,
            differs=[{"what": "facts"}],
            unknown=unknown(connection, records, row.decided_at),
            today=_today(facts, policies[own], row, now),
        )
    return Proof(
        proved=not found.differs,
        policy=found.policy,
        facts_changed=changed,
        differs=found.differs,
        today=_today(facts, policies[found.policy], row, now) if changed else None,
    )


def policies_of(connection: Connection, own: int) -> dict[int, Policy]:
    """Return the version that a run names, then those that came after it, the newest first."""
    later = [version for version in versions(connection) if version > own][:MOST_POLICIES]
    return {version: policy_from(rules_of(connection, version)) for version in (own, *later)}


def _asked(row: Any, question: Question) -> pl.DataFrame:
    """Return the question for each number of channels that had been tried, and what the budget may have closed."""
    import polars as pl

    spent = [entry for entry in row.decision if entry["reason"] == Reason.BUDGET]
    gain = next((entry.get("evidence", {}).get("gain") for entry in spent), None)
    closed = {
        tuple(sorted(some))
        for some in ([entry["channel"] for entry in spent], row.over_budget or question.limited, ())
    }
    lines = [
        {
            "message": f"{used} {waited} {over}", "customer": row.customer, "tried": row.tried[:used],
            "over_budget": over, "gain": gain, "waited": waited,
        }
        for used in range(len(row.tried) + 1)
        for waited in (False, True)
        for over in sorted(closed)
    ]  # fmt: skip
    return pl.DataFrame(lines, schema=empty("asked").schema)


def _before(facts: Facts, row: Any) -> Iterator[Facts]:
    """Yield facts with what had been sent before a decision, and with the campaign that it gave way to.

    The message itself is not among its reasons. What was sent at the same instant may be it or another one: first
    none of that is, then all. A limit with room for several is full of the one campaign that the decision names.
    """
    import polars as pl

    evidence: Mapping[str, Any] = next(
        (found for entry in row.decision if "gives_way_to" in (found := entry.get("evidence") or {})), {}
    )
    if evidence:
        rival = {
            "customer": row.customer, "campaign": evidence["gives_way_to"], "brand": facts.question.brand,
            "purpose": facts.question.purpose, "priority": evidence["its_priority"],
            "at": datetime.fromisoformat(evidence["planned_at"]),
        }  # fmt: skip
        facts = replace(facts, coming=pl.DataFrame([rival] * MOST_OFTEN, schema=empty("coming").schema))
    sent = facts.recent.filter(pl.col("at") < row.decided_at)
    with_equals = facts.recent.filter(pl.col("at") <= row.decided_at)
    yield replace(facts, recent=sent)
    if with_equals.height > sent.height:
        yield replace(facts, recent=with_equals)


def _formerly(
    connection: Connection,
    question: Question,
    asked: pl.DataFrame,
    records: Sequence[int],
    policies: Mapping[int, Policy],
    row: Any,
) -> _Found | None:
    """Return what the facts give as they stood before some change, the newest change first; None: none are the same.

    The date of a do-not-mail register is no fact of the customer's, and not in the fingerprint: of several that are the
    same those count that give the stored answer.
    """
    moments = (
        at - timedelta(microseconds=1) for at in changes(connection, records, most=MOST_CHANGES)
    )  # the last instant before each
    known: list[_Found] = []
    for many in AT_ONCE:
        former = [
            read_facts(connection, question, asked, row.decided_at, known_at=known_at)
            for known_at in islice(moments, many)
        ]
        same = (_same(one, policies, row) for one in _alike(former, policies, row))
        known += [one for one in same if one is not None]
        if any(not one.differs for one in known):
            break
    return min(known, key=lambda one: bool(one.differs), default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """By which version of the policy the facts of a decision are the same, and where the answer is not."""

    policy: int
    differs: Sequence[Mapping[str, Any]]


def _same(facts: Facts, policies: Mapping[int, Policy], row: Any) -> _Found | None:
    """Return what these facts give, None when they are not the facts of the decision."""
    for known, (version, policy) in product(_before(facts, row), policies.items()):
        answer = decide(known, policy, row.decided_at)
        verdicts = {one["input_digest"]: one for one in answer.verdicts.iter_rows(named=True)}
        if (verdict := verdicts.get(row.input_digest)) is not None:
            computed = _channels(answer, verdict["message"])
            differs = _differences(row.decision, computed) or _of_the_whole(row, computed, verdict)
            return _Found(policy=version, differs=differs)
    return None


def _alike(states: Sequence[Facts], policies: Mapping[int, Policy], row: Any) -> list[Facts]:
    """Return the facts among some whose fingerprint is that of a decision, by whichever policy.

    All at once, each as those of a customer of its own: a fingerprint does not depend on the customer's number, and
    one by one they take seconds.
    """
    import polars as pl

    if not states:
        return []
    tried = [(one, known) for one in states for known in _before(one, row)]
    frames: dict[str, Any] = {
        name: pl.concat(
            getattr(known, name).with_columns(
                pl.lit(number, dtype=pl.Int64).alias("customer"),
                *([pl.lit(str(number)).alias("message")] if name == "asked" else []),
            )
            for number, (_, known) in enumerate(tried)
        )
        for name in SCHEMAS
    }
    together = replace(states[0], **frames)
    found = set[int]()
    for policy in policies.values():
        verdicts = decide(together, policy, row.decided_at).verdicts
        found.update(map(int, verdicts.filter(pl.col("input_digest") == row.input_digest)["message"]))
    return [tried[number][0] for number in sorted(found)]


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
            before, after = _of_its_own(entry.get(what)) or None, line.get(what) or None
            if before not in (after, _as_before(after)):
                found.append({"channel": entry["channel"], "what": what, "stored": before, "computed": after})
                break
    return found


def _of_the_whole(
    row: Any, computed: Sequence[Mapping[str, Any]], verdict: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return which channels are listed otherwise than they were decided, or whether another reason holds the message.

    WhatsApp came after the first release: a decision that does not speak of it is whole.
    """
    told = [
        [
            *(entry["channel"] for entry in listed if entry["rank"] is not None),
            *sorted(entry["channel"] for entry in listed if entry["rank"] is None),
        ]
        for listed in (row.decision, computed)
    ]
    if told[0] not in (told[1], [channel for channel in told[1] if channel != Channel.WHATSAPP]):
        return [{"what": "channels", "stored": told[0], "computed": told[1]}]
    if row.state == MessageState.HELD and row.reason in _HOLD and row.reason != verdict["reason"]:
        return [{"what": "reason", "stored": row.reason, "computed": verdict["reason"]}]
    return []


def _of_its_own(value: Any) -> Any:
    """Return what a channel rests on but for another letter of the run that covers it."""
    return (
        {name: one for name, one in value.items() if name != "covered_by"}
        if isinstance(value, dict)
        else value
    )


def _as_before(value: Any) -> Any:
    """Return what a channel rests on as it was written before: with one name for who spoke and for a wish."""
    if not isinstance(value, dict):
        return value
    return {_ONE_NAME.get(name, name): one for name, one in value.items() if name != "pause_on_behalf"}


def _today(facts: Facts, policy: Policy, row: Any, now: datetime) -> dict[str, Any] | None:
    verdict = decide(facts, policy, now, explained=False).verdicts.row(0, named=True)
    today = {name: verdict[name] for name in ("state", "reason", "channel")}
    stored = next((entry["channel"] for entry in row.decision if entry["rank"] == 1), None)
    return today if today["channel"] != stored else None
