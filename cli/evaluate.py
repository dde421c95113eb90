"""`tidings evaluate`: what another policy would have been worth, judged by runs that were sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from cli.instants import instant
from cli.options import Json
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

NAMES = {
    "logged": "What was done",
    "ips": "IPS, inverse propensity",
    "snips": "SNIPS, self-normalised",
    "dr": "DR, doubly robust",
}
WARNINGS = {
    "no_overlap": "The runs never did what this policy would do, and drew nothing by lot: nothing can be said about it "
    "but what the model expects. Let a run explore (`explore` in the policy) and ask again.",
    "partial_overlap": "Of {missing:,} messages nothing can be said: the runs could have made no other choice there. "
    "IPS and SNIPS are about the other {supported:,}; DR has only the model's word for them.",
    "few_effective": "Only {effective_sample_size:g} of the messages count in effect; the intervals may be too narrow.",
    "few_tried": "Where this policy would do something else than the runs mostly did, the lot gave it to few: "
    "the intervals may be too narrow.",
    "young": "{young:,} messages are younger than {window_days:g} days: answers may still come.",
    "no_messages": "There are no messages.",
}


def evaluate(
    policy: str,
    *,
    against: Annotated[list[str], Parameter(consume_multiple=True)],
    days: float = 7.0,
    now: str | None = None,
    json: Json = False,
) -> int:
    """Judge a policy by what runs did and what came of it: IPS, SNIPS and doubly robust, each with a 95 % interval.

    Example: tidings evaluate careful.toml --against autumn-2026 winter-2026

    Parameters
    ----------
    policy
        A TOML or JSON file of rules, or the number of a stored version.
    against
        Runs that were sent.
    days
        An answer counts so many days after its message was decided.
    now
        Judge at this instant instead of the present.
    """
    from datetime import UTC, datetime, timedelta

    from work.evaluate import evaluated
    from work.installation import opened
    from work.whatif import read_policy

    if not 0 < days <= 366:  # noqa: PLR2004 -- a year
        raise Problem(f"{days:g} days is no window.", todo="Give more than 0 and at most 366.")
    with opened(Settings.read()) as installation:
        with installation.engine.connect() as connection:
            rules = read_policy(connection, policy)
        found = evaluated(
            installation,
            rules,
            against,
            now=instant(now) or datetime.now(UTC),
            within=timedelta(days=days),
        )
    if json:
        print_json(found)
    else:
        show(found)
    return Exit.OK


def show(found: Mapping[str, Any]) -> None:
    """Print an evaluation for a person."""
    from rich.table import Table

    console.print(
        f"{found['n']:,} messages of {', '.join(found['runs'])}; {found['same']:,} would go as they went, of "
        f"{found['supported']:,} something can be said (effective sample size {found['effective_sample_size']:,.0f})."
    )
    table = Table(box=None, pad_edge=False)
    for name in ("", "Engaged", "95 % interval"):
        table.add_column(name, justify="right" if name else "left")
    for key, name in NAMES.items():
        one = found[key]
        if one is None:
            table.add_row(name, "-", "-")
        else:
            table.add_row(name, f"{one['value']:.2%}", f"{one['low']:.2%} to {one['high']:.2%}")
    console.print(table)
    numbers = {**found, "missing": found["n"] - found["supported"]}
    for code in found["warnings"]:
        console.print(WARNINGS[code].format(**numbers))
