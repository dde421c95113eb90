"""Lanes: what waits on which of them, and what all workers know of a provider and a sender together.

A lane's row is read once a batch and written at most once a second, or at once when something went wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from store.hot import rows

LONGEST = timedelta(hours=1)
"""The longest pause or rest of a lane: after it the provider is asked again, whatever was said before.

What is further ahead was written by a machine whose clock is wrong, and counts as over.
"""

_FURTHEST = LONGEST + timedelta(minutes=10)
"""Clocks that differ by less do not matter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One shard of a run that has something due on a channel."""

    channel: str
    run: str
    shard: int
    brand: str
    purpose_class: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """What is known of a provider and a sender; see `channels.circuit`."""

    provider: str
    sender: str
    errors: Sequence[datetime] = ()
    sample: str = ""
    reason: str = ""
    open_until: datetime | None = None
    """The circuit is open until then; in the past: it wants a probe. None: closed."""
    rests_until: datetime | None = None
    """The provider asked for a rest."""
    probe_until: datetime | None = None
    """Somebody has the probe until then."""

    def believed(self, now: datetime) -> "Lane":
        """Return what may be believed of it: a clock that is a day ahead closes no lane for a day."""

        def near(instant: datetime | None) -> datetime | None:
            return None if instant is None or instant > now + _FURTHEST else instant

        open_until = None if self.open_until is None else near(self.open_until) or now
        return replace(
            self,
            errors=[at for at in self.errors if at <= now + _FURTHEST],
            open_until=open_until,
            rests_until=near(self.rests_until),
            probe_until=near(self.probe_until),
        )


def waiting(
    connection: Connection,
    *,
    channels: Sequence[str],
    mode: str,
    now: datetime,
    run: str | None = None,
    shard: int | None = None,
    overtake: bool = False,
) -> list[Waiting]:
    """Return what is due, by channel, run and shard; costs an index look-up each, however many messages wait.

    Args:
        channels: only these.
        run: only this run, and only its shard `shard` when that is given.
        overtake: what is owed in other runs as well, unless `run` is owed itself.
    """
    values = {
        "channels": list(channels), "mode": mode, "now": now, "run": run, "shard": shard, "overtake": overtake
    }  # fmt: skip
    return [
        Waiting(channel=channel, run=name, shard=part, brand=brand, purpose_class=kind)
        for channel, name, part, brand, kind in rows(connection, _WAITING, values)
    ]


_WAITING = """
    WITH RECURSIVE place AS (
        (SELECT m.channel, m.run_id, m.shard FROM messages m WHERE m.state = 'ready'
         ORDER BY m.channel, m.run_id, m.shard LIMIT 1)
        UNION ALL
        SELECT n.channel, n.run_id, n.shard FROM place p CROSS JOIN LATERAL (
            SELECT m.channel, m.run_id, m.shard FROM messages m
            WHERE m.state = 'ready' AND (m.channel, m.run_id, m.shard) > (p.channel, p.run_id, p.shard)
            ORDER BY m.channel, m.run_id, m.shard LIMIT 1) n
    )
    SELECT p.channel, p.run_id, p.shard, r.brand, r.purpose_class
    FROM place p JOIN runs r ON r.id = p.run_id
    WHERE p.channel = ANY(%(channels)s) AND r.mode = %(mode)s AND r.state IN ('sending', 'finished')
      AND (%(run)s::text IS NULL
           OR (r.id = %(run)s AND (%(shard)s::int IS NULL OR p.shard = %(shard)s))
           OR (%(overtake)s AND r.purpose_class = 'required'
               AND (SELECT x.purpose_class FROM runs x WHERE x.id = %(run)s) <> 'required'))
      AND EXISTS (SELECT 1 FROM messages m WHERE m.state = 'ready' AND m.channel = p.channel AND m.run_id = p.run_id
                    AND m.shard = p.shard AND m.due_at <= %(now)s LIMIT 1)
"""


def read(connection: Connection, providers: Sequence[str], sender: str) -> dict[str, Lane]:
    """Return the lanes of a sender by provider; one that nothing was noted of is missing."""
    found = rows(connection, _READ, {"providers": list(providers), "sender": sender})
    return {row[0]: _lane(row) for row in found}


def lock(connection: Connection, provider: str, sender: str) -> Lane:
    """Return a lane, made when it is new, locked for the transaction."""
    values = {"provider": provider, "sender": sender}
    rows(connection, _ADD, values)
    [row] = rows(connection, _LOCK, values)
    return _lane(row)


def save(connection: Connection, lane: Lane) -> None:
    """Write a lane that is locked."""
    rows(
        connection,
        _SAVE,
        {name: getattr(lane, name) for name in Lane.__slots__} | {"errors": list(lane.errors)},
    )


def take_probe(connection: Connection, provider: str, sender: str, *, now: datetime, until: datetime) -> bool:
    """Take the one probe of an open circuit whose pause is over; False when somebody else has it."""
    values = {
        "provider": provider, "sender": sender, "now": now, "until": until, "furthest": now + _FURTHEST
    }  # fmt: skip
    return bool(rows(connection, _PROBE, values))


def take_turn(connection: Connection, provider: str, sender: str, *, calls: int, rate: float) -> timedelta:
    """Take room for some calls at so many a second over all workers and machines; returns how long to wait for it.

    By the server's clock: the machines' own may differ.
    """
    values = {"provider": provider, "sender": sender, "seconds": calls / rate}
    rows(connection, _ADD, values)
    [(wait,)] = rows(connection, _TURN, values)
    return timedelta(seconds=max(0.0, float(wait)))


def _lane(row: Sequence[object]) -> Lane:
    return Lane(**dict(zip(Lane.__slots__, row, strict=True)))  # type: ignore[arg-type]


_COLUMNS = ", ".join(Lane.__slots__)
_READ = f"SELECT {_COLUMNS} FROM lanes WHERE sender = %(sender)s AND provider = ANY(%(providers)s)"
_ADD = "INSERT INTO lanes (provider, sender) VALUES (%(provider)s, %(sender)s) ON CONFLICT DO NOTHING"
_LOCK = f"SELECT {_COLUMNS} FROM lanes WHERE provider = %(provider)s AND sender = %(sender)s FOR UPDATE"
_SAVE = """
    UPDATE lanes SET errors = %(errors)s::timestamptz[], sample = %(sample)s, reason = %(reason)s,
        open_until = %(open_until)s, rests_until = %(rests_until)s, probe_until = %(probe_until)s
    WHERE provider = %(provider)s AND sender = %(sender)s
"""
_PROBE = """
    UPDATE lanes SET probe_until = %(until)s
    WHERE provider = %(provider)s AND sender = %(sender)s
      AND (open_until <= %(now)s OR open_until > %(furthest)s)
      AND (probe_until IS NULL OR probe_until <= %(now)s OR probe_until > %(furthest)s)
    RETURNING 1
"""
_TURN = """
    UPDATE lanes SET paced_until = greatest(paced_until, clock_timestamp()) + make_interval(secs => %(seconds)s)
    WHERE provider = %(provider)s AND sender = %(sender)s
    RETURNING extract(epoch FROM paced_until - clock_timestamp()) - %(seconds)s
"""
