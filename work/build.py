"""From a claimed attempt to a parcel: finished bytes on one channel. Same inputs, same bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from store.claims import Claimed
from store.runs import Run, find_run, template_name
from templates.catalog import Template, find
from templates.render import Subject, render
from tidings.channel import Channel
from tidings.message import Content, Email, Letter, Parcel, Push, Sms
from tidings.organisation import Organisation
from work.archive import fetch
from work.installation import Installation


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all messages of a run share."""

    run: Run
    template: Template


def read_context(connection: Connection, installation: Installation, run_id: str) -> RunContext:
    """Return a run with its template."""
    run = find_run(connection, run_id)
    if run is None:
        msg = f"run {run_id} has vanished"
        raise LookupError(msg)
    name = template_name(connection, run.template_id)
    return RunContext(run=run, template=find(name, extra=installation.own_templates))


def parcel(
    claimed: Claimed,
    context: RunContext,
    installation: Installation,
    invoices: Mapping[int, tuple[Mapping[str, Any], str]],
) -> Parcel:
    """Render one claimed message for its channel.

    Raises:
        Exception: whatever is wrong with this message's data; the caller fails this message and no other.
    """
    documents: dict[str, bytes] = {}
    data: dict[str, Any] = {**context.run.options.get("data", {}), **claimed.data}
    if claimed.invoice is not None:
        document, pdf_hash = invoices[claimed.invoice]
        data["invoice"] = document
        documents["invoice"] = fetch(installation.archive, pdf_hash)
    content = render(
        context.template,
        Channel(claimed.channel),
        subject_of(claimed, context, installation, data),
        documents=documents,
    )
    return Parcel(
        message=claimed.message,
        attempt=claimed.attempt,
        content=content,
        purpose=claimed.purpose,
        brand=claimed.brand,
    )


def subject_of(
    claimed: Claimed, context: RunContext, installation: Installation, data: Mapping[str, Any]
) -> Subject:
    """Return what the template is rendered for."""
    return Subject(
        message=claimed.message,
        reference=claimed.reference,
        language=claimed.language,
        data=data,
        brand=installation.organisation.brand(claimed.brand),
        to=claimed.address,
        postal=claimed.postal,
        customer=claimed.customer_reference,
        links=installation.links.for_message(
            claimed.message, claimed.customer, claimed.purpose, list(context.template.links), claimed.brand
        ),
        platform=claimed.platform,
        created_at=claimed.created_at,
    )


def content_hash(content: Content) -> str:
    """Return the SHA-256 of the bytes that leave."""
    match content:
        case Email():
            body = content.raw
        case Sms():
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
        case Push():
            return 1, costs.push
        case Sms():
            return content.parts, costs.sms_part * content.parts
        case Letter():
            postage = costs.postage.get(content.postage) or next(iter(costs.postage.values()))
            stamp = postage.domestic if content.country == organisation.country else postage.abroad
            return content.sheets, stamp + postage.sheet * content.sheets
