"""Which screens somebody finds in the navigation: those that one of their roles may open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_SCREENS: tuple[tuple[str, str, frozenset[str]], ...] = tuple(
    (path, path[1:], frozenset(roles.split()))
    for path, roles in (
        ("/today", "marketing billing support counter manager admin"),
        ("/campaigns", "marketing manager"),
        ("/segments", "marketing manager"),
        ("/templates", "marketing billing manager"),
        ("/calendar", "marketing manager"),
        ("/invoices", "billing manager"),
        ("/runs", "marketing billing manager"),
        ("/customers", "billing support counter"),
        ("/calls", "support"),
        ("/gaps", "marketing billing manager"),
        ("/reports", "marketing billing manager"),
        ("/staff", "admin"),
        ("/keys", "admin"),
        ("/audit", "admin"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One link of the navigation; its text is `t.console.nav[key]`."""

    path: str
    key: str
    here: bool


def navigation(roles: Collection[str], path: str) -> list[Entry]:
    """Return the links for somebody with these roles who looks at `path`.

    >>> [(entry.key, entry.here) for entry in navigation({"counter"}, "/customers/41")]
    [('today', False), ('customers', True)]
    """
    return [
        Entry(path=screen, key=key, here=path == screen or path.startswith(f"{screen}/"))
        for screen, key, allowed in _SCREENS
        if not allowed.isdisjoint(roles)
    ]
