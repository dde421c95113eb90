"""The parity proof: every fact stands in every channel's output, in the form that the language writes it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from templates.catalog import Fact, Template
from templates.language import choose
from templates.safe import day, iban, money, number, percent
from templates.subject import Subject
from templates.values import add_account, check_data, invoice_values
from tidings.channel import Channel
from tidings.message import Content, Email, Letter, Sms, WhatsApp

_SPACE = re.compile(r"[\s\u00a0\u202f\u2009\u00ad]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class ParityProblem:
    """A fact that one channel does not say."""

    template: str
    language: str
    channel: Channel
    part: str
    """`html`, `text`, `attachment`, `pdf`, `payload`, `text`, `xml`: where it was looked for."""
    fact: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.template}, {self.language}, {self.channel.value} ({self.part})"
        return f"{place}: fact {self.fact} is missing; it should read {self.expected!r}."


def check_parity(
    template: Template, subject: Subject, contents: Mapping[Channel, Content]
) -> list[ParityProblem]:
    """Search each rendered content for each fact of the message; an empty list is the proof.

    A fact whose value is empty (no account for this currency) is not looked for.
    """
    language = choose(subject.language, template.languages, subject.brand.languages)
    forms = fact_forms(template, subject, language)
    found = [
        ParityProblem(
            template=template.name,
            language=language,
            channel=channel,
            part=part,
            fact=fact,
            expected=accepted[0],
        )
        for channel, content in contents.items()
        for part, text in outputs(content)
        for fact, accepted in forms.items()
        if not any(_says(text, _as_sent(content, form)) for form in accepted)
    ]
    if template.document != "invoice":
        return found
    return found + [
        ParityProblem(
            template=template.name,
            language=language,
            channel=channel,
            part="xml",
            fact=fact,
            expected=expected,
        )
        for channel, content in contents.items()
        for fact, expected in _unlike_xml(template, subject, content)
    ]


def _unlike_xml(template: Template, subject: Subject, content: Content) -> Iterator[tuple[str, str]]:
    """Yield (fact, value) of what the XML inside of an invoice does not say as the message's own data does."""
    told = add_account(check_data(template, subject.data, subject.shared)["invoice"], subject.brand)
    for pdf in _documents(content):
        said = invoice_in(pdf)
        if said is None:  # no seller's tax number: there is no XML, and the gate has judged that
            continue
        for name, fact in template.facts.items():
            holder, _, path = fact.value.partition(".")
            value = told.get(path) if holder == "invoice" else None
            if value not in (None, "") and _joined(said.get(path)) != _joined(value):
                yield name, str(value)


def _joined(value: Any) -> Any:
    return value.replace(" ", "") if isinstance(value, str) else value


def _documents(content: Content) -> Iterator[bytes]:
    if isinstance(content, Letter):
        yield content.pdf
    elif isinstance(content, Email):
        for part in message_from_bytes(content.raw, policy=default).walk():
            if part.get_content_type() == "application/pdf":
                yield part.get_content()


def invoice_in(pdf: bytes) -> dict[str, Any] | None:
    """Return the invoice that the XML inside of a PDF says, in the words of template text; None where there is none."""
    from templates.einvoice.cii import from_cii
    from templates.einvoice.hybrid import read_xml
    from templates.einvoice.syntax import parse
    from templates.einvoice.view import model_of

    xml = read_xml(pdf)
    if xml is None:
        return None
    return invoice_values(model_of(from_cii(parse(xml))))


def fact_forms(template: Template, subject: Subject, language: str) -> dict[str, tuple[str, ...]]:
    """Return, for each fact that has a value, the forms in which the language may write it; the first is preferred."""
    values = check_data(template, subject.data, subject.shared)
    if template.model.get("invoice") == "invoice":
        values["invoice"] = add_account(values["invoice"], subject.brand)
    forms = {name: _forms(fact, values, language) for name, fact in template.facts.items()}
    return {name: accepted for name, accepted in forms.items() if accepted}


def _forms(fact: Fact, values: Mapping[str, Any], language: str) -> tuple[str, ...]:
    value = _at(values, fact.value)
    if value is None or value == "":
        return ()
    if fact.form == "money":
        path = fact.currency or f"{fact.value.rpartition('.')[0]}.currency".lstrip(".")
        return (money(value, str(_at(values, path)), language),)
    if fact.form == "date":
        return tuple(day(value, language, style) for style in ("long", "medium", "short", "full"))
    if fact.form == "percent":
        return (percent(value, language),)
    if fact.form == "number":
        return (number(Decimal(value), language),)
    if fact.form == "iban":
        return (iban(value), value.replace(" ", ""))
    return (str(value),)


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def outputs(content: Content) -> Iterator[tuple[str, str]]:
    """Yield what a customer reads of a content, part by part, as plain text."""
    if isinstance(content, Email):
        yield from _email_outputs(content)
    elif isinstance(content, Letter):
        yield "pdf", pdf_text(content.pdf)
    elif isinstance(content, Sms | WhatsApp):
        yield "text", content.text
    else:
        yield "payload", f"{content.title}\n{content.body}"


def _email_outputs(content: Email) -> Iterator[tuple[str, str]]:
    message = message_from_bytes(content.raw, policy=default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "text/plain":
            yield "text", str(part.get_content())
        elif kind == "text/html":
            yield "html", html_text(str(part.get_content()))
        elif kind == "application/pdf":
            yield "attachment", pdf_text(part.get_content())


def html_text(html: str) -> str:
    """Return what a reader sees of an HTML page, without what is hidden."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    for node in tree.css("style, script, title, .quiet"):
        node.decompose()
    body = tree.body
    return body.text(separator=" ") if body is not None else ""


def pdf_text(pdf: bytes) -> str:
    """Return the text of a PDF, pages joined by line ends."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def _as_sent(content: Content, form: str) -> str:
    """Return a form as its channel writes it; only an SMS has letters and signs of its own."""
    if not isinstance(content, Sms):
        return form
    from templates.sms import said_in

    return said_in(content, form)


def _says(text: str, form: str) -> bool:
    """Tell whether a text says a value: not as a part of a longer number or word."""
    wanted = re.escape(_SPACE.sub(" ", form).strip())
    edge = r"(?<![\w])(?<!\d[.,])" if form[0].isalnum() else ""
    end = r"(?![\w])(?![.,]\d)" if form[-1].isalnum() else ""
    pattern = edge + wanted.replace(r"\ ", r"\ ?") + end
    return re.search(pattern, _SPACE.sub(" ", text)) is not None
