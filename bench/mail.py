"""Personal e-mails from the ledger to a mail server: ours end to end, and what else sends mail from Python.

All write to the same sink, and all send the same offer. The peers get our own finished page as their template, so that
they send the same words: the suite compares them. CPU is counted of the sender and of its database together, never of
the sink, whose own pace is printed so that nobody need believe that it was none of the bound.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from bench import peer, sink
from bench.figure import Figure, cpu_seconds, rate, seconds
from bench.home import fresh_home
from bench.peers.server_cpu import postmaster_of, server_cpu
from bench.words import BRAND, FIRST, bare_loop, check_words, for_peers, mail_of, people, subject_of
from channels.email.smtp import Smtp
from store.owner import owner
from store.runs import set_run
from store.suppressions import record_none_exist
from templates.catalog import find
from templates.preview import sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.organisation import Organisation
from tidings.outcome import Accepted
from tidings.problem import Exit, Problem
from tidings.settings import Mode, Settings, SmtpSettings
from work import run as stages
from work.build import read_context
from work.campaign import open_campaign, parse_campaign
from work.deliver import Sender
from work.installation import Installation
from work.parity import check_facts

OURS = 12_000
BY_PEER = 300
HANDED_OVER = 4_000
BATCH = 500
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday at noon: nobody has quiet hours."""
_CUSTOMERS = """
    INSERT INTO customers (language, time_zone, country, first_name, last_name)
        SELECT 'en', 'Europe/Oslo', 'NO', (CAST(:names AS text[]))[1 + n % :count] || ' ' || n, 'Solheim'
        FROM generate_series(1, :customers) n
"""
_REACHED = """
    INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', 'c' || id || '@example.com' FROM customers;
    INSERT INTO consents (customer_id, topic, channel, action, source, proof, actor, at)
        SELECT id, 'offer', 'all', 'given', 'form', 'p', 'customer', timestamptz '2026-03-01' FROM customers;
    ANALYZE customers, addresses, consents;
"""
_OUTBOX = """
    CREATE TABLE outbox (id bigint PRIMARY KEY, state text NOT NULL, due_at timestamptz NOT NULL,
                         payload jsonb NOT NULL, attempts int NOT NULL DEFAULT 0, reference text)
        WITH (fillfactor = 80);
    CREATE INDEX ON outbox (due_at) WHERE state = 'queued';
"""
_FILL = """
    INSERT INTO outbox (id, state, due_at, payload)
    SELECT n, 'queued', now(), CAST(p AS jsonb)
    FROM unnest(CAST(:payloads AS text[])) WITH ORDINALITY AS v(p, n)
"""
_CLAIM = """
    UPDATE outbox SET state = 'sending', attempts = attempts + 1
    WHERE id = ANY(ARRAY(SELECT id FROM outbox WHERE state = 'queued' ORDER BY due_at LIMIT :n FOR UPDATE SKIP LOCKED))
    RETURNING id, payload
"""
_MARK = """
    UPDATE outbox o SET state = 'sent', reference = v.r
    FROM unnest(CAST(:ids AS bigint[]), CAST(:references AS text[])) AS v(id, r) WHERE o.id = v.id
"""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What all senders share: the sink, and one database with its server's first process."""

    server: sink.Sink
    settings: Settings
    engine: Engine
    postmaster: int

    def cpu(self, work: Callable[[], object]) -> float:
        """Return the CPU seconds that a piece of work took here and in the database."""
        before = server_cpu(self.postmaster)
        own = cpu_seconds(work)
        return own + server_cpu(self.postmaster) - before


def figures() -> Iterable[Figure]:
    """Measure every sender against the same sink."""
    with sink.running() as server, fresh_home() as (settings, store):
        with store.engine.connect() as connection:
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
        smtp = SmtpSettings(host="127.0.0.1", port=server.port)
        live = settings.model_copy(update={"mode": Mode.LIVE, "email": ("smtp",), "smtp": smtp})
        stage = Stage(server=server, settings=live, engine=store.engine, postmaster=postmaster_of(backend))
        ours, pace = _ours(stage)
        yield from _compared(stage, ours)
        yield _sink_alone(server, pace)
        yield _handed_over(server)


