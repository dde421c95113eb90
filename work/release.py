"""What a live run must pass before it may send: known suppressions, and a second person above a size (rule 11)."""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from store.audit import note
from store.departed import blind_since
from store.runs import Run, find_run, last_live_size, notify, set_run
from store.suppressions import suppressions_known
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from tidings.settings import Mode
from work.complaints import hold_back
from work.installation import Installation

BLIND_FOR = timedelta(days=7)
"""For so long every live run waits for a second person after a restore that had no `departures/`."""

GROWTH = Decimal("1.3")
"""A live run this much larger than the last of its kind waits for a second person."""


def check_live_marketing(
    connection: Connection, installation: Installation, brand: str, purpose_class: str
) -> None:
    """Refuse live marketing of a brand whose suppressions nobody brought over.

    Raises:
        Problem: says which two commands end it.
    """
    if installation.mode is not Mode.LIVE or purpose_class != PurposeClass.MARKETING:
        return
    if not suppressions_known(connection, brand):
        raise Problem(
            f"Brand {brand!r} has never sent marketing, and nobody has said whom it must not write to.",
            todo="Import them (`tidings import suppressions FILE`), or say that there are none "
            f"(`tidings import suppressions --none-exist --brand {brand}`).",
        )


def needs_release(connection: Connection, installation: Installation, run: Run) -> str:
    """Return why a second person must release the run, '' when nobody has to."""
    if run.released_by or run.mode == "rehearsal":
        return ""
    if run.options.get("second_person"):
        return "whoever started it asks for a second person"
    if run.mode != Mode.LIVE:
        return ""
    blind = blind_since(connection)
    if blind is not None and run.starts_at < blind + BLIND_FOR:
        return f"a backup was restored at {blind:%Y-%m-%d %H:%M} UTC, and what had been sent since it is not known"
    size, limit = run.audience - run.already_sent, installation.settings.confirm_over
    if size > limit:
        return f"{size} messages are more than TIDINGS_CONFIRM_OVER={limit}"
    last = last_live_size(connection, kind=run.kind, brand=run.brand, purpose=run.purpose, before=run.id)
    if last is not None and size > last * GROWTH:
        return f"{size} messages are over 30 % more than the {last} of the last run"
    return ""


def release(connection: Connection, run_id: str, *, by: str, now: datetime, alone: bool = False) -> Run:
    """Let a waiting run send; recorded with the person's name.

    Args:
        connection: in a transaction.
        run_id: which.
        by: who releases.
        now: the current instant.
        alone: there is nobody else: the organisation has one account only. That is recorded, too.

    Raises:
        Problem: no such run, it does not wait, no name, or the name of the person who started it.
    """
    run = find_run(connection, run_id, lock=True)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` lists them.")
    if run.state != "waiting_release":
        raise Problem(f"Run {run_id!r} does not wait for a release; it is {run.state}.")
    name = " ".join(by.split())
    if not name:
        raise Problem("A release needs a name.", todo="Say who releases with --by NAME.")
    if not alone and name.casefold() == run.requested_by.removeprefix("staff:").casefold():
        raise Problem(
            f"Run {run_id!r} was started by {name}; somebody else must release it.",
            todo="Ask a second person.",
        )
    set_run(connection, run_id, state="sending", released_by=name, released_at=now)
    note(
        connection,
        actor=f"staff:{name}",
        action="release",
        subject=run_id,
        detail={"alone": True} if alone else {},
    )
    hold_back(connection, run, now=now)
    notify(connection, run_id)
    released = find_run(connection, run_id)
    if released is None:
        msg = f"run {run_id} has vanished"
        raise LookupError(msg)
    return released
