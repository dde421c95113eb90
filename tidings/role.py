"""Who may what: the roles of staff and of machine keys. Which role a page needs stands at its route."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for; an account has a set of them, a key has one."""

    MARKETING = "marketing"
    """Campaigns, segments, templates and their reports; never the amount of an invoice."""
    BILLING = "billing"
    """Invoice runs and their reports; never an offer."""
    SUPPORT = "support"
    """One customer at a time, each with a reason that is written down."""
    COUNTER = "counter"
    """Shop staff: one customer's offers, and wishes recorded with the customer present."""
    MANAGER = "manager"
    """Reads all that is not one customer's, releases and approves."""
    ADMIN = "admin"
    """Accounts, keys and the audit; no customer data."""
    SYSTEM = "system"
    """The organisation's own software: for machine keys only, never a person's."""


STAFF = frozenset(Role) - {Role.SYSTEM}
"""What a person may have; a person alone has all of them."""
SEES_AMOUNTS = frozenset({Role.BILLING, Role.SUPPORT, Role.MANAGER, Role.SYSTEM})
"""Who may see what somebody owes. Any other set of roles is shown `without_amounts`."""


def sees_amounts(roles: frozenset[Role]) -> bool:
    """Return whether somebody with these roles may see amounts of invoices."""
    return bool(roles & SEES_AMOUNTS)
