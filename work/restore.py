"""A backup becomes an installation again, and what may have left after it was made becomes a named doubt.

Between the restore point and the loss of the database messages were sent that the backup takes for unsent. None of them
is claimed again without evidence (design/delivery.md, rule 12): where the provider takes the same key once, the message
stays ready; everywhere else it is in doubt, with the code `restored`, until the provider's list, its events or a person
settle it. What is due only later cannot have been sent.
"""

import json
import shutil
import tarfile
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, text

from channels.contract import Capability
from store import departed as stored
from store.audit import note
from store.claims import open_attempts
from store.connect import opened as opened_store
from store.doubts import left_open_by, name_restored
from store.dump import end_restore, is_half_restored, load
from store.silence import fall_back
from tidings.channel import Channel
from tidings.file_hash import sha256_of
from tidings.problem import Problem
from tidings.settings import Settings
from work import run as stages
from work.backup import DATABASE, FOLDERS, KEPT, MANIFEST
from work.departures import capabilities, doubt_ready, read
from work.installation import Installation

BATCH = 1_000
_DRAFT = ".restore-"
"""What the folder is called, within the home, that a backup is unpacked to first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """A backup that lies in its new home."""

    at: datetime
    """The restore point."""
    customers: int
    messages: int


def unpack(source: Path, settings: Settings, *, by: str) -> Unpacked:
    """Put a backup into an empty home and an empty database; one that was broken off on the way begins again.

    Raises:
        Problem: the file is damaged or no backup, the home or the database is in use; nothing was changed.
    """
    if not by.strip():
        raise Problem("Restoring needs a name.", todo="Say who decides with --by NAME.")
    home = settings.root
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in home.glob(f"{_DRAFT}*"):  # by one that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=_DRAFT) as folder:
        draft = Path(folder)
        manifest = _extracted(source, draft)
        taken = [name for name in (*KEPT, *FOLDERS) if (draft / name).exists() and (home / name).exists()]
        if taken and not _begun(settings):
            raise Problem(
                f"The home {home} has {', '.join(taken)} already.",
                todo="Restore into a new TIDINGS_HOME; nothing was changed.",
            )
        _into_database(draft / DATABASE, settings, by=by, point=manifest["at"])
        for name in (*KEPT, *FOLDERS):
            if (draft / name).exists():
                _put(draft / name, home / name)
    return Unpacked(
        at=datetime.fromisoformat(manifest["at"]),
        customers=manifest["customers"],
        messages=manifest["messages"],
    )


def learn_departures(installation: Installation, folders: Sequence[Path], *, now: datetime) -> int | None:
    """Take in what the senders of the lost store wrote beside it; returns of how many messages it tells something new.

    None: there is no such file. Then every live run waits for a second person for a while (`work.release`).
    """
    if not any(found for place in folders for found in place.glob("*.log")):
        with installation.engine.begin() as connection:
            stored.note_blind(connection, now=now)
        return None
    with installation.engine.begin() as connection:
        return stored.remember(connection, read(folders))


def doubt_what_may_have_left(installation: Installation, *, since: datetime, now: datetime) -> Counter[str]:
    """Name as doubts the messages that the lost database may have sent; returns how many, by capability.

    What is `ready` and was due by now, in a run that was to be sent in earnest. A run that was still being planned is
    planned first, and what stayed silent for too long by now moves on. Besides, what is known to have left
    (`learn_departures`), whenever it is due. What was open or in doubt already is so in the same way, also where a key
    is known: news about it went to the lost database. Call it once, before anything is claimed.

    Args:
        installation: restored, and never sent from.
        since: the restore point; providers are asked about everything after it.
        now: the current instant.
    """
    tally: Counter[str] = Counter()
    for run in _unplanned(installation, now):
        shards = stages.begin(installation, run, now=now)
        for shard in range(shards.count):
            stages.plan(installation, run, shard, installation.policy, now=now)
    with installation.engine.begin() as connection:
        for channel, provider, count in left_open_by(connection):
            capability = capabilities(installation.settings, Channel(channel)).get(provider, Capability.NONE)
            tally[Capability.NONE if capability is Capability.KEY else capability] += count
        name_restored(connection, None, now=now)
        stored.move_on(connection, now=now)
        fall_back(connection, now=now)
        tally += doubt_ready(connection, installation.settings, stored.ready(connection), now=now)
    for each in Channel:
        name, capability = sent_by(installation.settings, each)
        tally[capability] += _doubted(installation, each, name, capability, since, now)
    with installation.engine.begin() as connection:
        end_restore(connection)
    return +tally


def _extracted(source: Path, target: Path) -> dict[str, Any]:
    """Write the files of a backup to a folder and return its manifest; every one is what was backed up."""
    try:
        with tarfile.open(source) as tar:
            members = tar.getmembers()
            strange = [member.name for member in members if not (member.isfile() and _is_ours(member.name))]
            if strange:
                raise Problem(f"{source} holds {strange[0]!r}, which no backup of ours holds.")
            for member in members:  # by hand: Python has filters for hostile archives only since 3.11.4
                _copy(tar, member, target / member.name)
        manifest: dict[str, Any] = json.loads((target / MANIFEST).read_bytes())
        expected = dict(manifest["sha256"])
        datetime.fromisoformat(manifest["at"])
        _ = manifest["customers"], manifest["messages"]
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Problem(
            f"{source} is no whole backup.", todo="It was cut off, or is another file. Nothing was changed."
        ) from error
    for name, digest in expected.items():
        path = target / name
        if not path.is_file() or sha256_of(path) != digest:
            raise Problem(f"{source}: {name} is damaged.", todo="Use another backup; nothing was changed.")
    if {member.name for member in members} != expected.keys() | {MANIFEST}:
        raise Problem(f"{source} holds files that its manifest does not name.", todo="Nothing was changed.")
    return manifest


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None  # it is a file
    with content, target.open("xb") as file:
        target.chmod(0o600)
        shutil.copyfileobj(content, file)


def _put(source: Path, target: Path) -> None:
    """Move a file or folder to where one that was broken off may have put it already."""
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    source.rename(target)


def _begun(settings: Settings) -> bool:
    """Tell whether a restore into this database was broken off."""
    with opened_store(settings) as store, store.engine.begin() as connection:
        return is_half_restored(connection)


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    known = name in {DATABASE, MANIFEST, *KEPT} or path.parts[:1] in {(folder,) for folder in FOLDERS}
    return known and ".." not in path.parts and not path.is_absolute()


def _into_database(dumped: Path, settings: Settings, *, by: str, point: str) -> None:
    with opened_store(settings) as store:
        load(store.engine, dumped)
    # Opened once more, an older backup is brought up to date.
    with opened_store(settings) as store, store.engine.begin() as connection:
        actor = f"staff:{by.strip()}"
        note(connection, actor=actor, action="restore", subject="database", detail={"point": point})


def _unplanned(installation: Installation, now: datetime) -> list[str]:
    with installation.engine.connect() as connection:
        found = connection.scalars(
            text(
                "SELECT id FROM runs WHERE state IN ('scheduled', 'planning') AND starts_at <= :now ORDER BY starts_at"
            ),
            {"now": now},
        )
        return list(found)


def sent_by(settings: Settings, channel: Channel) -> tuple[str, Capability]:
    """Return who may have sent on a channel, by the name that attempts have, and how it can be asked.

    Whom no setting names, or who cannot be set up, cannot be asked. Of several nobody knows which one sent a message:
    what the first has never had the next may have, and a key counts at its own provider only. So these doubts name all
    of them, none is asked, and a person settles them. A key that is forgotten may have been used too long ago as well.
    """
    names = tuple(dict.fromkeys(getattr(settings, channel)))
    if len(names) != 1:
        return " or ".join(names) or "unknown", Capability.NONE
    return next(iter(capabilities(settings, channel).items()), (names[0], Capability.NONE))


def _doubted(
    installation: Installation,
    channel: Channel,
    name: str,
    capability: Capability,
    since: datetime,
    now: datetime,
) -> int:
    doubted = 0
    while True:
        with installation.engine.begin() as connection:
            rows = _may_have_left(connection, channel, now)
            if capability is Capability.KEY or not rows:
                return doubted + len(rows)
            opened = open_attempts(
                connection, rows, channel=channel, provider=name, owner=0, now=since, lease=timedelta(0)
            )
            name_restored(connection, [one.attempt for one in opened], now=now)
            doubted += len(opened)


def _may_have_left(connection: Connection, channel: Channel, now: datetime) -> list[tuple[str, int | None]]:
    found = connection.execute(
        text("""
            SELECT m.id::text,
                   (SELECT c.address
                    FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int, address bigint)
                    WHERE c.channel = m.channel AND c.rank IS NOT NULL ORDER BY c.rank LIMIT 1)
            FROM messages m JOIN runs r ON r.id = m.run_id
            WHERE m.state = 'ready' AND m.channel = :channel AND m.due_at <= :now AND r.mode IN ('test', 'live')
              AND r.state <> 'stopped'
            ORDER BY m.id LIMIT :batch FOR UPDATE OF m
        """),
        {"channel": channel, "now": now, "batch": BATCH},
    )
    return [(message, address) for message, address in found]
