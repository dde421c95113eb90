"""What the senders of `bench.mail` say to whom, for engines of every kind, and the loop of a plain script."""

import base64
import re
import smtplib
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import jinja2

from bench import sink
from templates.catalog import find
from templates.preview import sample_subject
from templates.render import Subject, render
from tidings.channel import Channel
from tidings.message import Email
from tidings.organisation import Account, Brand, PostalOrigin, Senders
from tidings.problem import Exit, Problem

FIRST = ("Ingrid", "Åse", "Ola & Kari", "Zoë", "Bjørn", "José", "Łucja")
"""Names that need encoding and escaping; each customer's has a number besides, so that no two are the same."""
MARKS = {"name": "Qnameq", "code": "QCODEQ", "token": "QtokenQ"}

BRAND = Brand(
    id="nordlys",
    name="Nordlys",
    legal_name="Nordlys Handel AS",
    website="https://nordlys.example",
    address=PostalOrigin(lines=("Storgata 1", "0155 Oslo"), country="NO"),
    senders=Senders(email="hello@nordlys.example", email_name="Nordlys", sms="Nordlys"),
    accounts={"EUR": Account(iban="NO9386011117947")},
    languages=("en", "nb", "sv", "pl", "pt_BR"),
)


def people(count: int) -> list[dict[str, str]]:
    """Return customers, no two the same."""
    return [
        {
            "name": f"{FIRST[n % len(FIRST)]} {n}",
            "code": f"LYS{n:06}",
            "token": f"t{n:08}",
            "to": f"c{n}@example.com",
        }
        for n in range(count)
    ]


def for_peers(persons: list[dict[str, str]]) -> dict[str, Any]:
    """Return what a peer is told: whom to write, and the same words as a template of its own."""
    template = find("offer/autumn")
    base = sample_subject(template, BRAND, "en")
    marked = mail_of(render(template, Channel.EMAIL, subject_of(base, {**MARKS, "to": "q@example.com"})))
    return {
        "sender": BRAND.senders.email,
        "people": persons,
        **_as_jinja(marked.raw),
    }


def check_words(name: str, found: dict[str, Any], persons: list[dict[str, str]]) -> None:
    """Compare what the sink took of a peer with what we write to the same people."""
    template = find("offer/autumn")
    base = sample_subject(template, BRAND, "en")
    by_address = {who["to"]: who for who in persons}
    for to, mail in found["sample"].items():
        ours = mail_of(render(template, Channel.EMAIL, subject_of(base, by_address[to])))
        wanted = sink.words_of(ours.raw)
        if {part: _plain(words) for part, words in mail.items()} != {
            part: _plain(words) for part, words in wanted.items()
        }:
            raise Problem(f"{name} sent other words to {to} than we do.", code=Exit.FAILED)


def _plain(words: str) -> str:
    """Return words without what engines write each in its way: names of pictures, forms of an apostrophe."""
    return re.sub(r"cid:[^\"]+", "cid:", words).replace("&#x27;", "&#39;").strip()


def bare_loop(port: int, given: dict[str, Any]) -> None:
    """Do what a script does: Jinja, the standard library's message, smtplib, and no ledger at all."""
    make = {
        part: jinja2.Environment(autoescape=part == "html", keep_trailing_newline=True).from_string(
            given[part]
        )
        for part in ("subject", "text", "html")
    }
    pictures = [(picture["name"], base64.b64decode(picture["content"])) for picture in given["pictures"]]
    with smtplib.SMTP("127.0.0.1", port) as server:
        for person in given["people"]:
            message = EmailMessage(policy=policy.SMTP)
            message["From"] = given["sender"]
            message["To"] = person["to"]
            message["Subject"] = make["subject"].render(person)
            message.set_content(make["text"].render(person))
            message.add_alternative(make["html"].render(person).replace("&amp;amp;", "&amp;"), subtype="html")
            html = message.get_body(("html",))
            assert isinstance(html, EmailMessage)
            for name, content in pictures:
                html.add_related(content, "image", "png", cid=f"<{name}>")
            server.send_message(message)


def subject_of(base: Subject, who: dict[str, str]) -> Subject:
    """Return the message to one of them."""
    customer = {"first_name": who["name"], "last_name": "Solheim", "company": ""}
    links = {name: f"https://t.nordlys.example/{name[0]}/{who['token']}" for name in base.links}
    data = {**base.data, "customer": customer, "code": who["code"]}
    return replace(base, data=data, to=who["to"], links=links, message=who["token"], reference=who["code"])


def mail_of(content: object) -> Email:
    """Return a content that is an e-mail as one."""
    assert isinstance(content, Email)
    return content


def _as_jinja(raw: bytes) -> dict[str, Any]:
    """Return our e-mail about the marks as a template of another engine, with its pictures."""
    message = message_from_bytes(raw, policy=policy.default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain
    assert html
    pictures = [
        {
            "name": str(part["Content-ID"]).strip("<>"),
            "type": part.get_content_type(),
            "content": part.get_payload(),
        }
        for part in message.walk()
        if part.get_content_maintype() == "image"
    ]
    wanted: Callable[[str], str] = _with_holes
    return {
        "subject": wanted(str(message["subject"])),
        "text": wanted(str(plain.get_content())),
        "html": wanted(str(html.get_content())).replace("{{ name }}", "{{ name|e }}"),
        "pictures": pictures,
    }


def _with_holes(text: str) -> str:
    for name, mark in MARKS.items():
        text = text.replace(mark, "{{ " + name + " }}")
    return text
