"""The organisation of a home: its own, or one that stands in for it while nothing leaves the machine."""

import structlog

from tidings.organisation import Brand, Organisation, PostalOrigin, Senders, read_organisation
from tidings.settings import Mode, Settings

log = structlog.get_logger()

STAND_IN = Organisation(
    name="Example",
    country="NO",
    time_zone="Europe/Oslo",
    brands=(
        Brand(
            id="example",
            name="Example",
            legal_name="Example AS",
            website="https://example.org",
            service_email="service@example.org",
            languages=("en", "nb", "sv", "pl", "pt_BR"),
            address=PostalOrigin(lines=("Example AS", "Storgata 1", "0155 Oslo"), country="NO"),
            senders=Senders(email="hello@example.org", email_name="Example", sms="Example", push="Example"),
        ),
    ),
)
"""So that somebody can try an import and a run before saying who they are; `example.org` is nobody's (RFC 2606)."""


def organisation_of(settings: Settings) -> Organisation:
    """Return what organisation.toml says; in mode `outbox` a home without one gets the stand-in, said on stderr.

    Raises:
        Problem: the file is wrong, or it is missing and messages would leave the machine.
    """
    if not stands_in(settings):
        return read_organisation(settings.root / "organisation.toml")
    log.warning(
        "there is no organisation.toml: an example stands in, `tidings init` makes yours",
        home=str(settings.root),
    )
    return STAND_IN


def stands_in(settings: Settings) -> bool:
    """Tell whether the home has no organisation of its own and needs none, since nothing leaves the machine."""
    return settings.mode is Mode.OUTBOX and not (settings.root / "organisation.toml").exists()
