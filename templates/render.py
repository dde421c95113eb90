"""One message on one channel: the same source, the same values, finished content."""

from collections.abc import Mapping
from typing import Any

from templates.catalog import Template
from templates.edition import Edition, edition
from templates.facts import ParityProblem, check_parity
from templates.language import choose
from templates.subject import Subject
from templates.values import add_account, brand_values, check_data, link_values
from tidings.channel import Channel
from tidings.invoice import Invoice
from tidings.message import Content, Email, Letter, Push, Sms, WhatsApp
from tidings.organisation import Brand
from tidings.problem import Problem

__all__ = [
    "ParityProblem",
    "Subject",
    "check_data",
    "check_parity",
    "documents_of",
    "language_of",
    "render",
]


def language_of(template: Template, wanted: str, brand: Brand) -> str:
    """Return the language that a message will be written in; store it with the message."""
    return choose(wanted, template.languages, brand.languages)


def render(
    template: Template, channel: Channel, subject: Subject, *, documents: Mapping[str, bytes] | None = None
) -> Content:
    """Return the finished content of one message on one channel. The same arguments give the same bytes.

    Args:
        template: from `templates.catalog.find`.
        channel: one that the template declares.
        subject: what the message is about.
        documents: file name to bytes, attached to the e-mail; for a template with a document, the PDF under the name
            `invoice`, which is the letter, too, and gets a file name in the customer's language. Where such a template
            is given none, it is made here (0.1 s).

    Raises:
        Problem: the channel is not declared, a value is missing or wrong, or the result breaks a limit of its channel.
    """
    if channel not in template.channels:
        raise Problem(
            f"Template {template.name} has no {channel.value}.", todo="Add it to channels in template.toml."
        )
    written = _edition(template, subject)
    values = values_of(template, subject)
    if channel is Channel.SMS:
        return _sms(written, subject, values)
    if channel is Channel.PUSH:
        return _push(written, subject, values)
    if channel is Channel.WHATSAPP:
        return _whatsapp(written, subject, values)
    made = documents or _documents(written, subject, values)
    return (_email if channel is Channel.EMAIL else _letter)(written, subject, values, made)


def documents_of(template: Template, subject: Subject) -> dict[str, bytes]:
    """Return the documents of a message, for `render` on several channels; empty for a template without."""
    written = _edition(template, subject)
    return _documents(written, subject, values_of(template, subject))


def _edition(template: Template, subject: Subject) -> Edition:
    language = language_of(template, subject.language, subject.brand)
    return edition(template, language, subject.brand, large=subject.large, plain=subject.plain)


def values_of(template: Template, subject: Subject) -> dict[str, Any]:
    values = check_data(template, subject.data, subject.shared)
    brand = subject.brand
    if template.model.get("invoice") == "invoice":
        values["invoice"] = add_account(values["invoice"], brand)
    values["brand"] = brand_values(brand)
    values["links"] = link_values(template, values, brand, subject.links)
    values["reference"] = subject.reference
    values["why_here"] = f" {subject.why}" if subject.why else ""  # behind another sentence, in its line
    return values


def _email(
    written: Edition, subject: Subject, values: Mapping[str, Any], documents: Mapping[str, bytes]
) -> Email:
    """Return the e-mail, by its skeleton where it has one."""
    from templates.skeleton import skeletons_of

    files = {_file_name(written, name, values): content for name, content in documents.items()}
    made = skeletons_of(written).email(subject, values, files)
    return made or _in_full(written, subject, values, files)


def email_in_full(
    template: Template, subject: Subject, *, documents: Mapping[str, bytes] | None = None
) -> Email:
    """Return an e-mail without its skeleton: what `render` is held against, part by part and header by header."""
    written = _edition(template, subject)
    values = values_of(template, subject)
    made = documents or _documents(written, subject, values)
    files = {_file_name(written, name, values): content for name, content in made.items()}
    return _in_full(written, subject, values, files)


def _in_full(
    written: Edition, subject: Subject, values: Mapping[str, Any], files: Mapping[str, bytes]
) -> Email:
    from templates.email import make_email

    return make_email(
        edition=written,
        subject=subject,
        title=written.subject(values),
        html=written.email_html(values),
        text=written.email_text(values),
        name=values["customer"]["name"],
        unsubscribe=values["links"]["unsubscribe"],
        documents=files,
    )


def _file_name(written: Edition, name: str, values: Mapping[str, Any]) -> str:
    """Return what the attachment is called on the customer's disk."""
    if name != written.template.document:
        return name
    return f"{written.words['attachment']}-{values['invoice']['number']}.pdf"


def _sms(written: Edition, subject: Subject, values: Mapping[str, Any]) -> Sms:
    from templates.sms import checked, plainer, transliterated

    link = _main_link(written, values)
    pieces = [plainer(written.short(values)), link]
    if written.marketing and values["links"]["unsubscribe"]:
        pieces.append(f"{written.words['stop']} {values['links']['unsubscribe']}")
    text, replaced = " ".join(piece for piece in pieces if piece), ""
    if subject.brand.sms_letters == "transliterated":
        text, replaced = transliterated(text)
    encoding, parts = checked(text, budget=written.template.sms_budget, where=written.template.name)
    return Sms(
        sender=subject.brand.senders.sms,
        to=subject.to,
        text=text,
        parts=parts,
        encoding=encoding,
        replaced=replaced,
    )


def _push(written: Edition, subject: Subject, values: Mapping[str, Any]) -> Push:
    from templates.push import make_push

    return make_push(
        message=subject.message,
        to=subject.to,
        platform=subject.platform,
        title=written.headline(values),
        body=written.short(values),
        link=_main_link(written, values),
        topic=written.template.topic,
        where=written.template.name,
        preferences=(values["links"].get("preferences", ""), written.words["preferences"]),
    )


def _whatsapp(written: Edition, subject: Subject, values: Mapping[str, Any]) -> WhatsApp:
    from templates.whatsapp import make_whatsapp

    stop = values["links"]["unsubscribe"] if written.marketing else ""
    return make_whatsapp(
        subject=subject,
        text=written.short(values),
        link=_main_link(written, values),
        stop=f"{written.words['stop']} {stop}" if stop else "",
        template=subject.brand.whatsapp.get(written.template.name, {}).get(written.language, ""),
        where=written.template.name,
    )


def _main_link(written: Edition, values: Mapping[str, Any]) -> str:
    """Return the link of the action block; an absent one is left out, never invented."""
    links: Mapping[str, str] = values["links"]
    return links.get(written.action.link, "") if written.action else ""


def _documents(written: Edition, subject: Subject, values: Mapping[str, Any]) -> dict[str, bytes]:
    if written.template.document != "invoice":
        return {}
    from templates.invoice import invoice_pdf

    invoice = Invoice.model_validate({**subject.shared, **subject.data}["invoice"])
    pdf = invoice_pdf(
        invoice,
        brand=subject.brand,
        language=written.language,
        links=values["links"],
        postal=subject.postal,
        name=values["customer"]["name"],
        company=values["customer"]["company"],
        customer=subject.customer,
        large=subject.large,
    )
    return {"invoice": pdf}


def _letter(
    written: Edition, subject: Subject, values: Mapping[str, Any], documents: Mapping[str, bytes]
) -> Letter:
    from templates.letter import make_letter

    return make_letter(edition=written, subject=subject, values=values, documents=documents)
