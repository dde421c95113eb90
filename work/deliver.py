"""Claim, build, send, record: the loop that never sends twice and loses nothing (design/delivery.md).

One transaction claims a batch and writes its intents; no byte leaves before it is committed; one transaction records
the outcomes. What the customer said is asked again inside the claim, by the same `decide` that planned the run.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Connection

from channels.contract import Provider
from channels.lanes import Lanes
from preferences.policy import Policy
from store.claims import Claimed, Due, lock_due, open_attempts
from store.invoices import documents
from store.messages import write_decisions
from store.outcomes import Step, record
from store.suppressions import suppress
from tidings.channel import Channel
from tidings.facts import Decisions
from tidings.message import Parcel
from tidings.outcome import ErrorClass, Outcome, Rejected, Unknown
from tidings.reason import Reason
from work.build import RunContext, content_hash, parcel, parts_and_cost, read_context
from work.installation import Installation
from work.outcome import Built, cancelled, step
from work.plan import as_rows, ask, question_of
from work.settle import settle

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger()

Clock = Callable[[], datetime]

SLICE = 10
"""Parcels handed over at once; the lease is looked at between slices."""

LETTERS = 200
"""Letters go out as one merged file per claim, under a key: a bigger batch puts nothing in doubt."""


@dataclass(kw_only=True)
class Sender:
    """One process that sends: it owns its attempts for as long as it lives.

    Args:
        owner: the number of our lock, from `store.owner`.
        clock: business time; a rehearsed or demonstrated run has its own.
        progress: called with the number of messages that got an outcome.
    """

    installation: Installation
    providers: Mapping[Channel, Sequence[Provider]]
    """Of each channel, the most preferred first; the next one sends while the circuit of those before is open."""
    policy: Policy
    owner: int
    clock: Clock
    progress: Callable[[int], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False
    """Asked before each claim; what is claimed is finished."""
    lanes: Lanes = field(default_factory=Lanes)
    _contexts: dict[str, RunContext] = field(default_factory=dict)

    def send_due(self, *, run: str | None = None, shard: int | None = None) -> Counter[str]:
        """Send everything that is due, lane by lane; returns outcomes by name. Safe to run any number of times."""
        tally: Counter[str] = Counter()
        moved = True
        while (
            moved
        ):  # A refused channel makes the message due on the next one, perhaps on a lane already emptied.
            moved = False
            for choice in self.providers.values():
                while (
                    not self.stopping() and (done := self._batch(self._open(choice), run, shard)) is not None
                ):
                    moved = True
                    tally.update(done)
        return tally

    def settle(self, *, run: str | None = None) -> int:
        """Name what dead processes left open, and make ready again what may be; returns how many were named."""
        every = [provider for choice in self.providers.values() for provider in choice]
        return settle(self.installation, every, now=self.clock(), run=run)["named"]

    def _open(self, choice: Sequence[Provider]) -> Provider:
        """Return the first provider that may be called now, else the first."""
        now = self.clock()
        return next((one for one in choice if not self.lanes.opens_at(one.name, now=now)), choice[0])

    def _batch(self, provider: Provider, run: str | None, shard: int | None) -> Counter[str] | None:
        """Claim, build, send and record one batch; None when the lane is empty."""
        read_at = monotonic()
        calls = provider.call_timeout * min(SLICE, self.installation.settings.claim)
        lease = self.installation.settings.lease + calls
        claimed, rest = self._claim(provider, run, shard, lease)
        if claimed is None:
            return None
        deadline = read_at + self.installation.settings.lease.total_seconds()
        steps = self.finish(provider, claimed, rest, deadline)
        self.progress(len(steps))
        return Counter(step.attempt_state for step in steps)

    def finish(
        self,
        provider: Provider,
        claimed: Sequence[Claimed],
        rest: Mapping[str, list[str]],
        deadline: float = float("inf"),
    ) -> list[Step]:
        """Build, send and record what was claimed and committed; returns a step for each attempt.

        Args:
            rest: the channels that each message may fall back to.
            deadline: monotonic seconds after which no call is begun.
        """
        steps = self._send(provider, claimed, rest, deadline)
        now = self.clock()
        with self.installation.engine.begin() as connection:
            record(connection, steps, now=now)
            suppress(connection, _suppressions(claimed, steps, now))
        return steps

    def _claim(
        self, provider: Provider, run: str | None, shard: int | None, lease: timedelta
    ) -> tuple[list[Claimed] | None, dict[str, list[str]]]:
        """Lock a batch, ask again what each customer wants, and commit the intents of what may go out now."""
        now = self.clock()
        limit = LETTERS if provider.channel is Channel.LETTER else self.installation.settings.claim
        limit = self.lanes.allowed(provider.name, limit, now=now)
        if not limit:
            return None, {}
        with self.installation.engine.begin() as connection:
            due = lock_due(
                connection,
                channel=provider.channel,
                mode=self.installation.mode,
                run=run,
                shard=shard,
                now=now,
                limit=limit,
            )
            if not due:
                return None, {}
            for run_id in {row.run for row in due} - self._contexts.keys():
                self._contexts[run_id] = read_context(connection, self.installation, run_id)
            chosen: list[tuple[str, int]] = []
            rest: dict[str, list[str]] = {}
            for run_id in sorted({row.run for row in due}):
                rows = [row for row in due if row.run == run_id]
                for message, address, others in self._admit(connection, run_id, rows, provider.channel, now):
                    chosen.append((message, address))
                    rest[message] = others
            claimed = open_attempts(
                connection,
                chosen,
                channel=provider.channel,
                provider=provider.name,
                owner=self.owner,
                now=now,
                lease=lease,
            )
        return claimed, rest

    def _admit(
        self, connection: Connection, run_id: str, rows: Sequence[Due], channel: Channel, now: datetime
    ) -> list[tuple[str, int, list[str]]]:
        """Return (message, address, other channels) of what may leave now; what may not is moved or held here."""
        import polars as pl

        context = self._contexts[run_id]
        question = question_of(context.run, context.template, self.installation.organisation)
        decisions = ask(
            connection,
            question,
            [(row.message, row.customer, list(row.tried)) for row in rows],
            self.policy,
            now=now,
        )
        goes = (pl.col("state") == "ready") & (pl.col("channel") == str(channel)) & (pl.col("due_at") <= now)
        stays = decisions.verdicts.filter(~goes)
        if stays.height:
            write_decisions(
                connection,
                as_rows(_given_up(decisions, stays, rows), question.costs),
                keep_keys=context.run.kind == "campaign",
            )
        ranked = decisions.ranked.filter(pl.col("rank").is_not_null()).sort("message", "rank")
        places: dict[str, list[tuple[str, int]]] = {}
        for message, name, address in ranked.select("message", "channel", "address").iter_rows():
            places.setdefault(message, []).append((name, address))
        return [
            (message, places[message][0][1], [name for name, _ in places[message][1:]])
            for message in decisions.verdicts.filter(goes)["message"]
        ]

    def _send(
        self, provider: Provider, claimed: Sequence[Claimed], rest: Mapping[str, list[str]], deadline: float
    ) -> list[Step]:
        """Build and hand over a batch; every attempt gets exactly one step."""
        built: dict[str, Built] = {}
        outcomes: dict[str, Outcome] = {}
        parcels = self._build(claimed, built, outcomes)
        size = len(parcels) if provider.channel is Channel.LETTER else SLICE
        for start in range(0, len(parcels), max(size, 1)):
            part = parcels[start : start + size]
            if monotonic() >= deadline or self.lanes.opens_at(provider.name, now=self.clock()):
                break
            answers = _hand_over(provider, part)
            self.lanes.record(provider.name, answers.values(), now=self.clock())
            outcomes |= answers
        now = self.clock()
        again_at = self.lanes.opens_at(provider.name, now=now)
        return [
            step(c, outcomes[c.attempt], built.get(c.attempt), next_channels=rest.get(c.message, []), now=now)
            if c.attempt in outcomes
            else cancelled(c, due_at=again_at or now, code="lane_closed" if again_at else "lease_over")
            for c in claimed
        ]

    def _build(
        self, claimed: Sequence[Claimed], built: dict[str, Built], outcomes: dict[str, Outcome]
    ) -> list[Parcel]:
        """Render what was claimed; what cannot be rendered is rejected by itself and touches nothing else."""
        with self.installation.engine.begin() as connection:
            for run_id in {c.run for c in claimed} - self._contexts.keys():
                self._contexts[run_id] = read_context(connection, self.installation, run_id)
            invoices = documents(connection, [c.invoice for c in claimed if c.invoice is not None])
        parcels = []
        for c in claimed:
            try:
                made = parcel(c, self._contexts[c.run], self.installation, invoices)
            except Exception as error:
                log.warning("a message could not be rendered", message=c.message, error=type(error).__name__)
                outcomes[c.attempt] = Rejected(
                    error=ErrorClass.DATA, code="render", detail=f"{type(error).__name__}: {error}"
                )
                continue
            digest = content_hash(made.content)
            if c.content_hash not in {None, digest}:
                outcomes[c.attempt] = Rejected(
                    error=ErrorClass.DATA,
                    code="bytes_changed",
                    detail="the bytes are not those of the first attempt",
                )
                continue
            parts, cost = parts_and_cost(made.content, self.installation.organisation)
            built[c.attempt] = Built(content_hash=digest, parts=parts, cost=cost)
            parcels.append(made)
        return parcels


def _given_up(decisions: Decisions, stays: "pl.DataFrame", rows: Sequence[Due]) -> Decisions:
    """Return what stays; a message that was tried and has no channel left has failed, it is not merely held."""
    import polars as pl

    tried = [row.message for row in rows if row.tried]
    failed = (
        (pl.col("state") == "held")
        & pl.col("reason").is_in([str(Reason.NO_CHANNEL), str(Reason.NO_CONSENT)])
        & pl.col("message").is_in(tried)
    )
    return Decisions(
        verdicts=stays.with_columns(
            pl.when(failed).then(pl.lit("undeliverable")).otherwise("state").alias("state")
        ),
        ranked=decisions.ranked,
    )


def _hand_over(provider: Provider, parcels: Sequence[Parcel]) -> dict[str, Outcome]:
    """Send; whatever the provider does not answer for is unknown, never assumed to be absent."""
    outcomes: dict[str, Outcome] = {}
    try:
        outcomes.update(provider.send(parcels))
    except Exception as error:
        log.exception("a provider broke off", provider=provider.name, error=type(error).__name__)
    for missing in parcels:
        outcomes.setdefault(missing.attempt, Unknown(code="no_answer"))
    return outcomes


def _suppressions(claimed: Sequence[Claimed], steps: Sequence[Step], now: datetime) -> list[dict[str, Any]]:
    """Return the addresses that a provider told us not to use again."""
    by_attempt = {c.attempt: c for c in claimed}
    return [
        {
            "brand": "all" if made.error_class == ErrorClass.ADDRESS else by_attempt[made.attempt].brand,
            "channel": by_attempt[made.attempt].channel,
            "value": by_attempt[made.attempt].address,
            "reason": made.code if made.error_class == ErrorClass.ADDRESS else ErrorClass.OPT_OUT.value,
            "source": "provider",
            "proof": f"attempt {made.attempt}",
            "actor": "system",
            "at": now,
        }
        for made in steps
        if made.error_class in {ErrorClass.ADDRESS, ErrorClass.OPT_OUT} and made.attempt_state == "rejected"
    ]
