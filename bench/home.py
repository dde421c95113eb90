"""A home for one measurement, gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.connect import Store, opened
from store.embedded import wait_until_stopped
from tidings.settings import Settings


@contextmanager
def fresh_home() -> Iterator[tuple[Settings, Store]]:
    """Yield the settings and the open store of a new home with an embedded server; all of it is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="tidings-") as folder:
        settings = Settings(home=Path(folder), database=None)
        with opened(settings) as store:
            yield settings, store
        wait_until_stopped(settings.root)
