"""`tidings keys`: who may call the API."""

from datetime import UTC, date, datetime, time, timedelta

from cyclopts import App

from cli.instants import YEARS
from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Problem
from tidings.role import Role
from tidings.settings import Settings

app = App(name="keys", help="API keys: make, list and revoke them.")


@app.command
def add(
    name: str,
    *,
    role: Role,
    scope: list[str] | None = None,
    last_day: date | None = None,
    by: By = None,
    json: bool = False,
) -> int:
    """Make a key and show it, this once; only its hash is kept.

    Example: tidings keys add shop --role system --scope touchpoints:write --last-day 2027-12-31

    Parameters
    ----------
    name
        Who holds it; it stands in the audit of what the key did.
    role
        The most that it may do: docs/roles.md has the table.
    scope
        Of that, only this, like touchpoints:write or offers:read; give the option once for each. None: all.
    last_day
        The last day on which it works, in UTC; it works until it is revoked when left out.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from web.auth import scopes as known
    from work.keys import add as add_key

    if last_day is not None and last_day.year not in YEARS:
        raise Problem(
            f"--last-day: {last_day.isoformat()} is no day that a key can end.", todo="Write 2027-12-31."
        )
    expires_at = datetime.combine(last_day, time(), UTC) + timedelta(days=1) if last_day else None
    with opened(Settings.read()) as store, store.engine.begin() as connection:
        secret = add_key(
            connection,
            name,
            role,
            scopes=scope or [],
            known=known(),
            expires_at=expires_at,
            by=staff(by),
            now=datetime.now(UTC),
        )
    if json:
        print_json(
            {
                "name": name,
                "role": role.value,
                "scopes": sorted(scope or []),
                "expires_at": expires_at,
                "key": secret,
            }
        )
    else:
        console.print(secret, markup=False, soft_wrap=True)
        console.print("Keep it now: it is not shown again.", style="dim")
    return 0


@app.command(name="list")
def show(*, json: bool = False) -> int:
    """List the keys, revoked ones too; never the keys themselves.

    Example: tidings keys list

    Parameters
    ----------
    json
        Print one JSON list.
    """
    from store.connect import opened
    from store.keys import listed

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        keys = listed(connection)
    if json:
        print_json(
            [
                {
                    "name": key.name,
                    "role": key.role,
                    "scopes": key.scopes,
                    "created_at": key.created_at,
                    "expires_at": key.expires_at,
                    "used_at": key.used_at,
                    "revoked_at": key.revoked_at,
                }
                for key in keys
            ]
        )
        return 0
    from rich.table import Table
    from rich.text import Text

    table = Table("Name", "Role", "Scopes", "Made", "Used", "Ends", "Revoked", box=None, pad_edge=False)
    for key in keys:
        instants = (key.created_at, key.used_at, key.expires_at, key.revoked_at)
        shown = (f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}" if instant else "" for instant in instants)
        table.add_row(Text(key.name), key.role, ", ".join(key.scopes) or "all", *shown)
    console.print(table if keys else "There are no keys; `tidings keys add NAME --role ROLE` makes one.")
    return 0


@app.command
def revoke(name: str, *, by: By = None, json: bool = False) -> int:
    """Revoke a key; the next request with it is refused.

    Example: tidings keys revoke billing-system

    Parameters
    ----------
    name
        As it was made; `tidings keys list` shows all.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from work.keys import revoke as revoke_key

    with opened(Settings.read()) as store, store.engine.begin() as connection:
        key = revoke_key(connection, name, by=staff(by), now=datetime.now(UTC))
    if json:
        print_json({"name": key.name, "role": key.role, "revoked_at": key.revoked_at})
    else:
        console.print(f"{key.name} is revoked.", markup=False)
    return 0
