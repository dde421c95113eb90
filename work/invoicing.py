"""An invoice run: checked documents become invoices and planned messages in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Policy
from store import invoices as rows
from store.in_full import keep_in_full
from store.manners import manner, manners
from store.messages import unfinished
from store.policies import current_policy
from store.runs import Run, add_invoice_run, add_run, runs_of_file, template_id
from templates.catalog import Template, find
from templates.einvoice.gate import examine
from templates.einvoice.legal import asked_for, is_electronic, whole
from templates.einvoice.schematron import GateDownError
from templates.einvoice.ubl import to_ubl
from tidings.channel import Channel
from tidings.invoice import Invoice
from tidings.organisation import Brand
from tidings.payment_reference import is_reference, make_reference
from tidings.problem import Problem
from tidings.reason import Reason
from work.archive import keep
from work.asked_profile import misspelt
from work.bill_document import Document
from work.campaign import Opened, template_row
from work.credits import settle_credits
from work.enclosures import taken
from work.installation import Installation
from work.learnt import pinned
from work.press import Job, typeset
from work.retention import keep_until
from work.shards import size_of
from work.without_xml import without_xml

SHARD = 50
"""Documents of a shard: each is rendered in full, about 0.1 s (design/flows.md)."""

NAMED = 3
"""Findings of the gate that are told of one document."""
TEMPLATE = "invoice/standard"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """The documents of a file by what becomes of them."""

    send: Sequence[tuple[Document, int]]
    """With the customer of each."""
    already_sent: int
    rejected: Mapping[str, list[dict[str, Any]]]


def open_invoice_run(
    installation: Installation,
    documents: Sequence[Document],
    policy: Policy,
    *,
    file_name: str,
    file_hash: str,
    source: str,
    actor: str,
    now: datetime,
    brand_id: str | None = None,
    rehearse: bool = False,
    second_person: bool = False,
    enclosures: Sequence[str] = (),
) -> Opened:
    """Find the run that goes on with exactly this file, or make one, with its invoices and messages.

    A document whose number went out before is `already_sent`; one that is wrong is held by its reason and named in the
    run; the others go on. `enclosures` go with each letter (`work.enclosures`). With `second_person` nothing is sent
    before somebody else releases the run, in any mode.

    Raises:
        Problem: an enclosure may not be printed, or the brand's invoices cannot keep its profile; there is no run.
    """
    brand = installation.organisation.brand(brand_id)
    template = find(TEMPLATE, extra=installation.own_templates)
    plain = without_xml(documents, brand)
    enclosed = taken(installation, enclosures, template, brand)
    with installation.engine.begin() as connection:
        # One billing run of a brand is taken in at a time, so that a number is judged against all before it.
        rows.one_run_at_a_time(connection, brand.id)
        if not rehearse:
            for run in reversed(runs_of_file(connection, brand.id, file_hash)):
                if run.state not in {"finished", "sending"} or unfinished(connection, run.id, now=now):
                    return Opened(run=run.id)
        documents = [with_reference(document, brand) for document in documents]
        found = sort_out(connection, brand.id, documents, source)
        size = size_of(len(found.send), SHARD)
        values = run_values(
            connection,
            installation,
            template,
            policy,
            brand=brand.id,
            actor=actor,
            now=now,
            rehearse=rehearse,
        ) | {
            "title": f"Invoices of {file_name}",
            "audience": len(documents),
            "shards": -(-len(found.send) // size),
            "already_sent": found.already_sent,
            "rejected": found.rejected,
        }
        values["options"] |= enclosed | ({"second_person": True} if second_person else {})
        values["options"] |= {"without_xml": plain} if plain else {}
        values["options"] |= {"misspelt": wrong} if (wrong := misspelt(connection, found.send)) else {}
        stem = f"{'rehearsal-' if rehearse else ''}invoices-{now:%Y%m%d}-{file_hash[:6]}"
        run_id = add_run(connection, values, stem=stem)
        add_invoice_run(
            connection,
            {
                "run_id": run_id,
                "file_name": file_name,
                "file_hash": file_hash,
                "documents": len(documents),
                "control_sums": control_sums(documents),
            },
        )
        # A rehearsal keeps its documents apart, so that it takes no number from the run that follows.
        space = f"rehearsal:{run_id}" if rehearse else brand.id
        rows.add(
            connection,
            [_row(document, customer, space, brand.address.country) for document, customer in found.send],
            run=run_id,
            brand=brand.id,
            space=space,
            purpose=template.purpose,
            purpose_class=template.purpose_class,
            shard_size=size,
            now=now,
        )
        if not rehearse:
            settle_credits(connection, run_id, now=now)
        return Opened(run=run_id)


def run_values(
    connection: Connection,
    installation: Installation,
    template: Template,
    policy: Policy,
    *,
    brand: str,
    actor: str,
    now: datetime,
    rehearse: bool,
) -> dict[str, Any]:
    """Return the columns of a run of documents that are owed, without its size and its title."""
    return {
        "kind": "invoice_run",
        "brand": brand,
        "purpose": template.purpose,
        "topic": template.purpose,
        "purpose_class": template.purpose_class,
        "template_id": template_id(connection, template_row(template)),
        "policy_version": current_policy(connection, policy),
        "state": "planning",
        "options": {
            "channels": list(Channel),
            "tracking": installation.organisation.tracking.get(template.purpose, True),
            "currency": installation.organisation.costs.currency,
            **pinned(connection, template.purpose_class, policy=policy),
        },
        "mode": "rehearsal" if rehearse else installation.mode,
        "requested_by": actor,
        "starts_at": now,
    }


def with_reference(document: Document, brand: Brand) -> Document:
    """Return a document with a payment reference of the kind that the account takes, or what is wrong with it."""
    invoice = document.invoice
    account = brand.accounts.get(invoice.currency) if invoice is not None else None
    if invoice is None or account is None or account.reference is None or invoice.is_credit:
        return document
    own = {one.account.replace(" ", "") for one in invoice.payment}
    if own and account.iban.replace(" ", "") not in own:  # it is paid elsewhere, or not by reference
        return document
    kind = account.reference
    if invoice.reference:
        if is_reference(kind, invoice.reference):
            return document
        detail = f"reference: {invoice.reference!r} is no {kind.value}: its check digit or length is wrong"
        return replace(document, invoice=None, reason=Reason.WRONG_DOCUMENT, detail=detail)
    try:
        made = make_reference(kind, invoice.number)
    except Problem as problem:
        return replace(
            document, invoice=None, reason=Reason.WRONG_DOCUMENT, detail=f"reference: {problem.what}"
        )
    return replace(document, invoice=invoice.model_copy(update={"reference": made}))


def control_sums(documents: Sequence[Document]) -> dict[str, str]:
    """Return the gross total of all good documents by currency."""
    sums: dict[str, Decimal] = {}
    for document in documents:
        if document.invoice is not None:
            currency = document.invoice.currency
            sums[currency] = sums.get(currency, Decimal(0)) + document.invoice.gross
    return {currency: str(total) for currency, total in sorted(sums.items())}


def render_documents(installation: Installation, run: Run, template: Template, *, shard: int) -> int:
    """Render, examine and archive the documents of a shard that are missing; returns how many. Again makes only those.

    A document that cannot be typeset, say for an address that no window holds, or that the legal gate refuses, is held
    and named; the others go on.

    Raises:
        Problem: the gate cannot be asked; nothing of the shard is released.
    """
    with installation.engine.begin() as connection:
        missing = rows.without_pdf(connection, run.id, shard)
        said = manners(connection, [item.customer for item in missing])
    brand = installation.organisation.brand(run.brand)
    names = list(template.links)
    jobs = [
        Job(
            invoice=asked_for(Invoice.model_validate(item.document), item.attributes),
            brand=brand,
            language=item.language,
            links=installation.links.for_message(
                item.message, item.customer, run.purpose, names, run.brand, issued_at=run.starts_at
            ),
            postal=item.postal,
            name=item.name,
            company=item.company,
            customer=item.reference,
            spoken=item.spoken,
            large=bool(manner(said, item.customer, brand=run.brand, at=run.starts_at).get("large_print")),
        )
        for item in missing
    ]
    made: list[tuple[int, str, str | None]] = []
    wrong: list[tuple[str, str]] = []
    slow: list[tuple[str, str]] = []
    for item, job, document in zip(missing, jobs, typeset(jobs), strict=True):
        xml, refused = (b"", document) if isinstance(document, str) else released(job, document.pdf)
        if refused or isinstance(document, str):
            wrong.append((item.message, refused))
            continue
        archive = installation.archive
        kept = keep(archive, xml, "xml") if xml else None
        made.append((item.invoice, keep(archive, document.pdf), kept))
        if document.cause:
            slow.append((item.message, document.cause))
    with installation.engine.begin() as connection:
        rows.set_files(connection, made)
        keep_in_full(connection, run.id, "invoice", slow)
        rows.hold(connection, wrong)
    return len(made)


def released(job: Job, pdf: bytes) -> tuple[bytes, str]:
    """Return the separate XML of a document (b"" = none) and what the legal gate has against it ("" = it may leave).

    Raises:
        Problem: the gate cannot be asked.
    """
    legal = whole(job.invoice, brand=job.brand, postal=job.postal, name=job.name, company=job.company)
    try:
        ubl = to_ubl(legal) if is_electronic(legal) else b""
        found = examine(legal, pdf=pdf, ubl=ubl)
    except GateDownError as error:
        raise Problem(
            f"No invoice can be released: {error}.",
            todo="Nothing was sent; run it again when that is put right.",
        ) from error
    return ubl, "; ".join(str(one) for one in found[:NAMED])


def sort_out(connection: Connection, brand: str, documents: Sequence[Document], source: str) -> Sorted:
    """Say what becomes of each document: it goes to a customer, went out before, or is held by its reason."""
    numbers = [document.number for document in documents if document.invoice is not None]
    sent = rows.sent_numbers(connection, brand, numbers)
    customers = rows.customers_of(
        connection, sorted({d.invoice.customer for d in documents if d.invoice is not None}), source
    )
    send: list[tuple[Document, int]] = []
    rejected: dict[str, list[dict[str, Any]]] = {}
    already = 0
    for document in documents:
        reason, detail = document.reason, document.detail
        if document.invoice is not None:
            earlier = sent.get(document.number)
            customer = customers.get(document.invoice.customer)
            if earlier is not None and earlier == (document.invoice.gross, document.invoice.currency):
                already += 1
                continue
            if earlier is not None:
                reason = Reason.DUPLICATE_NUMBER
                detail = f"number {document.number!r} was sent before over {earlier[0]} {earlier[1]}"
            elif customer is None:
                reason = Reason.UNKNOWN_CUSTOMER
                detail = f"there is no customer {document.invoice.customer!r}" + (
                    f" in {source!r}" if source else ""
                )
            else:
                send.append((document, customer))
                continue
        rejected.setdefault(str(reason), []).append(
            {"row": document.row, "number": document.number, "detail": detail}
        )
    return Sorted(send=send, already_sent=already, rejected=rejected)


def _row(document: Document, customer: int, space: str, country: str) -> dict[str, Any]:
    invoice = document.invoice
    if invoice is None:
        msg = f"row {document.row} has no invoice"
        raise ValueError(msg)
    until = keep_until(country, invoice.issued_on)
    return {
        "space": space,
        "customer": customer,
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "currency": invoice.currency,
        "net": str(invoice.net),
        "tax": str(invoice.tax),
        "gross": str(invoice.gross),
        "due": str(invoice.due),
        "credits": invoice.preceding[0].number if invoice.is_credit and invoice.preceding else "",
        "keep_until": until.isoformat(),
        "document": json.loads(invoice.model_dump_json()),
    }
