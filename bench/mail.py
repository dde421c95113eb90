"""Personal e-mails from a template to a mail server: ours, python-emails, and the standard library's bare loop.

All write to the same sink. The peer gets our own finished page as its Jinja template, so that both send the same
words: the sink compares them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

from bench import peer, sink
from bench.figure import Figure, cpu_seconds, rate
from channels.email.smtp import Smtp
from templates.catalog import find
from templates.preview import sample_subject
from templates.render import Subject, render
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.organisation import Account, Brand, PostalOrigin, Senders
from tidings.outcome import Accepted
from tidings.problem import Exit, Problem
from tidings.settings import SmtpSettings

MAILS = 1_000
BY_PEER = 250
HANDED_OVER = 4_000
FIRST = ("Ingrid", "Åse", "Ola & Kari", "Zoë", "Bjørn", "José", "Łucja")
"""Names that need encoding and escaping."""
MARKS = {"name": "Qnameq", "code": "QCODEQ", "token": "QtokenQ"}

BRAND = Brand(
    id="nordlys",
    name="Nordlys",
    legal_name="Nordlys Handel AS",
    address=PostalOrigin(lines=("Storgata 1", "0155 Oslo"), country="NO"),
    senders=Senders(email="hello@nordlys.example", email_name="Nordlys", sms="Nordlys"),
    accounts={"EUR": Account(iban="NO9386011117947")},
)


def figures() -> Iterable[Figure]:
    """Measure both stages: the whole way of a personal e-mail, and handing over finished bytes."""
    with sink.running() as server:
        yield _personal(server)
        yield _handed_over(server)


def _personal(server: sink.Sink) -> Figure:
    template = find("offer/autumn")
    people = [
        {"name": FIRST[n % len(FIRST)], "code": f"LYS{n:06}", "token": f"t{n:08}", "to": f"c{n}@example.com"}
        for n in range(MAILS)
    ]
    base = sample_subject(template, BRAND, "en")
    for warm in people[:20]:
        render(template, Channel.EMAIL, _subject(base, warm))
    ours = cpu_seconds(
        lambda: _send(
            server.port,
            (
                _parcel(n, _email(render(template, Channel.EMAIL, _subject(base, who))))
                for n, who in enumerate(people)
            ),
        )
    )
    taken = _checked(server, MAILS)
    given = {"port": server.port, "sender": BRAND.senders.email, "people": people[:BY_PEER]}
    marked = _email(render(template, Channel.EMAIL, _subject(base, {**MARKS, "to": "q@example.com"})))
    theirs = peer.run("python_emails.py", given | _as_jinja(marked.raw))
    compared = _checked(server, BY_PEER)
    for to, mail in compared["sample"].items():
        if mail != taken["sample"][to]:
            raise Problem(f"python-emails sent other words to {to} than we did.", code=Exit.FAILED)
    return rate(
        "personal e-mails per CPU-second, template to server, against python-emails",
        ours=MAILS / ours,
        other=BY_PEER / theirs["cpu"],
        unit="1/s",
        goal=3,
    )


def _handed_over(server: sink.Sink) -> Figure:
    head = "From: hello@nordlys.example\r\nTo: c{0}@example.com\r\nMessage-ID: <{0}@nordlys.example>\r\n\r\n"
    mails = [
        Email(
            envelope_from="hello@nordlys.example",
            to=f"c{n}@example.com",
            raw=(head.format(n) + f"Mail {n}\r\n" + "The evenings come earlier now.\r\n" * 150).encode(),
        )
        for n in range(HANDED_OVER)
    ]
    ours = cpu_seconds(lambda: _send(server.port, (_parcel(n, mail) for n, mail in enumerate(mails))))
    _checked(server, HANDED_OVER)
    theirs = cpu_seconds(lambda: _smtplib(server.port, mails))
    _checked(server, HANDED_OVER)
    return rate(
        "e-mails handed over per CPU-second, finished bytes, against smtplib",
        ours=HANDED_OVER / ours,
        other=HANDED_OVER / theirs,
        unit="1/s",
        goal=1.2,
    )


def _send(port: int, parcels: Iterable[Parcel]) -> None:
    provider = Smtp(SmtpSettings(host="127.0.0.1", port=port, timeout=timedelta(seconds=30)))
    batch: list[Parcel] = []
    for parcel in parcels:
        batch.append(parcel)
        if len(batch) == 50:
            _accepted(provider, batch)
            batch = []
    _accepted(provider, batch)
    provider.close()


def _accepted(provider: Smtp, batch: list[Parcel]) -> None:
    for _, outcome in provider.send(batch):
        if not isinstance(outcome, Accepted):
            raise Problem(f"The sink did not take a mail: {outcome}.", code=Exit.FAILED)


def _smtplib(port: int, mails: list[Email]) -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", port) as server:
        for mail in mails:
            server.sendmail(mail.envelope_from, [mail.to], mail.raw)


def _checked(server: sink.Sink, expected: int) -> dict[str, Any]:
    found = server.report()
    if (found["count"], found["distinct"]) != (expected, expected):
        raise Problem(
            f"The sink took {found['count']} mails, {found['distinct']} distinct, not {expected}.",
            code=Exit.FAILED,
        )
    return found


def _subject(base: Subject, who: dict[str, str]) -> Subject:
    customer = {"first_name": who["name"], "last_name": "Solheim", "company": ""}
    links = {name: f"https://t.nordlys.example/{name[0]}/{who['token']}" for name in base.links}
    data = {**base.data, "customer": customer, "code": who["code"]}
    return replace(base, data=data, to=who["to"], links=links, message=who["token"], reference=who["code"])


def _parcel(number: int, content: Email) -> Parcel:
    return Parcel(
        message=f"m{number}", attempt=f"a{number}", content=content, purpose="offer", brand="nordlys"
    )


def _email(content: object) -> Email:
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
