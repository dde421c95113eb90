"""What alerts and metrics are made of: a few numbers, each one query that an index answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An alert as it was told before."""

    name: str
    subject: str
    since: datetime
    told_at: datetime | None
    cleared_at: datetime | None


def open_circuits(connection: Connection) -> Sequence[Row[Any]]:
    """Return provider, sender, reason and the instant of the next try of every lane whose circuit is open."""
    return connection.execute(
        text(
            "SELECT provider, sender, reason, open_until FROM lanes WHERE open_until IS NOT NULL ORDER BY 1, 2"
        )
    ).all()


def oldest_ready(connection: Connection, *, now: datetime) -> Sequence[Row[Any]]:
    """Return channel, purpose class, how many messages are due and wait, and since when the oldest does."""
    return connection.execute(
        text("""
            SELECT m.channel, m.purpose_class, count(*) AS messages, min(m.due_at) AS since
            FROM messages m JOIN runs r ON r.id = m.run_id
            WHERE m.state = 'ready' AND m.due_at <= :now AND r.state IN ('sending', 'finished')
              AND r.mode <> 'rehearsal'
            GROUP BY 1, 2 ORDER BY 1, 2
        """),
        {"now": now},
    ).all()


def open_doubts(connection: Connection, *, before: datetime) -> Sequence[Row[Any]]:
    """Return provider, how many of its attempts have been in doubt since `before`, and the oldest of them."""
    return connection.execute(
        text("""
            SELECT provider, count(*) AS doubts, min(started_at) AS since FROM attempts
            WHERE state = 'unknown' AND started_at <= :before GROUP BY 1 ORDER BY 1
        """),
        {"before": before},
    ).all()


def missed_schedules(connection: Connection, *, before: datetime) -> Sequence[Row[Any]]:
    """Return run and start of every run that should have begun before an instant and has not."""
    return connection.execute(
        text(
            "SELECT id AS run, starts_at FROM runs WHERE state IN ('scheduled', 'planning') AND starts_at <= :before"
        ),
        {"before": before},
    ).all()


def complaints(connection: Connection, *, after: datetime) -> Sequence[Row[Any]]:
    """Return brand, complaints and sent e-mails of marketing since an instant."""
    return connection.execute(
        text("""
            SELECT t.brand, count(*) FILTER (WHERE t.kind = 'complained') AS complaints,
                   count(*) FILTER (WHERE t.kind = 'sent') AS sent
            FROM touchpoints t JOIN messages m ON m.id = t.message_id AND m.purpose_class = 'marketing'
            WHERE t.recorded_at > :after AND t.channel = 'email' AND t.kind IN ('sent', 'complained')
            GROUP BY 1 ORDER BY 1
        """),
        {"after": after},
    ).all()


def letters_waiting(connection: Connection, *, now: datetime) -> int:
    """Return how many letters are due and not handed over."""
    found = connection.scalar(
        text("""
            SELECT count(*) FROM messages m JOIN runs r ON r.id = m.run_id
            WHERE m.state IN ('ready', 'in_delivery') AND m.channel = 'letter' AND m.due_at <= :now
              AND r.state IN ('sending', 'finished') AND r.mode <> 'rehearsal'
        """),
        {"now": now},
    )
    return int(found or 0)


def print_discrepancies(connection: Connection) -> int:
    """Return how many differences between our manifests and the print house's confirmations are open."""
    return int(
        connection.scalar(text("SELECT count(*) FROM print_discrepancies WHERE resolved_at IS NULL")) or 0
    )


def replies_held(connection: Connection) -> Sequence[Row[Any]]:
    """Return brand, number and first moment of the replies that nobody was given."""
    return connection.execute(
        text(
            "SELECT brand, count(*) AS replies, min(at) AS since FROM replies"
            " WHERE state = 'held' GROUP BY 1 ORDER BY 1"
        )
    ).all()


def marketing_runs_to_pause(
    connection: Connection, brand: str, *, by: str, run: str | None = None
) -> Sequence[str]:
    """Return and lock the marketing runs of a brand, or one of them, that send and that `by` never paused before.

    A person who resumes one has decided; it is not paused for the same reason again.
    """
    return connection.scalars(
        text("""
            SELECT r.id FROM runs r
            WHERE r.brand = :brand AND r.purpose_class = 'marketing' AND r.state = 'sending'
              AND r.mode <> 'rehearsal' AND (CAST(:run AS text) IS NULL OR r.id = :run)
              AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.action = 'pause' AND a.actor = 'staff:' || :by
                                AND a.subject = r.id)
            ORDER BY r.id FOR UPDATE
        """),
        {"brand": brand, "by": by, "run": run},
    ).all()


def alerts(connection: Connection) -> list[Told]:
    """Return every alert that was ever raised and not cleared and told so."""
    found = connection.execute(
        text("SELECT name, subject, since, told_at, cleared_at FROM alerts ORDER BY since, name")
    )
    return [Told(**row._mapping) for row in found]


def raise_alert(connection: Connection, name: str, subject: str, *, now: datetime) -> None:
    """Write down that an alert holds; one that was cleared, and nobody was told so, is the same one still."""
    connection.execute(
        text("""
            INSERT INTO alerts (name, subject, since) VALUES (:name, :subject, :now)
            ON CONFLICT (name, subject) DO UPDATE SET cleared_at = NULL WHERE alerts.cleared_at IS NOT NULL
        """),
        {"name": name, "subject": subject, "now": now},
    )


def clear_alert(connection: Connection, name: str, subject: str, *, now: datetime) -> None:
    """Write down that an alert holds no more; one that nobody heard of is forgotten."""
    values = {"name": name, "subject": subject, "now": now}
    connection.execute(
        text("DELETE FROM alerts WHERE name = :name AND subject = :subject AND told_at IS NULL"), values
    )
    connection.execute(
        text(
            "UPDATE alerts SET cleared_at = :now WHERE name = :name AND subject = :subject AND cleared_at IS NULL"
        ),
        values,
    )


def take_to_tell(
    connection: Connection, *, now: datetime, again_after: timedelta, quiet: timedelta, patience: timedelta
) -> list[Told]:
    """Take the alerts that somebody must hear of now: new, told and cleared for `quiet`, or standing for long.

    Others leave them alone for `patience`; by then they are told (`told`) or taken again. What is noted for later than
    that was noted by a machine whose clock is ahead, and is not waited for.
    """
    found = connection.execute(
        text("""
            UPDATE alerts SET telling_until = :until
            WHERE (telling_until IS NULL OR telling_until <= :now OR telling_until > :until)
              AND CASE WHEN cleared_at IS NULL THEN told_at IS NULL OR told_at <= :again
                       ELSE cleared_at <= :cleared OR cleared_at > :until END
            RETURNING name, subject, since, told_at, cleared_at
        """),
        {"now": now, "until": now + patience, "again": now - again_after, "cleared": now - quiet},
    )
    return [Told(**row._mapping) for row in found]


def told(connection: Connection, them: Sequence[Told], *, now: datetime) -> None:
    """Write down that somebody heard of them; what is cleared and told is forgotten."""
    for one in them:
        values = {"name": one.name, "subject": one.subject, "now": now}
        if one.cleared_at is None:
            statement = "UPDATE alerts SET told_at = :now, telling_until = NULL"
        else:
            statement = "DELETE FROM alerts"
        connection.execute(text(f"{statement} WHERE name = :name AND subject = :subject"), values)
