"""What a choice would have changed: the messages of the past year, decided once more with it and without it.

The one decision function is asked twice about the same facts; what differs is the choice alone. Nothing is written.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy
from store.consents import Consent
from store.facts import read_facts
from store.persons import members
from store.replay import Past, past
from store.statements import Statement
from tidings.facts import Facts, Question, asked_of, empty
from tidings.organisation import Brand, Organisation
from work.plan import expected_costs

if TYPE_CHECKING:
    import polars as pl

YEAR = timedelta(days=365)
MOST = 500
"""Messages of one customer that are looked at, the newest ones."""
_NEW = 2**62
"""Ids of rows that are not written: higher than any that is, so that they are the newest of their instant."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Messages of a purpose that would have come another way; '' stands for none."""

    purpose: str
    was: str
    would: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """How many messages there were by purpose, and what would have become of those that a choice changes."""

    totals: Mapping[str, int]
    effects: Sequence[Effect]

    @property
    def total(self) -> int:
        """All messages."""
        return sum(self.totals.values())

    @property
    def changed(self) -> int:
        """Those that would have come another way, or not at all, or would have come."""
        return sum(effect.count for effect in self.effects)


def replay(
    connection: Connection,
    organisation: Organisation,
    *,
    customer: int,
    brand: Brand,
    said: tuple[Sequence[Statement], Sequence[Consent]],
    policy: Policy,
    now: datetime,
) -> Replay:
    """Decide the past year's messages of a customer again, with what they are about to say.

    Args:
        connection: any; nothing is written.
        organisation: whose costs are compared.
        customer: who.
        brand: whose form.
        said: from `work.preference.unsaved`.
        policy: the rules of today.
        now: this moment.
    """
    records = members(connection, customer)
    messages = past(connection, records=records, brand=brand.id, since=now - YEAR, most=MOST)
    groups: dict[tuple[str, str, tuple[str, ...]], list[Past]] = {}
    for one in messages:
        groups.setdefault((one.topic, one.purpose_class, tuple(sorted(one.allowed))), []).append(one)
    effects: Counter[tuple[str, str, str]] = Counter()
    for (topic, purpose_class, allowed), rows in groups.items():
        question = Question(
            run="preview",
            brand=brand.id,
            topic=topic,
            purpose_class=purpose_class,
            channels=allowed or tuple(map(str, brand.channels)),
            default_order=tuple(map(str, brand.order_for(topic.partition(".")[0]))),
            costs=expected_costs(organisation),
            brand_name=brand.name,
        )
        effects.update(_compared(connection, question, records, customer, rows, said, policy, now))
    return Replay(
        totals=Counter(one.purpose for one in messages),
        effects=[
            Effect(purpose=purpose, was=was, would=would, count=count)
            for (purpose, was, would), count in sorted(effects.items(), key=lambda item: (-item[1], item[0]))
        ],
    )


def _compared(
    connection: Connection,
    question: Question,
    records: Sequence[int],
    customer: int,
    rows: Sequence[Past],
    said: tuple[Sequence[Statement], Sequence[Consent]],
    policy: Policy,
    now: datetime,
) -> Counter[tuple[str, str, str]]:
    facts = read_facts(connection, question, asked_of(customer), now)
    before, after = (_channel(one, policy, now) for one in (facts, _with(facts, records, *said)))
    if before == after:
        return Counter()
    return Counter((one.purpose, one.channel, after) for one in rows if one.channel != after)


def _channel(facts: Facts, policy: Policy, now: datetime) -> str:
    verdict = decide(facts, policy, now + timedelta(seconds=1), explained=False).verdicts.row(0, named=True)
    return verdict["channel"] or "" if verdict["state"] == "ready" else ""


def _with(
    facts: Facts, records: Sequence[int], statements: Sequence[Statement], consents: Sequence[Consent]
) -> Facts:
    """Return the facts as they would be if these rows were written; a consent counts for all records of a person."""
    return replace(
        facts,
        statements=_more(
            "statements",
            facts.statements,
            [
                {
                    "customer": row.customer,
                    "statement": _NEW + number,
                    "brand": row.brand,
                    "topic": row.topic,
                    "kind": row.kind,
                    "channels": list(row.channels),
                    "value": json.dumps(row.value),
                    "source": row.source,
                    "from_at": row.from_at,
                    "until_at": row.until_at,
                    "at": row.at,
                }
                for number, row in enumerate(statements)
            ],
        ),
        consents=_more(
            "consents",
            facts.consents,
            [
                {
                    "customer": row.customer,
                    "consent": _NEW + number,
                    "brand": row.brand,
                    "topic": row.topic,
                    "channel": row.channel,
                    "action": row.action,
                    "source": row.source,
                    "proof": True,
                    "at": row.at,
                    "member": record if len(records) > 1 else 0,
                }
                for number, row in enumerate(consents)
                for record in records
            ],
        ),
    )


def _more(name: str, frame: pl.DataFrame, rows: list[dict[str, object]]) -> pl.DataFrame:
    import polars as pl

    schema = empty(name).schema
    added = pl.DataFrame(rows, schema=schema, orient="row")
    return pl.concat([frame.select(schema.names()), added]) if rows else frame
