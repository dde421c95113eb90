"""A sender of the product, in a process that may be killed anywhere; and a naive one, which shows what that costs."""

import os
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from sqlalchemy import text

from channels.receivers import sources
from channels.registry import providers
from flows.deliver import send_everything
from flows.desk import Desk
from tests.crash.news import business_time
from tidings.channel import Channel
from tidings.message import Email, Parcel, Sms
from tidings.outcome import Accepted
from tidings.settings import Settings
from work.gather import gather
from work.installation import opened

PAUSE = Event()
"""Never set."""


@dataclass(frozen=True, kw_only=True)
class QuickDesk(Desk):
    """A desk where a minute takes a second, from a morning on."""

    began: float

    def now(self):
        """Return business time, the same in all processes of a round."""
        return business_time(self.began)


@contextmanager
def at_a_desk(environment, began, complaints):
    """Open the installation; what goes wrong is written down, and whoever started this starts it again."""
    os.environ.update(environment)
    with Path(complaints).open("a") as file:
        os.dup2(file.fileno(), 2)
    try:
        with opened(Settings.read()) as installation:
            yield QuickDesk(installation=installation, began=began)
    except Exception:  # the database went away
        traceback.print_exc()
        sys.exit(1)


def work(environment, began, complaints):
    """Send whatever is due, as `tidings deliver` does, and take in what comes back, again and again until killed."""
    with at_a_desk(environment, began, complaints) as desk:
        installation = desk.installation
        queues = sources(installation.settings, home=installation.home)
        while True:
            gather(installation, queues, now=desk.now())
            send_everything(desk)
            with Path(f"{complaints}.beats").open("ab") as beats:
                beats.write(b".")  # one more time around, with nothing left open
            PAUSE.wait(0.05)


def listen(environment, began, complaints):
    """Serve the pages, where providers call, until killed."""
    import uvicorn

    from web.app import create

    with at_a_desk(environment, began, complaints) as desk:
        settings = desk.installation.settings
        app = create(desk.installation, clock=desk.now)
        uvicorn.run(app, host="127.0.0.1", port=settings.port, log_level="error", access_log=False)


def work_naively(environment, began, complaints):
    """Look at the status, send, write the status: what most senders do."""
    with at_a_desk(environment, began, complaints) as desk:
        chosen = providers(
            desk.installation.settings, home=desk.installation.home, mode=desk.installation.mode
        )
        while True:
            with desk.installation.engine.begin() as connection:
                for row in connection.execute(READY).all():
                    _send_and_mark(connection, chosen[Channel(row.channel)][0], row)
            PAUSE.wait(0.01)


READY = text("""
    SELECT m.id::text AS id, m.channel, a.value FROM messages m JOIN addresses a ON a.customer_id = m.customer_id
    WHERE m.state = 'ready' AND m.channel IN ('email', 'sms') ORDER BY m.id LIMIT 5 FOR UPDATE OF m SKIP LOCKED
""")
CONTENT = {
    "email": lambda to: Email(envelope_from="hei@nordlys.example", to=to, raw=b"Subject: Hi\r\n\r\nHi\r\n"),
    "sms": lambda to: Sms(sender="Nordlys", to=to, text="Hi", parts=1, encoding="gsm7"),
}


def _send_and_mark(connection, provider, row):
    content = CONTENT[row.channel](row.value)
    parcel = Parcel(message=row.id, attempt=row.id, content=content, purpose="offer", brand="nordlys")
    [(_, outcome)] = provider.send([parcel])
    if isinstance(outcome, Accepted):
        connection.execute(text("UPDATE messages SET state = 'done' WHERE id = :id"), {"id": row.id})
