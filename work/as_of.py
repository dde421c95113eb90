"""What we knew of a customer at an instant, and what was allowed then: the same decision, of facts as they stood."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy, policy_from
from store.as_of import policy_version, said
from store.customers import find
from store.facts import read_facts
from store.facts_as_of import unknown
from store.persons import members
from store.policies import rules_of
from store.runs import find_run
from tidings.channel import Channel
from tidings.facts import Question, asked_of
from tidings.problem import Problem
from tidings.purpose import Purpose
from work.build import context_of
from work.explain import told_channel, told_sentence
from work.installation import Installation
from work.plan import expected_costs, question_of

FIRST_DAY = date(2000, 1, 1)
"""Before that nothing was recorded."""


def end_of(day: date) -> datetime:
    """Return the last instant of a day, in UTC: what was known on a day is what was known then.

    >>> end_of(date(2026, 3, 4)).isoformat()
    '2026-03-04T23:59:59.999999+00:00'
    """
    return datetime.combine(day, time.max, UTC)


def explain_as_of(
    installation: Installation,
    reference: str,
    *,
    as_of: datetime,
    run: str = "",
    purpose: str = "",
    topic: str = "",
    brand: str = "",
    language: str = "en",
    source: str | None = None,
) -> dict[str, Any]:
    """Answer a question as it would have been answered at an instant, from what had been recorded by then.

    Args:
        installation: whose store is read.
        reference: the customer's.
        as_of: the instant.
        run: asks what this run asks; else `purpose`.
        purpose: offer, news, invoice, dunning or service.
        topic: a part of the purpose, such as `offer.garden`.
        brand: '' for the first one.
        language: of the sentences.
        source: the system of the reference; None looks in all.

    Returns:
        {customer} and what `of_customer` returns.

    Raises:
        Problem: no such customer, run, purpose or brand.
    """
    with installation.engine.begin() as connection:
        customer = find(connection, reference, source)
        if customer is None:
            raise Problem(
                f"There is no customer {reference!r}.",
                todo="Give a reference, an e-mail address or a number.",
            )
        return {
            "customer": reference,
            **of_customer(
                connection,
                installation,
                customer,
                as_of=as_of,
                run=run,
                purpose=purpose,
                topic=topic,
                brand=brand,
                language=language,
            ),
        }


def of_customer(
    connection: Connection,
    installation: Installation,
    customer: int,
    *,
    as_of: datetime,
    run: str = "",
    purpose: str = "",
    topic: str = "",
    brand: str = "",
    language: str = "en",
) -> dict[str, Any]:
    """Answer `explain_as_of` for a customer that was found.

    Returns:
        {as_of, brand, topic, purpose_class, policy, state, reason, sentence, channel, due_at,
        channels: [{channel, rank, reason, sentence, evidence}], statements, consents, unknown}: `statements` and
        `consents` are the rows that were known, the newest first; `unknown` names what cannot be known as it was then
        (`store.facts_as_of.unknown`; `policy`: no run of that time says which version was in use, so today's is used).

    Raises:
        Problem: no such run, purpose or brand.
    """
    question, version = _asked(connection, installation, run, purpose, topic, brand, as_of)
    policy = policy_from(rules_of(connection, version)) if version else installation.policy
    records = members(connection, customer)
    missing = unknown(connection, records, as_of) + ([] if version else ["policy"])
    told = _answer(connection, question, policy, customer, as_of, language)
    words = said(connection, records, brand=question.brand, known_at=as_of)
    return {
        "as_of": as_of,
        "brand": question.brand,
        "topic": question.topic,
        "purpose_class": question.purpose_class,
        "policy": version,
        **told,
        **words,
        "unknown": missing,
    }


def _asked(
    connection: Connection,
    installation: Installation,
    run: str,
    purpose: str,
    topic: str,
    brand: str,
    as_of: datetime,
) -> tuple[Question, int | None]:
    """Return the question and the version of the policy that answers it."""
    if not run:
        return _question(installation, purpose, topic, brand), policy_version(connection, as_of)
    found = find_run(connection, run)
    if found is None:
        raise Problem(f"There is no run {run!r}.", todo="`tidings runs list` shows them.")
    context = context_of(connection, installation, found)
    return question_of(context.run, context.template, installation.organisation), found.policy_version


def _question(installation: Installation, purpose: str, topic: str, brand: str) -> Question:
    root = (topic or purpose).partition(".")[0]
    if root not in set(Purpose) or (purpose and purpose != root):
        raise Problem(
            f"{topic or purpose!r} is no purpose."
            if root not in set(Purpose)
            else f"{topic} is no {purpose}.",
            todo=f"Ask with --purpose {' | '.join(Purpose)}, or name a run.",
        )
    organisation, about = installation.organisation, Purpose(root)
    of_brand = organisation.brand(brand or organisation.brands[0].id)
    return Question(
        run="",
        brand=of_brand.id,
        topic=topic or root,
        purpose_class=about.purpose_class.value,
        channels=tuple(str(channel) for channel in Channel if channel in of_brand.channels),
        default_order=tuple(str(channel) for channel in of_brand.order_for(about)),
        costs=expected_costs(organisation),
        brand_name=of_brand.name,
    )


def _answer(
    connection: Connection, question: Question, policy: Policy, customer: int, as_of: datetime, language: str
) -> dict[str, Any]:
    facts = read_facts(connection, question, asked_of(customer), as_of, known_at=as_of)
    sent = facts.recent.filter(facts.recent["at"] <= as_of)
    answer = decide(replace(facts, recent=sent), policy, as_of)
    verdict = answer.verdicts.row(0, named=True)
    zone = next(iter(facts.customers["time_zone"]), "") or ""
    channels = [
        told_channel(one | {"evidence": json.loads(one["evidence"])}, language, zone)
        for one in answer.ranked.iter_rows(named=True)
        if one["rank"] or one["channel"] in question.channels
    ]
    return {
        "state": verdict["state"],
        "reason": verdict["reason"],
        "sentence": told_sentence(verdict["reason"], channels, language, zone),
        "channel": verdict["channel"],
        "due_at": verdict["due_at"],
        "channels": channels,
    }
