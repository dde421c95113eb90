"""Templates with their sample data: for looking at, and for the check that every one holds together."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from templates.catalog import Template
from templates.facts import check_parity
from templates.inspection import Finding, Verdict, inspect
from templates.render import documents_of, render
from templates.subject import Subject
from tidings.channel import Channel
from tidings.message import Content, Email, Letter, Push, Sms, WhatsApp
from tidings.organisation import Account, Brand, PostalOrigin, Senders
from tidings.problem import Problem

SAMPLE_BRAND = Brand(
    id="nordlys",
    name="Nordlys",
    legal_name="Nordlys Belysning AS",
    tax_id="NO 987 654 325 MVA",
    website="https://nordlys.example",
    service_email="hei@nordlys.example",
    service_phone="+47 22 00 00 00",
    address=PostalOrigin(lines=("Storgata 12", "0155 Oslo"), country="NO"),
    senders=Senders(
        email="hei@nordlys.example",
        email_name="Nordlys",
        sms="Nordlys",
        push="Nordlys",
        whatsapp="+4790000000",
    ),
    accounts={
        "EUR": Account(iban="NO9386011117947", bic="DNBANOKK", bank="DNB", holder="Nordlys Belysning AS")
    },
    languages=("en", "nb", "sv", "pl", "pt_BR"),
)
"""Invented; the IBAN is the example of the registry (ISO 13616)."""

_LINKS = {
    name: f"https://t.nordlys.example/{name[0]}/AbCdEfGhIjKlMnOpQr"
    for name in ("action", "document", "preferences")
}
_PLACES = {
    "US": {"street": ["1600 Elm Street", "Apt 4"], "city": "Portland", "area": "OR", "postal_code": "97201"},
    "GB": {"street": ["12 Orchard Road"], "city": "Bristol", "postal_code": "BS1 4ST"},
    "SE": {"street": ["Storgatan 7"], "city": "Uppsala", "postal_code": "753 31"},
    "PL": {"street": ["ul. Długa 14"], "city": "Kraków", "postal_code": "31-147"},
    "BR": {"street": ["Rua das Flores, 210"], "city": "Curitiba", "area": "PR", "postal_code": "80020-090"},
    "DE": {"street": ["Lindenstraße 5"], "city": "Leipzig", "postal_code": "04109"},
    "NO": {"street": ["Bygdøy allé 7"], "city": "Oslo", "postal_code": "0265"},
}


def sample_subject(
    template: Template,
    brand: Brand,
    language: str,
    *,
    country: str = "",
    data: Mapping[str, Any] | None = None,
) -> Subject:
    """Return a message about the template's sample customer; the same every time."""
    given = template.sample if data is None else data
    country = country.upper() or brand.address.country
    customer = given.get("customer") or {}
    name = f"{customer.get('first_name', '')} {customer.get('last_name', '')}".strip() or "Ingrid Solheim"
    place = _PLACES.get(country, _PLACES["NO"])
    return Subject(
        message="019aa5e0-7c00-7000-8000-00000000a001",
        reference="K7Q4MT",
        language=language,
        data=given,
        brand=brand,
        to="ingrid.solheim@example.org",
        created_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        postal={"name": name, "country": country, **place},
        customer=str(customer.get("reference") or "C-1007"),
        links={**_LINKS, "unsubscribe": "https://t.nordlys.example/u/AbCdEfGhIjKlMnOpQr"},
        platform="apns",
    )


def render_all(template: Template, subject: Subject) -> dict[Channel, Content]:
    """Return the template on every channel that it declares."""
    made = documents_of(template, subject)
    return {channel: render(template, channel, subject, documents=made) for channel in template.channels}


def prove(template: Template, *, brand: Brand, data: Mapping[str, Any] | None = None) -> list[str]:
    """Return what is wrong, one sentence each, as `look` finds it. Empty: the run may start."""
    return look(template, brand=brand, data=data)[0]


