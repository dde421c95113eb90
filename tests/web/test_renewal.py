"""Links that are over, and the public page that gives nobody away."""

import base64
import os
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import event
from starlette.testclient import TestClient

from templates.catalog import find
from templates.render import documents_of, render
from templates.subject import Subject
from tests.town import POSTAL, install, settle, suppress
from tests.web.conftest import Door
from tests.web.letters import MESSAGE, send
from tests.web.post import link_in, post_office
from tidings.channel import Channel
from tidings.signing import sign
from work.links import LINK, PREFERENCES_LIVE


def old_form(door, customer):
    """A link of the release before: no day in it."""
    number = customer.to_bytes(2)
    body = bytes([len(number)]) + number + b"nordlys"
    return f"{door.installation.settings.public_url}/p/{sign(door.installation.key, 'preferences', body)}"


def old_document(door):
    body = bytes.fromhex(MESSAGE.replace("-", ""))
    return f"{door.installation.settings.public_url}/d/{sign(door.installation.key, 'document', body)}"


def form(door, customer):
    return door.links.preferences(customer, "nordlys", issued_at=door.clock.now)


def test_a_link_to_the_form_lives_thirty_days(door, engine, clock):
    [ada] = settle(engine)
    url = form(door, ada)

    assert PREFERENCES_LIVE.days == 30
    clock.on(days=30)
    assert door.client.get(url).status_code == 200
    clock.on(days=1)
    page = door.client.get(url)
    assert page.status_code == 410
    assert "too old" in page.text
    assert "c•••@example.org" in page.text
    for answers in ({"stop": "marketing"}, {"offer": "email"}, {"undo": "1"}, {"send": "999999"}):
        assert door.client.post(url, data=answers).status_code == 410
    assert door.ask("SELECT count(*) FROM touchpoints") == [(0,)]
    assert door.ask("SELECT count(*) FROM slips") == [(0,)]


@pytest.mark.parametrize("kind", ["over", "of the release before", "behind an unsubscribe link"])
def test_a_new_link_is_sent_to_a_known_address_on_demand(door, engine, clock, kind):
    [ada] = settle(engine, channels=("email", "sms", "letter"))
    url = {
        "over": form(door, ada),
        "of the release before": old_form(door, ada),
        "behind an unsubscribe link": door.links.renewal(ada, "nordlys"),
    }[kind]
    clock.on(days=31)
    [(number,)] = door.ask("SELECT id FROM addresses WHERE channel = 'sms'")

    page = door.client.post(url, data={"send": str(number)})

    assert "•• 01" in page.text
    [sms] = post_office(door)
    assert sms["to"] == "+4740600001"
    assert door.client.get(link_in(sms)).status_code == 200
    assert door.ask("SELECT state, value, detail FROM slips") == [("sent", "", {})]


def test_somebody_elses_address_gets_nothing(door, engine, clock):
    ada, bo = settle(engine, 2)
    clock.on(days=31)
    [(number,)] = door.ask("SELECT id FROM addresses WHERE customer_id = :bo", bo=bo)

    assert door.client.post(door.links.renewal(ada), data={"send": str(number)}).status_code == 410
    assert post_office(door) == []


def test_a_link_to_an_old_document_leads_to_a_new_one_and_an_old_unsubscribe_still_works(door, engine, clock):
    [ada] = settle(engine)
    send(engine, ada)
    url = door.links.for_message(MESSAGE, ada, "offer", ())["unsubscribe"]
    clock.on(days=20 * 365)

    assert "on any channel" in door.client.post(url, data={"List-Unsubscribe": "One-Click"}).text
    assert door.ask("SELECT action FROM consents ORDER BY id DESC LIMIT 1") == [("objected",)]
    assert door.client.get(old_document(door)).status_code == 404, "this message has no document"


def test_an_unsubscribe_link_can_only_remove(door, engine):
    """Its page holds no link that opens anything else."""
    [ada] = settle(engine)
    send(engine, ada)
    page = door.client.get(door.links.for_message(MESSAGE, ada, "offer", ())["unsubscribe"])

    [instead] = [part.split('"')[0] for part in page.text.split('href="')[1:] if "/p/" in part.split('"')[0]]

    assert door.client.get(instead).status_code == 410
    assert door.client.post(instead, data={"offer": "email"}).status_code == 410