def _compared(stage: Stage, ours: float) -> Iterator[Figure]:
    url = stage.engine.url
    database = {
        "NAME": url.database,
        "USER": url.username or "postgres",
        "HOST": url.query.get("host") or url.host,
    }
    given = {
        "port": stage.server.port,
        "postmaster": stage.postmaster,
        "database": database | ({"PORT": str(url.port)} if url.port else {}),
        **for_peers(people(BY_PEER)),
    }
    others: tuple[tuple[str, float, Callable[[], float]], ...] = (
        ("python-emails", 10, lambda: BY_PEER / peer.run("python_emails.py", given)["cpu"]),
        ("django-post_office", 10, lambda: BY_PEER / peer.run("django_post_office.py", given)["cpu"]),
        ("bare smtplib", 0, lambda: BY_PEER / cpu_seconds(lambda: bare_loop(stage.server.port, given))),
    )
    for name, goal, measure in others:
        other = measure()
        check_words(name, _checked(stage.server, BY_PEER), given["people"])
        yield rate(f"mail vs {name}", ours=ours, other=other, unit="mails per CPU-second", goal=goal)
    prototype = _prototype(stage)
    yield rate("mail vs prototype loop", ours=ours, other=prototype, unit="mails per CPU-second", goal=0.4)


def _ours(stage: Stage) -> tuple[float, float]:
    """Return mails per CPU-second and per second, from planned messages to recorded outcomes, as production sends."""
    organisation = Organisation(name="Bench", country="NO", time_zone="Europe/Oslo", brands=(BRAND,))
    installation = Installation(
        settings=stage.settings, organisation=organisation, engine=stage.engine, key=b"k" * 32
    )
    with stage.engine.begin() as connection:
        connection.execute(text(_CUSTOMERS), {"names": list(FIRST), "count": len(FIRST), "customers": OURS})
        connection.execute(text(_REACHED))
        record_none_exist(connection, BRAND.id, actor="staff:bench", now=NOW)
    run = _planned(installation)
    provider = Smtp(stage.settings.smtp)
    with owner(stage.engine) as number:
        sender = Sender(
            installation=installation,
            providers={Channel.EMAIL: (provider,)},
            policy=installation.policy,
            owner=number,
            clock=lambda: NOW,
        )
        start = time.perf_counter()
        used = stage.cpu(lambda: sender.send_due(run=run))
        took = time.perf_counter() - start
    provider.close()
    _checked(stage.server, OURS)
    with stage.engine.connect() as connection:
        for table, kept in (("attempts", "state = 'accepted'"), ("touchpoints", "kind = 'sent'")):
            found = connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {kept}"))
            if found != OURS:
                raise Problem(f"{found} of {OURS} {table} were written.", code=Exit.FAILED)
    return OURS / used, OURS / took


def _planned(installation: Installation) -> str:
    data = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}
    raw = {
        "name": "bench",
        "edition": "1",
        "topic": "offer",
        "template": "offer/autumn",
        "audience": {"everybody": True},
        "channels": ["email"],
        "data": data,
    }
    opened = open_campaign(
        installation, parse_campaign(raw, where="bench"), installation.policy, actor="staff:bench", now=NOW
    )
    shards = stages.begin(installation, opened.run, now=NOW)
    for shard in range(shards.count):
        stages.plan(installation, opened.run, shard, installation.policy, now=NOW)
    with installation.engine.begin() as connection:
        context = read_context(connection, installation, opened.run)
    check_facts(installation, context)
    with installation.engine.begin() as connection:
        set_run(connection, opened.run, state="sending")
    with installation.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))  # what planning left is not counted as sending
    return opened.run


