"""Reads what a batch of questions is decided from: unjudged rows of the customers asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from store.arrays import read_arrays
from store.facts_as_of import AS_OF
from store.facts_of_persons import LISTED, MERGED, PERSONS, PREFIX
from store.registers import newest
from tidings.facts import CAP_HORIZON, FREQUENCY_HORIZON, Facts, Question, empty
from tidings.purpose import Purpose, PurposeClass, topic_path

if TYPE_CHECKING:
    import polars as pl

_QUERIES: Mapping[str, str] = {
    "customers": """
        SELECT id AS customer, language, time_zone, country, standing, holds
          FROM customers WHERE id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
    """,
    "addresses": f"""
        SELECT a.customer_id AS customer, a.channel, a.id AS address, a.state, a.problem,
               a.verified_at IS NOT NULL AS verified, a.position, coalesce(a.postal ->> 'country', '') AS country,
               {PREFIX} AS prefix, {LISTED} AS register
          FROM addresses a
         WHERE a.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND a.removed_at IS NULL
    """,
    "suppressions": """
        SELECT a.customer_id AS customer, a.channel, a.id AS address, s.id AS suppression, s.brand, s.reason, s.at
          FROM addresses a JOIN suppressions s ON s.channel = a.channel AND s.value = a.value
         WHERE a.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND a.removed_at IS NULL
           AND s.lifted_at IS NULL AND s.brand IN (%(brand)s, 'all')
    """,
    "consents": """
        SELECT customer_id AS customer, id AS consent, brand, topic, channel, action, source, proof <> '' AS proof, at,
               on_behalf, expires_at, coalesce(record ->> 'ground', '') AS ground, 0::bigint AS member
          FROM consents
         WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND brand IN (%(brand)s, 'all')
           AND topic = ANY(%(topics)s::text[])
    """,
    "statements": """
        SELECT customer_id AS customer, id AS statement, brand, topic, kind, channels, value::text AS value, source,
               from_at, until_at, at, on_behalf
          FROM statements
         WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND brand IN (%(brand)s, 'all')
           AND topic = ANY(%(topics)s::text[])
    """,
    "behaviour": """
        SELECT customer_id AS customer, channel, purpose_class, reached, engaged, observations, as_of
          FROM behaviour
         WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND purpose_class = %(purpose_class)s
    """,
    "hours": """
        SELECT customer_id AS customer, unnest(cells) AS cell, unnest(weights) AS weight, as_of
          FROM best_hours WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
    """,
    "recent": """
        SELECT t.customer_id AS customer, t.brand, t.purpose, t.channel, t.at
          FROM touchpoints t
         WHERE t.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND t.at > %(since)s
           AND t.direction = 'out' AND t.kind = 'sent' AND t.purpose = ANY(%(purposes)s::text[])
        UNION ALL
        SELECT m.customer_id, m.brand, m.purpose, d.channel, d.created_at
          FROM messages m JOIN deliveries d ON d.message_id = m.id
         WHERE m.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[]))) AND m.state = 'in_delivery'
           AND m.purpose = ANY(%(purposes)s::text[])
           AND d.state IN ('ready', 'sending', 'in_doubt') AND d.created_at > %(since)s
    """,
}
_ONLY_MARKETING = ("consents", "hours", "recent")
"""What is owed anyway needs no permission, and nothing counts against it."""


def read_facts(
    connection: Connection,
    question: Question,
    asked: pl.DataFrame,
    now: datetime,
    *,
    known_at: datetime | None = None,
) -> Facts:
    """Read everything that `preferences.decision` may ask about these messages.

    Args:
        connection: in whose transaction it is read.
        question: what all rows are asked about; rows of other brands and topics are left out.
        asked: frame `asked` of `tidings.facts.SCHEMAS`.
        now: `recent` reaches `CAP_HORIZON` back from here.
        known_at: only what had been recorded by then, as it was then (`store.facts_as_of` says what cannot be known);
            None: all that is known.

    Returns:
        Frames as in `tidings.facts.SCHEMAS`, rows in any order. Our own messages on their way count as recent until
        their touchpoint is written.
    """
    import polars as pl

    if not asked.height:
        nothing: dict[str, Any] = {name: empty(name) for name in (*_QUERIES, "coming")}
        return Facts(question=question, asked=asked, **nothing)
    marketing = question.purpose_class == PurposeClass.MARKETING
    wanted = [name for name in _QUERIES if marketing or name not in _ONLY_MARKETING]
    if question.best_hour_until is None and "hours" in wanted:
        wanted.remove("hours")
    registers = newest(connection, known_at) if marketing else ()
    values = {
        "registers": "{" + ",".join(str(one.id) for one in registers) + "}",
        "brand": question.brand,
        "topics": list(topic_path(question.topic)),
        "purposes": [one.value for one in Purpose if one.purpose_class is PurposeClass.MARKETING],
        "purpose_class": question.purpose_class,
        "since": now - CAP_HORIZON,
        "known_at": known_at,
    }

    def read(queries: Mapping[str, str], customers: set[int]) -> dict[str, pl.DataFrame]:
        listed = values | {"customers": _array(customers)}
        past = AS_OF if known_at else ""
        asking = [(past + queries[name], empty(name).schema) for name in wanted]
        return dict(zip(wanted, read_arrays(connection, asking, listed), strict=True))

    customers = set(asked["customer"].to_list())
    # Not one of the queries above: what it finds decides what they are asked for.
    merged = {row[0] for row in connection.exec_driver_sql(PERSONS, {"customers": _array(customers)})}
    frames = read(_QUERIES, customers - merged)
    if patient := _looking_far_back(frames):
        values["since"] = now - FREQUENCY_HORIZON
        [longer] = read_arrays(
            connection,
            [((AS_OF if known_at else "") + _QUERIES["recent"], empty("recent").schema)],
            values | {"customers": _array(patient)},
        )
        others = frames["recent"].filter(~pl.col("customer").is_in(patient))
        frames["recent"] = pl.concat([others, longer])
        values["since"] = now - CAP_HORIZON
    if merged:
        more = read(MERGED, merged)
        frames = {name: pl.concat([frames[name], more[name]]) for name in wanted}
    told: dict[str, Any] = {name: frames[name] if name in frames else empty(name) for name in _QUERIES}
    washed = {(one.country, one.kind): one.dated for one in registers}
    return Facts(question=question, asked=asked, coming=empty("coming"), washed=washed, **told)


def _array(customers: Iterable[int]) -> str:
    """Write an array as the queries unnest it: the planner would weigh each of ten thousand, eight times over."""
    return "{" + ",".join(map(str, customers)) + "}"


def _looking_far_back(frames: Mapping[str, pl.DataFrame]) -> list[int]:
    """Return the customers whose wish looks further back than a cap does."""
    import polars as pl

    if "recent" not in frames:
        return []
    often = (pl.col("kind") == "frequency") & pl.col("value").str.contains('"year"', literal=True)
    return frames["statements"].filter(often)["customer"].unique().to_list()
