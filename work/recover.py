"""After the death of a sender on this machine: its journal says what had not begun, and what had an outcome.

What is left after that has begun and has no outcome; its lease is over, for nobody sends it any more, and
`store.doubts` names it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from store.claims import Claimed, end_leases, left_open
from store.outcomes import Step
from work.handover import commit
from work.installation import Installation
from work.journal import Tale, folder, read
from work.outcome import cancelled, step


def recover(installation: Installation, *, now: datetime) -> Counter[str]:
    """Read the journals of this machine's dead senders; returns how many attempts were `absent`, how many `told`.

    Called before doubts are named. An attempt that was named meanwhile, by another machine, takes its news as well; one
    that was closed takes none.
    """
    tally: Counter[str] = Counter()
    for tale in read(folder(installation.home)):
        with installation.engine.begin() as connection:
            open_ones = left_open(connection, sorted(tale.absent | tale.told.keys()))
        commit(installation, open_ones, _steps(tale, open_ones, now), now=now)
        with installation.engine.begin() as connection:
            end_leases(connection, sorted(tale.claimed))
        tally.update("told" if one.attempt in tale.told else "absent" for one in open_ones)
    return tally


def _steps(tale: Tale, open_ones: Sequence[Claimed], now: datetime) -> list[Step]:
    steps = []
    for one in open_ones:
        if (told := tale.told.get(one.attempt)) is None:
            steps.append(cancelled(one, due_at=now, code="never_begun"))
        else:
            steps.append(step(one, told.outcome, told.built, next_channels=told.next_channels, now=now))
    return steps
