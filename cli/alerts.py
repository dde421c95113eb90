"""`tidings alerts`: what somebody must hear of, now."""

from rich.table import Table
from rich.text import Text

from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def alerts(*, tell: bool = False, json: bool = False) -> int:
    """List what holds now: open circuits, late messages, doubts, missed schedules, complaints, what expires soon.

    Example: tidings alerts

    `tidings up` and `tidings workers` look every minute and tell TIDINGS_ALERTS__EMAIL and TIDINGS_ALERTS__WEBHOOK.
    Exit code 1 when something holds, 0 when all is well.

    Parameters
    ----------
    tell
        Look and tell as they do, once; for a machine where neither runs all the time.
    json
        Print one JSON list.
    """
    from datetime import UTC, datetime

    from store.watch import alerts as known
    from work.alerts import alerts as found
    from work.alerts import as_json, watch
    from work.installation import opened

    now = datetime.now(UTC)
    with opened(Settings.read()) as installation:
        if tell:
            watch(installation, now=now)
        with installation.engine.begin() as connection:
            holds = found(connection, installation, now=now)
            since = {(one.name, one.subject): one.since for one in known(connection)}
    if json:
        print_json(as_json(holds, since))
    elif holds:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("Alert", "What", "What to do"):
            table.add_column(name)
        for alert in holds:
            table.add_row(alert.name.replace("_", " "), Text(alert.sentence), Text(alert.todo))
        console.print(table)
    else:
        console.print("All is well.")
    return Exit.FAILED if holds else Exit.OK
