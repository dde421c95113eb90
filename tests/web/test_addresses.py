"""A customer's own addresses: confirmed before they are used, masked, removable, and browsers as devices."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.town import settle
from tests.web.conftest import Door
from tests.web.post import code_in, link_in, post_office
from tests.web.test_form import chosen
from tidings.settings import WebpushSettings
from work.own_addresses import public_key


def page(door, customer):
    return f"{door.form(customer)}/addresses"


def add(door, customer, value):
    return door.client.post(page(door, customer), data={"value": value})


def used(door):
    return door.ask("SELECT channel, value FROM addresses WHERE removed_at IS NULL ORDER BY id")


@pytest.mark.parametrize(
    ("written", "value", "shown"),
    [
        pytest.param(
            "New.Address@Example.org", "new.address@example.org", "n•••s@example.org", id="an e-mail address"
        ),
        pytest.param("406 99 999", "+4740699999", "•• 99", id="a number as it is dialled at home"),
        pytest.param("+46 70 123 45 67", "+46701234567", "•• 67", id="a number from abroad"),
    ],
)
def test_a_new_address_is_used_only_when_its_code_comes_back(door, engine, written, value, shown):
    [ada] = settle(engine)

    answer = add(door, ada, written)

    assert shown in answer.text
    assert value not in answer.text
    assert used(door) == [("email", "c1@example.org")], "not before it is confirmed"
    [sent] = post_office(door)
    assert sent["to"] == value
    assert door.client.post(page(door, ada), data={"code": code_in(sent)}).url.params["done"] == "added"
    assert used(door)[1:] == [(sent["channel"], value)]
    assert door.ask("SELECT verified_at IS NOT NULL, source FROM addresses WHERE value = :v", v=value) == [
        (True, "form")
    ]
    assert door.ask("SELECT action, detail::text FROM audit")[0][0] == "add_address"
    assert not any(
        value in row[0]
        for row in door.ask("SELECT detail::text FROM audit UNION SELECT detail::text FROM touchpoints")
    )


def test_the_link_in_the_mail_asks_and_only_its_button_confirms(door, engine):
    [ada] = settle(engine, channels=("sms",))
    add(door, ada, "ada@new.example")
    [sent] = post_office(door)
    link = link_in(sent)

    for method in ("GET", "HEAD", "GET"):
        assert door.client.request(method, link).status_code == 200
    assert used(door) == [("sms", "+4740600001")], "a scanner that opens the link confirms nothing"
    assert "a•••a@new.example" in door.client.get(link).text

    assert "can reach you at" in door.client.post(link).text
    assert used(door)[1:] == [("email", "ada@new.example")]
    assert door.client.post(link).status_code == 404, "once"
    assert door.client.get(link).status_code == 404


def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(door, engine):
    [ada] = settle(engine)
    add(door, ada, "ada@new.example")
    [sent] = post_office(door)
    wrong = "000000" if code_in(sent) != "000000" else "111111"

    codes = [door.client.post(page(door, ada), data={"code": wrong}).status_code for _ in range(5)]

    assert codes == [422] * 5
    assert door.client.post(page(door, ada), data={"code": code_in(sent)}).status_code == 422
    assert door.client.post(link_in(sent)).status_code == 404
    assert len(used(door)) == 1


def test_a_code_is_over_after_a_day_and_is_for_its_customer_alone(door, engine, clock):
    ada, bo = settle(engine, 2)
    add(door, ada, "ada@new.example")
    [sent] = post_office(door)

    assert door.client.post(page(door, bo), data={"code": code_in(sent)}).status_code == 422
    clock.on(hours=25)
    assert door.client.post(page(door, ada), data={"code": code_in(sent)}).status_code == 422
    assert len(used(door)) == 2


def test_codes_are_sent_five_times_an_hour(door, engine):
    [ada] = settle(engine)

    answers = [add(door, ada, f"ada{number}@new.example").status_code for number in range(6)]

    assert answers == [200] * 5 + [429]
    assert len(post_office(door)) == 5


@pytest.mark.parametrize(
    "value", ["", "nobody", "a@b", "22 33 44 55", "\x00", "<b>@x", "+47 1", "ada@exa mple.org"]
)
def test_what_cannot_be_used_is_told_and_nothing_is_sent(door, engine, value):
    [ada] = settle(engine)

    answer = add(door, ada, value)

    assert answer.status_code == 422
    assert "<b>@" not in answer.text
    assert post_office(door) == []


def test_an_address_that_is_known_already_gets_no_code(door, engine):
    [ada] = settle(engine)
    assert "already" in add(door, ada, " C1@example.ORG ").text
    assert post_office(door) == []


def test_removing_asks_first_and_leaves_the_last_way(door, engine):
    [ada] = settle(engine, channels=("email", "sms"))
    numbers = dict(door.ask("SELECT channel, id FROM addresses"))

    asked = door.client.post(page(door, ada), data={"remove": str(numbers["sms"])})
    assert "Remove this address?" in asked.text
    assert len(used(door)) == 2
    assert (
        door.client.post(page(door, ada), data={"remove": str(numbers["sms"]), "sure": "1"}).url.params[
            "done"
        ]
        == "removed"
    )
    assert used(door) == [("email", "c1@example.org")]
    last = door.client.post(page(door, ada), data={"remove": str(numbers["email"]), "sure": "1"})
    assert "only way" in last.text
    assert used(door) == [("email", "c1@example.org")]
    assert chosen(door, ada)["invoice"] == "email"


def test_a_removed_address_can_be_added_again(door, engine):
    [ada] = settle(engine, channels=("email", "sms"))
    number = dict(door.ask("SELECT channel, id FROM addresses"))["sms"]
    door.client.post(page(door, ada), data={"remove": str(number), "sure": "1"})

    add(door, ada, "+47 40 60 00 01")
    door.client.post(page(door, ada), data={"code": code_in(post_office(door)[0])})

    assert used(door) == [("email", "c1@example.org"), ("sms", "+4740600001")]


@pytest.mark.parametrize("number", ["", "x", "999999", "-1", "9" * 40, "\u0661"])
def test_nobody_removes_what_is_not_theirs(door, engine, number):
    ada, _bo = settle(engine, 2, channels=("email", "sms"))
    others = door.ask("SELECT id FROM addresses WHERE customer_id <> :ada", ada=ada)

    for one in (number, str(others[0][0])):
        assert door.client.post(page(door, ada), data={"remove": one, "sure": "1"}).status_code == 422
    assert len(used(door)) == 4


def browser(endpoint="https://fcm.googleapis.com/fcm/send/abc"):
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    keys = {"p256dh": urlsafe_b64encode(point).decode(), "auth": urlsafe_b64encode(b"s" * 16).decode()}
    return {"endpoint": endpoint, "expirationTime": None, "keys": keys}


@pytest.fixture
def pushing(settings, engine, clock, tmp_path):
    """A door of an installation that sends Web Push."""
    from tests.town import install

    key = tmp_path / "vapid.pem"
    key.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    own = settings.model_copy(
        update={"push": ("webpush",), "webpush": WebpushSettings(key=key, subject="mailto:a@b.example")}
    )
    return Door(install(own, engine), clock)


def test_a_browser_becomes_a_device_shown_masked_and_removable(pushing, engine):
    [ada] = settle(engine)
    to = f"{pushing.form(ada)}/devices"

    assert pushing.client.post(to, json=browser()).json() == {"taken": True}
    assert pushing.client.post(to, json=browser()).json() == {"taken": True}, "the same browser with new keys"

    [(value, platform)] = pushing.ask(
        "SELECT value, platform FROM addresses WHERE channel = 'push' AND removed_at IS NULL"
    )
    assert platform == "web"
    assert json.loads(value)["endpoint"] == "https://fcm.googleapis.com/fcm/send/abc"
    shown = pushing.client.get(page(pushing, ada)).text
    assert "The app" in shown
    assert "fcm.googleapis" not in shown
    number = pushing.ask("SELECT id FROM addresses WHERE channel = 'push' AND removed_at IS NULL")[0][0]
    pushing.client.post(page(pushing, ada), data={"remove": str(number), "sure": "1"})
    assert [channel for channel, _ in used(pushing)] == ["email"]


def test_two_browsers_are_told_apart_by_their_names_and_by_nothing_else(pushing, engine):
    [ada] = settle(engine)
    to = f"{pushing.form(ada)}/devices"
    firefox = "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
    chrome = (
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
    )
    hostile = "<script>alert(1)</script> " + "x" * 5000

    for number, agent in enumerate((firefox, chrome, hostile)):
        own = browser(f"https://fcm.googleapis.com/fcm/send/{number}")
        assert pushing.client.post(to, json=own, headers={"User-Agent": agent}).json() == {"taken": True}

    shown = pushing.client.get(page(pushing, ada)).text
    assert "Firefox, Android" in shown
    assert "Chrome, Windows" in shown
    assert shown.count("The app") == 3
    stored = "".join(
        device for (device,) in pushing.ask("SELECT device FROM addresses WHERE channel = 'push'")
    )
    assert "145" not in stored
    assert "script" not in stored


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"\xff\xfe", b'{"endpoint": "http://169.254.169.254/"}', b"[" * 5000,
        json.dumps(browser("https://evil.example/x")).encode(),
        json.dumps(browser() | {"keys": {"p256dh": "AAAA", "auth": "AAAA"}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_browser_of_a_known_service_is_not_taken(pushing, engine, body):
    [ada] = settle(engine)
    assert pushing.client.post(f"{pushing.form(ada)}/devices", content=body).status_code == 422
    assert len(used(pushing)) == 1


def test_the_page_gives_the_browser_the_public_half_of_the_key_and_only_its_own_script(pushing, engine):
    [ada] = settle(engine)
    answer = pushing.client.get(page(pushing, ada))
    [key] = re.findall(r'data-key="([^"]+)"', answer.text)

    assert key == public_key(pushing.installation.settings.webpush.key)
    point = urlsafe_b64decode(key + "=" * (-len(key) % 4))
    assert (len(point), point[0]) == (65, 4)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    [script] = re.findall(r'<script src="([^"]+)" defer></script>', answer.text)
    assert "requestPermission" in pushing.client.get(script).text
    assert "hidden data-key" in answer.text, "without a script there is no button"
    worker = pushing.client.get("/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "notificationclick" in worker.text


def test_without_web_push_there_is_no_button_and_no_script(door, engine):
    [ada] = settle(engine)
    shown = door.client.get(page(door, ada)).text
    assert "data-key" not in shown
    assert "<script" not in shown


def test_a_link_that_is_over_changes_no_address(door, engine, clock):
    [ada] = settle(engine, channels=("email", "sms"))
    url = f"{door.links.preferences(ada, 'nordlys', issued_at=clock.now)}"
    clock.on(days=31)

    for path, data in (("addresses", {"value": "x@new.example"}), ("devices", {}), ("data", {"export": "1"})):
        assert door.client.get(f"{url}/{path}").status_code in (405, 410)
        assert door.client.post(f"{url}/{path}", data=data).status_code == 410
    assert door.client.get(f"{url}/history").status_code == 410
    assert len(used(door)) == 2
    assert post_office(door) == []


POST = {"street": "Storgata 9", "postal_code": "0155", "city": "Oslo"}


def test_an_address_for_letters_comes_behind_the_others_and_the_customer_is_told(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))

    done = door.client.post(page(door, ada), data=POST)

    assert done.url.params["done"] == "posted"
    rows = door.ask(
        "SELECT position, source, verified_at, postal ->> 'postal_code' FROM addresses"
        " WHERE channel = 'letter' ORDER BY id"
    )
    assert rows[1] == (1, "form", None, "0155")
    [told] = post_office(door)
    assert told["to"] == "c1@example.org"


def test_who_has_no_address_for_letters_can_choose_them_afterwards(door, engine):
    [ada] = settle(engine, channels=("email",))
    door.client.post(page(door, ada), data=POST)

    door.client.post(door.form(ada), data={"invoice": "letter"})

    assert chosen(door, ada)["invoice"] == "letter"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"postal_code": "X1"}, id="a postcode that the country has not"),
        pytest.param({"city": ""}, id="no town"),
        pytest.param({"street": ""}, id="no street"),
    ],
)
def test_what_no_letter_can_carry_is_told_at_its_field(door, engine, changed):
    [ada] = settle(engine, channels=("email",))

    answer = door.client.post(page(door, ada), data=POST | changed)

    assert answer.status_code == 422
    assert f'id="{next(iter(changed))}-why"' in answer.text
    assert door.ask("SELECT count(*) FROM addresses") == [(1,)]
