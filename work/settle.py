"""Settling: what dead senders left is named, and every doubt is ended the way that its provider's capability allows.

| capability | what ends a doubt |
|---|---|
| `key` | it is sent again under the same key, at the same provider, which keeps one copy, while it remembers |
| `list` | the provider is asked once its list has caught up (`settle_after`) |
| `event` | its event; silence proves nothing, but behind CANARIES nobody waits for it longer than MARGIN |
| `none` | nothing can: a required purpose is sent once more under the same reference, marketing stays a named doubt |

Where a list or an event was to come and did not, a required purpose is sent once more: after PATIENCE, or as soon as
later messages were heard of and this one was not (`store.doubts.unheard`). A second doubt of
one delivery, and every doubt of marketing, stays until evidence comes or a person settles it (`work.doubts`). So does
one whose second try was refused or rejected: an answer about the second says nothing about the first (`work.outcome`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import datetime, timedelta

import structlog

from channels.contract import Capability, Doubt, Forgets, Lists, Provider
from store.calls import open_calls
from store.claims import Claimed, left_open
from store.doubts import may_be_elsewhere, name_doubts, overdue, resend, started, unheard
from store.invoices import documents
from tidings.receipt import Receipt, ReceiptKind
from work.build import Ready, parcels, read_context
from work.installation import Installation
from work.receive import fold_waiting, receive

log = structlog.get_logger()

PATIENCE = timedelta(hours=24)
"""How long a required purpose waits for the list or the events of its provider before it is sent once more."""

MARGIN = timedelta(hours=1)
"""How long news of an attempt is waited for where others are heard of; SES reports within minutes."""

CANARIES = 3
"""So many later messages must have been reported before nobody waits longer for news of an earlier one."""

ASKED = 100
"""Doubts asked about in one go."""


def settle(
    installation: Installation,
    providers: Iterable[Provider],
    *,
    now: datetime,
    run: str | None = None,
) -> Counter[str]:
    """Name doubts and end those that can be ended now; returns how many were `named`, `accepted`, `absent`, `resent`.

    Safe to run at any time and by any number of processes at once. No transaction is open while a provider is asked.

    Args:
        installation: whose doubts.
        providers: those that are set up; a doubt at any other waits for nothing, and the purpose's policy decides.
        now: business time.
        run: only this one's, where given.
    """
    known = list(providers)
    tally: Counter[str] = Counter()
    with installation.engine.begin() as connection:
        tally["named"] = name_doubts(connection, now=now, run=run)
    tally += fold_waiting(installation, now=now)
    for provider in known:
        if isinstance(provider, Lists) and provider.capability is Capability.LIST:
            tally += _ask(installation, provider, provider, now=now, run=run)
    slow = {Capability.LIST, Capability.EVENT}
    with installation.engine.begin() as connection:
        tally["resent"] = resend(
            connection,
            silent=[
                attempt
                for provider in known
                if provider.capability is Capability.EVENT
                for attempt in unheard(
                    connection, provider.name, canaries=CANARIES, margin=MARGIN, now=now, run=run
                )
            ],
            keyed={
                provider.name: provider.key_life if isinstance(provider, Forgets) else None
                for provider in known
                if provider.capability is Capability.KEY
            },
            slow=[provider.name for provider in known if provider.capability in slow],
            patience=PATIENCE,
            now=now,
            run=run,
        )
        open_calls(connection, now=now)
    return tally


def _ask(
    installation: Installation, provider: Provider, lists: Lists, *, now: datetime, run: str | None
) -> Counter[str]:
    """Ask a provider, by its own list, what it took of what is in doubt there, and fold its answers."""
    tally: Counter[str] = Counter()
    with installation.engine.begin() as connection:
        ids = overdue(
            connection,
            provider.name,
            channel=provider.channel,
            settle_after=lists.settle_after,
            now=now,
            run=run,
        )
    for start in range(0, len(ids), ASKED):
        doubts = _doubts(installation, ids[start : start + ASKED])
        with installation.engine.begin() as connection:
            elsewhere = may_be_elsewhere(connection, [one.attempt for one in doubts])
        try:
            answers = [one for one in lists.find(doubts, now=now) if _says(one, elsewhere)]
        except Exception as error:
            log.warning("a provider could not be asked", provider=provider.name, error=type(error).__name__)
            break
        tally += receive(installation, answers, now=now)
    return tally


def _says(answer: Receipt, elsewhere: Set[str]) -> bool:
    """Tell whether an answer ends a doubt: that one channel has not got it does not say that the next has not."""
    return answer.attempt not in elsewhere or answer.kind in {ReceiptKind.ACCEPTED, ReceiptKind.DELIVERED}


def _doubts(installation: Installation, attempts: Sequence[str]) -> list[Doubt]:
    """Return attempts as a provider is asked about them; bytes whose hash was never stored are made again."""
    with installation.engine.begin() as connection:
        claimed = left_open(connection, attempts)
        began = started(connection, attempts)
    hashes = dict(_hashes(installation, [one for one in claimed if one.content_hash is None]))
    return [
        Doubt(
            attempt=one.attempt,
            delivery=one.delivery,
            reference=one.reference,
            address=one.address,
            started_at=began[one.attempt][0],
            content_hash=one.content_hash or hashes.get(one.attempt),
            own_words=not began[one.attempt][1],
        )
        for one in claimed
    ]


def _hashes(installation: Installation, claimed: Sequence[Claimed]) -> Iterator[tuple[str, str]]:
    """Yield (attempt, hash of its bytes): the same inputs make the same bytes."""
    with installation.engine.begin() as connection:
        contexts = {run: read_context(connection, installation, run) for run in {one.run for one in claimed}}
        invoices = documents(connection, [one.invoice for one in claimed if one.invoice is not None])
    for attempt, made in parcels(claimed, contexts, installation, invoices):
        if isinstance(made, Ready):
            yield attempt, made.built.content_hash