def look(
    template: Template, *, brand: Brand, data: Mapping[str, Any] | None = None
) -> tuple[list[str], list[Finding]]:
    """Render a template on every channel in every language of the brand with one set of data, and check each output.

    Args:
        template: what a run will send.
        brand: whose run it is.
        data: the run's data, the sample's customer is added; the whole sample when left out.

    Returns:
        One sentence per problem: a fact that is missing, a text that cannot be rendered. And what a marketer should
        know (`templates.inspection`).
    """
    given = None if data is None else {"customer": template.sample.get("customer", {}), **data}
    spoken = [language for language in template.languages if language in brand.languages]
    return _in_languages(template, brand, spoken or template.languages[:1], given)


def check_template(template: Template, brand: Brand) -> tuple[list[str], list[Finding]]:
    """Look at a template with its sample, as `look` does, in every language that it has."""
    return _in_languages(template, brand, template.languages, None)


def _in_languages(
    template: Template, brand: Brand, languages: Sequence[str], data: Mapping[str, Any] | None
) -> tuple[list[str], list[Finding]]:
    problems: list[str] = []
    findings: list[Finding] = []
    for language in languages:
        wrong, found = _looked_at(template, sample_subject(template, brand, language, data=data))
        problems += wrong
        findings += found
    return problems, findings


def _looked_at(template: Template, subject: Subject) -> tuple[list[str], list[Finding]]:
    where = f"{template.name}, {subject.language}"
    contents: dict[Channel, Content] = {}
    found: list[str] = []
    try:
        made = documents_of(template, subject)
    except Problem as problem:
        return [f"{where}: {problem}"], []
    for channel in template.channels:
        try:
            contents[channel] = render(template, channel, subject, documents=made)
        except Problem as problem:
            found.append(f"{where}, {channel.value}: {problem}")
    if not contents:
        return found, []
    found += [str(problem) for problem in check_parity(template, subject, contents)]
    findings = inspect(template, subject.language, contents)
    found += [
        f"{where}: something was left over: {one.detail}."
        for one in findings
        if one.check == "merge_tags" and one.verdict is Verdict.BLOCK
    ]
    return found, findings


def files_of(channel: Channel, content: Content) -> dict[str, bytes]:
    """Return a content as files that a person can open: name to bytes."""
    if isinstance(content, Email):
        return {"email.eml": content.raw, **_email_files(content.raw)}
    if isinstance(content, Sms):
        head = f"From: {content.sender}\nTo: {content.to}\nParts: {content.parts} ({content.encoding})\n\n"
        return {"sms.txt": f"{head}{content.text}\n".encode()}
    if isinstance(content, WhatsApp):
        template = f"Template: {content.template or 'none'} {list(content.variables)}"
        return {
            "whatsapp.txt": f"From: {content.sender}\nTo: {content.to}\n{template}\n\n{content.text}\n".encode()
        }
    if isinstance(content, Push):
        shown = {
            "title": content.title,
            "body": content.body,
            "link": content.link,
            "platform": content.platform,
        }
        payload = {"payload": json.loads(content.payload), "bytes": len(content.payload.encode())}
        return {"push.json": json.dumps(shown | payload, ensure_ascii=False, indent=2).encode()}
    assert isinstance(content, Letter)
    return {f"{channel.value}.pdf": content.pdf}


def _email_files(raw: bytes) -> dict[str, bytes]:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    files: dict[str, bytes] = {}
    html = ""
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "text/html":
            html = str(part.get_content())
        elif kind == "text/plain":
            files["email.txt"] = str(part.get_content()).encode()
        elif part.get_content_disposition() == "attachment":
            files[f"email-{part.get_filename('file')}"] = part.get_content()
        elif part["Content-ID"]:
            address = f"data:{kind};base64,{base64.b64encode(part.get_content()).decode()}"
            html = html.replace(f"cid:{str(part['Content-ID']).strip('<>')}", address)
    return files | {"email.html": html.encode()}
