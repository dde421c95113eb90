"""`tidings staff`: who may log in, and with which roles."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cyclopts import App

from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.role import Role
from tidings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from store.staff import Account
    from work.accounts import Invited

app = App(name="staff", help="People who log in to the pages: invite, list, give roles, remove.")


@app.command
def add(name: str, *, role: list[Role], by: By = None, json: bool = False) -> int:
    """Make an account and print the link by which its password is set, once.

    Example: tidings staff add ingrid --role billing --role manager

    Parameters
    ----------
    name
        How they log in; it stands in the audit of what they do.
    role
        What they are: docs/roles.md has the table. Give the option once for each.
    json
        Print one JSON object.
    """
    from work.accounts import add as add_account

    with _writing(by) as (connection, actor, settings):
        invited = add_account(
            connection, name, role, by=actor, settings=settings.login, now=datetime.now(UTC)
        )
    return _print_link(invited, settings, json=json)


@app.command(name="list")
def show(*, json: bool = False) -> int:
    """List the accounts, removed ones too.

    Example: tidings staff list

    Parameters
    ----------
    json
        Print one JSON list.
    """
    from rich.table import Table
    from rich.text import Text

    from store.connect import opened
    from store.staff import listed

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        accounts = listed(connection)
    if json:
        print_json([_plain(account) for account in accounts])
        return Exit.OK
    table = Table("Name", "Roles", "Logs in by", "Made", "Removed", box=None, pad_edge=False)
    for account in accounts:
        removed = f"{account.removed_at:%Y-%m-%d}" if account.removed_at else ""
        cells = (
            ", ".join(sorted(account.roles)),
            _way_in(account),
            f"{account.created_at:%Y-%m-%d}",
            removed,
        )
        table.add_row(Text(account.name), *cells)
    console.print(
        table if accounts else "There are no accounts; `tidings staff add NAME --role ROLE` makes one."
    )
    return Exit.OK


@app.command
def roles(name: str, *, role: list[Role], by: By = None, json: bool = False) -> int:
    """Give an account other roles; they hold from the next click on.

    Example: tidings staff roles ingrid --role billing

    Parameters
    ----------
    name
        Whose.
    role
        All roles that they have from now on; give the option once for each.
    json
        Print one JSON object.
    """
    from work.accounts import change_roles, found

    with _writing(by) as (connection, actor, _):
        change_roles(connection, name, role, by=actor)
        account = found(connection, name)
    if json:
        print_json(_plain(account))
    else:
        console.print(f"{account.name}: {', '.join(sorted(account.roles))}.", markup=False)
    return Exit.OK


@app.command
def remove(name: str, *, by: By = None, json: bool = False) -> int:
    """Close an account at once: its sessions end. The name stays taken, for the audit names it.

    Example: tidings staff remove ingrid

    Parameters
    ----------
    name
        Whose.
    json
        Print one JSON object.
    """
    from work.accounts import found
    from work.accounts import remove as remove_account

    now = datetime.now(UTC)
    with _writing(by) as (connection, actor, _):
        known = found(connection, name).name
        remove_account(connection, name, by=actor, now=now)
    if json:
        print_json({"name": known, "removed_at": now})
    else:
        console.print(f"{known} is removed.", markup=False)
    return Exit.OK


@app.command
def password(name: str, *, by: By = None, json: bool = False) -> int:
    """Print a new link by which somebody sets a password, for example because theirs is forgotten.

    Example: tidings staff password ingrid

    Parameters
    ----------
    name
        Whose.
    json
        Print one JSON object.
    """
    from work.accounts import invite

    with _writing(by) as (connection, actor, settings):
        invited = invite(connection, name, by=actor, settings=settings.login, now=datetime.now(UTC))
    return _print_link(invited, settings, json=json)


@contextmanager
def _writing(by: str | None) -> Iterator[tuple[Connection, str, Settings]]:

    from store.connect import opened

    settings = Settings.read()
    with opened(settings) as store, store.engine.begin() as connection:
        yield connection, staff(by), settings


def _print_link(invited: Invited, settings: Settings, *, json: bool) -> int:
    link = f"{settings.public_url.rstrip('/')}/welcome/{invited.secret}"
    if json:
        print_json({"name": invited.name, "roles": list(invited.roles), "link": link, "until": invited.until})
    else:
        console.print(link, markup=False, soft_wrap=True)
        console.print(
            f"{invited.name} sets a password there, once, until {invited.until:%Y-%m-%d %H:%M} UTC.",
            style="dim",
            markup=False,
        )
    return Exit.OK


def _way_in(account: Account) -> str:
    ways: Sequence[str] = [
        word
        for word, holds in (("password", account.has_password), ("single sign-on", account.single_sign_on))
        if holds
    ]
    return ", ".join(ways) or ("invited" if account.invited_until else "")


def _plain(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "roles": sorted(account.roles),
        "password": account.has_password,
        "single_sign_on": account.single_sign_on,
        "invited_until": account.invited_until,
        "created_at": account.created_at,
        "removed_at": account.removed_at,
    }