def _prototype(stage: Stage) -> float:
    """Return mails per CPU-second of a loop that does nothing but claim, build, send and mark."""
    template = find("offer/autumn")
    base = sample_subject(template, BRAND, "en")
    with stage.engine.begin() as connection:
        connection.execute(text(_OUTBOX))
        connection.execute(text(_FILL), {"payloads": [json.dumps(who) for who in people(OURS)]})
        connection.execute(text("ANALYZE outbox"))
    provider = Smtp(stage.settings.smtp)

    def loop() -> None:
        while True:
            with stage.engine.begin() as connection:
                rows = connection.execute(text(_CLAIM), {"n": BATCH}).all()
            if not rows:
                return
            parcels = [
                _parcel(row.id, mail_of(render(template, Channel.EMAIL, subject_of(base, row.payload))))
                for row in rows
            ]
            sent = _accepted(provider, parcels)
            with stage.engine.begin() as connection:
                connection.execute(text(_MARK), {"ids": [row.id for row in rows], "references": sent})

    used = stage.cpu(loop)
    provider.close()
    _checked(stage.server, OURS)
    return OURS / used


def _sink_alone(server: sink.Sink, ours: float) -> Figure:
    """Return how many mails of the same size the sink takes in a second, from a client that does nothing else."""
    template = find("offer/autumn")
    mail = mail_of(render(template, Channel.EMAIL, sample_subject(template, BRAND, "en")))
    provider = Smtp(SmtpSettings(host="127.0.0.1", port=server.port))
    parcels = [_parcel(n, replace(mail, to=f"c{n}@example.com")) for n in range(HANDED_OVER)]
    took = seconds(lambda: _accepted(provider, parcels))
    provider.close()
    server.report()
    return rate(
        "mails a second that the sink takes, against ours end to end",
        ours=HANDED_OVER / took,
        other=ours,
        unit="mails/s",
        goal=1,
    )


def _handed_over(server: sink.Sink) -> Figure:
    head = "From: hello@nordlys.example\r\nTo: c{0}@example.com\r\nMessage-ID: <{0}@nordlys.example>\r\n\r\n"
    mails = [
        Email(
            envelope_from="hello@nordlys.example",
            to=f"c{n}@example.com",
            raw=(head.format(n) + f"Mail {n}\r\n" + "The evenings come earlier now.\r\n" * 150).encode(),
        )
        for n in range(HANDED_OVER)
    ]
    ours = cpu_seconds(lambda: _send(server.port, [_parcel(n, mail) for n, mail in enumerate(mails)]))
    _checked(server, HANDED_OVER)
    theirs = cpu_seconds(lambda: _smtplib(server.port, mails))
    _checked(server, HANDED_OVER)
    return rate(
        "e-mails handed over per CPU-second, finished bytes, against smtplib",
        ours=HANDED_OVER / ours,
        other=HANDED_OVER / theirs,
        unit="1/s",
        goal=1.2,
    )


def _send(port: int, parcels: list[Parcel]) -> None:
    provider = Smtp(SmtpSettings(host="127.0.0.1", port=port))
    _accepted(provider, parcels)
    provider.close()


def _accepted(provider: Smtp, parcels: list[Parcel]) -> list[str]:
    """Send parcels; returns the server's references."""
    references = []
    for _, outcome in provider.send(parcels):
        if not isinstance(outcome, Accepted):
            raise Problem(f"The sink did not take a mail: {outcome}.", code=Exit.FAILED)
        references.append(outcome.reference)
    return references


def _smtplib(port: int, mails: list[Email]) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", port) as server:
        for mail in mails:
            server.sendmail(mail.envelope_from, [mail.to], mail.raw)


def _checked(server: sink.Sink, expected: int) -> dict[str, Any]:
    found = server.report()
    if (found["count"], found["distinct"]) != (expected, expected):
        raise Problem(
            f"The sink took {found['count']} mails, {found['distinct']} distinct, not {expected}.",
            code=Exit.FAILED,
        )
    return found


def _parcel(number: int, content: Email) -> Parcel:
    return Parcel(
        message=f"m{number}", attempt=f"a{number}", content=content, purpose="offer", brand="nordlys"
    )
