"""A past run under another policy, person by person: the same facts as they were known then, decided twice.

Nothing is written. What the stored policy gives today is held against what was stored, so that a difference is the
policy's and not the facts': `unlike` counts where it is not (behaviour that was learnt since, an erased customer).
What waited is decided once more when its time has come, by the rules of that day: it is replayed from then.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection
from sqlalchemy.exc import NoResultFound

from preferences.decision import decide
from preferences.household import covered
from preferences.policy import Policy, policy_from
from store.facts import read_facts
from store.policies import rules_of
from store.rehearsals import became, households
from store.runs import find_run
from tidings.channel import Channel
from tidings.facts import Decisions, Facts, Question
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from tidings.reason import Reason
from tidings.whole_number import whole_number
from work.build import read_context
from work.installation import Installation
from work.plan import BATCH, question_of
from work.proof import policies_of


def read_policy(connection: Connection, named: str) -> Policy:
    """Return a policy from a TOML or JSON file, or the stored version of that number.

    Raises:
        Problem: there is no such version, or the file cannot be used.
    """
    if (version := whole_number(named, digits=9)) is not None:
        try:
            return policy_from(rules_of(connection, version))
        except NoResultFound as error:
            raise Problem(
                f"There is no policy version {named}.",
                todo="`tidings explain CUSTOMER RUN` shows the one of a run.",
            ) from error
    path = Path(named)
    try:
        return read_rules(path.read_text(encoding="utf-8-sig"), where=str(path))
    except OSError as error:
        raise Problem(
            f"{path} cannot be read: {error.strerror}.",
            todo="Name a file of rules like policy.toml, or the number of a stored version.",
        ) from error
    except UnicodeDecodeError as error:
        raise Problem(f"{path} is no text in UTF-8.") from error


def read_rules(text: str, *, where: str = "The policy") -> Policy:
    """Return a policy from TOML, or from JSON, which begins with a brace.

    Raises:
        Problem: it is neither, or a rule is wrong; names it.
    """
    try:
        raw = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError as error:  # TOML's and JSON's own are of this kind
        raise Problem(f"{where} is not valid TOML or JSON: {error}.") from error
    return policy_from(raw)


def whatif(installation: Installation, run_id: str, policy: Policy) -> dict[str, Any]:
    """Decide a run's messages once more under another policy, with what was known when they were decided.

    Returns:
        {run, policy: {was, would}, messages, changed, unlike, channels: {channel: {was, would}}, held: {code: {was,
        would}}, cost: {currency, was, would}, changes: [{was, would, reason, messages}], people: [{customer, was,
        would, was_reason, would_reason, was_due, would_due}]}: `was` and `would` are a channel or the code of why not;
        the reasons say why that channel; `people` are those for whom something changes, the instant included.

    Raises:
        Problem: there is no such run, or its template is gone.
    """
    with installation.engine.connect() as connection:
        run = find_run(connection, run_id)
        if run is None:
            raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` shows them.")
        context = read_context(connection, installation, run.repeats or run.id)
        question = question_of(context.run, context.template, installation.organisation)
        stored = list(policies_of(connection, context.run.policy_version).values())
        rows = became(connection, context.run.id)
        found = _both(connection, question, rows, stored, policy, context.run.created_at)
        together = {"was": stored[0].household, "would": policy.household}
        last = max(*rows["decided_at"], context.run.created_at)
        found = _one_letter_a_household(connection, question, found, together, last)
        connection.rollback()
    changed = found.filter("differs")
    costs = {name: Decimal(str(cost)) for name, cost in question.costs.items()}
    return {
        "run": context.run.id,
        "policy": {"was": stored[0].digest, "would": policy.digest},
        "messages": found.height,
        "changed": changed.height,
        "unlike": found.filter("unlike").height,
        "channels": _sides(found, goes=True),
        "held": _sides(found, goes=False),
        "cost": {
            "currency": installation.organisation.costs.currency,
            **{side: _total(found, side, costs) for side in ("was", "would")},
        },
        "changes": [
            {"was": was, "would": would, "reason": reason, "messages": n}
            for was, would, reason, n in changed.group_by("was", "would", "would_reason")
            .len()
            .sort("len", "was", "would", "would_reason", descending=[True, False, False, False])
            .iter_rows()
        ],
        "people": list(changed.select(_PERSON).iter_rows(named=True)),
    }


_PERSON = ("customer", "was", "would", "was_reason", "would_reason", "was_due", "would_due")


def as_csv(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a CSV of the people for whom something changes (RFC 4180)."""
    yield ",".join(_PERSON) + "\r\n"
    for one in found["people"]:
        values = (one[name] for name in _PERSON)
        yield ",".join(v.isoformat() if isinstance(v, datetime) else str(v or "") for v in values) + "\r\n"


