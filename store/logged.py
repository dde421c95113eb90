"""What runs did and what came of it: the log that another policy is judged by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from store.persons import ALL_OF_M, MEMBERS

if TYPE_CHECKING:
    import polars as pl

_LOGGED = text(f"""
    SELECT m.id::text AS message, m.customer_id AS customer, m.planned_at, m.first_channel AS channel, m.propensity,
           m.over_budget, (SELECT coalesce(string_agg(d ->> 'channel', ','), '') FROM jsonb_array_elements(m.decision) d
             WHERE d ->> 'rank' IS NOT NULL) AS possible,
           EXISTS (SELECT FROM touchpoints t
                    WHERE t.customer_id = ANY({MEMBERS.format(customer="m.customer_id")})
                      AND t.direction = 'in' AND NOT t.machine AND t.kind = ANY(:engaged)
                      AND t.at >= m.planned_at AND t.at < m.planned_at + :within
                      AND (t.message_id = m.id OR t.message_id IS NULL AND split_part(t.purpose, '.', 1) = m.purpose)
                  ) AS engaged
      FROM messages m
     WHERE m.run_id = :run AND m.copy = 0 AND m.first_channel IS NOT NULL
       AND m.state IN ('done', 'in_delivery', 'undeliverable')
     ORDER BY m.id
""")
_CAME = text(f"""
    WITH mine AS (
        SELECT m.id, m.customer_id, m.planned_at, m.state = 'held' AS held FROM messages m
         WHERE m.run_id = :run AND m.copy = 0
           AND (m.state IN ('done', 'in_delivery', 'undeliverable') OR (m.state = 'held' AND m.reason = 'holdout'))
    ), came AS (
        SELECT DISTINCT m.id FROM mine m {ALL_OF_M} JOIN touchpoints t ON t.customer_id = whose.record
         WHERE t.direction = 'in' AND NOT t.machine AND t.kind = ANY(:came)
           AND t.at >= m.planned_at AND t.at < m.planned_at + :within
    )
    SELECT count(*) FILTER (WHERE NOT held) AS treated, count(came.id) FILTER (WHERE NOT held) AS treated_came,
           count(*) FILTER (WHERE held) AS held, count(came.id) FILTER (WHERE held) AS held_came
      FROM mine LEFT JOIN came USING (id)
""")
CAME = ("paid", "visited", "called", "redeemed")
"""What a customer does whether or not a message came: what those who were held out are compared by."""


def logged(connection: Connection, run: str, *, engaged: tuple[str, ...], within: timedelta) -> pl.DataFrame:
    """Return message, customer, planned_at, channel (the first), propensity, over_budget, possible (channels), engaged.

    Args:
        connection: any.
        run: its id.
        engaged: kinds of touchpoints that are a reward: about this message, or about its purpose and no message.
        within: how long after it was decided.
    """
    import polars as pl

    rows = connection.execute(_LOGGED, {"run": run, "engaged": list(engaged), "within": within}).all()
    shape = {
        "message": pl.String(),
        "customer": pl.Int64(),
        "planned_at": pl.Datetime("us", "UTC"),
        "channel": pl.String(),
        "propensity": pl.Float64(),
        "over_budget": pl.List(pl.String()),
        "possible": pl.String(),
        "engaged": pl.Boolean(),
    }
    return pl.DataFrame([tuple(row) for row in rows], schema=shape, orient="row")


def came(connection: Connection, run: str, *, within: timedelta) -> tuple[int, int, int, int]:
    """Return how many got a run's message, how many of them came, how many were held out, and came all the same."""
    row = connection.execute(_CAME, {"run": run, "came": list(CAME), "within": within}).one()
    return row.treated, row.treated_came, row.held, row.held_came
