"""`tidings webhooks`: which endpoints of other systems hear of events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cyclopts import App

from cli.instants import instant
from cli.options import By, staff
from cli.output import console, print_json
from tidings.settings import Settings

if TYPE_CHECKING:
    from work.installation import Installation

app = App(name="webhooks", help="Endpoints that hear of events: add, list, remove, rotate and replay them.")


@app.command
def add(
    name: str,
    url: str,
    *,
    event: tuple[str, ...] = (),
    personal: bool = False,
    by: By = None,
    json: bool = False,
) -> int:
    """Let an endpoint hear of events from now on, and show the secret that signs them, this once.

    Example: tidings webhooks add crm https://crm.example.com/tidings --event message.failed

    Parameters
    ----------
    name
        What to call it.
    url
        Where it listens: https, on the internet.
    event
        A kind of event, more than once for several; all when left out. docs/api.md lists them.
    personal
        Send names and references of customers beside their ids.
    json
        Print one JSON object.
    """
    from work import webhooks

    with _opened() as installation:
        secret = webhooks.add(
            installation,
            name=name,
            url=url,
            kinds=event,
            personal=personal,
            actor=staff(by),
            now=datetime.now(UTC),
        )
    _secret(name.strip(), secret, json=json)
    return 0


@app.command(name="list")
def show(*, json: bool = False) -> int:
    """List the endpoints, and since when one fails; never their secrets.

    Example: tidings webhooks list

    Parameters
    ----------
    json
        Print one JSON list.
    """
    from store.webhooks import registered
    from work.webhooks import as_json

    with _opened() as installation, installation.engine.connect() as connection:
        found = registered(connection)
    if json:
        print_json([as_json(one) for one in found])
        return 0
    from rich.table import Table
    from rich.text import Text

    table = Table("Name", "Events", "State", "URL", box=None, pad_edge=False)
    for one in found:
        failing = f"fails since {one.failing_since:%Y-%m-%d %H:%M}" if one.failing_since else "in order"
        state = f"disabled: {one.disabled_because}" if one.disabled_at else failing
        table.add_row(Text(one.name), Text(", ".join(one.events) or "all"), Text(state), Text(one.url))
    console.print(table if found else "There are no webhooks; `tidings webhooks add NAME URL` makes one.")
    return 0


@app.command
def remove(name: str, *, by: By = None, json: bool = False) -> int:
    """Remove an endpoint, with what it has not heard yet.

    Example: tidings webhooks remove crm

    Parameters
    ----------
    name
        As `tidings webhooks list` has it.
    json
        Print one JSON object.
    """
    from work import webhooks

    with _opened() as installation:
        webhooks.remove(installation, name, actor=staff(by))
    if json:
        print_json({"name": name, "removed": True})
    else:
        console.print(f"{name} is removed.", markup=False)
    return 0


@app.command
def rotate(name: str, *, by: By = None, json: bool = False) -> int:
    """Give an endpoint a new secret and show it, this once; for a day the old one signs as well.

    Example: tidings webhooks rotate crm

    Parameters
    ----------
    name
        As `tidings webhooks list` has it.
    json
        Print one JSON object.
    """
    from work import webhooks

    with _opened() as installation:
        secret = webhooks.rotate(installation, name, actor=staff(by), now=datetime.now(UTC))
    _secret(name, secret, json=json)
    return 0


@app.command
def replay(
    name: str,
    *,
    since: str | None = None,
    event: tuple[str, ...] = (),
    by: By = None,
    json: bool = False,
) -> int:
    """Let an endpoint hear again of what happened in the last 30 days; one that was disabled is called again.

    Example: tidings webhooks replay crm --since 2026-11-21T09:00Z

    Parameters
    ----------
    name
        As `tidings webhooks list` has it.
    since
        Everything since this moment.
    event
        Or one event, by its `webhook-id`: evt_17; more than once for several.
    json
        Print one JSON object.
    """
    from work import webhooks

    with _opened() as installation:
        count = webhooks.replay(
            installation,
            name,
            since=instant(since, "--since"),
            ids=[webhooks.number_of(one) for one in event],
            actor=staff(by),
            now=datetime.now(UTC),
        )
    if json:
        print_json({"name": name, "events": count})
    else:
        console.print(f"{name} hears again of {count:,} events.", markup=False)
    return 0


def _secret(name: str, secret: str, *, json: bool) -> None:
    if json:
        print_json({"name": name, "secret": secret})
        return
    console.print(secret, markup=False, soft_wrap=True)
    console.print("Keep it now: it is not shown again.", style="dim")


@contextmanager
def _opened() -> Iterator[Installation]:
    from work.installation import opened

    with opened(Settings.read()) as installation:
        yield installation
