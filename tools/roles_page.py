"""Writes docs/roles.md from the routes of the program; tests/web/test_matrix.py checks that it is current.

.venv/bin/python tools/roles_page.py > docs/roles.md
"""

import sys
from collections.abc import Iterable, Mapping

from tidings.role import STAFF, Role
from web.app import staff_routes
from web.auth import ROLES, scope_of

HEAD = """# Who may what

A person has one or more roles (`tidings staff add NAME --role billing --role manager`), a machine key has one
(`tidings keys add NAME --role system`). What a page or a call needs is one of the roles in its row.

| role | what it is for |
|---|---|
| `marketing` | Campaigns, segments, templates and their reports; never the amount of an invoice. |
| `billing` | Invoice runs and their reports; never an offer. |
| `support` | One customer at a time, each with a reason that stands in the audit. |
| `counter` | Shop staff: one customer's offers, and wishes recorded with the customer present. |
| `manager` | Everything that is not one customer's; releases and approves. |
| `admin` | Accounts, keys and the audit; no customer data. |
| `system` | The organisation's own software; for keys only. |

Nobody edits a consent: there is no page, call or command that changes or removes one, and the database refuses it. A
consent is given or withdrawn by a new row that says who said so, when and how it is known.

A person alone gets all roles but `system`: `tidings up` prints a link for the first login as long as nobody can log in.

This page is written by `tools/roles_page.py`; a test holds each cell against the running program.

## Pages
"""
KEYS = """
## Calls

A key made with `--scope` may only what its scopes say, and never more than its role.
"""


def page() -> str:
    """Return the text of docs/roles.md."""
    pages = {(method, route.path): route.roles for route in staff_routes() for method in route.methods or ()}
    pages = {key: roles for key, roles in pages.items() if key[0] != "HEAD"}
    calls = {(method, f"{path}` `{scope_of(method, path)}"): roles for (method, path), roles in ROLES.items()}
    people, machines = [role for role in Role if role in STAFF], list(Role)
    return HEAD + _table("page", pages, people) + KEYS + _table("call and scope", calls, machines)


def _table(head: str, rows: Mapping[tuple[str, str], Iterable[Role]], roles: list[Role]) -> str:
    lines = [f"| {head} | {' | '.join(roles)} |", "|---" * (len(roles) + 1) + "|"]
    for (method, path), allowed in sorted(rows.items(), key=lambda row: (row[0][1], row[0][0])):
        cells = ("yes" if role in set(allowed) else "" for role in roles)
        lines.append(f"| `{method} {path}` | {' | '.join(cells)} |".replace("|  ", "| "))
    return "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
