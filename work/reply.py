"""Replies go to people: kept when they come in, then mailed to the brand's service desk, at least once.

Every try has the same Message-ID, so a mail program shows a second copy as the first. A machine's answer is never
forwarded, a forwarded mail that comes back is known by its header, and of one sender only so many are forwarded in an
hour; the rest stays in the table, `held`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import structlog
from sqlalchemy import Connection

from channels.contract import Provider
from store.replies import Sent, Waiting, customer_at, keep, mark, take
from templates.safe import clean
from tidings.message import Email, Parcel
from tidings.organisation import Brand, Organisation
from tidings.outcome import Accepted, Outcome, Rejected
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from work.installation import Installation

log = structlog.get_logger()

MOST_AN_HOUR = 10
"""Replies of one sender that are forwarded within an hour."""
TRIES = 50
_LEASE = timedelta(minutes=5)
_LONGEST = timedelta(hours=2)
_AT_ONCE = 20


def keep_replies(
    connection: Connection, organisation: Organisation, receipts: Sequence[Receipt], sent: Mapping[str, Sent]
) -> None:
    """Keep what people wrote, to be forwarded; `sent` has the deliveries they belong to by event."""
    for receipt in receipts:
        if receipt.kind is not ReceiptKind.REPLIED:
            continue
        found = sent.get(receipt.event_id)
        address = receipt.address or ""
        customer = found.customer if found else customer_at(connection, receipt.channel, address)
        keep(
            connection,
            {
                "provider": receipt.provider,
                "event_id": receipt.event_id,
                "customer": customer,
                "message": found.message if found else None,
                "brand": found.brand if found else organisation.brand(None).id,
                "channel": receipt.channel,
                "reference": found.reference if found else "",
                "sender": address,
                "text": receipt.text.replace("\0", ""),
                "at": receipt.at,
            },
            most=MOST_AN_HOUR,
        )


def forward(
    installation: Installation, providers: Callable[[], Sequence[Provider]], *, now: datetime
) -> Counter[str]:
    """Send what waits to the service desks; returns outcomes by name.

    Args:
        providers: makes those of e-mail, the most preferred first; called only when something waits.
    """
    with installation.engine.begin() as connection:
        waiting = take(connection, now=now, lease=_LEASE, limit=_AT_ONCE)
    if not waiting:
        return Counter()
    parcels = {reply.id: _parcel(reply, installation.organisation) for reply in waiting}
    outcomes = _sent([parcel for parcel in parcels.values() if parcel is not None], providers())
    tally: Counter[str] = Counter()
    with installation.engine.begin() as connection:
        for reply in waiting:
            state, due_at = _after(reply, parcels[reply.id], outcomes.get(reply.id), now)
            mark(connection, reply.id, now=now, state=state, due_at=due_at)
            tally[state] += 1
    return tally


def _after(
    reply: Waiting, parcel: Parcel | None, outcome: Outcome | None, now: datetime
) -> tuple[str, datetime]:
    """Return state and next try; what nobody answered for is sent again, for it may be nowhere."""
    if isinstance(outcome, Accepted):
        return "sent", now
    if parcel is None or isinstance(outcome, Rejected) or reply.tries >= TRIES:
        log.error("a reply was not forwarded; `replies` has it", reply=reply.id, tries=reply.tries)
        return "held", now
    return "waiting", now + min(timedelta(minutes=1) * 2 ** min(reply.tries - 1, 10), _LONGEST)


def _sent(parcels: Sequence[Parcel], providers: Sequence[Provider]) -> dict[str, Outcome]:
    """Return the last answer to each parcel; what one provider does not take is given to the next."""
    outcomes: dict[str, Outcome] = {}
    for provider in providers:
        left = [one for one in parcels if not isinstance(outcomes.get(one.attempt), Accepted)]
        if not left:
            break
        try:
            outcomes.update(provider.send(left))
        except Exception as error:
            log.error("forwarding replies broke off", provider=provider.name, error=type(error).__name__)
    return outcomes


def _parcel(reply: Waiting, organisation: Organisation) -> Parcel | None:
    """Return the mail to the service desk, None when the brand has none or is gone."""
    try:
        brand = organisation.brand(reply.brand)
    except Problem:
        brand = organisation.brand(None)
    desk = brand.service_email or brand.senders.reply_to
    if not desk:
        return None
    return Parcel(
        message=reply.id,
        attempt=reply.id,
        content=Email(envelope_from=brand.senders.email, to=desk, raw=_raw(reply, brand, desk)),
        purpose="service",
        brand=brand.id,
    )


def _raw(reply: Waiting, brand: Brand, desk: str) -> bytes:
    """Return the mail: what the customer wrote is plain text in its body, and no header is made of it but Reply-To."""
    mail = EmailMessage(policy=SMTP.clone(max_line_length=78))
    about = f" ({reply.reference})" if reply.reference else ""
    mail["From"] = Address(clean(brand.senders.email_name), addr_spec=brand.senders.email)
    mail["To"] = Address(addr_spec=desk)
    mail["Subject"] = f"Reply by {reply.channel} from {reply.customer_reference or 'somebody unknown'}{about}"
    mail["Date"] = format_datetime(reply.at)
    mail["Message-ID"] = f"<reply.{reply.id}@{brand.senders.email.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Tidings-Forwarded"] = reply.id
    if reply.channel == "email" and (back := _address(reply.sender)):
        mail["Reply-To"] = back
    mail.set_content("\n".join((*_facts(reply), "", *(f"> {line}" for line in reply.text.splitlines()))))
    return mail.as_bytes()


def _address(value: str) -> Address | None:
    """Return an address that may stand in a header, None when the value is none."""
    try:
        return Address(addr_spec=clean(value)) if value == clean(value) else None
    except (ValueError, IndexError, MessageError):
        return None


def _facts(reply: Waiting) -> list[str]:
    facts = (
        ("From", clean(reply.sender)),
        ("Customer", reply.customer_reference),
        ("About", reply.document),
        ("Run", reply.run),
        ("Reference", f"{reply.reference}  (tidings find {reply.reference})" if reply.reference else ""),
    )
    return [f"{name}: {value}" for name, value in facts if value]
