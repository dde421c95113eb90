"""Kills senders by the hundred and counts what arrived: `make crash [KILLS=200] [NAIVE=1]`. See docs/proof.md.

The last line is one JSON object; the exit code is 1 when a promise was broken.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.crash import judge
from tests.crash.gate import Point
from tests.crash.hunt import JITTER, PAUSE, Hunt, Plan, Slot
from tests.crash.news import SPEED, TOKEN
from tests.crash.worker import listen, work, work_naively
from tests.crash.world import Server, furnish, populate
from tidings.settings import Settings

SLOTS = 3
CLAIM = 12
TIMEOUT = 1.0
LEASE = 1.5
SETTLE_AFTER = 2.0
"""Seconds after the end of a lease: longer than Twilio's list lags."""
FREEZE = 10.0
"""Longer than the lease of an SMS (LEASE, twice the longest call of two time-outs, a margin) and SETTLE_AFTER: what
stood still is settled before it goes on."""
MESSAGES_A_KILL = 16
ROUND = 50
"""Kills against one database, before the next one begins."""
DRAIN = 60.0
NEXT_DAY = 25 * 3600.0
"""Business seconds: longer than anything waits for evidence before the policy of its purpose decides."""
QUIET = 3.0
"""Seconds without any change, while senders looked again, after which a round is over."""
FREEZES = (Point.CLAIMED, Point.BODY, Point.OUTCOME, Point.ANSWERED, Point.CLAIM, Point.HANDED)
FREEZE_SHARE = 8
RESTARTS = (Point.OUTCOME, Point.CLAIMED, Point.CLAIM, Point.RECORDED)
RESTART_SHARE = 12
"""So many kills for each freeze, and for each restart of the database."""
MAILERS = ("ses", "smtp")


