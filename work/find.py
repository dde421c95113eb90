"""`tidings find`: what a short reference on a letter, in a mail or on the telephone stands for."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from store.replies import delivery
from tidings.problem import Problem
from work.installation import Installation


def find(installation: Installation, reference: str) -> Mapping[str, Any]:
    """Return the delivery of a reference, in whatever case and with whatever spaces and dashes it is typed.

    Returns:
        {reference, delivery, number, channel, state, address, content_hash, created_at, message, message_state,
        reason, run, brand, purpose, document, invoice, pdf_hash, template, template_version, language, customer,
        attempts: [{attempt, number, provider, state, error_class, code, provider_reference, started_at, ended_at}]}

    Raises:
        Problem: there is none.
    """
    typed = re.sub(r"[\s\-\u2010-\u2015._/]", "", reference).upper()
    with installation.engine.begin() as connection:
        found = delivery(connection, typed)
    if found is None:
        raise Problem(
            f"There is no delivery with the reference {reference!r}.",
            todo="It stands in the Message-ID of a mail and on a letter; `tidings timeline CUSTOMER` shows all.",
        )
    told = {name: value for name, value in found.items() if name != "customer_id"}
    told["created_at"] = found["created_at"].astimezone(UTC)
    for attempt in told["attempts"]:
        for name in ("started_at", "ended_at"):
            attempt[name] = attempt[name].astimezone(UTC) if attempt[name] else None
    return told
