"""A campaign rehearsed over the real people on a simulated clock (`work.simulate`): nothing is sent or changed.

Only the rehearsal itself is kept, for its page and for `work.compare`. The same store, campaign, seed and moment give
the same result, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import structlog
from sqlalchemy import Connection

from preferences.policy import Policy
from preferences.sheet import CHANNELS
from store import rehearsals
from store import segments as stored
from store.facts import read_facts
from store.policies import current_policy
from store.rehearsals import Seen
from store.runs import Run
from templates.catalog import Template
from tidings.campaign import Campaign
from tidings.facts import Facts, Question, empty
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass
from work.campaign import checked, parse_campaign, starts
from work.collection import is_held, next_collection
from work.coming import coming
from work.course import Behaviour, Course, Simulated
from work.forecast import pretended
from work.installation import Installation
from work.learnt import pinned
from work.likely import Drawn, chances, rates
from work.own_time import own_instant
from work.plan import BATCH, question_of
from work.segments import Reading, condition
from work.simulate import simulate
from work.summary import told

log = structlog.get_logger()

HORIZON = timedelta(days=45)
"""How far a rehearsal goes when nobody says: the longest usual cap and the waits of a fallback."""
LEARNT = timedelta(days=365)
"""How far back the rates are counted."""


def ask(
    connection: Connection,
    installation: Installation,
    campaign: Campaign,
    *,
    now: datetime,
    until: datetime | None = None,
    seed: int = 0,
    actor: str,
) -> str:
    """Write down that a campaign is to be rehearsed; returns the rehearsal's id, the same for the same question.

    Args:
        connection: in a transaction.
        installation: whose customers.
        campaign: looked at (`work.campaign.checked`).
        now: when it starts where its file says nothing; what is known then counts.
        until: the clock's end.
        seed: of chance.
        actor: who asks.

    Raises:
        Problem: it would end before it starts.
    """
    begins = max(starts(campaign, now=now), now)
    ends = until or begins + HORIZON
    if ends <= begins:
        raise Problem(
            f"The campaign starts at {begins.isoformat()}; a rehearsal until {ends.isoformat()} is over before."
        )
    definition = campaign.model_dump(mode="json")
    question = [definition, seed, now.isoformat(), ends.isoformat(), installation.policy.digest]
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:8]
    rehearsal = f"rehearsal-{campaign.name}-{campaign.edition}-{digest}"
    values = {
        "id": rehearsal,
        "name": campaign.name,
        "edition": campaign.edition,
        "definition": definition,
        "seed": seed,
        "requested_by": actor,
        "known_at": now,
        "until_at": ends,
    }
    rehearsals.ask(connection, values)
    return rehearsal


def rehearse(installation: Installation, rehearsal: str) -> dict[str, Any]:
    """Work a rehearsal through and keep what it comes to; about 5 s for 100,000 customers.

    Returns:
        {rehearsal, campaign, edition, title, purpose, seed, policy, known_at, starts_at, until, audience, already_sent,
        planned, held, sent, failed, waiting, waits, deliveries, fallbacks, recalled, saved, cost, engagement, days}:
        counts by channel or reason; audience = already_sent + planned + held, planned = sent + failed + waiting. See
        `work.summary.told`.

    Raises:
        Problem: there is none, or its campaign cannot be used any more.
    """
    with installation.engine.connect() as connection:
        row = rehearsals.find_rehearsal(connection, rehearsal)
    if row is None:
        raise Problem(
            f"There is no rehearsal {rehearsal!r}.", todo="`tidings campaign rehearse FILE` makes one."
        )
    campaign = parse_campaign(row.definition, where=rehearsal)
    template = checked(installation, campaign, now=row.known_at)
    policy = installation.policy
    with installation.engine.begin() as connection:
        selected = condition(
            Reading(connection=connection, engine=installation.engine), campaign.audience, now=row.known_at
        )
        chosen = stored.members(connection, selected)
        brand = installation.organisation.brand(campaign.brand).id
        prefix = f"{brand}:{campaign.purpose}:{campaign.name}/{campaign.edition}:"
        people = rehearsals.not_yet_sent(connection, chosen, key_prefix=prefix)
        course = course_of(
            connection, installation, campaign, template, policy, now=row.known_at, until=row.until_at
        )
        facts = facts_of(connection, course.question, people, now=course.starts_at)
        course = with_limits(connection, with_own_time(course, campaign, facts), campaign, people, prefix)
        drawn = _drawn(connection, course, facts, seed=row.seed)
        connection.rollback()
    simulated = simulate(facts, course, drawn)
    result = {
        "rehearsal": rehearsal,
        "campaign": campaign.name,
        "edition": campaign.edition,
        "title": campaign.title or f"{campaign.name} {campaign.edition}",
        "purpose": campaign.purpose,
        "seed": row.seed,
        "policy": policy.digest,
        "known_at": _plain(row.known_at),
        "starts_at": _plain(course.starts_at),
        "until": _plain(course.until),
        "audience": len(chosen),
        "already_sent": len(chosen) - len(people),
        **told(installation, simulated, facts, template, campaign),
    }
    with installation.engine.begin() as connection:
        version = current_policy(connection, policy)
        rehearsals.keep(connection, rehearsal, policy=version, result=result, people=frame_of(simulated))
    return result


def rehearse_waiting(installation: Installation) -> int:
    """Work through what the API and the pages asked for, one at a time; returns how many there were."""
    with installation.engine.begin() as connection:
        waiting = rehearsals.waiting_rehearsals(connection, limit=1)
    for one in waiting:
        try:
            rehearse(installation, one)
        except Problem as problem:
            log.warning("a rehearsal could not be worked through", rehearsal=one)
            with installation.engine.begin() as connection:
                rehearsals.fail(connection, one, because=str(problem))
    return len(waiting)


def course_of(
    connection: Connection,
    installation: Installation,
    campaign: Campaign,
    template: Template,
    policy: Policy,
    *,
    now: datetime,
    until: datetime,
) -> Course:
    """Return how a run of a campaign would go on."""
    begins = max(starts(campaign, now=now), now)
    run: Run = pretended(installation, campaign, template, now=begins)
    learnt = pinned(connection, template.purpose_class, policy=policy, campaign=campaign)
    run = replace(run, options={**run.options, **learnt, "campaign": campaign.model_dump(mode="json")})
    return Course(
        question=question_of(run, template, installation.organisation),
        policy=policy,
        starts_at=begins,
        until=until,
        fallback_after={str(name): wait.total_seconds() for name, wait in campaign.fallback_after.items()},
        letters_at=lambda at: next_collection(installation, at),
        collected_at=(lambda at: next_collection(installation, at)) if is_held(installation) else None,
    )


def with_own_time(course: Course, campaign: Campaign, facts: Facts) -> Course:
    """Return the course of a campaign at a time of the day where each customer lives."""
    start = campaign.schedule.start
    if not campaign.schedule.own_time or start is None:
        return course
    zones = facts.customers["time_zone"].unique().to_list()
    return replace(
        course, not_before={zone: own_instant(start, zone, course.policy.time_zone) for zone in zones}
    )


def with_limits(
    connection: Connection, course: Course, campaign: Campaign, people: Sequence[int], key_prefix: str
) -> Course:
    """Return the course with what binds the run as a whole: its budget, and one letter for a household."""
    if course.question.purpose_class != PurposeClass.MARKETING:
        return course
    budget = campaign.budget
    return replace(
        course,
        budget=budget,
        keys=rehearsals.message_ids(connection, people, key_prefix=key_prefix) if budget else (),
        households=rehearsals.households(connection, people),
    )


def facts_of(connection: Connection, question: Question, customers: Sequence[int], *, now: datetime) -> Facts:
    """Return the facts of many customers, read in batches; nobody is asked about yet."""
    parts = []
    for begin in range(0, len(customers), BATCH):
        asked = pl.DataFrame({"customer": customers[begin : begin + BATCH]}, schema={"customer": pl.Int64})
        facts = read_facts(connection, question, asked, now)
        parts.append(
            replace(facts, coming=coming(connection, question, asked["customer"].to_list(), now=now))
        )
    if not parts:
        return read_facts(connection, question, empty("asked"), now)
    names = [part.name for part in fields(Facts) if isinstance(getattr(parts[0], part.name), pl.DataFrame)]
    return replace(parts[0], **{name: pl.concat([getattr(part, name) for part in parts]) for name in names})


def frame_of(simulated: Simulated) -> pl.DataFrame:
    """Return what became of each customer, as `store.rehearsals` keeps it."""
    import numpy as np

    from preferences.sheet import NEVER, WIDTH

    names = np.array([*CHANNELS, None], dtype=object)
    used = [[name for bit, name in enumerate(CHANNELS) if mask >> bit & 1] for mask in range(1 << WIDTH)]
    instant = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "customer": simulated.customer,
            "state": pl.Series(simulated.state.tolist(), dtype=pl.String),
            "reason": pl.Series(simulated.reason.tolist(), dtype=pl.String),
            "first": pl.Series(names[simulated.first].tolist(), dtype=pl.String),
            "channel": pl.Series(names[simulated.channel].tolist(), dtype=pl.String),
            "ground": pl.Series(simulated.ground.tolist(), dtype=pl.String),
            "wait": pl.Series(simulated.wait.tolist(), dtype=pl.String),
            "tried": pl.Series(used, dtype=pl.List(pl.String)).gather(simulated.tried),
            "due_at": pl.Series(np.where(simulated.due == NEVER, 0, simulated.due)).cast(instant),
        }
    ).with_columns(
        due_at=pl.when(pl.Series(simulated.due == NEVER)).then(None).otherwise("due_at").cast(instant)
    )


def _drawn(connection: Connection, course: Course, facts: Facts, *, seed: int) -> Behaviour:
    import numpy as np

    kind = PurposeClass(course.question.purpose_class)
    purposes = [one.value for one in Purpose if one.purpose_class is kind]
    found: Mapping[str, Seen] = rehearsals.seen(
        connection, purposes=purposes, since=course.starts_at - LEARNT
    )
    customers = np.sort(facts.customers["customer"].to_numpy())
    likely = chances(customers, facts, now=course.starts_at, policy=course.policy)
    return Drawn(seed=seed, rates=rates(found), answers=likely)


def _plain(moment: datetime) -> str:
    from datetime import UTC

    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
