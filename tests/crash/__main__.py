"""Kills the sender again and again while it mails, and counts what arrived: `make crash [KILLS=20]`.

The mail server lives in this process, which is never killed; its list is the ground truth. Half of the messages are
marketing (nobody twice, every doubt named), half are owed (sent once more after a doubt, and no other is; one that was
in doubt twice waits for a person); the SMS go to the outbox folder, where a message is one file whatever happens. The
last line is one JSON object; exit 1 when a promise was broken.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import tomli_w
from sqlalchemy import text

from store.connect import opened as opened_store
from store.embedded import wait_until_stopped
from store.runs import set_run
from store.suppressions import mark_known
from templates.catalog import find
from tests.peers.smtp import SmtpPeer
from tests.town import NOON, ORGANISATION, settle
from tidings.settings import Settings
from work import run as stages
from work.campaign import open_campaign, parse_campaign
from work.installation import opened

MESSAGES_A_KILL = 30
CLAIM = 25


class Target:
    """Kills a process when the mail server has taken so many messages."""

    def __init__(self, chance):
        self.chance = chance
        self.peer = SmtpPeer(on_taken=self.look)
        self.process = None
        self.kill_at = 0
        self.kills = 0

    def look(self, taken):
        if self.process is not None and len(self.peer.taken) >= self.kill_at:
            process, self.process = self.process, None
            process.kill()
            self.kills += 1

    def aim(self, process):
        self.kill_at = len(self.peer.taken) + self.chance.randint(1, 2 * MESSAGES_A_KILL)
        self.process = process


def prepare(settings, customers):
    """Plan one campaign for everybody; half of its messages are made something owed."""
    sample = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}
    raw = {"name": "crash", "edition": "1", "topic": "offer", "template": "offer/autumn", "data": sample}
    with opened(settings) as installation:
        settle(installation.engine, customers - customers // 4)
        settle(installation.engine, customers // 4, channels=("sms",))
        with installation.engine.begin() as connection:
            mark_known(connection, "all", "none exist")
        campaign = parse_campaign(raw | {"audience": {"everybody": True}}, where="crash")
        run = open_campaign(installation, campaign, installation.policy, actor="staff:crash", now=NOON).run
        shards = stages.begin(installation, run, now=NOON)
        for shard in range(shards.count):
            stages.plan(installation, run, shard, installation.policy, now=NOON)
        with installation.engine.begin() as connection:
            set_run(connection, run, state="sending")
            connection.execute(
                text("UPDATE messages SET purpose_class = 'required' WHERE customer_id % 2 = 0")
            )


def hunt(target, environment, kills):
    """Start senders and kill them until enough are dead or nothing is left to send, then let one finish."""
    command = [sys.executable, "-m", "tests.crash.sender"]
    while target.kills < kills:
        before = target.kills
        with subprocess.Popen(command, env=environment) as process:
            target.aim(process)
        if target.kills == before:
            break  # it ended by itself: everything was sent
        sys.stdout.write(f"\r{target.kills} of {kills} kills, {len(target.peer.taken)} mails taken")
        sys.stdout.flush()
    target.process = None
    subprocess.run(command, env=environment, check=True)
    sys.stdout.write("\n")


def judge(settings, target, customers):
    """Compare what the server took with what the store says."""
    taken = Counter(taken.to for taken in target.peer.taken)
    with opened_store(settings) as store, store.engine.begin() as connection:
        rows = connection.execute(
            text("""
                SELECT a.value AS address, m.channel, m.state, m.purpose_class,
                       (SELECT count(*) FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
                        WHERE d.message_id = m.id AND t.state IN ('unknown', 'abandoned')) AS doubts,
                       (SELECT count(*) FROM deliveries d JOIN attempts t ON t.delivery_id = d.id
                        WHERE d.message_id = m.id AND t.state = 'unknown') AS open_doubts
                FROM messages m JOIN addresses a ON a.customer_id = m.customer_id
            """)
        ).all()
    files = {path.stem for path in (settings.root / "outbox" / "sms").glob("*.json")}
    mails = [row for row in rows if row.channel == "email"]
    owed = [row for row in mails if row.purpose_class == "required"]
    marketing = [row for row in mails if row.purpose_class == "marketing"]
    return {
        "kills": target.kills,
        "messages": len(rows),
        "marketing_twice": sum(taken[row.address] > 1 for row in marketing),
        "marketing_lost": sum(not taken[row.address] and not row.doubts for row in marketing),
        "owed_lost": sum(not taken[row.address] and not row.open_doubts for row in owed),
        "owed_doubted_twice": sum(not taken[row.address] and row.open_doubts for row in owed),
        "owed_repeated": sum(taken[row.address] > 1 for row in owed),
        "owed_repeated_without_doubt": sum(taken[row.address] > 1 and not row.doubts for row in owed),
        "keyed_wrong": customers // 4 - len(files),
        "false_accepted": sum(row.state == "done" and not taken[row.address] for row in mails),
        "doubts_named": sum(bool(row.doubts) for row in rows),
        "unfinished": sum(row.state not in ("done", "in_delivery") for row in rows),
    }


def main():
    """Run the hunt in a home of its own; return the exit code."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    customers = 40 + wanted.kills * MESSAGES_A_KILL * 2
    target = Target(random.Random(wanted.seed))
    with tempfile.TemporaryDirectory(prefix="tidings-") as folder:
        (Path(folder) / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION))
        given = {
            "TIDINGS_HOME": folder,
            "TIDINGS_MODE": "live",
            "TIDINGS_EMAIL": "smtp",
            "TIDINGS_SMTP__HOST": "127.0.0.1",
            "TIDINGS_SMTP__PORT": str(target.peer.port),
            "TIDINGS_CLAIM": str(CLAIM),
        }
        os.environ.update(given)
        settings = Settings.read()
        prepare(settings, customers)
        hunt(target, {**os.environ, **given}, wanted.kills)
        found = judge(settings, target, customers)
        wait_until_stopped(settings.root)
    target.peer.close()
    sys.stdout.write(json.dumps(found) + "\n")
    broken = (
        "marketing_twice",
        "marketing_lost",
        "owed_lost",
        "owed_repeated_without_doubt",
        "keyed_wrong",
    )
    return int(any(found[name] for name in (*broken, "false_accepted", "unfinished")))


if __name__ == "__main__":
    sys.exit(main())
