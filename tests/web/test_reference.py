"""`/docs`: every operation with an example, a search, and lines for a shell that work."""

import json
import shlex

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from tests.town import settle
from web.api import describe, operations
from web.reference import curl


def ids(door, query=""):
    page = door.client.get(f"/docs{query}")
    assert page.status_code == 200
    return [node.attributes["id"] for node in HTMLParser(page.text).css("article")]


def test_every_operation_is_there_and_linked(door):
    page = HTMLParser(door.client.get("/docs").text)
    described = {operation["operationId"] for _, _, operation in operations(describe(door.app))}

    assert {node.attributes["id"] for node in page.css("article")} == described
    assert {node.attributes["href"] for node in page.css("nav a")} == {f"#{name}" for name in described}
    names = [node.attributes["id"] for node in page.css("[id]")]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("redemption", ["redeem_offer"]),
        ("POST consents", ["add_consent"]),
        ("ERASURES/ get", ["read_erasure"]),
        ("nothing-has-this", []),
    ],
)
def test_a_search_finds_what_has_all_its_words(door, asked, found):
    assert ids(door, f"?q={asked}") == found


def test_what_is_searched_for_is_no_markup(door):
    page = door.client.get("/docs", params={"q": "<script>alert(1)</script>"})

    assert "<script" not in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]


def test_the_lines_for_a_shell_do_what_they_say(door, engine):
    settle(engine, 1)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customer_references SET reference = 'K-1', source = 'crm'")
    key = door.key("system")["Authorization"]
    made = set()
    for method, path, operation in operations(describe(door.app)):
        words = shlex.split(
            curl("http://testserver", method, path, operation).replace(
                '"Authorization: Bearer $TIDINGS_KEY"', shlex.quote(f"Authorization: {key}")
            )
        )
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        url = next(word for word in words if word.startswith("http://testserver/v1/"))
        body = words[words.index("-d") + 1] if "-d" in words else None
        answer = door.client.request(method, url, content=body, headers=headers)
        assert answer.status_code not in {400, 401, 403, 405, 428, 500}, (method, path, answer.text)
        if answer.status_code < 300:
            made.add(operation["operationId"])
        elif answer.status_code == 422:
            assert json.loads(answer.text)["detail"], (method, path)

    assert {
        "save_customer",
        "add_consent",
        "decide",
        "list_offers",
        "read_preferences",
        "add_webhook",
    } <= made
