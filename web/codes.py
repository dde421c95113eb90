"""Codes that a visitor has sent to an address, to show that it is theirs."""

from __future__ import annotations

from web.visit import Visit
from work.asking import Asked, ask_code


def send_code(visit: Visit, kind: str, *, channel: str, value: str) -> bool:
    """Send a code of a kind (see `work.asking.ask_code`); False when the visitor has asked too often."""
    site = visit.site
    with site.installation.engine.begin() as connection:
        asked = ask_code(
            connection,
            key=site.installation.key,
            links=site.installation.links,
            customer=visit.customer,
            kind=kind,
            channel=channel,
            value=value,
            brand=visit.brand.id,
            language=visit.language,
            now=site.clock(),
        )
    return asked is not Asked.TOO_OFTEN
