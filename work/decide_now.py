"""What would be decided for one customer at this moment, if something were to be sent; nothing is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from preferences.explain import sentence
from preferences.policy import Policy
from store.customers import time_zone
from tidings.facts import Question
from tidings.organisation import Brand, Organisation
from tidings.purpose import Purpose
from work.plan import ask, expected_costs


def decide_now(
    connection: Connection,
    organisation: Organisation,
    customer: int,
    *,
    topic: str,
    brand: Brand,
    channels: Sequence[str],
    policy: Policy,
    now: datetime,
    language: str,
) -> dict[str, Any]:
    """Decide for a customer as a run would.

    Args:
        connection: any.
        organisation: whose costs are compared.
        customer: who.
        topic: begins with a purpose.
        brand: in whose name.
        channels: that may be used; none: all that the brand writes on.
        policy: the organisation's rules.
        now: when.
        language: of the sentences.

    Returns:
        {state, reason, sentence, channel, language, due_at, channels: [{channel, rank, reason, sentence, evidence}]},
        the first choice first.
    """
    purpose = Purpose(topic.partition(".")[0])
    question = Question(
        run="",
        brand=brand.id,
        topic=topic,
        purpose_class=purpose.purpose_class,
        channels=tuple(str(one) for one in brand.channels if not channels or one in channels),
        default_order=tuple(str(one) for one in brand.order_for(purpose)),
        costs=expected_costs(organisation),
        brand_name=brand.name,
    )
    decisions = ask(connection, question, [("now", customer, [])], policy, now=now)
    verdict = decisions.verdicts.row(0, named=True)
    ranked = sorted(
        decisions.ranked.iter_rows(named=True), key=lambda row: (row["rank"] or len(row), row["channel"])
    )
    zone = time_zone(connection, customer)
    told = [_told(row, language, zone) for row in ranked]
    first: dict[str, Any] = told[0] if told else {"sentence": "", "evidence": {}}
    reason = verdict["reason"] or ""
    return {
        "state": verdict["state"],
        "reason": reason,
        "sentence": sentence(reason, language, first["evidence"], zone=zone) if reason else first["sentence"],
        "channel": verdict["channel"],
        "language": verdict["language"],
        "due_at": verdict["due_at"],
        "channels": told,
    }


def _told(row: dict[str, Any], language: str, zone: str) -> dict[str, Any]:
    evidence = json.loads(row["evidence"] or "{}")
    return {
        "channel": row["channel"],
        "rank": row["rank"],
        "reason": row["reason"],
        "sentence": sentence(row["reason"], language, {**evidence, "channel": row["channel"]}, zone=zone),
        "evidence": evidence,
    }
