"""From a claimed attempt to a parcel: finished bytes on one channel. Same inputs, same bytes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import Connection

from store.claims import Claimed
from store.in_full import keep_in_full
from store.manners import Said, manner, manners
from store.runs import Run, find_run, recorded_template
from templates.catalog import Template, as_recorded
from templates.render import Subject, render
from tidings.channel import Channel
from tidings.message import CHANNEL_OF, Content, Email, Letter, Parcel, Push, Sms, WhatsApp
from tidings.organisation import Organisation
from tidings.outcome import ErrorClass, Rejected
from work.archive import fetch
from work.because import SAYS, becauses, possible
from work.comail import postage_of, stamp
from work.enclosures import of_run
from work.installation import Installation
from work.outcome import Built

log = structlog.get_logger()

Invoices = Mapping[int, tuple[Mapping[str, Any], str]]
"""Of each invoice its document, and the hash of its PDF in the archive."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all messages of a run share."""

    run: Run
    template: Template


@dataclass(kw_only=True, slots=True)  # not frozen, which is 2 us of each mail; nobody changes one
class Ready:
    """A parcel that may be handed over, and what to note about it."""

    parcel: Parcel
    built: Built


def read_context(connection: Connection, installation: Installation, run_id: str) -> RunContext:
    """Return a run with its template."""
    run = find_run(connection, run_id)
    if run is None:
        msg = f"run {run_id} has vanished"
        raise LookupError(msg)
    return context_of(connection, installation, run)


def context_of(connection: Connection, installation: Installation, run: Run) -> RunContext:
    """Return a run that was read with its template, in the words that it was opened, and approved, with."""
    was = recorded_template(connection, run.template_id)
    template = as_recorded(was.name, was.texts, was.content_hash, extra=installation.own_templates)
    return RunContext(run=run, template=template)


def parcels(
    claimed: Sequence[Claimed],
    contexts: Mapping[str, RunContext],
    installation: Installation,
    invoices: Invoices,
) -> Iterator[tuple[str, Ready | Rejected]]:
    """Build what was claimed: (attempt, what became of it), one for each in this order, made as it is asked for.

    What is wrong with one message is its own outcome. About 40 us for an e-mail that has a skeleton
    (`templates.skeleton`), 400 us for another one.

    Args:
        claimed: committed attempts.
        contexts: by run.
        installation: whose they are.
        invoices: of those that have one.
    """
    if not claimed:
        return
    with installation.engine.begin() as connection:
        said = manners(connection, sorted({one.customer for one in claimed}))
        why = becauses(connection, claimed, installation.organisation)
    for one in claimed:
        yield (
            one.attempt,
            _ready(one, contexts[one.run], installation, invoices, said, why.get(one.message, "")),
        )


def _ready(
    claimed: Claimed,
    context: RunContext,
    installation: Installation,
    invoices: Invoices,
    said: Said,
    why: str,
) -> Ready | Rejected:
    try:
        made = parcel(claimed, context, installation, invoices, said, why)
    except Exception as error:
        log.warning("a message could not be rendered", message=claimed.message, error=type(error).__name__)
        return Rejected(error=ErrorClass.DATA, code="render", detail=f"{type(error).__name__}: {error}")
    digest = content_hash(made.content)
    if claimed.content_hash not in {None, digest}:
        with installation.engine.begin() as connection:
            before = as_it_was(connection, claimed, context, installation, invoices, said, why)
        if before is None:
            detail = "the bytes are not those of the first attempt"
            return Rejected(error=ErrorClass.DATA, code="bytes_changed", detail=detail)
        made, digest = before, content_hash(before.content)
    if isinstance(made.content, Letter) and made.content.cause:
        log.info("a letter was laid out in full", message=claimed.message, cause=str(made.content.cause))
        with installation.engine.begin() as connection:
            keep_in_full(connection, claimed.run, "letter", [(claimed.message, str(made.content.cause))])
    parts, cost = parts_and_cost(made.content, installation.organisation)
    return Ready(parcel=made, built=Built(content_hash=digest, parts=parts, cost=cost))


