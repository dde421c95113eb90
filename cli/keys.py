"""`tidings keys`: who may call the API."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from cli.output import console, print_json
from tidings.role import Role
from tidings.settings import Settings

app = App(name="keys", help="API keys: make, list and revoke them.")


@app.command
def add(name: str, *, role: Role, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Make a key and show it, this once; only its hash is kept.

    Example: tidings keys add billing-system --role billing

    Parameters
    ----------
    name
        Who holds it; it stands in the audit of what the key did.
    role
        What it may do: docs/api.md has the table.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from store.keys import add as add_key

    with opened(Settings.read()) as store, store.engine.begin() as connection:
        secret = add_key(connection, name=name, role=role)
    if json:
        print_json({"name": name, "role": role.value, "key": secret})
    else:
        console.print(secret, markup=False, soft_wrap=True)
        console.print("Keep it now: it is not shown again.", style="dim")
    return 0


@app.command(name="list")
def show(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
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
                    "created_at": key.created_at,
                    "revoked_at": key.revoked_at,
                }
                for key in keys
            ]
        )
        return 0
    from rich.table import Table
    from rich.text import Text

    table = Table("Name", "Role", "Made", "Revoked", box=None, pad_edge=False)
    for key in keys:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        table.add_row(Text(key.name), key.role, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    console.print(table if keys else "There are no keys; `tidings keys add NAME --role ROLE` makes one.")
    return 0


@app.command
def revoke(name: str, *, json: Annotated[bool, Parameter(negative=())] = False) -> int:
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
    from store.keys import revoke as revoke_key

    with opened(Settings.read()) as store, store.engine.begin() as connection:
        key = revoke_key(connection, name=name, at=datetime.now(UTC))
    if json:
        print_json({"name": key.name, "role": key.role, "revoked_at": key.revoked_at})
    else:
        console.print(f"{key.name} is revoked.")
    return 0
