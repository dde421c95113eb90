"""`tidings customers`: look at customers, find one, and see who may be in the store twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cyclopts import App
from rich.table import Column, Table
from rich.text import Text

from cli.options import By, Count, staff
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from work.merge import Merged

app = App(name="customers", help="Customers: list and find them, show one, see likely duplicates.")


@app.command(name="list")
def list_customers(*, limit: Count = 50, json: bool = False) -> int:
    """List customers in the order they came.

    Example: tidings customers list --limit 10

    Parameters
    ----------
    limit
        At most so many.
    json
        Print one JSON list.
    """
    return _print_found("", limit, json=json)


@app.command
def consents(reference: str, *, receipt: bool = False, source: str | None = None, json: bool = False) -> int:
    """Show the consent records of a customer: purpose, notice, how and when, until when, how to withdraw.

    Example: tidings customers consents C-1042 --receipt > receipt.json

    Parameters
    ----------
    reference
        A reference, SYSTEM:REFERENCE, an e-mail address or a phone number.
    receipt
        Print a receipt for the customer (ISO/IEC TS 27560), one JSON object.
    source
        The system that gave the reference.
    json
        Print the records, one JSON list.
    """
    from datetime import UTC, datetime

    from store.customers import find as known
    from work.consent_records import receipt as made
    from work.installation import opened

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        customer = known(connection, reference, source)
        if customer is None:
            raise Problem(
                f"There is no customer {reference!r}.",
                todo="Give a reference, an e-mail address or a number.",
            )
        paper = made(connection, installation.organisation, customer=customer, now=datetime.now(UTC))
    if receipt or json:
        print_json(paper if receipt else paper["records"])
        return Exit.OK
    table = Table("When (UTC)", "Event", "Purpose", "Channel", "Until", "How", "By", box=None, pad_edge=False)
    for row in paper["records"]:
        until = (row["expires_at"] or "")[:10]
        cells = (row["event_at"][:16], row["event"], row["purpose"], row["channel"], until)
        table.add_row(*(Text(cell) for cell in (*cells, row["collection_method"], row["given_by"])))
    console.print(table if paper["records"] else "Nothing has been said about permission yet.")
    return Exit.OK


@app.command
def find(words: str, *, limit: Count = 50, json: bool = False) -> int:
    """Find customers by a part of their name, company, reference or address.

    Example: tidings customers find hansen

    Parameters
    ----------
    words
        What to look for.
    limit
        At most so many.
    json
        Print one JSON list.
    """
    return _print_found(words, limit, json=json)


def _print_found(words: str, limit: int, *, json: bool) -> int:
    from store.connect import opened
    from store.customers import listed

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        found = listed(connection, words=words, limit=limit)
    if json:
        print_json(found)
        return Exit.OK
    table = Table(Column("Reference", no_wrap=True), box=None, pad_edge=False)  # it is typed again
    for name in ("Name", "Company", "Country", "Language", "Standing", "Reached by"):
        table.add_column(name)
    for one in found:
        usable = {way["channel"] for way in one["addresses"] if way["state"] == "usable"}
        cells = (one[key] for key in ("reference", "name", "company", "country", "language", "standing"))
        table.add_row(*(Text(_plain(cell)) for cell in cells), ", ".join(sorted(usable)))
    console.print(table)
    return Exit.OK


@app.command
def show(customer: str, *, json: bool = False) -> int:
    """Show one customer and every address with its state.

    Example: tidings customers show 1001

    Parameters
    ----------
    customer
        Reference, SYSTEM:REFERENCE, e-mail address or phone number.
    json
        Print one JSON object.
    """
    from store.connect import opened
    from store.customers import find as find_customer
    from store.customers import listed

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        number = find_customer(connection, customer)
        if number is None:
            raise Problem(
                f"There is no customer {customer!r}.", todo="`tidings customers find WORD` looks for one."
            )
        found = listed(connection, customer=number)[0]
    if json:
        print_json(found)
        return Exit.OK
    for key in ("reference", "name", "company", "country", "language", "time_zone", "standing"):
        if found[key]:
            console.print(f"{key.replace('_', ' '):>10}  {_plain(found[key])}", markup=False)
    for key, value in found["attributes"].items():
        console.print(f"{_plain(key):>10}  {_plain(value)}", markup=False)
    for way in found["addresses"]:
        note = "" if way["state"] == "usable" else f"  (not usable: {way['problem']})"
        text = f"{way['channel']:>10}  {_plain(way['value'].replace(chr(10), ', '))}{note}"
        console.print(text, markup=False, soft_wrap=True)
    return Exit.OK


@app.command
def duplicates(*, json: bool = False) -> int:
    """Report customers that are likely one person: the same e-mail address, phone, or name and postal address.

    Example: tidings customers duplicates

    Parameters
    ----------
    json
        Print one JSON list.
    """
    from store.connect import opened
    from store.customers import duplicates as likely

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        found = likely(connection)
    if json:
        print_json(
            [{"because": one.because, "value": one.value, "customers": list(one.customers)} for one in found]
        )
        return Exit.OK
    if not found:
        console.print("No likely duplicates.")
    for one in found:
        console.print(
            f"same {one.because}: {_plain(one.value.replace(chr(10), ', '))}", markup=False, soft_wrap=True
        )
        for person in one.customers:
            name = _plain(person["name"])
            console.print(
                f"    {person['source']}:{person['reference']}  {name}", markup=False, soft_wrap=True
            )
    return Exit.OK


def _plain(value: Any) -> str:
    """Return a customer's text without characters that steer a terminal."""
    from tidings.address import plain

    return plain(str(value))


