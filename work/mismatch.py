"""Says one thing, does another: who chose e-mail and answers only letters is asked which they mean; nobody overrides.

What was said counts until the customer says something else. Found by the one decision function: the customer's own
first channel is put in the place of the house's, and what they said is left out; where behaviour moves another channel
before it, the two differ by more than chance (docs/deciding.md, rule 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from preferences.decision import decide
from preferences.policy import Policy
from store import preference, slips
from store.facts import read_facts
from store.mismatches import ASKED, candidates, reachable
from store.owner import alone
from store.statements import Statement, append
from tidings.channel import Channel
from tidings.facts import Decisions, Facts, Question
from tidings.organisation import Brand
from tidings.purpose import Purpose
from tidings.reason import Reason
from work.installation import Installation
from work.plan import expected_costs
from work.wishes import spoken

if TYPE_CHECKING:
    import polars as pl

AGAIN = timedelta(days=180)
"""Nobody is asked twice within this time, whatever they answered."""
BATCH = 20_000
SLIPS = (Channel.EMAIL, Channel.SMS, Channel.PUSH)
"""Channels on which we can ask at once."""
STATED = (Reason.STATED_TOPIC, Reason.STATED_PURPOSE, Reason.STATED_ALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """A customer who says one channel and answers on another."""

    customer: int
    stated: str
    observed: str
    ask_by: str
    """On which channel they can be asked now; '' when they cannot."""
    address: int | None
    language: str = "en"
    """In which they are asked."""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "customer": self.customer,
            "stated": self.stated,
            "observed": self.observed,
            "ask_by": self.ask_by,
        }


def mismatches(
    installation: Installation, *, now: datetime, topic: str = Purpose.INVOICE, brand: str | None = None
) -> Iterator[Mismatch]:
    """Yield those who were not asked for a while, by id.

    Args:
        installation: whose customers.
        now: when.
        topic: about which messages; a purpose or a topic below one.
        brand: in whose name; None: the first.
    """
    asking = installation.organisation.brand(brand)
    question = _question(installation, asking, topic)
    after = 0
    while True:
        with installation.engine.begin() as connection:
            some = candidates(
                connection,
                purpose_class=question.purpose_class,
                after=after,
                limit=BATCH,
                asked_since=now - AGAIN,
            )
            found = _found(connection, question, some, installation.policy, now)
        yield from found
        if len(some) < BATCH:
            return
        after = some[-1]


def ask(
    installation: Installation, *, now: datetime, topic: str = Purpose.INVOICE, brand: str | None = None
) -> int:
    """Ask those who can be asked now, each once in AGAIN; returns how many. Quiet hours are waited for.

    While somebody else asks nobody is asked.
    """
    asking = installation.organisation.brand(brand)
    with alone(installation.engine, "ask mismatches") as mine:
        found = mismatches(installation, now=now, topic=topic, brand=brand) if mine else ()
        wanted = [one for one in found if one.ask_by]
        for begin in range(0, len(wanted), BATCH):
            with installation.engine.begin() as connection:
                _write(connection, wanted[begin : begin + BATCH], brand=asking, topic=topic, now=now)
    return len(wanted)


def _write(
    connection: Connection, some: Sequence[Mismatch], *, brand: Brand, topic: str, now: datetime
) -> None:
    places = reachable(connection, [one.address for one in some if one.address is not None])
    for one in some:
        slips.ask(
            connection,
            kind="mismatch",
            channel=one.ask_by,
            value=places.get(one.address or 0, ""),
            brand=brand.id,
            language=one.language,
            now=now,
            customer=one.customer,
            detail={"stated": one.stated, "observed": one.observed, "topic": topic},
        )


def ask_of_all(installation: Installation, *, now: datetime) -> int:
    """Ask in the name of each brand, one after the other; whom one of them asked, no other one asks."""
    return sum(ask(installation, now=now, brand=brand.id) for brand in installation.organisation.brands)


def answer(
    connection: Connection,
    *,
    customer: int,
    brand: Brand,
    first: str,
    other: str,
    topic: str,
    now: datetime,
) -> None:
    """Write down which of two channels a customer means; in a transaction that holds their lock.

    Who wanted these channels only wants no more of them by answering than the one that they chose.
    """
    known = preference.read(connection, customer=customer, brand=brand.id)
    said = next(spoken(known, "order", topic, now), None) if known else None
    only = said is not None and said["value"].get("only") is True
    rest = [one for one in said["channels"] if one != first] if said and only else [other]
    append(
        connection,
        [
            Statement(
                customer=customer,
                kind="order",
                at=now,
                source=ASKED,
                actor="customer",
                brand=brand.id,
                topic=topic,
                channels=(first, *rest),
                value={"only": True} if only else {},
                proof=f"asked {first} or {other}",
            )
        ],
    )


def _question(installation: Installation, brand: Brand, topic: str) -> Question:
    purpose = Purpose(topic.partition(".")[0])
    return Question(
        run="mismatch",
        brand=brand.id,
        topic=topic,
        purpose_class=purpose.purpose_class,
        channels=tuple(map(str, brand.channels)),
        default_order=tuple(map(str, brand.order_for(purpose))),
        costs=expected_costs(installation.organisation),
        brand_name=brand.name,
    )


def _found(
    connection: Connection, question: Question, customers: Sequence[int], policy: Policy, now: datetime
) -> list[Mismatch]:
    import polars as pl

    if not customers:
        return []
    asked = pl.DataFrame(
        {"message": map(str, customers), "customer": customers, "tried": [[]] * len(customers)},
        schema={"message": pl.String, "customer": pl.Int64, "tried": pl.List(pl.String)},
    )
    facts = read_facts(connection, question, asked, now)
    said = decide(facts, policy, now, explained=False)
    stated = _first(said).filter(pl.col("reason").is_in([str(one) for one in STATED]))
    mute = replace(facts, statements=facts.statements.filter(pl.col("kind") != "order"))
    found = []
    for (channel,), group in stated.group_by("channel", maintain_order=True):
        does = decide(_instead(mute, group, str(channel)), policy, now, explained=False)
        moved = _first(does).filter(
            (pl.col("reason") == str(Reason.OBSERVED)) & (pl.col("channel") != channel)
        )
        found += [
            _mismatch({str(channel): said, observed: does}, int(message), now)
            for message, observed in moved.select("message", "channel").iter_rows()
        ]
    return sorted(found, key=lambda one: one.customer)


def _instead(facts: Facts, group: pl.DataFrame, channel: str) -> Facts:
    """Return the facts of some customers as if the house's first channel were theirs."""
    rest = [one for one in facts.question.default_order if one != channel]
    return replace(
        facts,
        question=replace(facts.question, default_order=(channel, *rest)),
        asked=facts.asked.join(group.select("message"), on="message", how="semi"),
    )


def _first(decisions: Decisions) -> pl.DataFrame:
    import polars as pl

    return decisions.ranked.filter(pl.col("rank") == 1).sort("message")


def _mismatch(ways: Mapping[str, Decisions], customer: int, now: datetime) -> Mismatch:
    """Return a mismatch with the channel on which they can be asked: the one that they chose, else the other.

    Args:
        ways: both channels, the chosen one first, each with the decision in which it comes first.
        customer: who.
        now: asked is only where the channel's own quiet time allows it.
    """
    import polars as pl

    stated, observed = ways
    said = ways[stated]
    places = dict(
        said.ranked.filter((pl.col("message") == str(customer)) & pl.col("rank").is_not_null())
        .select("channel", "address")
        .iter_rows()
    )
    by = next((one for one in ways if one in SLIPS and places.get(one) is not None), "")
    verdict = ways.get(by, said).verdicts.row(by_predicate=pl.col("message") == str(customer), named=True)
    by = "" if verdict["due_at"] > now else by
    return Mismatch(
        customer=customer,
        stated=stated,
        observed=observed,
        ask_by=by,
        address=places.get(by),
        language=verdict["language"],
    )
