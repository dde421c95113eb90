"""Kills, freezes and restarts, at every boundary in turn and at random; and what was killed where."""

import math
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from tests.crash.gate import Database, Gate, Http, Point, Smtp
from tests.crash.worker import listen

PAUSE = threading.Event()
"""Never set."""
EVENTS = 12
"""A life passes about so many points between two claims: a random end lies anywhere among them."""
JITTER = 0.04
"""Seconds after a point at most: so that an end lies between points, too."""
PATIENCE = 40
"""Points that a life passes at most while it waits for its own; then it is killed, and another one waits."""
LONGEST_WAIT = 8.0
"""Seconds that it waits at most after its first point, where it passes no others; longer where it was slow to begin."""
PAGES = (Point.FOLDING, Point.FOLDED)
"""Where the server of the pages is killed, one life after the other."""
IN_FLIGHT = set(Point) - {Point.RECORDED}
"""Where a message is between its first claim and its last mark, whoever claimed it."""

HARD = 0.7
"""Share of the database's restarts that are kills."""
MOST_FAILURES = 30
"""Lives in a row that may end by themselves."""


@dataclass(kw_only=True)
class Plan:
    """What happens to a life, and when: at the n-th time that it passes this point, or any."""

    act: str
    """`kill`, `freeze`, or `database`: the server goes down under it."""
    point: Point | None = None
    nth: int = 1
    after: float = 0.0
    """Seconds after the point."""


class Life:
    """One process of a sender, seen from outside: its gates tell it where it is."""

    def __init__(self, slot, process, plan):
        self.slot = slot
        self.process = process
        self.plan = plan
        self._batches = 0
        self._born = time.monotonic()
        self._tired_at = math.inf
        self.killed_at = None
        self.frozen = False
        self._passed = 0
        self._file = os.pidfd_open(process.pid)
        self._lock = threading.Lock()

    def sending(self):
        """Tell whether it has asked for a claim and the end of that batch is not committed; it may have several."""
        return self._batches > 0

    def __call__(self, point):
        """Take in that this life is at a point; False when it must not get any further."""
        with self._lock:
            self._batches += point is Point.CLAIM
            plan, due = self.plan, False
            self._passed += 1
            if self._passed == 1:
                self._tired_at = time.monotonic() + max(LONGEST_WAIT, 4 * (time.monotonic() - self._born))
            if plan and plan.point in {None, point}:
                plan.nth -= 1
                due = plan.nth == 0
            elif plan and self._passed > PATIENCE:
                self.slot.hunt.want([plan])
                plan, due = Plan(act="kill"), True
            if due:
                self.plan = None
        goes_on = True
        if due and plan.after:
            threading.Timer(plan.after, self._act, (plan, point)).start()
        elif due:
            goes_on = self._act(plan, point)
        if point is Point.RECORDED:
            self._batches = max(self._batches - 1, 0)
        return goes_on

    def hurry(self):
        """Let a life that has waited long for its own point end at the next one."""
        with self._lock:
            plan = self.plan
            if plan and plan.point and time.monotonic() > self._tired_at:
                self.plan = Plan(act="kill")
                self.slot.hunt.want([plan])

    def _act(self, plan, point):
        hunt = self.slot.hunt
        if plan.act == "freeze":
            self._freeze(hunt, point)
            return True
        if plan.act == "database":
            hunt.restart_database(point)
            return False
        self.kill(point)
        return False

    def kill(self, point):
        """End it as `kill -9` does."""
        with self._lock:
            if self.killed_at is not None:
                return
            self.killed_at = point
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._file, signal.SIGKILL)
            self.slot.hunt.count(point, in_flight=self.sending() or point in IN_FLIGHT)

    def _freeze(self, hunt, point):
        """Stop it until its lease is over, then let it go on as if nothing had been."""
        self.frozen = True
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._file, signal.SIGSTOP)
            PAUSE.wait(hunt.freeze_seconds)
            signal.pidfd_send_signal(self._file, signal.SIGCONT)
            hunt.froze(point)
            self.plan = hunt.some_kill() if hunt.open else None
        self.frozen = False

    def close(self):
        os.close(self._file)


class Slot:
    """A place for one sender after the other, with gates of its own."""

    def __init__(self, hunt, target, targets, environment):
        self.hunt = hunt
        self.target = target
        self.lives = 0
        self.life = None
        self.gates = {
            name: Gate(targets[name], watch, lambda: self.life)
            for name, watch in (("database", Database), ("smtp", Smtp), ("http", Http))
        }
        self.environment = environment({name: gate.port for name, gate in self.gates.items()})

    def start(self, arguments, plan):
        """Begin a life."""
        self.lives += 1
        self.hunt.wait_for_database()
        process = self.hunt.context.Process(
            target=self.target, args=(self.environment, *arguments), daemon=True
        )
        process.start()
        with suppress(ProcessLookupError):  # it ended at once: the next one begins
            self.life = Life(self, process, plan)

    def is_over(self):
        """Tell whether its life has ended, and clear up after it."""
        if self.life is None:
            return True
        if self.life.process.is_alive():
            return False
        self.life.process.join()
        self.hunt.ended(self.life)
        self.life.close()
        for gate in self.gates.values():
            gate.cut()
        self.life = None
        return True

    def end(self):
        """End its life, which is no kill to count."""
        if self.life:
            self.life.killed_at = self.life.killed_at or Point.RECORDED
            self.life.process.kill()
            self.life.process.join()
            self.is_over()

    def close(self):
        for gate in self.gates.values():
            gate.close()


class Hunt:
    """Keeps the slots full and ends what lives in them."""

    def __init__(self, *, seed, freeze_seconds, restart):
        self.random = random.Random(seed)
        self.freeze_seconds = freeze_seconds
        self.kills = Counter()
        """By point."""
        self.freezes = Counter()
        self.restarts = Counter()
        self.in_flight = 0
        self.open = True
        """Closed, nobody is given a new plan."""
        self.context = multiprocessing.get_context("forkserver")
        self._restart = restart
        self._lock = threading.Lock()
        self._restarting = threading.Lock()
        self._wanted = []
        self._failures = 0

    def want(self, plans):
        """Add plans that must come true, each at its point."""
        with self._lock:
            self._wanted += plans

    @property
    def wanted(self):
        """What has not come true yet."""
        return len(self._wanted)

    def plan_for(self, slot):
        """Return what happens to the next life in a slot."""
        if slot.target is listen:
            return Plan(act="kill", point=PAGES[slot.lives]) if slot.lives < len(PAGES) else None
        with self._lock:
            if self._wanted:
                return self._wanted.pop(0)
        return self.some_kill()

    def some_kill(self):
        """Return a kill anywhere."""
        return Plan(act="kill", nth=self.random.randint(1, EVENTS), after=self.random.uniform(0.0001, JITTER))

    def count(self, point, *, in_flight):
        with self._lock:
            self.kills[point] += 1
            self.in_flight += in_flight

    def ended(self, life):
        """Take in that a life ended; one that ends by itself did so because the database was away."""
        self._failures = self._failures + 1 if life.killed_at is None else 0
        if self._failures > MOST_FAILURES:
            raise RuntimeError("the sender ends by itself")

    def froze(self, point):
        with self._lock:
            self.freezes[point] += 1

    def restart_database(self, point):
        with self._restarting:
            self.restarts[point] += 1
            self._restart(hard=self.random.random() < HARD)

    def wait_for_database(self):
        """Return when nobody restarts it."""
        with self._restarting:
            pass
