"""Erasure (GDPR art. 17): one customer, by one person, for a reason that is written down."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection

from store import erasures
from store.audit import note
from store.customers import find, lock_customers
from store.erasure import forget, lock_sent, remember_digests
from store.events import announce
from store.limits import leave_households
from store.persons import members
from store.undecided import write_undecided
from tidings.problem import Problem
from work.installation import Installation


def erase(
    installation: Installation, reference: str, *, by: str, because: str, now: datetime
) -> dict[str, int]:
    """Erase a customer; returns how many rows of what were erased, and `kept_invoices`.

    Messages that were not sent yet are cancelled; those that were keep their states and instants, without content. What
    is being handed over this moment is not called back, and what becomes of it brings nothing of the person back.

    Raises:
        Problem: no such customer, no name, no reason.
    """
    if not by.strip() or not because.strip():
        raise Problem("Erasing needs a name and a reason.", todo='Say --by NAME and --because "...".')
    with installation.engine.begin() as connection:
        customer = find(connection, reference)
        if customer is None:
            raise Problem(f"There is no customer {reference!r}.", todo="`tidings customers find` searches.")
        return erase_customer(
            connection, customer, actor=f"staff:{by.strip()}", because=because.strip(), now=now
        )


def erase_customer(
    connection: Connection, customer: int, *, actor: str, because: str, now: datetime
) -> dict[str, int]:
    """Erase a customer who is known by number; returns what `erase` does."""
    write_undecided(connection, people=members(connection, customer))
    lock_sent(connection, members(connection, customer))
    lock_customers(connection, members(connection, customer))
    counts = Counter[str]()
    for record in members(connection, customer):
        remember_digests(connection, record, now=now)
        counts.update(forget(connection, record, now=now))
        erasures.close(connection, record, by=actor, now=now)
    leave_households(connection, members(connection, customer), now=now)
    announce(connection, "customer.erased", customer=customer, data={}, at=now)
    note(
        connection,
        actor=actor,
        action="erase",
        subject=f"customer:{customer}",
        detail={"because": because, **counts},
    )
    return dict(counts)
