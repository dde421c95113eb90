"""Invoice runs from a file: bring it, say which column is what, see only what is wrong, start, look, let it go.

Each step is a page with an address of its own, and works without a script. Nothing is sent before a second person
releases the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import bill_files
from store.audit import note
from store.bill_files import BillFile
from store.runs import find_run, page_of_runs
from store.tally import totals
from tidings.cells import Cell
from tidings.problem import Problem
from tidings.role import Role
from tidings.whole_number import whole_number
from web.console.enclosing import LARGEST_PDF, before, brought, chosen
from web.console.run import alone, may_release, read_run
from web.downloads import asked_kind, download, heads
from web.language import words
from web.staff import StaffRoute, Visit, page
from work import billing
from work.billing import ASKED, CONSTANTS, Checked
from work.bills import NO_DUE, BillMapping
from work.enclosures import library
from work.invoice_evidence import evidence_pack
from work.invoicing import open_invoice_run

READERS = frozenset({Role.BILLING, Role.MANAGER})
WRITERS = frozenset({Role.BILLING})
BILLS = 64 * 2**20
"""Most bytes of a file."""
SHOWN = 50
"""Invoices of a page."""
WRONG = 200
"""Wrong rows of a page; the file has all."""


def routes() -> list[StaffRoute]:
    """Return the routes of the invoice runs."""
    return [
        page("/invoices", listed, roles=READERS),
        page("/invoices/new", bring, roles=WRITERS, methods=("POST",), largest=BILLS),
        page("/invoices/new/{digest}", columns, roles=WRITERS, methods=("GET", "POST")),
        page("/invoices/new/{digest}/check", check, roles=WRITERS, methods=("GET", "POST")),
        page(
            "/invoices/new/{digest}/enclose", enclose, roles=WRITERS, methods=("POST",), largest=LARGEST_PDF
        ),
        page("/invoices/evidence", evidence, roles=READERS),
        page("/invoices/{run}", one, roles=READERS),
    ]


def listed(visit: Visit, *, problem: Problem | None = None) -> Response:
    """Show the newest invoice runs, the files that were brought, and where to drop another."""
    with visit.site.reading.connect() as connection:
        runs = page_of_runs(connection, kinds=["invoice_run"], limit=SHOWN)
        files = bill_files.newest(connection, limit=5) if visit.may(*WRITERS) else []
    return visit.page(
        "invoices",
        status=422 if problem else 200,
        runs=runs,
        files=files,
        kinds=",".join(billing.KINDS),
        may_bring=visit.may(*WRITERS),
        problem=problem,
    )


def evidence(visit: Visit) -> Response:
    """Return the evidence pack of the invoice whose number is asked for, as a file."""
    asked = visit.request.query_params
    number = asked.get("number", "").strip()
    try:
        pack = evidence_pack(visit.site.installation, number, brand_id=asked.get("brand"), now=visit.now)
    except Problem as problem:
        return listed(visit, problem=problem)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", number).strip("-.") or "invoice"
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="evidence-{name}.pdf"',
    }
    return Response(pack.pdf, media_type="application/pdf", headers=headers)


def bring(visit: Visit) -> Response:
    """Keep a file under its hash and go on to its columns."""
    upload = visit.fields.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return listed(visit, problem=Problem("There is no file."))
    installation = visit.site.installation
    content = upload.file.read()
    try:
        digest = billing.keep_file(installation, upload.filename, content)
    except Problem as problem:
        return listed(visit, problem=problem)
    name = upload.filename.replace("\0", "")[-120:]
    with installation.engine.begin() as connection:
        bill_files.bring(
            connection, digest=digest, name=name, size=len(content), by=visit.actor, now=visit.now
        )
        note(connection, actor=visit.actor, action="bring_invoices", subject=digest, detail={"name": name})
    return visit.back(f"/invoices/new/{digest}")


def columns(visit: Visit) -> Response:
    """Show what each column is taken for, and take what a person says it is."""
    file = _file(visit)
    installation = visit.site.installation
    mapping = BillMapping.model_validate(file.mapping)
    problem, found = None, []
    try:
        path = billing.path_of(installation, file.digest)
        found = billing.columns_of(path, mapping)
        if not mapping.columns and (known := billing.remembered(found, _earlier(visit))):
            mapping, found = known, billing.columns_of(path, known)
        if visit.request.method == "POST":
            chosen = {
                column.name: field
                for place, column in enumerate(found)
                if (field := _text(visit, f"column-{place}")) in ASKED
            }
            constants = {name: _text(visit, f"constant-{name}") for name in CONSTANTS}
            mapping = billing.mapping_from(chosen, constants)
            brand = installation.organisation.brand(_text(visit, "brand") or None).id
            with installation.engine.begin() as connection:
                bill_files.settle(connection, file.digest, mapping=mapping.model_dump(), brand=brand)
            return visit.back(f"/invoices/new/{file.digest}/check")
    except Problem as error:
        problem = error
    return visit.page(
        "invoice_columns",
        status=422 if problem else 200,
        file=file,
        columns=found,
        fields=ASKED,
        constants={name: mapping.constants.get(name, "") for name in CONSTANTS},
        brands=[(brand.id, brand.name) for brand in installation.organisation.brands],
        problem=problem,
    )


def check(visit: Visit) -> Response:
    """Show what a file comes to and only what is wrong in it; start the run when the control sum is right."""
    file = _file(visit)
    installation = visit.site.installation
    mapping = BillMapping.model_validate(file.mapping)
    try:
        with visit.site.reading.connect() as connection:
            checked, documents, digest = billing.check(connection, installation, file, mapping)
    except Problem as error:
        return visit.page("refused", status=422, problem=error, to=f"/invoices/new/{file.digest}")
    if kind := asked_kind(visit.request.query_params.get("as")):
        return download(f"{file.name}-wrong", heads(visit.language, _WRONG), _wrong_rows(checked), kind)
    expected, problem, names = dict(file.expected), None, chosen(visit)
    found = before(visit, file.brand, documents, names)
    if visit.request.method == "POST":
        expected = {currency: _text(visit, f"expected-{currency}") for currency in checked.sums}
        problem = _objection(visit, checked, expected)
        if problem is None and not found.blocked:
            opened = open_invoice_run(
                installation,
                documents,
                installation.policy,
                file_name=file.name,
                file_hash=digest,
                source=mapping.constants.get("source", ""),
                actor=visit.actor,
                now=visit.now,
                brand_id=file.brand or None,
                second_person=True,
                enclosures=names,
            )
            _started(visit, file, expected, opened.run)
            return visit.back(f"/invoices/{opened.run}")
    return visit.page(
        "invoice_check",
        status=422 if problem or found.blocked else 200,
        before=found,
        chosen=names,
        library=library(installation),
        currency=installation.organisation.costs.currency,
        no_due=NO_DUE.partition(": ")[2],
        file=file,
        c=checked,
        wrong=checked.wrong[:WRONG],
        expected=expected,
        problem=problem,
    )


def enclose(visit: Visit) -> Response:
    """Put a PDF into the library, and choose it for the letters of the run that this file will be."""
    file, names = _file(visit), chosen(visit)
    back = f"/invoices/new/{file.digest}/check"
    try:
        names.append(brought(visit, file.brand))
    except Problem as problem:
        return visit.page("refused", status=422, problem=problem, to=back)
    return visit.back(f"{back}?{urlencode({'enclosures': dict.fromkeys(names)}, doseq=True)}")


def one(visit: Visit) -> Response:
    """Show an invoice run: split, samples, and each invoice with its proof; `?as=csv` is all of them as a file."""
    run_id, asked = visit.request.path_params["run"], visit.request.query_params
    with visit.site.reading.connect() as connection:
        run = find_run(connection, run_id)
        if run is None or run.kind != "invoice_run":
            raise HTTPException(404)
        if kind := asked_kind(asked.get("as")):
            return download(
                f"{run.id}-invoices", heads(visit.language, _PROOF), _proofs(connection, run.id), kind
            )
        number, after = asked.get("number", "").strip(), asked.get("after", "")
        rows = (
            bill_files.billed_number(connection, run.id, number)
            if number
            else bill_files.billed(connection, run.id, after=whole_number(after) or 0, limit=SHOWN + 1)
        )
        file = bill_files.file_of(connection, run.id)
        single = alone(connection)
    return visit.page(
        "invoice_run",
        p=read_run(visit, run.id),
        file=file,
        rows=rows[:SHOWN],
        after=rows[SHOWN - 1].id if len(rows) > SHOWN else "",
        number=number,
        samples=_samples(visit, run.id, run.state),
        letters=visit.site.installation.organisation.costs,
        may_release=may_release(visit, run, alone=single),
        alone=single and run.requested_by == visit.actor,
    )


_WRONG = ("row", "field", "reason", "detail")
_PROOF = (
    "number", "customer", "gross", "currency", "state", "reason", "channel", "delivery", "at", "reference",
    "provider", "provider_reference", "pdf_sha256",
)  # fmt: skip


def _proofs(connection: Connection, run: str) -> Iterator[tuple[Cell, ...]]:
    after = 0
    while rows := bill_files.billed(connection, run, after=after, limit=2_000):
        for row in rows:
            yield (
                *(row.number, row.customer, row.gross, row.currency, row.state, row.reason, row.channel),
                *(row.delivery_state, row.delivered_at, row.reference, row.provider, row.provider_reference),
                row.pdf_hash,
            )
        after = rows[-1].id


def _wrong_rows(checked: Checked) -> Iterator[tuple[Cell, ...]]:
    for one in checked.wrong:
        yield one.row, one.field, one.reason, one.detail


def _objection(visit: Visit, checked: Checked, expected: Mapping[str, str]) -> Problem | None:
    """Return why the run is not started: nothing to send, or another sum than was expected."""
    said = words(visit.language)["invoices"]
    if not checked.good:
        return Problem(said["none_good"])
    try:
        differing = billing.differences(expected, checked.sums)
    except Problem as problem:
        return problem
    if visit.fields.get("anyway"):
        return None
    if unsaid := [currency for currency in checked.sums if not expected.get(currency)]:
        return Problem(said["no_sum"].format(currencies=", ".join(unsaid)))
    if differing:
        told = ", ".join(f"{difference:+} {currency}" for currency, difference in differing.items())
        return Problem(said["sum_differs"].format(differences=told))
    return None


def _started(visit: Visit, file: BillFile, expected: Mapping[str, str], run: str) -> None:
    from store.runs import notify

    with visit.site.installation.engine.begin() as connection:
        bill_files.settle(connection, file.digest, expected=dict(expected))
        detail = {"file": file.digest, "expected": dict(expected), "anyway": bool(visit.fields.get("anyway"))}
        note(connection, actor=visit.actor, action="start_invoices", subject=run, detail=detail)
        notify(connection, run)


def _samples(visit: Visit, run: str, state: str) -> list[Any]:
    """Return the documents to look at; asked once for a run that waits, whose documents do not change."""
    kept = visit.site.samples
    if run in kept:
        return kept[run]
    with visit.site.reading.connect() as connection:
        if not any(row.n for row in totals(connection, [run])):
            return []
        found = list(bill_files.samples(connection, run))
    if state not in ("scheduled", "planning"):
        kept[run] = found
    return found


def _file(visit: Visit) -> BillFile:
    with visit.site.reading.connect() as connection:
        file = bill_files.find(connection, visit.request.path_params["digest"])
    if file is None:
        raise HTTPException(404)
    return file


def _earlier(visit: Visit) -> list[BillFile]:
    with visit.site.reading.connect() as connection:
        return bill_files.newest(connection, limit=20)


def _text(visit: Visit, name: str) -> str:
    value = visit.fields.get(name, "")
    return value.strip().replace("\0", "")[:200] if isinstance(value, str) else ""
