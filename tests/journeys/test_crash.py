"""kill -9 in the middle of a run to an SMTP server that keeps its own list of what it took."""

import re
from collections import Counter

import pytest
from sqlalchemy import text

from store.suppressions import mark_known
from tests.peers.smtp import SmtpPeer
from tests.town import settle

CUSTOMERS = 90
CLAIM = 50


class KillingPeer(SmtpPeer):
    """Takes mail, and kills the sender the moment it has taken so many."""

    def __init__(self):
        super().__init__(on_taken=self._look)
        self.kill_at = None
        self.victim = None

    def _look(self, taken):
        if len(self.taken) == self.kill_at:
            self.victim.kill()

    def counted(self):
        return Counter(taken.to for taken in self.taken)

    def ids(self):
        return {
            taken.to: {
                re.search(rb"(?im)^message-id:\s*(\S+)", t.raw).group(1)
                for t in self.taken
                if t.to == taken.to
            }
            for taken in self.taken
        }


@pytest.fixture
def peer():
    peer = KillingPeer()
    yield peer
    peer.close()


@pytest.fixture
def town(engine, peer):
    settle(engine, CUSTOMERS)
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")
    return {
        "TIDINGS_MODE": "live",
        "TIDINGS_EMAIL": "smtp",
        "TIDINGS_SMTP__HOST": "127.0.0.1",
        "TIDINGS_SMTP__PORT": str(peer.port),
    }


def killed_once(tidings, peer, town, *words):
    """Run the command, kill it at the 57th message, run it again; return the second report."""
    peer.kill_at = 57
    peer.victim = tidings.start(*words, "--json", **town)
    peer.victim.communicate(timeout=300)
    assert peer.victim.returncode == -9
    code, report, errors = tidings(*words, **town)
    assert code == 0, errors
    return report


def doubted(engine):
    with engine.begin() as connection:
        return set(
            connection.execute(
                text("""
                    SELECT d.address FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                    WHERE a.state IN ('unknown', 'abandoned')
                """)
            ).scalars()
        )


def test_a_campaign_mails_nobody_twice_and_names_every_doubt(tidings, engine, peer, town):
    """Everybody is either accepted once or named in doubt; never more doubts than the claim."""
    report = killed_once(
        tidings, peer, town, "campaign", "run", tidings.campaign(), "--now", "2026-03-03T12:00:00Z"
    )

    mailed = peer.counted()
    doubts = doubted(engine)
    assert set(mailed.values()) == {1}
    assert len(set(mailed) | doubts) == CUSTOMERS
    assert report["unknown"] == len(doubts) <= CLAIM
    assert report["planned"] == {"email": CUSTOMERS}
    assert report["sent"]["email"] + report["unknown"] == CUSTOMERS


def test_an_invoice_run_misses_nobody_and_repeats_only_a_named_doubt(tidings, engine, peer, town):
    """A repeat has the same Message-ID, and only a message that was named in doubt is repeated."""
    report = killed_once(
        tidings, peer, town, "invoices", "run", tidings.invoices(CUSTOMERS), "--now", "2026-03-03T12:00:00Z"
    )

    mailed = peer.counted()
    assert len(mailed) == CUSTOMERS
    assert {to for to, times in mailed.items() if times > 1} <= doubted(engine)
    assert {len(ids) for ids in peer.ids().values()} == {1}
    assert report["sent"] == {"email": CUSTOMERS}
