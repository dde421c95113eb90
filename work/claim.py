"""A claim: what is due is locked, asked about once more, given to a provider, and its intents are committed.

What the customer said is asked again inside the claim, by the same `decide` that planned the run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection

from channels.contract import Forgets, Provider
from preferences.policy import Policy
from store import invoice_events, offers
from store import lanes as stored
from store.claims import Again, Claimed, Due, defer, going_again, lock_due, open_attempts, platforms
from store.doubts import doubt_again
from store.heard import with_last_words
from store.lanes import Lane, Waiting
from store.limits import uncover
from store.messages import write_decisions
from store.owner import Owner
from store.policies import current_policy
from store.silence import stay, take_back_overtaken
from tidings.channel import Channel
from tidings.facts import Decisions
from tidings.purpose import Purpose, PurposeClass
from tidings.reason import Reason
from work.build import RunContext, read_context
from work.collection import hold_for_collection
from work.comail import carriers, companions
from work.installation import Installation
from work.lanes import LETTERS, Lanes, sender_of
from work.plan import as_rows, ask, question_of

MOST = 4000
"""Messages of a claim, whatever is set: its fixed costs, 20 ms, are 5 us of each."""

MARGIN = timedelta(seconds=1)
"""What an attempt is left alone longer than its last call can take."""

LAST_LOOK: Mapping[str, Callable[..., set[str]]] = {
    Purpose.OFFER: offers.withdraw_due,
    Purpose.INVOICE: invoice_events.withdraw_due,
    Purpose.DUNNING: invoice_events.withdraw_due,
}
"""By purpose what cancels, of messages that are about to leave, those whose offer was used or invoice settled."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Committed intents for one provider."""

    provider: Provider | None
    """None: none of the channel's providers reaches these devices."""
    sender: str
    claimed: Sequence[Claimed]
    rest: Mapping[str, Sequence[str]]
    """The channels that each message may fall back to, most wished first."""
    lease: timedelta
    probe: bool = False
    """It tells how an open circuit is."""
    top_of: Mapping[str, str] = field(default_factory=dict)
    """Of messages that go along in another one's envelope, that message (`work.comail`)."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """A provider that may be called now: for how many messages, and whether it is a probe of an open circuit."""

    provider: Provider
    most: int
    probe: bool = False


@dataclass(frozen=True, kw_only=True)
class Doors:
    """What of a channel's providers is open; `until` is when the first closed one may open."""

    open: Sequence[Door]
    until: datetime | None


def doors(choice: Sequence[Provider], known: Mapping[str, Lane], now: datetime) -> Doors:
    """Return the providers that may be called, most preferred first.

    One whose circuit is open is passed over, one that only rests is waited for: so is whatever comes after it.
    """
    found: list[Door] = []
    closed: list[datetime] = []
    for provider in choice:
        lane = known.get(provider.name)
        if lane is None:
            found.append(Door(provider=provider, most=MOST))
            continue
        lane = lane.believed(now)
        if lane.rests_until is not None and now < lane.rests_until:
            closed.append(lane.rests_until)
            if not provider.platforms:
                break
            continue
        if lane.open_until is None:
            found.append(Door(provider=provider, most=MOST))
        elif now >= max(lane.open_until, lane.probe_until or lane.open_until):
            found.append(Door(provider=provider, most=1, probe=True))
        else:
            closed.append(max(lane.open_until, lane.probe_until or lane.open_until))
    return Doors(open=found, until=min(closed, default=None))


def lease_of(installation: Installation, provider: Provider) -> timedelta:
    """Return how long an attempt may go without news.

    At the end of what is set a call may still be waited for, and another one that begins meanwhile takes time, too.
    """
    return installation.settings.lease + 2 * provider.call_timeout + MARGIN


