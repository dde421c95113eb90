import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.catalog import Template
from templates.push import make_push, shortened
from templates.render import render
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Push
from tidings.problem import Problem


def push(**changed: str | tuple[str, str]) -> Push:
    given_ = {
        "message": "m1",
        "to": "t",
        "platform": "apns",
        "title": "T",
        "body": "B",
        "link": "https://a.example",
    }
    return make_push(**{**given_, "topic": "offer", "where": "w", **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("platform", "path", "expected"),
    [
        pytest.param("apns", ("aps", "alert", "title"), "T", id="APNs has an alert"),
        pytest.param("apns", ("link",), "https://a.example", id="APNs has our link beside it"),
        pytest.param("fcm", ("notification", "body"), "B", id="FCM has a notification"),
        pytest.param("fcm", ("android", "collapse_key"), "m1", id="FCM collapses by message"),
        pytest.param("fcm", ("data", "link"), "https://a.example", id="FCM has our link in data"),
        pytest.param("web", ("tag",), "m1", id="the web replaces by tag"),
    ],
)
def test_each_platform_gets_its_own_form(platform: str, path: tuple[str, ...], expected: str) -> None:
    found = json.loads(push(platform=platform).payload)
    for key in path:
        found = found[key]
    assert found == expected


@pytest.mark.parametrize(
    ("platform", "path"), [("apns", ()), ("fcm", ("data",)), ("web", ())], ids=["apns", "fcm", "web"]
)
def test_a_push_leads_to_the_form_and_says_what_that_is(platform: str, path: tuple[str, ...]) -> None:
    form = ("https://a.example/p/1", "Choose how we reach you")
    found = json.loads(push(platform=platform, preferences=form).payload)
    bare = json.loads(push(platform=platform).payload)
    for key in path:
        found, bare = found[key], bare[key]

    assert (found["preferences"], found["choose"]) == form
    assert not {"preferences", "choose"} & set(bare)
    assert found["link"] == "https://a.example"


def test_a_duplicate_replaces_itself() -> None:
    assert push(message="019aa").collapse_id == "019aa"


def test_the_limit_counts_bytes_and_not_characters() -> None:
    assert len(push(body="ł" * 1900).payload.encode()) <= 4096
    with pytest.raises(Problem, match="bytes"):
        push(body="ł" * 2100)


@pytest.mark.parametrize(("platform", "limit"), [("apns", 4096), ("fcm", 4096), ("web", 3993)])
def test_each_service_takes_what_it_takes_to_the_byte(platform: str, limit: int) -> None:
    bare = len(push(platform=platform, body="").payload.encode())
    room = limit - bare

    assert len(push(platform=platform, body="x" * room).payload.encode()) == limit
    with pytest.raises(Problem, match=platform):
        push(platform=platform, body="x" * (room + 1))


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(Problem, match="platform 'fax'"):
        push(platform="fax")


@given(st.text(min_size=1, max_size=400), st.integers(2, 200))
def test_a_title_is_cut_at_a_boundary_and_never_longer(text: str, limit: int) -> None:
    cut = shortened(text, limit)
    assert len(cut) <= limit
    assert cut == text or cut.endswith("…")
    assert cut == text or text.startswith(cut[:-1].rstrip())


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("autumn lanterns", 12, "autumn…", id="at a word"),
        pytest.param("lanternslanterns", 5, "lant…", id="inside a word that is too long"),
        pytest.param("ab👨\u200d👩\u200d👧c", 4, "ab…", id="not inside a family"),
        pytest.param("🇳🇴🇸🇪🇵🇱", 4, "🇳🇴…", id="not inside a flag"),
        pytest.param(
            "🏴\U000e0067\U000e0062\U000e007fyes", 3, "…", id="not inside a flag of a part of a country"
        ),
        pytest.param("ใจที่ดี", 4, "ใจ…", id="not between a Thai letter and its vowel"),
        pytest.param("e\u0301e\u0301e\u0301", 4, "e\u0301…", id="not between a letter and its accent"),
    ],
)
def test_where_a_title_is_cut(text: str, limit: int, expected: str) -> None:
    assert shortened(text, limit) == expected


def test_what_the_phone_shows_is_what_the_payload_says(make: Make, offer: Template) -> None:
    content = render(offer, Channel.PUSH, make(offer, "pl", platform="fcm", to="token"))
    assert isinstance(content, Push)
    payload = json.loads(content.payload)
    assert payload["notification"] == {"title": content.title, "body": content.body}
    assert content.link == payload["data"]["link"] == "https://t.nordlys.example/a/AbCdEfGhIjKlMnOpQr"