def _both(
    connection: Connection,
    question: Question,
    rows: pl.DataFrame,
    stored: Sequence[Policy],
    policy: Policy,
    created_at: datetime,
) -> pl.DataFrame:
    """Return each message with what it was, by the run's own policy or one that came after it, and what it would be.

    A run whose business time was set to the past is decided with what was known when it was made.
    """
    parts = []
    again = pl.col("decided_at") > pl.col("planned_at")
    before = pl.when(pl.col("tried").list.last() == pl.col("channel")).then(
        pl.col("tried").list.head(pl.col("tried").list.len() - 1)
    )
    rows = rows.with_columns(
        # What a household covered was wanted as a letter when the budget was shared out, and had no part in it.
        over_budget=pl.when(pl.col("reason") == Reason.HOUSEHOLD.value)
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise("over_budget"),
        waited=again,
        tried=pl.when(again).then(before.otherwise("tried")).otherwise(pl.lit([], dtype=pl.List(pl.String))),
        first=pl.when(again & (pl.col("state") != "held")).then("channel").otherwise("first"),
    )
    for (at,), group in rows.sort("decided_at", "customer").group_by("decided_at", maintain_order=True):
        for some in group.iter_slices(BATCH):
            facts = facts_then(connection, question, some, at, max(at, created_at))
            was = _as_decided(facts, stored if some["waited"].any() else stored[:1], some, at)
            would = _ways(decide(facts, policy, at, explained=False))
            both = some.select("customer", "first").hstack(
                [*was.select(pl.all().name.prefix("was_")), *would.select(pl.all().name.prefix("would_"))]
            )
            parts.append(both.rename({"was_way": "was", "would_way": "would"}))
    if not parts:
        raise Problem("The run decided nothing.")
    found = pl.concat(parts)
    return found.with_columns(
        differs=(pl.col("was") != pl.col("would")) | pl.col("was_due").ne_missing(pl.col("would_due")),
        unlike=pl.when(pl.col("was_goes")).then("was").otherwise(None).ne_missing(pl.col("first")),
    )


def _one_letter_a_household(
    connection: Connection, question: Question, found: pl.DataFrame, together: Mapping[str, bool], at: Any
) -> pl.DataFrame:
    """Hold on each side the letters that another one of their household stands for."""
    import polars as pl

    homes = households(connection, found["customer"].to_list())
    if question.purpose_class != PurposeClass.MARKETING or not homes.height:
        return found
    said = read_facts(connection, question, homes.select("customer"), at, known_at=at).statements
    for side, shared in together.items():
        paper = pl.col(f"{side}_goes") & (pl.col(side) == Channel.LETTER.value)
        letters = homes.join(found.filter(paper), on="customer", how="semi").with_columns(
            message=pl.col("customer").cast(pl.String), gone=False
        )
        pairs = covered(letters, said, question, together=shared, now=at)
        held = pl.col("customer").cast(pl.String).is_in(pairs["message"].to_list())
        code = pl.lit(Reason.HOUSEHOLD.value)
        found = found.with_columns(
            pl.when(held).then(code).otherwise(side).alias(side),
            pl.when(held).then(code).otherwise(f"{side}_reason").alias(f"{side}_reason"),
            pl.when(held).then(None).otherwise(f"{side}_due").alias(f"{side}_due"),
            (pl.col(f"{side}_goes") & ~held).alias(f"{side}_goes"),
        )
    return found.with_columns(
        differs=(pl.col("was") != pl.col("would")) | pl.col("was_due").ne_missing(pl.col("would_due"))
    )


def _as_decided(facts: Facts, policies: Sequence[Policy], some: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Return the ways by the first policy whose fingerprint is the stored one; by the run's own where none is."""
    found = _ways(decide(facts, policies[0], at, explained=len(policies) > 1))
    for policy in policies[1:]:
        other = _ways(decide(facts, policy, at))
        digest = some["input_digest"]
        better = (found["input_digest"] != digest) & (other["input_digest"] == digest)
        found = found.select(
            pl.when(better).then(other[name]).otherwise(pl.col(name)).alias(name) for name in found.columns
        )
    return found


def facts_then(
    connection: Connection, question: Question, rows: pl.DataFrame, at: datetime, known_at: datetime
) -> Facts:
    """Return what was known when messages were decided: written by then, and sent before.

    A budget stays shared out as it was.
    """
    asked = pl.DataFrame(
        {
            "message": [str(n) for n in range(rows.height)],
            "customer": rows["customer"],
            "tried": rows["tried"] if "tried" in rows.columns else [[]] * rows.height,
            "waited": rows["waited"] if "waited" in rows.columns else [False] * rows.height,
        },
        schema={
            "message": pl.String,
            "customer": pl.Int64,
            "tried": pl.List(pl.String),
            "waited": pl.Boolean,
        },
    )
    if question.budget:
        asked = asked.with_columns(
            rows["over_budget"].fill_null(pl.Series([list(question.limited)], dtype=pl.List(pl.String))),
            gain=pl.lit(None, dtype=pl.Float64),
        )
    facts = read_facts(connection, question, asked, at, known_at=known_at)
    return replace(facts, recent=facts.recent.filter(pl.col("at") < at))


def _ways(decisions: Decisions) -> pl.DataFrame:
    """Return way, goes, reason, due of each message, in the order asked."""
    first = decisions.ranked.filter(pl.col("rank") == 1).select("message", ground="reason")
    found = decisions.verdicts.join(first, on="message", how="left", maintain_order="left")
    goes = pl.col("state") == "ready"
    return found.select(
        way=pl.when(goes).then("channel").otherwise("reason"),
        goes=goes,
        reason=pl.when(goes).then("ground").otherwise("reason"),
        due=pl.when(goes).then("due_at").otherwise(None),
        input_digest="input_digest",
    )


def _sides(found: pl.DataFrame, *, goes: bool) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for side in ("was", "would"):
        part = found.filter(pl.col(f"{side}_goes") == goes)
        for way, n in part.group_by(side).len().iter_rows():
            sums.setdefault(str(way), {"was": 0, "would": 0})[side] = n
    return dict(sorted(sums.items()))


def _total(found: pl.DataFrame, side: str, costs: dict[str, Decimal]) -> str:
    goes = found.filter(pl.col(f"{side}_goes")).group_by(side).len()
    total = sum((costs.get(way, Decimal(0)) * n for way, n in goes.iter_rows()), Decimal(0))
    return str(total.quantize(Decimal("0.01")))
