"""`tidings audit`: who did what, and the proof that nobody changed it afterwards."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from cyclopts import App

from cli.options import Count
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings

app = App(name="audit", help="The audit log: list it, verify it, print its head.")

_SAID = {
    "changed": "Row {position} is not what was written, or the rows before it are not.",
    "missing": "Row {position} is missing.",
    "inserted": "The row with id {id} was slipped in: it is not in the chain.",
    "truncated": "The end is missing, from row {position} on.",
}


@app.command(name="list")
def show(*, limit: Count = 50, who: str = "", what: str = "", json: bool = False) -> int:
    """List who did what, newest first.

    Example: tidings audit list --what release

    Parameters
    ----------
    limit
        At most so many rows.
    who
        Only rows whose actor has this in it, like staff:ingrid.
    what
        Only rows whose action or subject has this in it.
    json
        Print one JSON list.
    """
    from rich.table import Table
    from rich.text import Text

    from store.audit import listed
    from store.connect import opened
    from tidings.address import plain

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        entries = listed(connection, who=who, what=what, limit=limit)
    if json:
        print_json([asdict(entry) for entry in entries])
        return Exit.OK
    table = Table("Row", "When (UTC)", "Who", "What", "Of what", "Because", box=None, pad_edge=False)
    for entry in entries:
        because = str(entry.detail.get("because", ""))
        cells = (entry.actor, entry.action, entry.subject, because)
        when = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        table.add_row(str(entry.position), when, *(Text(plain(cell)) for cell in cells))
    console.print(table if entries else "Nothing.")
    return Exit.OK


@app.command
def verify(*, head: str = "", json: bool = False) -> int:
    """Look at every row: exit code 1 and the first one that was changed, removed or slipped in.

    Example: tidings audit verify --json

    The end is compared with the last head that this home knows (audit-head.json), or with one that was kept elsewhere.

    Parameters
    ----------
    head
        POSITION:HASH, as `tidings audit head` printed it once.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from work.chain import keep_head, parse_head, verified

    settings = Settings.read()
    given = parse_head(head) if head else None
    with opened(settings) as store, store.engine.connect() as connection:
        found = verified(connection, settings.root, given=given)
        if found.broken is None:
            keep_head(connection, settings.root, now=datetime.now(UTC))
    said = _SAID[found.broken].format(position=found.position, id=found.id) if found.broken else ""
    if json:
        problem = {"kind": found.broken, "position": found.position, "id": found.id, "said": said}
        print_json(
            {
                "ok": found.broken is None,
                "rows": found.rows,
                "head": asdict(found.head) if found.head else None,
                "problem": problem if found.broken else None,
            }
        )
    elif found.broken:
        console.print(f"{said} The {found.rows} rows before hold.")
    else:
        console.print(f"All {found.rows} rows hold.")
    return Exit.FAILED if found.broken else Exit.OK


@app.command(name="head")
def print_head(*, replace: bool = False, json: bool = False) -> int:
    """Print the newest row's position and hash, to be kept where nobody who can change the database can change it.

    Example: tidings audit head

    Parameters
    ----------
    replace
        Write audit-head.json of the home even where the database does not have the head that stands there, as after
        bringing back a backup.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from work.chain import keep_head

    settings = Settings.read()
    with opened(settings) as store, store.engine.connect() as connection:
        newest = keep_head(connection, settings.root, now=datetime.now(UTC), replace=replace)
    if json:
        print_json(asdict(newest) if newest else None)
    else:
        console.print(
            f"{newest.position}:{newest.hash}" if newest else "Nothing was done yet.", soft_wrap=True
        )
    return Exit.OK