def test_each_token_opens_its_own_kind_of_door(door, engine):
    [ada] = settle(engine)
    urls = door.links.for_message(MESSAGE, ada, "offer", ("action",), "nordlys")
    urls["confirm"] = door.links.confirm(7)
    kinds = {name: (url.rsplit("/", 2)[1], url.rsplit("/", 1)[1]) for name, url in urls.items()}

    for name, (own, token) in kinds.items():
        for other in {kind for kind, _ in kinds.values()} - {own}:
            assert door.client.get(f"/{other}/{token}").status_code == 404, (name, other)
            assert door.client.post(
                f"/{other}/{token}", data={"List-Unsubscribe": "One-Click"}
            ).status_code in (
                404,
                405,
            ), (name, other)


def test_links_are_short_and_the_same_in_every_attempt(door):
    links = type(door.links)(key=door.installation.key, public_url="https://t.nordlys.example"[:25])
    when = datetime(2026, 3, 3, 12, tzinfo=UTC)
    for customer in (1, 2**31):
        urls = links.for_message(MESSAGE, customer, "offer", ("action",), "nordlys", issued_at=when)
        again = links.for_message(MESSAGE, customer, "offer", ("action",), "nordlys", issued_at=when)
        assert urls == again
        assert len(urls["unsubscribe"]) <= 76, urls["unsubscribe"]


def test_a_hundred_thousand_forged_tokens_open_nothing(door, engine):
    settle(engine)
    links, real = door.links, door.links.preferences(1).rsplit("/", 1)[1]
    opens = (
        links.open_link,
        links.open_document,
        links.open_preferences,
        links.open_unsubscribe,
        links.open_confirm,
    )
    noise = os.urandom(40 * 20_000)

    for number in range(20_000):
        raw = noise[number * 40 : number * 40 + 40]
        token = base64.urlsafe_b64encode(raw).decode() if number % 2 else real[:-4] + raw.hex()[:4]
        for opened in opens:
            assert token == real or opened(token) is None
    assert links.open_link(sign(door.installation.key, LINK, b"\0" * 18)) is not None, "what is signed opens"


STRANGERS = [
    "c1@example.org",
    "C1@Example.ORG",
    "nobody@example.org",
    "+4740600001",
    "40 60 00 01",
    "+4799999999",
]


def statements_of(door, to):
    """The SQL that asking for an address runs, and its answer."""
    seen = []

    def note(conn, cursor, statement, parameters, context, executemany):
        seen.append(statement)

    event.listen(door.installation.engine, "before_cursor_execute", note)
    try:
        answer = door.client.post("/p", data={"to": to}, follow_redirects=False)
    finally:
        event.remove(door.installation.engine, "before_cursor_execute", note)
    return seen, (answer.status_code, answer.headers["location"], answer.text)


def test_a_known_and_an_unknown_address_cost_the_same_work_and_get_the_same_answer(door, engine):
    """Same time by the same code: nothing is looked up before the answer, so there is nothing to measure."""
    settle(engine, channels=("email", "sms"))
    statements_of(door, "warm@example.org")

    found = [statements_of(door, to) for to in STRANGERS]

    assert len({tuple(sql) for sql, _ in found}) == 1
    assert len({answer for _, answer in found}) == 1
    assert not any("addresses" in statement for sql, _ in found for statement in sql), "nobody is looked up"


def test_only_the_owner_of_the_address_gets_the_link(door, engine):
    settle(engine, channels=("email", "sms"))

    for to in STRANGERS:
        assert "on its way" in door.client.post("/p", data={"to": to}).text

    sent = post_office(door)
    assert sorted((one["to"], one["channel"]) for one in sent) == [
        ("+4740600001", "sms"), ("+4740600001", "sms"), ("c1@example.org", "email"), ("c1@example.org", "email"),
    ]  # fmt: skip
    assert {door.client.get(link_in(one)).status_code for one in sent} == {200}
    assert door.ask("SELECT count(*) FROM slips WHERE value <> ''") == [(0,)], "no address is kept"


@pytest.mark.parametrize("why", ["removed", "stopped", "shared by too many"])
def test_an_address_that_is_not_theirs_any_more_gets_nothing(door, engine, why):
    settle(engine, 5 if why == "shared by too many" else 1)
    with engine.begin() as connection:
        if why == "removed":
            connection.exec_driver_sql("UPDATE addresses SET removed_at = now()")
        elif why == "stopped":
            suppress(connection, "email", "c1@example.org")
        else:
            connection.exec_driver_sql("UPDATE addresses SET value = 'c1@example.org'")

    assert "on its way" in door.client.post("/p", data={"to": "c1@example.org"}).text
    assert post_office(door) == []