class Providers:
    """The process of the providers."""

    def __init__(self, folder, seed):
        self.log = Path(folder) / "taken.jsonl"
        self.log.touch()
        command = [sys.executable, "-m", "tests.crash.providers", str(self.log), str(seed)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self._process.stdout.readline())
        self.read = 0

    def tell(self, order):
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()

    def taken(self):
        """Return what was taken and refused since the last time."""
        taken, refused, self.read = judge.read_log(self.log, self.read)
        return taken, refused

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Rounds:
    """Round after round until enough were killed; each has its own database, and its own way of sending mail."""

    def __init__(self, folder, wanted):
        self.wanted = wanted
        self.home = Path(folder) / "home"
        self.server = Server(self.home)
        furnish(self.home)
        self.providers = Providers(folder, wanted.seed)
        self.hunt = Hunt(seed=wanted.seed, freeze_seconds=FREEZE, restart=self.server.restart)
        self.hunt.context.set_forkserver_preload(["tests.crash.warm"])
        self.verdict = judge.empty()
        self.complaints = Path(folder) / "complaints"
        self.number = 0
        self.port = _free_port()

    @property
    def killed(self):
        return sum(self.hunt.kills.values())

    def run(self):
        size = min(ROUND, max(self.wanted.kills // 2, 1))
        while self.killed < self.wanted.kills:
            self.number += 1
            self._round(min(size, self.wanted.kills - self.killed))
            self._tell()

    def _round(self, kills):
        name, spool = f"round_{self.number}", self.home / f"spool{self.number}"
        mailer = MAILERS[self.number % 2]
        spool.mkdir()
        self.server.fresh(name)
        engine = self.server.engine(name)
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        judge.DEFAULT["email"] = mailer
        clock = [time.monotonic()]
        populate(self._settings(url), kills * MESSAGES_A_KILL, invoices=not self.wanted.naive)
        self.arguments = (time.time(), str(self.complaints))
        target = work_naively if self.wanted.naive else work
        slots = [self._slot(target, name, spool, mailer) for _ in range(SLOTS)]
        if not self.wanted.naive:
            slots.append(self._slot(listen, name, spool, mailer))
        self.providers.tell("fresh")
        self.providers.tell(f"began {self.arguments[0]}")
        self.providers.tell(f"hooks {self.port}")
        self.providers.tell("storm")
        clock.append(time.monotonic())
        try:
            self._hunt(slots, engine, self.killed + kills)
            clock.append(time.monotonic())
            self.providers.tell("calm")
            self._drain(slots, engine)
            clock.append(time.monotonic())
        finally:
            self._stop(slots)
        taken, refused = self.providers.taken()
        judge.add(self.verdict, judge.judge(engine, taken + judge.printed(spool), refused))
        engine.dispose()
        shutil.rmtree(spool)
        self.times = [f"{after - before:.0f}" for before, after in pairwise(clock)]

    def _hunt(self, slots, engine, until):
        """Keep the slots full until enough are dead or nothing is left to send."""
        self.hunt.open = True
        self.hunt.want(self._plans(until - self.killed))
        looked = time.monotonic()
        while self.killed < until:
            for slot in slots:
                if slot.is_over() and self.killed < until:
                    slot.start(self.arguments, self.hunt.plan_for(slot))
            PAUSE.wait(0.005)
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                for slot in slots[:SLOTS]:
                    if slot.life:
                        slot.life.hurry()
                if self._left(engine) == 0:
                    break

    def _left(self, engine):
        try:
            return judge.progress(engine)[0]
        except Exception:
            return None  # the server is being restarted

    def _plans(self, kills):
        """Every boundary once, and freezes and restarts of the server in their share."""
        if self.wanted.naive or self.hunt.wanted:
            return []
        chance = self.hunt.random
        plans = [Plan(act="kill", point=point, nth=chance.randint(1, 3)) for point in Point]
        for act, points, share in (("freeze", FREEZES, FREEZE_SHARE), ("database", RESTARTS, RESTART_SHARE)):
            plans += [
                Plan(
                    act=act,
                    point=points[(self.number + n) % len(points)],
                    nth=chance.randint(1, 3),
                    after=chance.choice((0.0, JITTER / 2)) if act == "freeze" else 0.0,
                )
                for n in range(max(kills // share, 1))
            ]
        self.hunt.random.shuffle(plans)
        return sorted(plans, key=lambda plan: plan.act != "freeze")  # they take longest

    def _drain(self, slots, engine):
        """Let what lives go on undisturbed until nothing changes; then on the next day, when patience has ended."""
        self._until_quiet(slots, engine)
        if self.wanted.naive:
            return
        for slot in slots:
            slot.end()
        began, complaints = self.arguments
        self.arguments = (began - NEXT_DAY / SPEED, complaints)
        self.providers.tell(f"began {self.arguments[0]}")
        self._until_quiet(slots, engine)

    def _until_quiet(self, slots, engine):
        self.hunt.open = False
        for slot in slots:
            if slot.life:
                slot.life.plan = None
        until = time.monotonic() + DRAIN
        last, since, beats = None, time.monotonic(), self._beats()
        while time.monotonic() < until:
            for slot in slots:
                if slot.is_over():
                    slot.start(self.arguments, None)
            PAUSE.wait(0.1)
            left, seen = judge.progress(engine)
            frozen = any(slot.life and slot.life.frozen for slot in slots)
            if seen != last or (left and not self.wanted.naive) or frozen:
                last, since, beats = seen, time.monotonic(), self._beats()
            elif time.monotonic() - since > QUIET and (
                self.wanted.naive or self._beats() - beats > 2 * SLOTS
            ):
                break

    def _beats(self):
        """Return how often senders went through everything there was to do."""
        path = Path(f"{self.complaints}.beats")
        return path.stat().st_size if path.exists() else 0

    def _stop(self, slots):
        for slot in slots:
            slot.end()
            slot.close()

    def _slot(self, target, name, spool, mailer):
        targets = {**self.providers.ports, "database": self.server.socket}
        return Slot(self.hunt, target, targets, lambda ports: self._environment(ports, name, spool, mailer))

    def _environment(self, ports, name, spool, mailer):
        database = (
            f"postgresql://postgres@127.0.0.1:{ports['database']}/{name}?sslmode=disable&gssencmode=disable"
        )
        http = f"http://127.0.0.1:{ports['http']}"
        return {
            "TIDINGS_DATABASE": database,
            "TIDINGS_HOME": str(self.home),
            "TIDINGS_MODE": "live",
            "TIDINGS_CLAIM": str(CLAIM),
            "TIDINGS_LEASE": f"PT{LEASE}S",
            "TIDINGS_EMAIL": mailer,
            "TIDINGS_SMTP__HOST": "127.0.0.1",
            "TIDINGS_SMTP__PORT": str(ports["smtp"]),
            "TIDINGS_SMTP__TIMEOUT": f"PT{TIMEOUT}S",
            "TIDINGS_SES__REGION": "eu-north-1",
            "TIDINGS_SES__ENDPOINT": http,
            "TIDINGS_SES__TIMEOUT": f"PT{TIMEOUT}S",
            "TIDINGS_SMS": "twilio",
            "TIDINGS_TWILIO__ACCOUNT_SID": "AC1",
            "TIDINGS_TWILIO__AUTH_TOKEN": TOKEN,
            "TIDINGS_TWILIO__ENDPOINT": http,
            "TIDINGS_TWILIO__SETTLE_AFTER": f"PT{SETTLE_AFTER}S",
            "TIDINGS_TWILIO__TIMEOUT": f"PT{TIMEOUT}S",
            "TIDINGS_LETTER": "spool",
            "TIDINGS_SPOOL__FOLDER": str(spool),
            "AWS_DEFAULT_REGION": "eu-north-1",
            "TIDINGS_PUBLIC_URL": "https://nordlys.example",
            "TIDINGS_PORT": str(self.port),
            "TIDINGS_AWS_EVENTS__QUEUE": "https://sqs.eu-north-1.amazonaws.com/123456789012/events",
            "TIDINGS_AWS_EVENTS__ENDPOINT": http,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def _settings(self, url):
        return Settings(home=self.home, database=url, mode="live")

    def _tell(self):
        hunt = self.hunt
        reached = sum(hunt.kills[point] > 0 for point in Point)
        sys.stdout.write(
            f"round {self.number}: {self.killed} of {self.wanted.kills} kills, {sum(hunt.freezes.values())} freezes, "
            f"{sum(hunt.restarts.values())} restarts of the database, {reached} of {len(Point)} boundaries, "
            f"{self.verdict['messages']} messages, {'+'.join(self.times)} s\n"
        )
        sys.stdout.flush()

    def report(self):
        """Return the JSON object of the last line."""
        return {
            "kills": self.killed,
            "freezes": sum(self.hunt.freezes.values()),
            "messages": self.verdict.pop("messages"),
            "in_flight_share": round(self.hunt.in_flight / max(self.killed, 1), 3),
            **self.verdict,
        }

    def close(self):
        self.providers.close()
        self.server.close()


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def is_broken(report):
    """Tell whether a promise of design/delivery.md was broken."""
    kept = [report[what][kind] for what in ("duplicates", "lost") for kind in ("key", "list")]
    return any(kept) or report["false_accepted"] > 0 or report["unnamed"] > 0


def main():
    """Hunt; return the exit code."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--naive", action="store_true", help="a sender that looks, sends and marks")
    parser.add_argument("--keep", action="store_true", help="leave the folder and its databases")
    wanted = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a process without threads is forked
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    folder = tempfile.mkdtemp(prefix="tidings-crash-")
    rounds = Rounds(folder, wanted)
    try:
        rounds.run()
    except RuntimeError:
        sys.stderr.write(rounds.complaints.read_text()[-3000:])
        raise
    finally:
        rounds.close()
        if not wanted.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for point in Point:
        sys.stdout.write(f"{rounds.hunt.kills[point]:6} killed {point}\n")
    report = rounds.report()
    sys.stdout.write(json.dumps(report) + "\n")
    return int(is_broken(report))


if __name__ == "__main__":
    sys.exit(main())
