"""`tidings backup` and `tidings restore`."""

from dataclasses import asdict
from pathlib import Path

from cli.instants import instant
from cli.options import Json
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings


def backup(file: Path, /, *, json: Json = False) -> int:
    """Write everything into FILE: database, documents, templates, organisation, signing key. Sending goes on.

    Example: tidings backup /backups/tidings-2026-11-22.tar

    The file holds personal data and the key that signs links; it is readable by you alone. Settings and the passwords
    of providers are not in it.

    Parameters
    ----------
    file
        Where it is written.
    """
    from datetime import UTC, datetime

    from work.backup import back_up
    from work.installation import opened

    with opened(Settings.read()) as installation:
        done = back_up(installation, file, now=datetime.now(UTC))
    if json:
        print_json(asdict(done))
    else:
        console.print(
            f"{done.file}: {done.customers:,} customers, {done.messages:,} messages, {done.documents:,} documents, "
            f"{done.bytes / 1e6:.1f} MB, as of {done.at:%Y-%m-%d %H:%M} UTC."
        )
    return Exit.OK


def restore(
    file: Path,
    /,
    *,
    by: str,
    departures: tuple[Path, ...] = (),
    now: str | None = None,
    json: bool = False,
) -> int:
    """Bring a backup back into an empty TIDINGS_HOME (and an empty TIDINGS_DATABASE, where one is set).

    Example: TIDINGS_HOME=/srv/tidings tidings restore /backups/tidings-2026-11-22.tar --by "Ingrid Moen"

    What was sent after the backup was made, the backup takes for unsent. Nothing of it is sent again unless it is safe:
    it becomes doubts, which `tidings doubts` lists. The restored database writes to the outbox until `tidings adopt`.

    Args:
        file: what `tidings backup` wrote.
        by: who restores it.
        departures: the folder `departures/` of each home that sent for the lost database; this home's own is read
            anyway. They tell what left, also of runs that the backup has never heard of.
        now: the instant of the restore, where it is not now.
        json: print one JSON object.
    """
    from datetime import UTC, datetime

    from store.departed import strangers
    from work.departures import folder
    from work.installation import opened
    from work.restore import doubt_what_may_have_left, learn_departures, unpack

    settings = Settings.read()
    if not file.is_file():
        raise Problem(f"{file} is no file.", todo="Name the file that `tidings backup` wrote.")
    moment = instant(now) or datetime.now(UTC)
    for place in departures:
        if not place.is_dir():
            raise Problem(f"There is no folder {place}.")
    unpacked = unpack(file, settings, by=by)
    with opened(settings) as installation:
        left = learn_departures(installation, [folder(settings.root), *departures], now=moment)
        doubts = doubt_what_may_have_left(installation, since=unpacked.at, now=moment)
        with installation.engine.connect() as connection:
            unheard = None if left is None else strangers(connection)
    if json:
        print_json({**asdict(unpacked), "doubts": dict(doubts), "left": left, "unheard": unheard})
        return Exit.OK
    held = sum(count for capability, count in doubts.items() if capability != "key")
    console.print(
        f"Restored {unpacked.customers:,} customers and {unpacked.messages:,} messages "
        f"as of {unpacked.at:%Y-%m-%d %H:%M} UTC."
    )
    console.print(
        f"{held:,} messages may have left since then and are in doubt (`tidings doubts`). "
        "Nothing leaves before `tidings adopt --by NAME`."
    )
    if unheard is None:
        console.print(
            "There is no record of what left (`--departures`): every live run of the next seven days waits for "
            "`tidings release`, for it may have been sent already."
        )
    elif unheard:
        console.print(
            f"{unheard:,} more messages left, of runs that this backup does not know; they become doubts, too, when "
            "their runs are begun again."
        )
    return Exit.OK