@dataclass(kw_only=True)
class Claimer:
    """Claims for one sending process."""

    installation: Installation
    policy: Policy
    owner: Owner
    lanes: Lanes

    def claim(
        self, wanted: Waiting, context: RunContext, choice: Sequence[Provider], *, now: datetime
    ) -> list[Batch] | None:
        """Claim a batch of what waits; None when nothing of it can be sent now, [] when all of it was moved or held."""
        sender = sender_of(self.installation.organisation, wanted.brand, wanted.channel)
        carrying = carriers(self.policy, wanted.brand, wanted.channel, choice)
        owed = context.run.purpose_class == PurposeClass.REQUIRED
        with self.installation.engine.begin() as connection:
            way = doors(choice, stored.read(connection, [one.name for one in choice], sender), now)
            way = self._probed(connection, way, sender, now)
            if not way.open:
                return None
            due = lock_due(
                connection,
                channel=wanted.channel,
                mode=self.installation.mode,
                run=wanted.run,
                shard=wanted.shard,
                now=now,
                limit=self._limit(way.open),
                carriers=() if owed else carrying,
            )
            if not due:
                connection.rollback()  # gives the probe back
                return None
            chosen, again = self._vetted(connection, wanted.channel, context, due, choice, now)
            parts = self._routed(connection, chosen, again, choice, way, now)
            probes = {door.provider.name for door in way.open if door.probe}
            top_of: Mapping[str, str] = {}
            if owed and context.run.purpose in carrying and not probes:
                top_of = self._companions(connection, chosen, parts, choice, now)
            return [
                replace(
                    self._open(connection, wanted.channel, provider, sender, part, chosen, now),
                    probe=provider is not None and provider.name in probes,
                    top_of=top_of,
                )
                for provider, part in parts
            ]

    def _companions(
        self,
        connection: Connection,
        chosen: dict[str, tuple[int, list[str]]],
        parts: Sequence[tuple[Provider | None, list[str]]],
        choice: Sequence[Provider],
        now: datetime,
    ) -> Mapping[str, str]:
        """Claim, with required letters, those that go along in their envelopes; return for each the one on top."""

        def admitted(run: str, rows: Sequence[Due]) -> Mapping[str, tuple[int, list[str]]]:
            context = read_context(connection, self.installation, run)
            return self._vetted(connection, Channel.LETTER, context, rows, choice, now)[0]

        tops = [message for _, part in parts for message in part]
        places, top_of = companions(connection, tops, chosen, admitted, mode=self.installation.mode, now=now)
        chosen |= places
        for _, part in parts:
            own = set(part)
            part += [message for message, top in top_of.items() if top in own]
        return top_of

    def _vetted(
        self,
        connection: Connection,
        channel: str,
        context: RunContext,
        due: Sequence[Due],
        choice: Sequence[Provider],
        now: datetime,
    ) -> tuple[dict[str, tuple[int, list[str]]], Mapping[str, Again]]:
        """Return where those messages of a run go that may leave now, and which of them go out again."""
        overtaken = take_back_overtaken(
            connection, now=now, messages=[row.message for row in due if row.tried]
        )
        due = [row for row in due if row.message not in overtaken]
        if withdraw_due := LAST_LOOK.get(context.run.purpose):
            over = withdraw_due(connection, {row.message: row.customer for row in due}, now=now)
            due = [row for row in due if row.message not in over]
        if not due:
            return {}, {}
        again = going_again(connection, [row.message for row in due])
        forgotten = _forgotten(again, choice, now)
        doubt_again(
            connection, [again[one].attempt for one in forgotten], because="claim: its key is forgotten"
        )
        left = [row for row in due if row.message not in forgotten]
        return self._admit(connection, channel, context, left, again, now), again

    def _probed(self, connection: Connection, way: Doors, sender: str, now: datetime) -> Doors:
        """Keep a probe only where this worker gets it, and alone: a single message tells how the lane is."""
        kept: list[Door] = []
        for door in way.open:
            until = now + lease_of(self.installation, door.provider)
            if not door.probe or stored.take_probe(
                connection, door.provider.name, sender, now=now, until=until
            ):
                kept.append(door)
            if door.probe and kept and kept[-1] is door:
                break
        return Doors(open=kept, until=way.until or (now + MARGIN if not kept else None))

    def _limit(self, open_doors: Sequence[Door]) -> int:
        """Return how many messages to claim: as many as the provider takes in about a second."""
        limit = 0
        for door in open_doors:
            most = min(self._batch_of(door.provider), door.most)
            if door.provider.rate:
                most = min(most, max(1, ceil(door.provider.rate)))
            limit = max(limit, most)
            if not door.provider.platforms:
                break
        return limit

    def _batch_of(self, provider: Provider) -> int:
        if provider.channel.on_paper:
            return LETTERS
        return min(self.lanes.pace(provider).batch, self.installation.settings.claim)

    def _routed(
        self,
        connection: Connection,
        chosen: Mapping[str, tuple[int, Sequence[str]]],
        again: Mapping[str, Again],
        choice: Sequence[Provider],
        way: Doors,
        now: datetime,
    ) -> list[tuple[Provider | None, list[str]]]:
        """Give each message to the first open provider that reaches it; what finds only closed ones waits for them."""
        if len(choice) == 1 and not choice[0].platforms:
            return [(choice[0], list(chosen))] if chosen else []
        where = platforms(connection, [address for address, _ in chosen.values()])
        left = {door.provider.name: door.most for door in way.open}
        parts: dict[str, list[str]] = {}
        late: list[str] = []
        for message, (address, _) in chosen.items():
            reach = [one for one in choice if not one.platforms or where.get(address, "") in one.platforms]
            if message in again and (own := [one for one in reach if one.name == again[message].provider]):
                reach = own
            name = next((one.name for one in reach if left.get(one.name, 0) > 0), None)
            if name is not None:
                left[name] -= 1
                parts.setdefault(name, []).append(message)
            elif reach:
                late.append(message)
            else:
                parts.setdefault("", []).append(message)
        defer(connection, late, until=way.until or now + MARGIN)
        return [
            (next((one for one in choice if one.name == name), None), part) for name, part in parts.items()
        ]

    def _open(
        self,
        connection: Connection,
        channel: str,
        provider: Provider | None,
        sender: str,
        messages: Sequence[str],
        chosen: Mapping[str, tuple[int, Sequence[str]]],
        now: datetime,
    ) -> Batch:
        lease = (
            self.installation.settings.lease if provider is None else lease_of(self.installation, provider)
        )
        claimed = open_attempts(
            connection,
            [(message, chosen[message][0]) for message in messages],
            channel=channel,
            provider="none" if provider is None else provider.name,
            owner=self.owner.number(),
            now=now,
            lease=lease,
        )
        if channel == Channel.WHATSAPP:
            claimed = with_last_words(connection, claimed, now=now)
        rest = {message: chosen[message][1] for message in messages}
        return Batch(provider=provider, sender=sender, claimed=claimed, rest=rest, lease=lease)

    def _admit(
        self,
        connection: Connection,
        channel: str,
        context: RunContext,
        due: Sequence[Due],
        again: Mapping[str, Again],
        now: datetime,
    ) -> dict[str, tuple[int, list[str]]]:
        """Return {message: (address, other channels)} of what may leave now; the rest is moved or held here.

        What goes out again after a doubt may go to its own address only. If that is not to be, it is in doubt again.
        """
        import polars as pl

        question = question_of(context.run, context.template, self.installation.organisation)
        asked = [(row.message, row.customer, list(row.tried)) for row in due]
        decisions = ask(connection, question, asked, self.policy, now=now, explained=False, waited=True)
        goes = (pl.col("state") == "ready") & (pl.col("channel") == channel) & (pl.col("due_at") <= now)
        stays = set(decisions.verdicts.filter(~goes)["message"])
        elsewhere: set[str] = set()
        if stays:
            held = [row for row in asked if row[0] in stays]
            why = _given_up(ask(connection, question, held, self.policy, now=now, waited=True), due)
            waits = why.verdicts.filter((pl.col("state") == "ready") & (pl.col("channel") == channel))
            elsewhere = (stays & again.keys()) - set(waits["message"])
            failed = set(why.verdicts.filter(pl.col("state") == "undeliverable")["message"])
            left = elsewhere | set(stay(connection, sorted(failed - elsewhere)))
            why = Decisions(
                verdicts=why.verdicts.filter(~pl.col("message").is_in(list(left))), ranked=why.ranked
            )
            current_policy(connection, self.policy)  # kept for the proof: perhaps no run has named it
            write_decisions(
                connection,
                as_rows(why, question.costs, again_at=now),
                keep_keys=context.run.kind == "campaign",
            )
            hold_for_collection(connection, self.installation, why.verdicts["message"].to_list())
            if context.run.options.get("limits", {}).get("households"):
                uncover(connection, [context.run.id], now=now)
        ranked = decisions.ranked.filter(pl.col("rank").is_not_null()).sort("message", "rank")
        places: dict[str, list[tuple[str, int]]] = {}
        for message, name, address in ranked.select("message", "channel", "address").iter_rows():
            places.setdefault(message, []).append((name, address))
        chosen = {
            message: (places[message][0][1], [name for name, _ in places[message][1:]])
            for message in decisions.verdicts.filter(goes)["message"]
        }
        elsewhere |= {
            message
            for message in chosen.keys() & again.keys()
            if chosen[message][0] != again[message].address
        }
        doubt_again(
            connection,
            [again[one].attempt for one in elsewhere],
            because="claim: it may not go to its own address again",
        )
        return {message: place for message, place in chosen.items() if message not in elsewhere}


def _forgotten(again: Mapping[str, Again], choice: Sequence[Provider], now: datetime) -> set[str]:
    """Return what would go out under a key that its provider does not remember, or at one that never knew it."""
    names = {one.name for one in choice}
    lives = {one.name: one.key_life for one in choice if isinstance(one, Forgets)}
    return {
        message
        for message, one in again.items()
        if (one.by_key and one.provider not in names)
        or (one.provider in lives and now >= one.since + lives[one.provider])
    }


def _given_up(decisions: Decisions, due: Sequence[Due]) -> Decisions:
    """Return what stays; a message that was tried and has no channel left has failed, it is not merely held."""
    import polars as pl

    tried = [row.message for row in due if row.tried or row.falling]
    failed = (
        (pl.col("state") == "held")
        & pl.col("reason").is_in([str(Reason.NO_CHANNEL), str(Reason.NO_CONSENT), str(Reason.OFFER_OVER)])
        & pl.col("message").is_in(tried)
    )
    return Decisions(
        verdicts=decisions.verdicts.with_columns(
            pl.when(failed).then(pl.lit("undeliverable")).otherwise("state").alias("state")
        ),
        ranked=decisions.ranked,
    )
