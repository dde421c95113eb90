"""The customer's form: pages a second beside a bare page, and 300 saved forms a second beside a null route.

The forms are saved twice: with nothing beside them, to see what one costs, and while a campaign goes to 100,000 others.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from bench.figure import Figure, bound, cost, rate
from bench.form_campaign import sending
from bench.form_load import POSTS, Saving, Visitor, percentile, saved
from bench.home import fresh_home
from bench.peers.server_cpu import postmaster_of, server_cpu
from tidings.signing import signing_key
from work.links import Links

CUSTOMERS = 2_000
CONNECTIONS = 8
SECONDS = 4.0
POSTING = 10.0
"""Seconds of forms."""
PUBLIC = "http://127.0.0.1"

_ORGANISATION = """
name = "Bench"
country = "NO"
[[brands]]
id = "bench"
name = "Bench"
legal_name = "Bench AS"
website = "https://bench.example"
languages = ["en", "nb", "sv", "pl", "pt_BR"]
address = { lines = ["Gate 1", "0171 Oslo"], country = "NO" }
senders = { email = "hei@bench.example", email_name = "Bench", sms = "Bench" }
"""

_SEED = """
    INSERT INTO customers (language, time_zone, country, first_name)
        SELECT 'nb', 'Europe/Oslo', 'NO', 'Customer ' || n FROM generate_series(1, {customers}) n;
    INSERT INTO addresses (customer_id, channel, value)
        SELECT id, 'email', 'c' || id || '@example.org' FROM customers
        UNION ALL SELECT id, 'sms', '+47' || 40000000 + id FROM customers
        UNION ALL SELECT id, 'letter', 'Gate ' || id || ', 0171 Oslo' FROM customers;
    INSERT INTO consents (customer_id, topic, action, source, proof, actor, at)
        SELECT id, topic, 'given', 'bench', 'p', 'customer', now() FROM customers, unnest(ARRAY['offer', 'news']) topic;
    INSERT INTO statements (customer_id, topic, kind, channels, source, actor, at)
        SELECT id, 'invoice', 'order', ARRAY['letter'], 'bench', 'customer', now() FROM customers;
    ANALYZE customers, addresses, consents, statements;
"""

_BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
page = "x" * int(sys.argv[2])
def show(request):
    return HTMLResponse(page)
uvicorn.run(Starlette(routes=[Route("/p/{token}", show)]), port=int(sys.argv[1]), access_log=False, log_level="warning")
"""
"""The peer: Starlette's own way to answer with a page from a thread, of the same size, without doing anything."""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder, one server after the other."""
    with fresh_home() as (settings, store):
        home = settings.root
        (home / "organisation.toml").write_text(_ORGANISATION, encoding="utf-8")
        paths = _seed(store.engine, home)
        with _serving([sys.executable, "-m", "web"], home) as (port, web):
            size = len(_get(port, paths[0]))
            ours = _pages_a_second(port, paths)
            slowest = _slowest(port, paths)
            with store.engine.connect() as connection:
                database = postmaster_of(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
            alone, spent = _spent((web, database), lambda: saved(port, paths, seconds=POSTING))
            with sending(store.engine, home):
                beside = saved(port, paths, seconds=POSTING, first=int(POSTS * POSTING))
        with _serving([sys.executable, "-c", _BARE, "{port}", str(size)], home) as (port, _):
            other = _pages_a_second(port, paths)
    yield rate("form: pages a second, a bare page", ours=ours, other=other, unit="pages/s", goal=0.1)
    yield bound("form: 99 of 100 pages one at a time", ours=slowest, most=50, unit="ms")
    yield bound(
        "form: CPU of a saved form",
        ours=spent / max(len(alone.saves), 1) * 1000,
        most=3,
        unit="CPU-ms, database's too",
    )
    yield rate(
        "form: forms saved a second, promised", ours=beside.rate, other=POSTS, unit="posts/s", goal=0.98
    )
    yield bound(
        "form: errors while they were saved, and one", ours=len(beside.errors) + 1, most=1, unit="errors"
    )
    yield cost(
        "form: 99 of 100 saves, of the null route meanwhile",
        ours=percentile(beside.saves, 0.99),
        other=percentile(beside.nulls, 0.99),
        unit="ms",
        goal=0.05,
    )
    yield bound("form: a page with its style", ours=size / 1000, most=30, unit="kB")


def _spent(processes: Iterable[int], work: Callable[[], Saving]) -> tuple[Saving, float]:
    """Return what a piece of work showed, and the CPU seconds of these processes and their children meanwhile."""
    before = sum(server_cpu(process) for process in processes)
    showed = work()
    return showed, sum(server_cpu(process) for process in processes) - before


def _seed(engine: Engine, home: Path) -> list[str]:
    with engine.begin() as connection:
        connection.execute(text(_SEED.format(customers=CUSTOMERS)))
        customers = connection.execute(text("SELECT id FROM customers ORDER BY id")).scalars().all()
    links = Links(signing_key(home / "signing.key"), PUBLIC)
    return [links.preferences(customer).removeprefix(PUBLIC) for customer in customers]


@contextmanager
def _serving(command: list[str], home: Path) -> Iterator[tuple[int, int]]:
    """Run a server as a child until it is no longer needed; yield its port and process once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TIDINGS_HOME": str(home), "TIDINGS_PORT": str(port)}
    environment.pop("TIDINGS_DATABASE", None)
    child = subprocess.Popen([word.replace("{port}", str(port)) for word in command], env=environment)
    try:
        _wait(port, child)
        yield port, child.pid
    finally:
        child.terminate()
        child.wait(30)


def _wait(port: int, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = f"the server on port {port} did not start"
    raise RuntimeError(msg)


def _get(port: int, path: str) -> bytes:
    visitor = Visitor(port)
    try:
        return visitor.get(path)
    finally:
        visitor.close()


def _pages_a_second(port: int, paths: list[str]) -> float:
    """Let several visitors come at once for some seconds; every answer must be a whole page."""
    counts: list[int] = []
    _visit(port, paths, 0, time.monotonic() + 1, counts)
    counts.clear()  # that was to warm up
    start = time.monotonic()
    visitors = [
        threading.Thread(target=_visit, args=(port, paths, number, start + SECONDS, counts))
        for number in range(CONNECTIONS)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return sum(counts) / (time.monotonic() - start)


def _visit(port: int, paths: list[str], number: int, end: float, counts: list[int]) -> None:
    visitor, seen = Visitor(port), 0
    while time.monotonic() < end:
        visitor.get(paths[(number * 251 + seen) % len(paths)])
        seen += 1
    visitor.close()
    counts.append(seen)


def _slowest(port: int, paths: list[str]) -> float:
    """Return the 99th percentile of 300 pages, one after the other, in milliseconds."""
    visitor, times = Visitor(port), []
    for path in paths[:300]:
        start = time.perf_counter()
        visitor.get(path)
        times.append((time.perf_counter() - start) * 1000)
    visitor.close()
    return sorted(times)[-3]


if __name__ == "__main__":
    for figure in figures():
        sys.stdout.write(json.dumps([figure.figure, figure.ours, figure.other, figure.ratio]) + "\n")