def test_one_address_gets_three_links_an_hour_and_nobody_can_tell(door, engine, clock):
    settle(engine)
    for _ in range(5):
        assert "on its way" in door.client.post("/p", data={"to": "c1@example.org"}).text
    assert len(post_office(door)) == 3
    clock.on(minutes=61)
    door.client.post("/p", data={"to": "c1@example.org"})
    assert len(post_office(door)) == 1


def test_one_client_asks_twenty_times_an_hour(door, engine):
    settle(engine)
    codes = [door.client.post("/p", data={"to": f"x{n}@example.org"}).status_code for n in range(21)]
    assert codes == [200] * 20 + [429]


def test_behind_our_proxy_one_client_leaves_the_others_their_twenty(settings, engine, clock):
    settle(engine)
    behind = settings.model_copy(update={"proxies": ("10.0.0.0/8",)})
    app = Door(install(behind, engine), clock).app
    visitor = TestClient(app, base_url=behind.public_url, client=("10.0.0.1", 50_000))

    def asks(client, number):
        headers = {"X-Forwarded-For": client}
        return visitor.post("/p", data={"to": f"x{number}@example.org"}, headers=headers).status_code

    assert [asks("203.0.113.9", number) for number in range(21)][-1] == 429
    assert asks("198.51.100.7", 22) == 200


@pytest.mark.parametrize("to", ["", "x", "@", "a b@c", "\x00@example.org\r\nBcc: x@y", "<script>", "1" * 400])
def test_what_is_no_address_is_told_whoever_it_would_belong_to(door, engine, to):
    settle(engine)
    answer = door.client.post("/p", data={"to": to})

    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert door.ask("SELECT count(*) FROM slips") == [(0,)]


def test_asking_by_get_sends_nothing(door, engine):
    settle(engine)
    for method in ("GET", "HEAD"):
        assert (
            door.client.request(method, "/p", params={"to": "c1@example.org", "sent": "1"}).status_code == 200
        )
    assert door.ask("SELECT count(*) FROM slips") == [(0,)]


NO_TEXT = (
    ("application/x-www-form-urlencoded", b"offer=%ff&\xff=\xfe&stop=%ed%a0%80"),
    (
        "multipart/form-data; boundary=x; charset=klingon",
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xfe\r\n--x--',
    ),
)


@pytest.mark.parametrize(
    "path", ["/p", "/p/{token}", "/u/{token}", "/d/{token}", "/c/{token}", "/p/%ff%fe", "/d/%ed%a0%80/x.pdf"]
)
@pytest.mark.parametrize(
    "query", ["lang=%ff", "%ff=%fe", "saved=%00", "lang=%ed%a0%80&brand=%c0%af", "\xff\xfe"]
)
def test_a_query_that_is_no_text_is_no_fault_of_ours(door, engine, path, query):
    [ada] = settle(engine)
    token = form(door, ada).rsplit("/", 1)[1]
    for method in ("GET", "POST", "HEAD"):
        url = f"{path.replace('{token}', token)}?{query}"
        assert door.client.request(method, url).status_code < 500
        for kind, body in NO_TEXT:
            assert door.client.post(url, content=body, headers={"Content-Type": kind}).status_code < 500


@pytest.mark.parametrize("name", ["offer/autumn", "invoice/standard"])
def test_the_link_comes_by_every_channel_and_as_a_code_on_paper(door, engine, name):
    [ada] = settle(engine, channels=("email", "letter"))
    template = find(name)
    urls = door.links.for_message(
        MESSAGE, ada, template.purpose, ("action",), "nordlys", issued_at=door.clock.now
    )
    brand = door.installation.organisation.brands[0]
    subject = Subject(
        message=MESSAGE, reference="R2345678", language="en", brand=brand, data=template.sample, postal=POSTAL,
        to="ada@example.org", customer="C1", links=urls, created_at=door.clock.now,
    )  # fmt: skip
    documents = documents_of(template, subject)

    mail = message_from_bytes(
        render(template, Channel.EMAIL, subject, documents=documents).raw, policy=default
    )
    assert urls["preferences"] in mail.get_body(("plain",)).get_content()
    assert urls["preferences"] in mail.get_body(("html",)).get_content()
    letter = render(template, Channel.LETTER, subject, documents=documents)
    with pypdfium2.PdfDocument(letter.pdf) as paper:
        pictures = [paper[number].render(scale=4).to_pil() for number in range(letter.pages)]
    codes = {code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)}
    assert urls["preferences"] in codes
    assert door.client.get(urls["preferences"]).status_code == 200
