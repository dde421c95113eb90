"""Signed links: short, the same for ever, and good for one thing only."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.problem import Problem
from tidings.purpose import Purpose
from work.links import Links, link_code

LINKS = Links(b"k" * 32, "https://t.example.org/")
customers = st.integers(1, 2**62)
messages = st.uuids().map(str)
purposes = st.sampled_from([purpose.value for purpose in Purpose])


def token(url):
    return url.rsplit("/", 1)[1]


@given(messages, customers, purposes, st.lists(st.text(min_size=1, max_size=20), max_size=4, unique=True))
def test_each_link_opens_as_what_it_was_made_for_and_as_nothing_else(message, customer, purpose, names):
    if len({link_code(name) for name in names}) != len(names):
        return
    urls = LINKS.for_message(message, customer, purpose, names, "nordlys")

    assert urls == LINKS.for_message(message, customer, purpose, names, "nordlys")
    opened = LINKS.open_unsubscribe(token(urls["unsubscribe"]))
    assert (opened.message, opened.customer, opened.purpose) == (message, customer, purpose)
    preferences = LINKS.open_preferences(token(urls["preferences"]))
    assert (preferences.customer, preferences.brand) == (customer, "nordlys")
    assert LINKS.open_document(token(urls["document"])).message == message
    for name in set(names) - {"document", "preferences", "unsubscribe"}:
        link = LINKS.open_link(token(urls[name]))
        assert (link.message, link.code) == (message, link_code(name))
    openers = {
        "document": LINKS.open_document, "preferences": LINKS.open_preferences,
        "unsubscribe": LINKS.open_unsubscribe,
    }  # fmt: skip
    for kind, url in urls.items():
        assert all(opener(token(url)) is None for other, opener in openers.items() if other != kind)


@given(messages, customers, st.data())
def test_a_changed_token_opens_nothing(message, customer, data):
    good = token(LINKS.for_message(message, customer, "offer")["unsubscribe"])
    place = data.draw(st.integers(0, len(good) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0189-_+/=~ä \n"))
    spoilt = good[:place] + letter + good[place + 1 :]
    if spoilt != good:
        assert LINKS.open_unsubscribe(spoilt) is None
    for cut in (good[:-1], good + letter, letter + good, ""):
        assert LINKS.open_unsubscribe(cut) is None
    assert Links(b"j" * 32, "https://t.example.org").open_unsubscribe(good) is None


@given(st.text(max_size=60))
def test_any_text_is_refused_without_an_error(text):
    for opener in (LINKS.open_link, LINKS.open_document, LINKS.open_preferences, LINKS.open_unsubscribe):
        assert opener(text) is None


def test_the_unsubscribe_header_is_never_folded():
    """76 characters is the bound of design/content.md; a customer id of 40 bits is a million millions."""
    urls = LINKS.for_message(str(UUID(int=2**128 - 1)), 2**40 - 1, "dunning")

    assert len(urls["unsubscribe"]) < 76
    assert len(urls["action"]) < 70


def test_a_link_tells_nothing_about_a_customer():
    url = LINKS.preferences(4711, "nordlys")
    body = base64.urlsafe_b64decode(token(url) + "==")

    assert b"@" not in body
    assert len(body) < 30


def test_names_that_share_a_code_are_refused_when_the_links_are_made():
    known = {}
    for number in range(100_000):
        name = f"name{number}"
        if known.setdefault(link_code(name), name) != name:
            break

    with pytest.raises(Problem, match="cannot be told apart"):
        LINKS.for_message(str(UUID(int=1)), 1, "offer", (known[link_code(name)], name))
