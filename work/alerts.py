"""Alerts: what somebody must hear of before customers do, told on a path apart from the lanes it reports on.

Each is a fact of the store at this moment; `watch` writes down since when it holds and tells it once, again every day
while it holds, and once more when it has been over for a while: what comes and goes is one alert. One process at a time
tells, by every way that is set; when none of them worked it is tried again.
"""

import json
import smtplib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from types import MappingProxyType

import structlog
from sqlalchemy import Connection

from channels.callout import Unreachable, no_longer, post
from store import watch as facts
from store.drops import wrong_files
from store.webhooks import registered
from tidings.settings import AlertSettings
from work import complaints
from work.collection import calendar_of
from work.installation import Installation
from work.webhooks import GIVEN_UP_AFTER

log = structlog.get_logger()

READY_LIMIT: Mapping[str, timedelta] = MappingProxyType(
    {"required": timedelta(minutes=15), "marketing": timedelta(hours=1)}
)
"""How long a message may wait past its due time."""
DOUBT_LIMIT = timedelta(hours=1)
"""By then lists and events have settled what they can."""
SCHEDULE_LIMIT = timedelta(minutes=10)
CUT_OFF_AHEAD = timedelta(minutes=30)
EXPIRY_AHEAD = timedelta(days=21)
DROPS_WITHIN = timedelta(days=1)
REMIND_AFTER = timedelta(days=1)
QUIET = timedelta(minutes=10)
"""How long it must be over before it is told so: a circuit that opens and closes every minute is one alert."""
PATIENCE = timedelta(minutes=2)
TIMEOUT = timedelta(seconds=10)
_HELLO = 220


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something that a person must know."""

    name: str
    subject: str
    """Of which lane, run, brand; '' the whole."""
    sentence: str
    """No personal data."""
    todo: str


def alerts(connection: Connection, installation: Installation, *, now: datetime) -> list[Alert]:
    """Return what holds at this moment, most urgent kinds first."""
    return [alert for condition in CONDITIONS for alert in condition(connection, installation, now)]


def watch(installation: Installation, *, now: datetime, timeout: timedelta = TIMEOUT) -> int:
    """Compare with what held before, pause what must not go on, and tell whoever shall hear; returns how many.

    Args:
        installation: whose alerts.
        now: the current instant.
        timeout: the longest silence of a relay or web hook; either is left after twice as long, however it goes on.
    """
    with installation.engine.begin() as connection:
        holds = {(alert.name, alert.subject): alert for alert in alerts(connection, installation, now=now)}
        known = {(one.name, one.subject): one for one in facts.alerts(connection)}
        for name, subject in holds:
            facts.raise_alert(connection, name, subject, now=now)
        for name, subject in known.keys() - holds.keys():
            facts.clear_alert(connection, name, subject, now=now)
        for name, subject in holds:
            if name == "complaints":
                complaints.pause_marketing(connection, subject)
    return _tell(installation, holds, now, timeout)


def _tell(
    installation: Installation, holds: Mapping[tuple[str, str], Alert], now: datetime, timeout: timedelta
) -> int:
    settings = installation.settings.alerts
    ways: list[Callable[[Sequence[Mapping[str, str]]], None]] = []
    if settings.email:
        ways.append(partial(_mail, settings, timeout))
    if url := settings.webhook.get_secret_value():
        ways.append(partial(_post, url, timeout))
    if not ways:
        return 0
    with installation.engine.begin() as connection:
        them = facts.take_to_tell(
            connection, now=now, again_after=REMIND_AFTER, quiet=QUIET, patience=PATIENCE
        )
    said = [_said(one, holds.get((one.name, one.subject))) for one in them]
    # Each way is gone, also when the first one works.
    if not said or not any([_worked(way, said) for way in ways]):
        return 0
    with installation.engine.begin() as connection:
        facts.told(connection, them, now=now)
    return len(said)


def _worked(way: Callable[[Sequence[Mapping[str, str]]], None], said: Sequence[Mapping[str, str]]) -> bool:
    try:
        way(said)
    except (OSError, smtplib.SMTPException, ValueError, Unreachable) as error:
        log.error("alerts could not be told this way", count=len(said), error=type(error).__name__)
        return False
    return True


def _said(one: facts.Told, alert: Alert | None) -> dict[str, str]:
    """Return an alert as it is told."""
    over = one.cleared_at is not None
    return {
        "name": one.name,
        "subject": one.subject,
        "state": "over" if over or alert is None else "holds",
        "since": one.since.isoformat(),
        "sentence": alert.sentence if alert else f"{one.name} {one.subject}: this is over.",
        "todo": alert.todo if alert else "",
    }


def _mail(settings: AlertSettings, timeout: timedelta, said: Sequence[Mapping[str, str]]) -> None:
    message = EmailMessage()
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.email)
    what = said[0]["sentence"] if len(said) == 1 else f"{len(said)} alerts"
    message["Subject"] = " ".join(f"Tidings: {what}".split())  # it may quote a provider, who may write lines
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        "\n\n".join(f"{one['sentence']}\n{one['todo']}\nsince {one['since']}" for one in said) + "\n"
    )
    seconds = timeout.total_seconds()
    with (
        socket.create_connection((settings.smtp_host, settings.smtp_port), seconds) as line,
        no_longer(line, 2 * seconds),
        smtplib.SMTP() as relay,
    ):
        relay.sock = line
        code, words = relay.getreply()
        if code != _HELLO:
            raise smtplib.SMTPConnectError(code, words)
        relay.send_message(message)


def _post(url: str, timeout: timedelta, said: Sequence[Mapping[str, str]]) -> None:
    body = json.dumps({"alerts": list(said)}).encode()
    answer = post(url, body, {"Content-Type": "application/json"}, timeout=timeout, inside=True)
    if not answer.is_success:
        msg = f"the webhook said {answer.status}"
        raise Unreachable(msg)


Condition = Callable[[Connection, Installation, datetime], Iterator[Alert]]


def _circuits(connection: Connection, _: Installation, __: datetime) -> Iterator[Alert]:
    for lane in facts.open_circuits(connection):
        yield Alert(
            name="circuit_open",
            subject=f"{lane.provider}/{lane.sender}",
            sentence=f"{lane.provider} sends nothing for {lane.sender or 'anybody'}: {lane.reason or 'many errors'}.",
            todo=f"Put the cause right; it is tried again by itself, next at {lane.open_until:%H:%M} UTC.",
        )


def _ready(connection: Connection, _: Installation, now: datetime) -> Iterator[Alert]:
    for lane in facts.oldest_ready(connection, now=now):
        if now - lane.since > READY_LIMIT[lane.purpose_class]:
            yield Alert(
                name="oldest_ready",
                subject=f"{lane.channel}/{lane.purpose_class}",
                sentence=f"{lane.messages:,} {lane.purpose_class} messages wait on {lane.channel}, "
                f"the oldest since {lane.since:%Y-%m-%d %H:%M} UTC.",
                todo="Is `tidings up` or `tidings workers` running, and is the provider's circuit closed?",
            )


def _doubts(connection: Connection, _: Installation, now: datetime) -> Iterator[Alert]:
    for provider in facts.open_doubts(connection, before=now - DOUBT_LIMIT):
        yield Alert(
            name="doubts",
            subject=provider.provider,
            sentence=f"{provider.doubts:,} messages handed to {provider.provider} are in doubt.",
            todo="`tidings doubts` lists them; `tidings settle` ends them when you know more.",
        )


def _schedules(connection: Connection, _: Installation, now: datetime) -> Iterator[Alert]:
    for run in facts.missed_schedules(connection, before=now - SCHEDULE_LIMIT):
        yield Alert(
            name="missed_schedule",
            subject=run.run,
            sentence=f"Run {run.run} should have begun at {run.starts_at:%Y-%m-%d %H:%M} UTC and has not.",
            todo=f"`tidings runs show {run.run}` says how far it is; is `tidings up` running?",
        )


def _complaints(connection: Connection, _: Installation, now: datetime) -> Iterator[Alert]:
    for brand in complaints.too_many(connection, now=now):
        yield Alert(
            name="complaints",
            subject=brand.brand,
            sentence=f"{brand.complaints} of {brand.sent:,} marketing e-mails of {brand.brand} were called spam "
            f"within {complaints.WITHIN.days} days; its marketing is paused.",
            todo="Find out why before you `tidings resume` a run: mailbox providers block senders above 0.3 %.",
        )


def _cut_off(connection: Connection, installation: Installation, now: datetime) -> Iterator[Alert]:
    calendar = calendar_of(installation)
    lead = timedelta(minutes=calendar.house.lead) if calendar else timedelta()
    found = calendar.next(now - lead) if calendar else None
    if found is None or found.cut_off - now > CUT_OFF_AHEAD:
        return
    if letters := facts.letters_waiting(connection, now=now):
        yield Alert(
            name="cut_off_at_risk",
            subject="letter",
            sentence=f"{letters:,} letters are due and not handed over; "
            f"the print house collects at {found.local:%H:%M}.",
            todo="`tidings deliver` sends what is due; is the letter provider's circuit closed?",
        )


def _expiry(_: Connection, installation: Installation, now: datetime) -> Iterator[Alert]:
    for name, ends_on in installation.settings.alerts.expires.items():
        if ends_on - now.date() <= EXPIRY_AHEAD:
            yield Alert(
                name="credentials_expire",
                subject=name,
                sentence=f"The credentials of {name} end on {ends_on.isoformat()}.",
                todo="Get new ones, set them, and write their end into TIDINGS_ALERTS__EXPIRES.",
            )


def _paper(connection: Connection, _: Installation, __: datetime) -> Iterator[Alert]:
    if open_ones := facts.print_discrepancies(connection):
        yield Alert(
            name="print_discrepancies",
            subject="letter",
            sentence=f"The print house's confirmations differ from our manifests in {open_ones:,} places.",
            todo="`tidings print reconcile` lists them.",
        )


def _replies(connection: Connection, _: Installation, __: datetime) -> Iterator[Alert]:
    for brand in facts.replies_held(connection):
        yield Alert(
            name="replies_held",
            subject=brand.brand,
            sentence=f"{brand.replies:,} replies to {brand.brand} lie here, the oldest since {brand.since:%Y-%m-%d}.",
            todo="The service desk could not be given them, or one sender wrote too many: see docs/what-comes-back.md.",
        )


def _webhooks(connection: Connection, _: Installation, __: datetime) -> Iterator[Alert]:
    for webhook in registered(connection):
        if webhook.disabled_at is not None:
            yield Alert(
                name="webhook_disabled",
                subject=webhook.name,
                sentence=f"The webhook {webhook.name} is called no more: {webhook.disabled_because}.",
                todo=f"When it works again: `tidings webhooks replay {webhook.name} --since "
                f"{webhook.disabled_at - GIVEN_UP_AFTER:%Y-%m-%dT%H:%MZ}`; or remove it.",
            )


def _drops(connection: Connection, _: Installation, now: datetime) -> Iterator[Alert]:
    for one in wrong_files(connection, since=now - DROPS_WITHIN):
        yield Alert(
            name="drop_wrong",
            subject=one.kind,
            sentence=f"{one.files:,} files that were dropped into {one.kind} could not be used.",
            todo="They lie in its folder `wrong`, each with a report beside it.",
        )


CONDITIONS: tuple[Condition, ...] = (
    _circuits,
    _ready,
    _schedules,
    _doubts,
    _complaints,
    _cut_off,
    _paper,
    _replies,
    _webhooks,
    _drops,
    _expiry,
)


def as_json(found: Sequence[Alert], since: Mapping[tuple[str, str], datetime]) -> list[dict[str, object]]:
    """Return alerts with the instant since when each holds, None for one that nobody noticed before."""
    return [asdict(alert) | {"since": since.get((alert.name, alert.subject))} for alert in found]
