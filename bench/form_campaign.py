"""A campaign to 100,000 customers that runs beside the form: `tidings campaign run` as a child, into the outbox."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

CROWD = 100_000
"""Its customers; none of them is among those who save forms."""

_CROWD = """
    WITH made AS (
        INSERT INTO customers (language, time_zone, country, first_name)
        SELECT 'en', 'Europe/Oslo', 'NO', 'Customer ' || n FROM generate_series(1, {crowd}) n RETURNING id
    ), reached AS (
        INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', 'k' || id || '@example.org' FROM made
    )
    INSERT INTO consents (customer_id, topic, action, source, proof, actor, at)
        SELECT id, 'offer', 'given', 'bench', 'p', 'customer', now() - interval '1 day' FROM made;
    ANALYZE customers, addresses, consents;
"""
_CAMPAIGN = """
name = "bench"
edition = "1"
topic = "offer"
template = "offer/autumn"
channels = ["email"]
[audience]
all = [ { field = "language", op = "=", value = "en" } ]
[data]
code = "LYS25"
discount = 25
price = "66.75"
currency = "EUR"
valid_until = 2099-11-30
"""


@contextmanager
def sending(engine: Engine, home: Path) -> Iterator[None]:
    """Run the campaign from its first message on; it must outlast what is measured meanwhile.

    Everything is planned before the first message, which takes minutes on a machine that has other things to do.
    """
    (home / "campaign.toml").write_text(_CAMPAIGN, encoding="utf-8")
    with engine.begin() as connection:
        connection.execute(text(_CROWD.format(crowd=CROWD)))
    child = subprocess.Popen(
        [sys.executable, "-m", "cli", "campaign", "run", str(home / "campaign.toml"), "--json"],
        env={**os.environ, "TIDINGS_HOME": str(home), "TIDINGS_MODE": "outbox"},
        stdout=subprocess.DEVNULL,
    )
    try:
        while child.poll() is None and not _begun(engine):
            time.sleep(0.1)
        yield
        if child.poll() is not None:
            msg = f"the campaign ended ({child.returncode}) before everything was saved"
            raise RuntimeError(msg)
    finally:
        child.kill()  # its home is about to go
        child.wait()


def _begun(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM deliveries)")))
