"""`tidings backup` and `tidings restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

Json = Annotated[bool, Parameter(negative=())]


def backup(file: Path, /, *, json: Json = False) -> int:
    """Write everything into FILE: database, documents, templates, organisation, signing key. Sending goes on.

    Example: tidings backup /backups/tidings-2026-11-22.tar

    The file holds personal data and the key that signs links; it is readable by you alone. Settings and the passwords
    of providers are not in it.
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


def restore(file: Path, /, *, by: str, json: Json = False) -> int:
    """Bring a backup back into an empty TIDINGS_HOME (and an empty TIDINGS_DATABASE, where one is set).

    Example: TIDINGS_HOME=/srv/tidings tidings restore /backups/tidings-2026-11-22.tar --by "Ingrid Moen"

    What was sent after the backup was made, the backup takes for unsent. Nothing of it is sent again unless it is safe:
    it becomes doubts, which `tidings doubts` lists. The restored database writes to the outbox until `tidings adopt`.
    """
    from datetime import UTC, datetime

    from work.installation import opened
    from work.restore import doubt_what_may_have_left, unpack

    settings = Settings.read()
    if not file.is_file():
        raise Problem(f"There is no file {file}.")
    unpacked = unpack(file, settings, by=by)
    with opened(settings) as installation:
        doubts = doubt_what_may_have_left(installation, since=unpacked.at, now=datetime.now(UTC))
    if json:
        print_json({**asdict(unpacked), "doubts": dict(doubts)})
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
    return Exit.OK
