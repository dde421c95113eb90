"""Two records of one person become one, and two again: nothing is moved or deleted, so a split gives back what was.

A merge is a line in a log. From then on every decision reads all records of the person, the stricter one counting
(`store.facts_of_persons`, `preferences.consent`); what is written stays with the record that it was written on. A split
is another line; what a customer took back while the records were one binds both afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from store import persons
from store.audit import note
from store.customers import find, lock_customers, record_of
from store.events import announce
from store.persons import Member, Merge
from tidings.problem import Problem
from tidings.reason import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What a merge or a split did."""

    merge: int
    """Of the log."""
    kept: int
    gone: int
    messages: int
    """Held because their twin goes out; of a split: to be decided again."""
    denials: int = 0
    """A split's: withdrawals and objections that bind both sides now."""


def people(merges: Iterable[Merge]) -> list[Member]:
    """Return the rows of `persons` that merges add up to, taken in the order of their ids.

    What is said after the last merge of two records counts for both; where a record joined with others the later of
    their merges is taken, which is never looser.
    """
    found: dict[int, Member] = {}
    for merge in sorted(merges, key=lambda one: one.id):
        kept = found.get(merge.kept, Member(customer=merge.kept, person=merge.kept, since=0))
        gone = [one for one in found.values() if one.person == merge.gone]
        gone = gone or [Member(customer=merge.gone, person=merge.gone, since=0)]
        found.setdefault(merge.kept, kept)
        for one in gone:
            found[one.customer] = Member(customer=one.customer, person=kept.person, since=merge.since)
    return sorted(found.values(), key=lambda one: one.customer)


def merge(
    connection: Connection, kept: str | int, gone: str | int, *, actor: str, because: str, now: datetime
) -> Merged:
    """Make one person of two records.

    Args:
        connection: in a transaction.
        kept: reference or id of the record whose name and page stay.
        gone: of the other one; it is found by its references as before.
        actor: `staff:<name>`.
        because: why they are one person.
        now: when.

    Raises:
        Problem: no such customer, the same one twice, or no reason.
    """
    reason = _reason(because)
    one, other = _known(connection, kept), _known(connection, gone)
    if one == other:
        raise Problem(f"{kept!r} and {gone!r} are one customer already.")
    ours, theirs = _locked(connection, one, other)
    held = persons.hold_twins(connection, ours, theirs, reason=Reason.MERGED, now=now)
    made = persons.write_merge(
        connection, action="merge", kept=one, gone=other, because=reason, actor=actor, now=now, held=held
    )
    _rewrite(connection, [*ours, *theirs])
    announce(connection, "customer.merged", customer=one, data={"merged": f"id:{other}"}, at=now)
    detail = {"because": reason, "merged": other, "merge": made, "held": len(held)}
    note(connection, actor=actor, action="merge", subject=f"customer:{one}", detail=detail)
    return Merged(merge=made, kept=one, gone=other, messages=len(held))


def split(connection: Connection, reference: str | int, *, actor: str, because: str, now: datetime) -> Merged:
    """Take a merge back: the one that took in this record, else the last one of its person.

    Raises:
        Problem: no such customer, nothing merged, or no reason.
    """
    reason = _reason(because)
    record = reference if isinstance(reference, int) else record_of(connection, reference)
    if record is None:
        raise _nobody(reference)
    [everybody] = _locked(connection, record)
    merges = persons.standing_merges(connection, everybody)
    if not merges:
        raise Problem(f"Customer {reference!r} is not merged with anybody.")
    undone = next((one for one in reversed(merges) if one.gone == record), merges[-1])
    left = people(one for one in merges if one.id != undone.id)
    kept, gone = _side(left, undone.kept), _side(left, undone.gone)
    made = persons.write_merge(
        connection,
        action="split",
        kept=undone.kept,
        gone=undone.gone,
        because=reason,
        actor=actor,
        now=now,
        undoes=undone.id,
    )
    _rewrite(connection, everybody)
    denials = persons.carry_denials(
        connection,
        since=undone.since,
        kept=kept,
        gone=gone,
        to_kept=undone.kept,
        to_gone=undone.gone,
        now=now,
    )
    messages = persons.release_twins(connection, undone.held, reason=Reason.MERGED, now=now)
    announce(connection, "customer.split", customer=undone.kept, data={"split": f"id:{undone.gone}"}, at=now)
    detail = {"because": reason, "split": undone.gone, "merge": undone.id, "denials": denials}
    note(connection, actor=actor, action="split", subject=f"customer:{undone.kept}", detail=detail)
    return Merged(merge=made, kept=undone.kept, gone=undone.gone, messages=messages, denials=denials)


def _locked(connection: Connection, *records: int) -> list[list[int]]:
    """Return all records of each one's person, locked.

    Raises:
        Problem: they were others before the locks were ours: what was asked for is not what would be done.
    """
    found = [persons.members(connection, one) for one in records]
    everybody = [one for whole in found for one in whole]
    persons.lock_unsent(connection, everybody)
    lock_customers(connection, everybody)
    if [persons.members(connection, one) for one in records] != found:
        raise Problem("Somebody else merged or split them this moment.", todo="Look at them and try again.")
    return found


def _rewrite(connection: Connection, customers: Sequence[int]) -> None:
    rows = people(persons.standing_merges(connection, customers))
    persons.rewrite(connection, customers, rows)


def _side(rows: Sequence[Member], record: int) -> list[int]:
    """Return the records that are one person with a record."""
    person = next((one.person for one in rows if one.customer == record), record)
    return [one.customer for one in rows if one.person == person] or [record]


def _known(connection: Connection, reference: str | int) -> int:
    if isinstance(reference, int):
        return persons.person_of(connection, reference)
    customer = find(connection, reference)
    if customer is None:
        raise _nobody(reference)
    return customer


def _nobody(reference: str | int) -> Problem:
    return Problem(
        f"There is no customer {reference!r}.", todo="`tidings customers find WORD` looks for one."
    )


def _reason(because: str) -> str:
    reason = " ".join(because.split())
    if not reason:
        raise Problem("Merging and splitting need a reason.", todo='Say --because "same person, ticket 812".')
    return reason
