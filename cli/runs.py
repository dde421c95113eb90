"""`tidings runs`, `release`, `deliver`, `copy`: look at runs, let one go, send what is due, send once more."""

from cyclopts import App
from rich.table import Table
from rich.text import Text

from cli.instants import instant
from cli.options import Json, Now, Out
from cli.output import console, print_json
from cli.reports import show_report
from tidings.channel import Channel
from tidings.problem import Exit, Problem
from tidings.settings import Settings

runs = App(name="runs", help="Runs of campaigns and invoices: list them, show one.")


@runs.command(name="list")
def list_runs(*, json: Json = False) -> int:
    """List the newest runs.

    Example: tidings runs list
    """
    from store.runs import list_runs as newest
    from work.installation import opened

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        found = newest(connection)
    if json:
        print_json(
            [
                {
                    "run": run.id,
                    "title": run.title,
                    "state": run.state,
                    "mode": run.mode,
                    "audience": run.audience,
                }
                for run in found
            ]
        )
        return Exit.OK
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Run", "Title", "State", "Mode", "Audience"):  # a title may wrap; an id is typed again
        table.add_column(name, justify="right" if name == "Audience" else "left", no_wrap=name != "Title")
    for run in found:
        table.add_row(run.id, Text(run.title), run.state.replace("_", " "), run.mode, f"{run.audience:,}")
    console.print(table)
    return Exit.OK


@runs.command
def show(run: str, *, json: Json = False) -> int:
    """Show the report of a run, and every document it held because it is wrong.

    Example: tidings runs show autumn-offer-2026

    Parameters
    ----------
    run
        The run's id, as `tidings runs list` shows it.
    """
    from work.installation import opened
    from work.report import rejected_lines, report

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        found = report(connection, run)
        wrong = rejected_lines(connection, run)
    show_report(found, json=json)
    if not json:
        for line in wrong:
            console.print(f"held: {line}", markup=False, soft_wrap=True)
    return Exit.OK


def release(run: str, *, by: str, now: Now = None, out: Out = None, json: Json = False) -> int:
    """Let a run send that waits for a second person, and send it.

    Example: tidings release autumn-offer-2026 --by "Ingrid Moen"

    Parameters
    ----------
    run
        The run's id.
    by
        Who releases; not the person who started it.
    """
    from flows.starting import started
    from work.release import release as let_go

    with started(Settings.read(), out=out, now=instant(now)) as shot:
        with shot.installation.engine.begin() as connection:
            let_go(connection, run, by=by, now=shot.desk.now())
        found = shot.run(run)
    show_report(found, json=json)
    return Exit.OK


def deliver(*, now: Now = None, out: Out = None, json: Json = False) -> int:
    """Send everything that is due in any run: what waited for the morning, a cap or another try.

    `tidings up` does this by itself.

    Example: tidings deliver
    """
    from flows.starting import started

    with started(Settings.read(), out=out, now=instant(now)) as shot:
        outcomes = shot.deliver()
    if json:
        print_json({"outcomes": outcomes})
    else:
        console.print(
            ", ".join(f"{count:,} {name}" for name, count in sorted(outcomes.items())) or "Nothing is due."
        )
    return Exit.OK


def copy(
    message: str,
    *,
    by: str,
    because: str,
    channel: Channel | None = None,
    now: Now = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Send a message once more because a person asks for it; recorded with name and reason.

    Example: tidings copy 0197c1f2-... --by "Ingrid Moen" --because "customer lost the letter" --channel email

    Parameters
    ----------
    message
        The message's id, as the timeline shows it.
    by
        Who asks.
    because
        Why.
    channel
        By this channel instead of the customer's order.
    """
    from flows.starting import started
    from work.copy import ask_for_copy

    with started(Settings.read(), out=out, now=instant(now)) as shot:
        with shot.installation.engine.begin() as connection:
            made = ask_for_copy(
                connection, message, by=f"staff:{by}", because=because, channel=channel, now=shot.desk.now()
            )
        outcomes = shot.deliver()
    if json:
        print_json({"message": made, "outcomes": outcomes})
    else:
        console.print(f"Copy {made}: {', '.join(f'{n} {name}' for name, n in outcomes.items()) or 'waits'}.")
    return Exit.OK


def adopt(*, by: str, json: Json = False) -> int:
    """Say that this database, a copy or a restored backup, is the real one from now on.

    A copy sends into the outbox whatever TIDINGS_MODE says, until somebody adopts it.

    Example: tidings adopt --by "Ingrid Moen"

    Parameters
    ----------
    by
        Who says so; recorded.
    """
    from store.dump import is_half_restored
    from work.installation import adopt as take_over
    from work.installation import opened

    settings = Settings.read()
    with opened(settings) as installation, installation.engine.begin() as connection:
        if is_half_restored(connection):
            raise Problem(
                "This database was being restored and the restore did not end: what may have left has no name yet.",
                todo="Give the same `tidings restore` once more.",
            )
        take_over(connection, settings, by=by)
    if json:
        print_json({"adopted_by": by, "mode": settings.mode})
    else:
        console.print("This database may send from now on, in the mode that TIDINGS_MODE says.")
    return Exit.OK
