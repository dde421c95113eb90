"""The evidence pack of one invoice: what was sent, on which grounds, what came back, and the hash of every file."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from store import invoice_evidence as store
from store.invoice_evidence import Known
from templates.evidence_pack import Section, bind
from tidings.message import Content, Email, Letter, Push, Sms, WhatsApp
from tidings.problem import Problem
from work.archive import fetch
from work.installation import Installation
from work.sent import sent
from work.timeline import Entry, timeline

_GROUNDS = frozenset({"statement", "consent", "suppression", "suppression_lifted"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """An evidence pack."""

    pdf: bytes
    sha256: str
    manifest: Mapping[str, Any]
    """As the attached `manifest.json` says it; `not_rebuilt` are deliveries whose bytes cannot be made again."""


def evidence_pack(installation: Installation, number: str, *, brand_id: str | None, now: datetime) -> Pack:
    """Return everything that is known of an invoice as one PDF with its files attached.

    Args:
        installation: whose books and archive.
        number: the invoice's.
        brand_id: whose; None: the first brand's.
        now: when it is made; stands on the cover.

    Raises:
        Problem: there is no such invoice, or the archive has lost or damaged one of its files.
    """
    brand = installation.organisation.brand(brand_id)
    with installation.engine.begin() as connection:
        invoice = store.known(connection, brand.id, number)
        if invoice is None:
            raise Problem(f"There is no invoice {number!r} of brand {brand.id!r}.")
        messages = store.messages_of(connection, invoice.id)
        events = store.events_of(connection, invoice.id)
        history = timeline(connection, invoice.customer)
        files = dict(_archived(installation, invoice)) | dict(_contents(connection, installation, messages))
    manifest = {
        "invoice": invoice.number,
        "brand": brand.id,
        "run": invoice.run,
        "issued_on": invoice.issued_on.isoformat(),
        "keep_until": invoice.keep_until.isoformat() if invoice.keep_until else None,
        "made_at": now.astimezone(UTC).isoformat(),
        "files": [
            {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "not_rebuilt": [
            reference
            for message in messages
            for reference in message["deliveries"]
            if not any(reference in name for name in files)
        ],
    }
    sections = (
        Section(title="Invoice", rows=_facts(invoice, brand.legal_name)),
        Section(title="Messages and what was decided", rows=list(_decided(messages))),
        Section(
            title="Wishes and consents in force when it was decided", rows=list(_grounds(history, messages))
        ),
        Section(title="Attempts, receipts and reactions", rows=list(_happened(history, messages))),
        Section(
            title="What became of it",
            rows=[
                (_time(at), _joined((kind, amount, step, source)))
                for at, kind, amount, step, source in events
            ],
        ),
        Section(
            title="Files attached, with their SHA-256",
            rows=[(one["name"], one["sha256"]) for one in _files(manifest)],
        ),
    )
    pdf = bind(
        title=f"Evidence of invoice {invoice.number}",
        made=f"Made {_time(now)} from the books of {brand.legal_name}.",
        sections=sections,
        document=files.get("invoice.pdf"),
        files=files | {"manifest.json": json.dumps(manifest, ensure_ascii=False, indent=2).encode()},
        identity=f"evidence/{brand.id}/{invoice.number}",
    )
    return Pack(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest(), manifest=manifest)


def _files(manifest: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    found: Sequence[Mapping[str, str]] = manifest["files"]
    return found


def _archived(installation: Installation, invoice: Known) -> Iterator[tuple[str, bytes]]:
    for name, digest, kind in (
        ("invoice.pdf", invoice.pdf_hash, "pdf"),
        ("invoice.xml", invoice.xml_hash, "xml"),
    ):
        if digest:
            try:
                yield name, fetch(installation.archive, digest, kind)
            except (OSError, ValueError) as error:
                raise Problem(
                    f"The archive cannot give {name} of {invoice.number}: {error}.",
                    todo="Restore it from a backup: docs/operations.md.",
                ) from error


def _contents(
    connection: Connection, installation: Installation, messages: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, bytes]]:
    """Yield what was sent, byte for byte, as far as it can be built again."""
    for message in messages:
        for reference in message["deliveries"]:
            found = sent(connection, installation, reference)
            if found is not None and found.content is not None:
                kind, content = _bytes(found.content)
                yield f"{message['purpose']}-{reference}.{kind}", content


def _bytes(content: Content) -> tuple[str, bytes]:
    match content:
        case Email():
            return "eml", content.raw
        case Letter():
            return "pdf", content.pdf
        case Sms() | WhatsApp():
            return "txt", content.text.encode()
        case Push():
            return "txt", f"{content.title}\n{content.body}".encode()


def _facts(invoice: Known, seller: str) -> list[tuple[str, str]]:
    return [
        ("Number", invoice.number),
        ("Seller", seller),
        ("Issued", invoice.issued_on.isoformat()),
        ("Due", invoice.due_on.isoformat()),
        ("Total", f"{invoice.gross} {invoice.currency}"),
        ("Run", invoice.run),
        ("Kept at least until", invoice.keep_until.isoformat() if invoice.keep_until else "not recorded"),
        ("SHA-256 of the PDF", invoice.pdf_hash or "not made"),
        ("SHA-256 of the XML", invoice.xml_hash or "none"),
    ]


def _decided(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for message in messages:
        ranked = [one for one in message["decision"] if one.get("rank") is not None]
        order = ", ".join(f"{one['channel']} ({one['reason']})" for one in ranked)
        said = _joined((message["purpose"], message["state"], message["reason"], message["channel"]))
        yield _time(message["planned_at"]), f"{said}; {order}; message {message['message']}"


def _grounds(history: Sequence[Entry], messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    last = max((message["planned_at"] for message in messages), default=None)
    for entry in history:
        if entry["kind"] in _GROUNDS and last is not None and entry["at"] <= last:
            yield _time(entry["at"]), _told(entry)


def _happened(history: Sequence[Entry], messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    ours = {message["message"] for message in messages}
    for entry in history:
        if entry["message"] in ours and entry["kind"] != "message":
            yield _time(entry["at"]), _told(entry)


def _told(entry: Entry) -> str:
    return (
        f"{entry['title']} {json.dumps(entry['evidence'], ensure_ascii=False, default=str, sort_keys=True)}"
    )


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _joined(parts: Sequence[object]) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, ""))
