"""The copy of one's data and the wish to be erased: behind a code, audited, queued for people."""

import io
import json
import zipfile

import pytest

from store.erasures import waiting
from tests.town import settle, state
from tests.web.letters import bill, send
from tests.web.post import code_in, post_office
from work.erase import erase


def page(door, customer):
    return f"{door.form(customer)}/data"


def prove(door, customer):
    [number] = door.ask(
        "SELECT id FROM addresses WHERE customer_id = :customer AND channel = 'email'", customer=customer
    )[0]
    door.client.post(page(door, customer), data={"send": str(number)})
    [sent] = post_office(door)
    return door.client.post(page(door, customer), data={"code": code_in(sent)})


@pytest.mark.parametrize("wish", [{"export": "1"}, {"erase": "1"}, {"erase": "1", "sure": "1"}])
def test_the_link_alone_gives_nothing_out_and_asks_for_nothing(door, engine, wish):
    [ada] = settle(engine)

    answer = door.client.post(page(door, ada), data=wish)

    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert door.ask("SELECT count(*) FROM erasures") == [(0,)]
    assert door.ask("SELECT count(*) FROM audit") == [(0,)]


def test_after_a_code_the_whole_record_comes_as_json_and_to_read(door, engine):
    ada, _bo = settle(engine, 2, channels=("email", "sms"))
    send(engine, ada, purpose="invoice", invoice=bill(), data={"note": "<script>alert(1)</script>"})
    with engine.begin() as connection:
        state(connection, ada, channels=["sms"])
    prove(door, ada)

    answer = door.client.post(page(door, ada), data={"export": "1"})

    assert answer.headers["content-type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    data = json.loads(packed.read("data.json"))
    assert [one["value"] for one in data["addresses"]] == ["c1@example.org", "+4740600001"]
    assert data["customer"][0]["first_name"] == "Ada"
    assert data["invoices"][0]["number"] == "2026-1"
    assert data["statements"][0]["channels"] == ["sms"]
    assert len(data["consents"]) == 2
    assert {"messages", "deliveries", "touchpoints", "behaviour", "suppressions", "replies"} <= data.keys()
    assert "c2@example.org" not in json.dumps(data), "and nothing of anybody else"
    html = packed.read("data.html").decode()
    assert "c1@example.org" in html
    assert "<script>" not in html
    assert door.ask("SELECT actor, action, subject FROM audit") == [
        ("customer", "export_own_data", f"customer:{ada}")
    ]


def test_a_proof_is_for_one_customer_and_half_an_hour(door, engine, clock):
    ada, bo = settle(engine, 2)
    prove(door, ada)
    cookie = {"Cookie": f"proof={door.client.cookies['proof']}"}

    assert door.client.post(page(door, bo), data={"export": "1"}, headers=cookie).status_code == 403
    clock.on(minutes=31)
    assert door.client.post(page(door, ada), data={"export": "1"}).status_code == 403


def test_a_wrong_code_five_times_ends_it(door, engine):
    [ada] = settle(engine)
    [(number,)] = door.ask("SELECT id FROM addresses")
    door.client.post(page(door, ada), data={"send": str(number)})
    code = code_in(post_office(door)[0])
    wrong = "123456" if code != "123456" else "654321"
    for _ in range(5):
        assert door.client.post(page(door, ada), data={"code": wrong}).status_code == 403
    assert door.client.post(page(door, ada), data={"code": code}).status_code == 403


def test_a_code_for_an_address_does_not_open_the_data(door, engine):
    [ada] = settle(engine)
    door.client.post(f"{door.form(ada)}/addresses", data={"value": "thief@new.example"})
    [sent] = post_office(door)
    assert door.client.post(page(door, ada), data={"code": code_in(sent)}).status_code == 403


def test_the_wish_to_be_erased_is_said_twice_and_waits_for_a_person(door, engine, clock):
    [ada] = settle(engine)
    prove(door, ada)

    first = door.client.post(page(door, ada), data={"erase": "1"})
    assert "Erase everything about you?" in first.text
    assert door.ask("SELECT count(*) FROM erasures") == [(0,)]
    for _ in range(2):
        assert "3 March 2026" in door.client.post(page(door, ada), data={"erase": "1", "sure": "1"}).text
    with engine.connect() as connection:
        [one] = waiting(connection)
    assert (one["reference"], one["brand"], one["asked_at"]) == ("C1", "nordlys", clock.now)
    assert door.ask("SELECT action FROM audit") == [("ask_erasure",)]
    assert door.ask("SELECT first_name FROM customers") == [("Ada",)], "nothing is erased by a page"

    erase(door.installation, "C1", by="Kari", because="asked on their page", now=clock.now)
    assert door.ask("SELECT closed_by FROM erasures") == [("staff:Kari",)]
    assert door.ask("SELECT count(*) FROM slips") == [(0,)]
    assert door.ask("SELECT count(*) FROM codes") == [(0,)]


def test_who_holds_the_link_does_not_prove_themselves_with_an_address_they_added(door, engine, clock):
    [ada] = settle(engine)
    home = f"{door.form(ada)}/addresses"
    door.client.post(home, data={"value": "mallory@example.net"})
    [asked] = post_office(door)
    door.client.post(home, data={"code": code_in(asked)})
    [own] = door.ask("SELECT id FROM addresses WHERE value = 'mallory@example.net'")[0]
    assert [to for (to,) in door.ask("SELECT value FROM slips WHERE kind = 'saved'")] == ["c1@example.org"], (
        "the customer hears of it where they were reached before"
    )

    assert f'name="send" value="{own}"' not in door.client.get(page(door, ada)).text
    answer = door.client.post(page(door, ada), data={"send": str(own)})
    assert answer.status_code == 403
    assert door.ask("SELECT count(*) FROM slips WHERE kind = 'code'") == [(0,)]

    clock.on(days=31)
    assert f'name="send" value="{own}"' in door.client.get(page(door, ada)).text, (
        "nobody objected for a month"
    )
