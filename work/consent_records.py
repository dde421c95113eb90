"""Consent records in the fields of ISO/IEC TS 27560:2023, and the receipt that a customer can keep.

What the event itself does not say (who controls the data, how to withdraw, who receives the data) is told by the
organisation as it is configured now; what was shown is kept by its SHA-256, and its text beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from store.consents import keep_notices, records_of
from store.persons import members
from tidings.organisation import Brand, Organisation
from tidings.purpose import Purpose, PurposeClass

SCHEMA = "ISO/IEC TS 27560:2023"
_STATUS = {
    "given": "given",
    "legacy": "given without proof",
    "withdrawn": "withdrawn",
    "objected": "objected",
}
_METHODS = {
    "form": "the customer's own page",
    "unsubscribe": "unsubscribe link",
    "reply": "answer to a message",
    "api": "another system",
    "import": "file of another system",
    "provider": "report of a provider",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A text that a customer was shown."""

    digest: str
    """Its SHA-256."""
    language: str
    words: str

    @property
    def record(self) -> dict[str, Any]:
        """What a consent's record says of it."""
        return {"notice_sha256": self.digest, "notice_language": self.language}


@lru_cache(maxsize=1024)
def notice(words: str, language: str) -> Notice:
    """Return a text as a notice."""
    return Notice(digest=hashlib.sha256(words.encode()).hexdigest(), language=language, words=words)


def keep(connection: Connection, notices: Collection[Notice], *, now: datetime) -> None:
    """Keep the texts that customers were shown, each once."""
    if notices:
        keep_notices(connection, {one.digest: (one.language, one.words) for one in notices}, now=now)


def records(connection: Connection, organisation: Organisation, *, customer: int) -> list[dict[str, Any]]:
    """Return the consent records of a customer, all records of the person, the oldest first.

    Each has the fields of `record`; the text of a notice is under `notice.text` where it was kept.
    """
    rows = records_of(connection, members(connection, customer))
    return [_record(row, organisation) for row in rows]


def receipt(
    connection: Connection, organisation: Organisation, *, customer: int, now: datetime
) -> dict[str, Any]:
    """Return a consent receipt: the records of a customer, and who issued it when."""
    return {
        "schema_version": SCHEMA,
        "issued_at": now.isoformat(),
        "issued_by": organisation.name,
        "records": records(connection, organisation, customer=customer),
    }


def _record(row: Mapping[str, Any], organisation: Organisation) -> dict[str, Any]:
    kept = row["record"]
    brands = [brand for brand in organisation.brands if row["brand"] in ("all", brand.id)]
    ground = kept.get("ground", "")
    source = row["source"].partition(":")[0]
    return {
        "record_id": f"urn:tidings:{row['installation']}:consent:{row['id']}",
        "schema_version": SCHEMA,
        "pii_principal": row["reference"] or "",
        "pii_controllers": [_controller(brand) for brand in brands],
        "purpose": row["topic"],
        "purpose_class": _class_of(row["topic"]),
        "channel": row["channel"],
        "lawful_basis": f"implied by {ground}" if ground else "consent (GDPR art. 6(1)(a))",
        "event": _STATUS[row["action"]],
        "event_at": row["at"].isoformat(),
        "recorded_at": row["recorded_at"].isoformat(),
        "expires_at": row["expires_at"].isoformat() if row["expires_at"] else None,
        "notice": {
            "sha256": kept.get("notice_sha256", ""),
            "language": kept.get("notice_language", ""),
            "text": row["notice"],
        },
        "collection_method": _METHODS.get(source, row["source"]),
        "source": row["source"],
        "proof": row["proof"],
        "given_by": row["on_behalf"] or "the customer",
        "recorded_by": row["actor"],
        "jurisdiction": kept.get("jurisdiction") or row["country"],
        "withdrawal_method": [
            "the link in every message",
            "the customer's own page",
            *(["answer STOP"] if row["channel"] in ("sms", "whatsapp", "all") else []),
            *(f"write to {brand.service_email}" for brand in brands if brand.service_email),
        ],
        "recipients": sorted(
            {provider for brand in brands for provider in _recipients(brand, row["channel"])}
        ),
    }


def _class_of(topic: str) -> str:
    root = topic.partition(".")[0]
    return Purpose(root).purpose_class.value if root in set(Purpose) else PurposeClass.MARKETING.value


def _controller(brand: Brand) -> dict[str, Any]:
    return {
        "name": brand.legal_name,
        "brand": brand.name,
        "address": brand.address.model_dump(exclude_defaults=True),
        "contact": brand.service_email or brand.service_phone or brand.website,
    }


def _recipients(brand: Brand, channel: str) -> list[str]:
    """Return the kinds of companies that get the address to deliver a message."""
    named = {
        "email": "e-mail relay",
        "sms": "SMS carrier",
        "whatsapp": "WhatsApp (Meta)",
        "push": "push service of the device's maker",
        "letter": "print house and post",
    }
    return [named[str(one)] for one in brand.channels if channel in ("all", str(one)) and str(one) in named]
