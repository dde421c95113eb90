"""A round's world: a database of its own in a server that can be killed, customers, a campaign and an invoice run."""

import os
import select
import signal
from contextlib import suppress
from pathlib import Path

import tomli_w
from sqlalchemy import create_engine, make_url, text

from store import embedded
from store.connect import opened as opened_store
from store.runs import set_run
from store.suppressions import mark_known
from templates.catalog import find
from tests.crash.news import MORNING
from tests.town import ORGANISATION, settle
from tidings.settings import Settings
from work import run as stages
from work.bills import BillMapping, check_bills
from work.campaign import open_campaign, parse_campaign
from work.installation import opened
from work.invoicing import open_invoice_run

LINE = {"description": "Spade", "quantity": "2", "unit_price": "100.00", "tax_rate": "25"}
BILL = {
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "250.00",
    "lines": [LINE],
}


class Server:
    """The embedded PostgreSQL of a home; it can be killed, and is started again."""

    def __init__(self, home):
        self.home = Path(home)
        with opened_store(Settings(home=self.home)) as store:
            store.engine.dispose()
        self._lease = embedded.join(self.home)

    @property
    def socket(self):
        return self.home / "database" / "data" / ".s.PGSQL.5432"

    def engine(self, name, **options):
        return create_engine(make_url(self._lease.url).set(database=name), pool_pre_ping=True, **options)

    def fresh(self, name):
        """Make an empty, migrated database."""
        engine = self.engine("template1", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE tidings"))
        engine.dispose()

    def restart(self, *, hard):
        """Kill the server, or shut it down fast; returns when it is up again."""
        pid = int((self.home / "database" / "data" / "postmaster.pid").read_text().split()[0])
        with suppress(ProcessLookupError):
            file = os.pidfd_open(pid)
            signal.pidfd_send_signal(file, signal.SIGKILL if hard else signal.SIGINT)
            watch = select.poll()
            watch.register(file, select.POLLIN)
            watch.poll()  # it answers until the last moment
            os.close(file)
        again = embedded.join(self.home)
        self._lease.close()
        self._lease = again

    def close(self):
        self._lease.close()


def furnish(home):
    """Say who the organisation is."""
    (Path(home) / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION))


def populate(settings, size, *, invoices):
    """Plan a campaign by e-mail and SMS, half of its mails owed, and an invoice run by letter and e-mail.

    Nobody is in both, and nobody has two addresses: an address stands for a message.
    """
    with opened(settings) as installation:
        engine = installation.engine
        letters, bills = max(size // 20, 3), max(size // 40, 3)
        settle(engine, letters, channels=("letter",), consent=None)
        settle(engine, bills, channels=("email",), consent=None)
        settle(engine, size * 4 // 10, channels=("sms",))
        settle(engine, size - letters - bills - size * 4 // 10)
        with engine.begin() as connection:
            mark_known(connection, "all", "none exist")
        runs = [_campaign(installation)]
        if invoices:
            runs.append(_invoices(installation, letters + bills))
        for run in runs:
            for shard in range(stages.begin(installation, run, now=MORNING).count):
                stages.plan(installation, run, shard, installation.policy, now=MORNING)
            with engine.begin() as connection:
                set_run(connection, run, state="sending")
        with engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE messages SET purpose_class = 'required' WHERE channel = 'email' AND customer_id % 2 = 0"
                )
            )


def _campaign(installation):
    sample = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}
    raw = {"name": "crash", "edition": "1", "topic": "offer", "template": "offer/autumn", "data": sample}
    raw["audience"] = {"everybody": True}
    campaign = parse_campaign(raw, where="crash")
    return open_campaign(installation, campaign, installation.policy, actor="staff:crash", now=MORNING).run


def _invoices(installation, count):
    rows = [(n, {"number": f"F{n}", "customer": f"C{n}", **BILL}) for n in range(1, count + 1)]
    return open_invoice_run(
        installation,
        check_bills(rows, BillMapping()),
        installation.policy,
        file_name="crash.jsonl",
        file_hash="crash",
        source="",
        actor="staff:crash",
        now=MORNING,
    ).run
