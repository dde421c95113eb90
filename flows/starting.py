"""Starts what a one-shot command needs: the server first, for it takes the longest, then everything else beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows import environment
from flows.server import joined
from flows.yielding import stand_back
from tidings.organisation import read_organisation
from tidings.settings import Settings
from tidings.stand_in import stands_in

if TYPE_CHECKING:
    from flows.oneshot import OneShot


@contextmanager
def started(settings: Settings, *, out: Path | None = None, now: datetime | None = None) -> Iterator[OneShot]:
    """Open an installation for one command; the server ends with it.

    Args:
        settings: whose home.
        out: the outbox folder, where it is not the home's own.
        now: business time stands still at this instant; None is the clock.

    Raises:
        Problem: organisation.toml is wrong, or missing where messages leave; the database cannot be reached; nothing
            was started or sent.
    """
    if not stands_in(settings):
        read_organisation(settings.root / "organisation.toml")  # before a server is started for nothing
    with joined(settings.root) as server:
        environment.pin(settings.root, server.api_url)
        # 2 s of imports, on one core while the server starts on the other.
        from flows.desk import Desk
        from flows.oneshot import OneShot
        from work.installation import opened

        with opened(settings) as installation:
            stand_back()
            yield OneShot(desk=Desk(installation=installation, out=out, fixed_now=now), server=server)
