"""Settling: what dead senders left is named, and every doubt is ended the way that its provider's capability allows.

`key`: sent again under the same key. `list`: the provider is asked. `event`: its events are waited for, and silence
proves an absence only where a canary shows that the path of the events is alive. `none`: the purpose's policy.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from channels.contract import Capability, Provider
from store.doubts import name_doubts, resend
from work.installation import Installation

PATIENCE = timedelta(hours=24)
"""How long a required purpose waits for the list or the events of its provider before it is sent once more."""


def settle(
    installation: Installation, providers: Iterable[Provider], *, now: datetime, run: str | None = None
) -> Counter[str]:
    """Name doubts and end those that can be ended now; returns how many were `named`, `accepted`, `absent`, `resent`.

    Safe to run at any time and by any number of processes at once. No transaction is open while a provider is asked.
    """
    known = list(providers)
    able = {capability: [p for p in known if p.capability is capability] for capability in Capability}
    tally: Counter[str] = Counter()
    with installation.engine.begin() as connection:
        tally["named"] = name_doubts(connection, now=now, run=run)
        tally["resent"] = resend(
            connection,
            keyed=[provider.name for provider in able[Capability.KEY]],
            slow=[p.name for capability in (Capability.LIST, Capability.EVENT) for p in able[capability]],
            patience=PATIENCE,
            now=now,
            run=run,
        )
    return tally
