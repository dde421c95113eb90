"""`tidings invoices`: an invoice run from a billing system's file."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from cli.instants import instant
from cli.options import By, Json, Out, staff
from cli.output import console, print_example, print_json
from cli.progress import bar
from cli.reports import show_report
from tidings.problem import Exit, Problem
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
    out: Out = None,
    rehearse: bool = False,
    control: Annotated[tuple[str, ...], Parameter(name="--control")] = (),
    gapless: bool = False,
    enclose: Annotated[tuple[str, ...], Parameter(name="--enclose")] = (),
    by: By = None,
    json: bool = False,
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
    rehearse
        Do all but send.
    control
        The gross total that the file must have, like NOK=812400.00; once for each currency.
    gapless
        Refuse a file that leaves numbers out, also between it and what was sent before.
    enclose
        A PDF that goes with each letter, from the home's `enclosures/`; may be given several times.
    json
        Print one JSON object.
    """
    from work.bills import read_bills, read_mapping
    from work.totals import check_control, check_numbers

    chosen = read_mapping(mapping)
    moment = instant(now)
    documents, file_hash = read_bills(file, chosen)
    check_control(documents, control)
    from flows.starting import started
    from work.invoicing import open_invoice_run

    with started(Settings.read(), out=out, now=moment) as shot:
        missing = check_numbers(shot.installation, documents, brand, refuse=gapless)
        opened = open_invoice_run(
            shot.installation,
            documents,
            shot.installation.policy,
            file_name=file.name,
            file_hash=file_hash,
            source=source or chosen.constants.get("source", ""),
            actor=staff(by),
            now=shot.desk.now(),
            brand_id=brand,
            rehearse=rehearse,
            enclosures=enclose,
        )
        with bar(f"Invoices of {file.name}") as progress:
            found = shot.run(opened.run, progress=progress)
        wrong = shot.rejected(opened.run)
        where = f"What was sent lies in {shot.outbox}." if shot.outbox and found["sent"] else ""
    show_report(found | {"missing_numbers": missing} if json else found, json=json, where=where)
    if missing:
        print(f"missing numbers: {', '.join(missing[:NAMED])}", file=sys.stderr)  # noqa: T201
    for line in wrong[:NAMED]:
        print(f"held: {line}", file=sys.stderr)  # noqa: T201 -- beside the one JSON value on stdout
    if len(wrong) > NAMED:
        print(f"... and {len(wrong) - NAMED} more: tidings runs show {found['run']}", file=sys.stderr)  # noqa: T201
    return Exit.SOME_REJECTED if wrong else Exit.OK


@app.command
def example(*, json: Json = False) -> int:
    """Print a mapping file with every key explained.

    Example: tidings invoices example > billing.toml
    """
    from work.bills import EXAMPLE

    print_example(EXAMPLE, json=json)
    return Exit.OK


@app.command
def remind(
    *,
    brand: str | None = None,
    now: str | None = None,
    out: Out = None,
    rehearse: bool = False,
    by: By = None,
    json: bool = False,
) -> int:
    """Remind of what is not paid, in the steps of organisation.toml, by the customer's channel, at last by letter.

    Example: tidings invoices remind --json

    What was paid, credited, cancelled or is in dispute is not reminded of. Each step is sent once.

    Parameters
    ----------
    brand
        Whose invoices they are; default is the first brand.
    now
        Business time, for example 2026-03-03T09:00:00Z; default is the clock.
    rehearse
        Do all but send.
    json
        Print one JSON object.
    """
    moment = instant(now)
    from flows.starting import started
    from work.reminders import open_reminder_run

    with started(Settings.read(), out=out, now=moment) as shot:
        made = open_reminder_run(
            shot.installation,
            shot.installation.policy,
            actor=staff(by),
            now=shot.desk.now(),
            brand_id=brand,
            rehearse=rehearse,
        )
        steps = {str(step): count for step, count in made.steps.items()}
        if not made.run:
            _tell({"run": "", "reminders": 0, "steps": {}}, "No reminder is due.", json=json)
            return Exit.OK
        with bar("Reminders") as progress:
            found = shot.run(made.run, progress=progress)
        where = f"What was sent lies in {shot.outbox}." if shot.outbox and found["sent"] else ""
    told = {"reminders": sum(made.steps.values()), "steps": steps}
    show_report(found | told if json else found, json=json, where=where)
    return Exit.OK


@app.command
def status(
    file: Path,
    *,
    brand: str | None = None,
    now: str | None = None,
    by: By = None,
    json: bool = False,
) -> int:
    """Take in what became of invoices: paid, credited, cancelled, disputed, resolved. What has not left is not sent.

    Example: tidings invoices status payments.csv

    Exit code 3: some rows could not be used; they are named. 2: the file cannot be used.

    Parameters
    ----------
    file
        A table with the columns number (or reference) and status; amount, at and id may be there.
    brand
        Whose invoices they are; default is the first brand.
    now
        Business time, for example 2026-03-03T09:00:00Z; default is the clock.
    json
        Print one JSON object.
    """
    moment = instant(now) or datetime.now(UTC)
    from work.installation import opened
    from work.settlement import take_statuses

    with opened(Settings.read()) as installation:
        found = take_statuses(installation, file, brand_id=brand, actor=staff(by), now=moment)
    facts = {
        "counts": dict(found.counts),
        "known": found.known,
        "cancelled": len(found.cancelled),
        "wrong": list(found.wrong),
    }
    said = ", ".join(f"{count} {kind}" for kind, count in found.counts.items()) or "nothing new"
    _tell(facts, f"{said}; {len(found.cancelled)} messages are not sent any more.", json=json)
    for line in found.wrong[:NAMED] if not json else ():
        print(f"not used: {line}", file=sys.stderr)  # noqa: T201
    return Exit.SOME_REJECTED if found.wrong else Exit.OK


@app.command
def evidence(
    number: str,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    brand: str | None = None,
    json: bool = False,
) -> int:
    """Write one PDF that proves what was sent of an invoice: content, consent, attempts, receipts, manifest.

    Example: tidings invoices evidence 2026-10417 -o evidence.pdf

    The archived PDF and XML and a manifest with the SHA-256 of each are attached to it.

    Parameters
    ----------
    number
        The invoice's.
    output
        Where the PDF goes; it is not overwritten.
    brand
        Whose invoice it is; default is the first brand.
    json
        Print one JSON object.
    """
    from work.installation import opened
    from work.invoice_evidence import evidence_pack

    if output.exists():
        raise Problem(f"{output} is there already.", todo="Name another file.")
    with opened(Settings.read()) as installation:
        pack = evidence_pack(installation, number, brand_id=brand, now=datetime.now(UTC))
    output.write_bytes(pack.pdf)
    facts = {"number": number, "file": str(output), "sha256": pack.sha256, "manifest": pack.manifest}
    _tell(facts, f"{output}: {len(pack.manifest['files'])} files, SHA-256 {pack.sha256}", json=json)
    return Exit.OK


def _tell(facts: dict[str, Any], sentence: str, *, json: bool) -> None:
    if json:
        print_json(facts)
    else:
        console.print(sentence, markup=False)
