"""What refusals say about customers: an address that is dead is closed, and who said stop is heard as by a STOP."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from store import consents
from store.claims import Claimed
from store.consents import Consent
from store.customers import lock_customers
from store.erasure import erased
from store.outcomes import Step
from store.runs import rehearsals
from store.suppressions import Stop, stop, suppress
from tidings.outcome import ErrorClass
from tidings.state import AttemptState


def heed(connection: Connection, claimed: Sequence[Claimed], steps: Sequence[Step], *, now: datetime) -> None:
    """Write what rejected attempts say about their customers, in the transaction that records them.

    Customers are locked after their messages, as a claim and a fold of receipts do. A colleague's stop, to a rehearsal,
    is no customer's withdrawal, and of who was erased meanwhile no address is written down again.
    """
    by_attempt = {one.attempt: one for one in claimed}
    rejected = [made for made in steps if made.attempt_state == AttemptState.REJECTED]
    gone = erased(connection, [made.delivery for made in rejected]) if rejected else set()
    told = [made for made in rejected if made.delivery not in gone]
    dead = [made for made in told if made.error_class == ErrorClass.ADDRESS]
    stopped = [made for made in told if made.error_class == ErrorClass.OPT_OUT]
    if stopped:
        lock_customers(connection, sorted({made.customer for made in stopped}))
        ours = rehearsals(connection, sorted({by_attempt[made.attempt].run for made in stopped}))
        said = [(made, by_attempt[made.attempt]) for made in stopped]
        consents.append(
            connection, [_withdrawal(made, one, now) for made, one in said if one.run not in ours]
        )
        stop(
            connection,
            [_closed(made, one, now, brand=one.brand, reason=ErrorClass.OPT_OUT) for made, one in said],
        )
    suppress(
        connection,
        [_closed(made, by_attempt[made.attempt], now, brand="all", reason=made.code).row() for made in dead],
    )


def _proof(made: Step) -> str:
    return f"attempt {made.attempt}"


def _closed(made: Step, one: Claimed, now: datetime, *, brand: str, reason: str) -> Stop:
    return Stop(
        customers=[one.customer],
        brand=brand,
        channel=one.channel,
        value=one.address,
        reason=reason,
        proof=_proof(made),
        at=now,
    )


def _withdrawal(made: Step, one: Claimed, now: datetime) -> Consent:
    return Consent(
        customer=one.customer,
        topic="all",
        action="withdrawn",
        at=now,
        source="provider",
        actor="customer",
        brand=one.brand,
        channel=one.channel,
        proof=_proof(made),
    )
