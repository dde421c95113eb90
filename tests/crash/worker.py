"""A sender of the product, in a process that may be killed anywhere; and a naive one, which shows what that costs."""

import os
import sys
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy import text

from channels.registry import providers
from flows.deliver import send_everything
from flows.desk import Desk
from tidings.channel import Channel
from tidings.message import Email, Parcel, Sms
from tidings.outcome import Accepted
from tidings.settings import Settings
from work.installation import opened

MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
SPEED = 60
"""Business seconds a second: what waits a minute is due after one. Leases and time-outs keep their own time."""
PAUSE = Event()
"""Never set."""


@dataclass(frozen=True, kw_only=True)
class QuickDesk(Desk):
    """A desk where a minute takes a second, from a morning on."""

    began: float

    def now(self):
        """Return business time, the same in all processes of a round."""
        return MORNING + timedelta(seconds=(time.time() - self.began) * SPEED)


def work(environment, began, naive, complaints):
    """Send whatever is due, as `tidings deliver` does, again and again until killed."""
    os.environ.update(environment)
    with Path(complaints).open("a") as file:
        os.dup2(file.fileno(), 2)
    try:
        with opened(Settings.read()) as installation:
            desk = QuickDesk(installation=installation, began=began)
            while True:
                (send_naively if naive else send_everything)(desk)
                PAUSE.wait(0.05)
    except Exception:  # the database went away: whoever started this starts it again
        traceback.print_exc()
        sys.exit(1)


def send_naively(desk):
    """Look at the status, send, write the status: what most senders do."""
    chosen = providers(desk.installation.settings, home=desk.installation.home, mode=desk.installation.mode)
    lane = {channel: choice[0] for channel, choice in chosen.items()}
    with desk.installation.engine.begin() as connection:
        rows = connection.execute(
            text("""
                SELECT m.id, m.channel, a.value FROM messages m JOIN addresses a ON a.customer_id = m.customer_id
                WHERE m.state = 'ready' AND m.channel IN ('email', 'sms') ORDER BY m.id LIMIT 8
                FOR UPDATE OF m SKIP LOCKED
            """)
        ).all()
        for row in rows:
            parcel = Parcel(
                message=str(row.id), attempt=str(row.id), content=CONTENT[row.channel](row.value),
                purpose="offer", brand="nordlys",
            )  # fmt: skip
            [(_, outcome)] = lane[Channel(row.channel)].send([parcel])
            if isinstance(outcome, Accepted):
                connection.execute(
                    text("UPDATE messages SET state = 'done' WHERE id = :message"), {"message": row.id}
                )


CONTENT = {
    "email": lambda to: Email(envelope_from="hei@nordlys.example", to=to, raw=b"Subject: Hi\r\n\r\nHi\r\n"),
    "sms": lambda to: Sms(sender="Nordlys", to=to, text="Hi", parts=1, encoding="gsm7"),
}