@app.command
def merge(kept: str, gone: str, *, because: str, by: By = None, json: bool = False) -> int:
    """Make one customer of two records of one person; `split` takes it back.

    Example: tidings customers merge C1001 C2002 --because "same person, ticket 812"

    Both histories are one from then on, both references find it, and the stricter consent and every suppression count.

    Parameters
    ----------
    kept
        Reference of the record whose name stays.
    gone
        Reference of the other one.
    because
        Why they are one person; it is in the audit log.
    json
        Print one JSON object.
    """
    from work.merge import merge as join

    return _print_merged(join, (kept, gone), because=because, by=by, json=json)


@app.command
def split(customer: str, *, because: str, by: By = None, json: bool = False) -> int:
    """Take a merge back: the one that took in this record, else the last one of its customer.

    Example: tidings customers split C2002 --because "two people, one e-mail address"

    Everything is as it was before. What the customer took back meanwhile binds both.

    Parameters
    ----------
    customer
        Reference of either record.
    because
        Why they are two; it is in the audit log.
    json
        Print one JSON object.
    """
    from work.merge import split as part

    return _print_merged(part, (customer,), because=because, by=by, json=json)


def _print_merged(
    change: Callable[..., Merged], references: tuple[str, ...], *, because: str, by: str | None, json: bool
) -> int:
    from dataclasses import asdict
    from datetime import UTC, datetime

    from store.customers import own_reference
    from work.installation import opened

    actor = staff(by)
    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        done = change(connection, *references, actor=actor, because=because, now=datetime.now(UTC))
        kept, gone = (own_reference(connection, number) for number in (done.kept, done.gone))
    if json:
        print_json({**asdict(done), "kept": kept, "gone": gone})
    elif len(references) > 1:
        console.print(f"Merged: {kept} and {gone} are one customer now.", markup=False, soft_wrap=True)
        if done.messages:
            console.print(f"Held, because they go out once: {done.messages} messages.")
    else:
        console.print(f"Split: {kept} and {gone} are two customers again.", markup=False, soft_wrap=True)
    return Exit.OK


@app.command
def erasures(*, json: bool = False) -> int:
    """List who asked on their page to be erased, the longest waiting first; the law gives a month.

    Example: tidings customers erasures

    `tidings customers erase REFERENCE` does it, and ends the request.

    Parameters
    ----------
    json
        Print one JSON list.
    """
    from store.connect import opened
    from store.erasures import waiting

    with opened(Settings.read()) as store, store.engine.connect() as connection:
        found = waiting(connection)
    if json:
        print_json(found)
        return Exit.OK
    if not found:
        console.print("Nobody waits.")
    for one in found:
        told = f"{one['asked_at']:%Y-%m-%d}  {_plain(one['reference'])}  ({one['brand']})"
        console.print(told, markup=False, soft_wrap=True)
    return Exit.OK


@app.command
def erase(reference: str, *, by: str, because: str, json: bool = False) -> int:
    """Erase what is personal about a customer; what the law wants kept stays. It cannot be undone.

    Example: tidings customers erase C1001 --by "Ingrid Moen" --because "asked on the phone, ticket 812"

    Digests of the addresses stay behind, so that no import and no restored backup uses them again.

    Parameters
    ----------
    reference
        Of the customer; see `tidings customers find`.
    by
        Who decides.
    because
        Why; both are in the audit log.
    json
        Print one JSON object with the counts.
    """
    from datetime import UTC, datetime

    from work.erase import erase as forget
    from work.installation import opened

    with opened(Settings.read()) as installation:
        counts = forget(installation, reference, by=by, because=because, now=datetime.now(UTC))
    if json:
        print_json({"customer": reference, **counts})
    else:
        console.print(
            f"Erased: {counts['addresses']} addresses, the content of {counts['messages']} messages. "
            f"Kept by law: {counts['kept_invoices']} invoices."
        )
    return Exit.OK
