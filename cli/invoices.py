"""`tidings invoices`: an invoice run from a billing system's file."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cli.instants import instant
from cli.output import print_example
from cli.progress import bar
from cli.reports import show_report
from tidings.problem import Exit
from tidings.settings import Settings

app = App(name="invoices", help="Send the invoices of a billing run, each the way its customer chose.")

NAMED = 20
"""Wrong documents named on the screen; `tidings runs show` names all."""


@app.command
def run(
    file: Path,
    *,
    mapping: Path | None = None,
    source: str | None = None,
    brand: str | None = None,
    now: str | None = None,
    out: Path | None = None,
    rehearse: bool = False,
    control: Annotated[tuple[str, ...], Parameter(name="--control")] = (),
    gapless: bool = False,
    by: str | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Check, plan, render, send and report the documents of a file. Wrong ones are held and named; the others go on.

    Example: tidings invoices run march.jsonl --mapping billing.toml

    Exit code 3: some documents are wrong. 2: the file cannot be used, nothing was sent.

    Parameters
    ----------
    file
        JSON lines, a JSON list, a table with one row for each item, or UBL or CII: one file, a ZIP, a folder.
    mapping
        Which fields are ours, as `tidings invoices example` prints one.
    source
        The system whose customer references the file uses; default is the mapping's, else any.
    brand
        Whose invoices they are; default is the first brand.
    now
        Business time, for example 2026-03-03T09:00:00Z; default is the clock.
    out
        The outbox folder; default is the home's own.
    rehearse
        Do all but send.
    control
        The gross total that the file must have, like NOK=812400.00; once for each currency.
    gapless
        Refuse a file that leaves numbers out, also between it and what was sent before.
    by
        Who starts it; default is the user of this machine.
    json
        Print one JSON object.
    """
    from work.bills import read_bills, read_mapping
    from work.totals import check_control, check_numbers, without_xml

    chosen = read_mapping(mapping)
    moment = instant(now)
    documents, file_hash = read_bills(file, chosen)
    check_control(documents, control)
    from flows.starting import started
    from work.invoicing import open_invoice_run

    with started(Settings.read(), out=out, now=moment) as shot:
        missing = check_numbers(shot.installation, documents, brand, refuse=gapless)
        plain = without_xml(shot.installation, documents, brand)
        opened = open_invoice_run(
            shot.installation,
            documents,
            shot.installation.policy,
            file_name=file.name,
            file_hash=file_hash,
            source=source or chosen.constants.get("source", ""),
            actor=f"staff:{by or getpass.getuser()}",
            now=shot.desk.now(),
            brand_id=brand,
            rehearse=rehearse,
        )
        with bar(f"Invoices of {file.name}") as progress:
            found = shot.run(opened.run, progress=progress)
        wrong = shot.rejected(opened.run)
        where = f"What was sent lies in {shot.outbox}." if shot.outbox and found["sent"] else ""
    show_report(found | {"missing_numbers": missing} if json else found, json=json, where=where)
    if missing:
        print(f"missing numbers: {', '.join(missing[:NAMED])}", file=sys.stderr)  # noqa: T201
    if plain:
        print(plain, file=sys.stderr)  # noqa: T201
    for line in wrong[:NAMED]:
        print(f"held: {line}", file=sys.stderr)  # noqa: T201 -- beside the one JSON value on stdout
    if len(wrong) > NAMED:
        print(f"... and {len(wrong) - NAMED} more: tidings runs show {found['run']}", file=sys.stderr)  # noqa: T201
    return Exit.SOME_REJECTED if wrong else Exit.OK


@app.command
def example(*, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Print a mapping file with every key explained.

    Example: tidings invoices example > billing.toml
    """
    from work.bills import EXAMPLE

    print_example(EXAMPLE, json=json)
    return Exit.OK