def as_it_was(
    connection: Connection,
    claimed: Claimed,
    context: RunContext,
    installation: Installation,
    invoices: Invoices,
    said: Said,
    why: str,
) -> Parcel | None:
    """Return what an earlier attempt was, whose digest is known; None: it was nothing that we know.

    Its links may have begun with another TIDINGS_PUBLIC_URL, and it may have said another reason for its channel
    than `why`, the one of the stored decision.
    """
    whys = [why, *possible(connection, claimed)] if claimed.channel in SAYS else [""]
    made = (
        parcel(claimed, context, before, invoices, said, one)
        for before in (installation, *installation.former)
        for one in dict.fromkeys(whys)
    )
    return next((one for one in made if content_hash(one.content) == claimed.content_hash), None)


def parcel(
    claimed: Claimed,
    context: RunContext,
    installation: Installation,
    invoices: Invoices,
    said: Said,
    why: str = "",
) -> Parcel:
    """Render one claimed message for its channel, in the manner that its customer had asked for (`store.manners`).

    `why` is the sentence of its footer (`work.because`).

    Raises:
        Exception: whatever is wrong with this message's data; the caller fails this message and no other.
    """
    documents: dict[str, bytes] = {}
    data = claimed.data
    if claimed.invoice is not None:
        document, pdf_hash = invoices[claimed.invoice]
        data = {**data, "invoice": document}
        if context.template.document:  # a reminder only speaks of it
            documents["invoice"] = fetch(installation.archive, pdf_hash)
    content = render(
        context.template,
        Channel(claimed.channel),
        subject_of(claimed, context, installation, data, said, why),
        documents=documents,
    )
    return Parcel(
        message=claimed.message,
        attempt=claimed.attempt,
        content=content,
        purpose=claimed.purpose,
        brand=claimed.brand,
        delivery=claimed.delivery_number,
        run=claimed.run,
        expires=expiry(context.run),
    )


def expiry(run: Run) -> date | None:
    """Return the last day of what a run offers, where its data say so."""
    last = run.options.get("data", {}).get("valid_until")
    try:
        return date.fromisoformat(last) if isinstance(last, str) else None
    except ValueError:
        return None


def subject_of(
    claimed: Claimed,
    context: RunContext,
    installation: Installation,
    data: Mapping[str, Any],
    said: Said = MappingProxyType({}),
    why: str = "",
) -> Subject:
    """Return what the template is rendered for."""
    wished = manner(said, claimed.customer, brand=claimed.brand, at=claimed.created_at) if said else {}
    return Subject(
        message=claimed.message,
        reference=claimed.reference,
        language=claimed.language,
        data=data,
        shared=context.run.options.get("data", {}),
        brand=installation.organisation.brand(claimed.brand),
        to=claimed.address,
        postal=claimed.postal,
        customer=claimed.customer_reference,
        links=installation.links.for_message(
            claimed.message,
            claimed.customer,
            claimed.purpose,
            context.template.link_names,
            claimed.brand,
            issued_at=claimed.created_at,
            document=context.template.leads_to_document,
        ),
        platform=claimed.platform,
        heard_at=claimed.heard_at,
        created_at=claimed.created_at,
        why=why,
        large=wished.get("large_print") is True,
        plain=wished.get("plain_language") is True,
        enclosures=of_run(installation, context.run) if claimed.channel == Channel.LETTER else (),
    )


def content_hash(content: Content) -> str:
    """Return a digest of what leaves: the same content has the same one at every attempt, another one another.

    A SHA-256 over the bytes; of an e-mail from a skeleton over the skeleton and its values.
    """
    match content:
        case Email():
            if content.digest:
                return content.digest
            body = content.raw
        case Sms() | WhatsApp():
            body = content.text.encode()
        case Push():
            body = content.payload.encode()
        case Letter():
            body = content.pdf
    return hashlib.sha256(body).hexdigest()


def parts_and_cost(content: Content, organisation: Organisation) -> tuple[int, Decimal]:
    """Return billed parts (SMS) or sheets (letters), and the cost in the organisation's currency."""
    costs = organisation.costs
    match content:
        case Email():
            return 1, costs.email
        case Push() | WhatsApp():
            return 1, costs.expected(CHANNEL_OF[type(content)])
        case Sms():
            return content.parts, costs.sms_part * content.parts
        case Letter():
            paper = postage_of(costs, content).sheet * content.sheets
            return content.sheets, stamp(content, organisation) + paper
