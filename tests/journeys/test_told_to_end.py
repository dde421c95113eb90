"""A campaign that is told to end finishes what it claimed, and claims no more."""

import signal

import pytest
from sqlalchemy import text

from store.suppressions import mark_known
from tests.peers.smtp import SmtpPeer
from tests.town import settle

CUSTOMERS = 400
FEW = 20
CLAIM = 50
"""Told while the first claim is handed over, when the second one may have been asked for."""


@pytest.mark.parametrize(
    ("told", "code"),
    [
        pytest.param(signal.SIGTERM, 143, id="by the system"),
        pytest.param(signal.SIGINT, 130, id="by Ctrl-C"),
    ],
)
def test_a_campaign_that_is_told_to_end_does_not_send_to_the_last_customer(tidings, engine, told, code):
    settle(engine, CUSTOMERS)
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")
    running = []

    def look(_):
        if len(peer.taken) == FEW:
            running[0].send_signal(told)

    peer = SmtpPeer(on_taken=look)
    live = {"TIDINGS_MODE": "live", "TIDINGS_EMAIL": "smtp", "TIDINGS_CLAIM": str(CLAIM)}
    smtp = {"TIDINGS_SMTP__HOST": "127.0.0.1", "TIDINGS_SMTP__PORT": str(peer.port)}
    try:
        running.append(tidings.start("campaign", "run", tidings.campaign(), "--json", **live, **smtp))
        running[0].communicate(timeout=300)
    finally:
        peer.close()

    with engine.connect() as connection:
        states = dict(connection.execute(text("SELECT state, count(*) FROM attempts GROUP BY state")).all())
    assert running[0].returncode == code
    assert states == {"accepted": len(peer.taken)}, "what was claimed has an outcome"
    assert FEW <= len(peer.taken) < CUSTOMERS
