"""The preference form: what it shows, what saving writes, and what it refuses."""

import re
import threading
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest

from preferences.policy import Policy
from tests.town import NOON, agree, settle, state, suppress
from tidings.facts import Question
from work.plan import ask
from work.preference import read

ALL = ("email", "sms", "push", "letter")


class Fields(HTMLParser):
    """What a browser would send when the first form is submitted as it is."""

    def __init__(self, page):
        super().__init__()
        self.sent, self._select, self._forms = {}, None, 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._forms += tag == "form"
        if self._forms != 1:
            return
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and ("selected" in given or self._select not in self.sent):
            self.sent[self._select] = given["value"]  # without a choice, the first
        if tag == "input" and (given["type"] != "checkbox" or "checked" in given):
            self.sent[given["name"]] = given["value"]


def fill(door, customer, brand="nordlys", **answers):
    """Open the form, change some answers, save."""
    fields = Fields(door.client.get(door.form(customer, brand)).text).sent
    return door.client.post(door.form(customer, brand), data=fields | answers)


def chosen(door, customer, *topics):
    """The channels of each question in their order, as the page shows them."""
    fields = Fields(door.client.get(door.form(customer)).text).sent
    found = {}
    for topic in topics or ("invoice", "offer", "news"):
        parts = {key.rpartition("."): rank for key, rank in fields.items()}
        ranks = {channel: rank for (start, _, channel), rank in parts.items() if start == f"rank.{topic}"}
        placed = sorted((rank, channel) for channel, rank in ranks.items() if rank.isdigit())
        unsaid = "" if set(ranks.values()) == {""} else "none"
        found[topic] = ",".join(channel for _, channel in placed) or unsaid
    return found


def decided(door, customer, topic, purpose_class, now):
    """What the one decision function chooses for a message of a topic."""
    question = Question(
        run="r", brand="nordlys", topic=topic, purpose_class=purpose_class, channels=ALL,
        default_order=ALL, costs={"email": 0.0001, "sms": 0.05, "push": 0.00001, "letter": 1.15},
    )  # fmt: skip
    with door.installation.engine.connect() as connection:
        answer = ask(connection, question, [("m", customer, [])], Policy(), now=now)
    return answer.verdicts.row(0, named=True), answer.ranked


def test_the_form_shows_what_holds_today_with_masked_addresses(door, engine):
    [ada] = settle(engine, channels=ALL)

    page = door.client.get(door.form(ada))

    assert page.status_code == 200
    assert "c•••1@example.org" not in page.text  # a name of two letters keeps its first only
    assert "c•••@example.org" in page.text
    assert "•• 01" in page.text
    assert "Oslo" in page.text
    assert "+4740600001" not in page.text
    assert chosen(door, ada) == {"invoice": "email", "offer": "email,sms,push,letter", "news": "none"}


def test_a_page_behind_a_signed_link_is_kept_told_and_found_by_nobody(door, engine):
    [ada] = settle(engine)

    headers = door.client.get(door.form(ada)).headers

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script" not in headers["content-security-policy"]
    assert door.client.head(door.form(ada)).status_code == 200


@pytest.mark.parametrize("channel", ["sms", "push", "letter"])
@pytest.mark.parametrize(
    ("question", "topic", "purpose_class"),
    [
        pytest.param("invoice", "invoice", "required", id="invoices"),
        pytest.param("invoice", "dunning", "required", id="reminders follow invoices"),
        pytest.param("offer", "offer", "marketing", id="offers"),
        pytest.param("news", "news", "marketing", id="news, without any consent before"),
    ],
)
def test_what_was_chosen_is_what_the_decision_chooses(
    door, engine, clock, question, topic, purpose_class, channel
):
    [ada] = settle(engine, channels=ALL, consent=None)

    saved = fill(door, ada, **{question: channel})
    clock.on(seconds=1)

    assert saved.status_code == 200, "after the redirect"
    verdict, _ = decided(door, ada, topic, purpose_class, clock.now)
    assert (verdict["state"], verdict["channel"]) == ("ready", channel)
    assert chosen(door, ada)[question] == channel


def test_one_choice_for_marketing_means_exactly_that_channel(door, engine, clock):
    [ada] = settle(engine, channels=ALL)

    fill(door, ada, offer="letter")
    clock.on(seconds=1)

    _, ranked = decided(door, ada, "offer", "marketing", clock.now)
    reasons = dict(ranked.select("channel", "reason").rows())
    assert reasons["letter"].startswith("stated")
    assert reasons["email"] == "never_wished"


def test_nothing_at_all_is_an_objection_that_a_later_choice_lifts(door, engine, clock):
    [ada] = settle(engine, channels=ALL)

    fill(door, ada, offer="none")
    clock.on(seconds=1)
    verdict, _ = decided(door, ada, "offer", "marketing", clock.now)
    assert verdict["state"] == "held"
    assert chosen(door, ada)["offer"] == "none"

    fill(door, ada, offer="sms")
    clock.on(seconds=1)
    verdict, _ = decided(door, ada, "offer", "marketing", clock.now)
    assert (verdict["state"], verdict["channel"]) == ("ready", "sms")


def test_stop_all_marketing_is_one_tap_and_leaves_invoices_alone(door, engine, clock):
    [ada] = settle(engine, channels=ALL)
    with engine.begin() as connection:
        agree(connection, ada, topic="news")

    answer = door.client.post(door.form(ada), data={"stop": "marketing"})
    clock.on(seconds=1)

    assert answer.status_code == 200
    assert chosen(door, ada) == {"invoice": "email", "offer": "none", "news": "none"}
    assert decided(door, ada, "offer", "marketing", clock.now)[0]["reason"] != ""
    assert decided(door, ada, "invoice", "required", clock.now)[0]["state"] == "ready"
    again = door.client.post(door.form(ada), data={"stop": "marketing"})
    assert again.url.params["saved"] == "0"
    assert door.ask("SELECT count(*) FROM consents WHERE action = 'objected'") == [(2,)]


def test_only_what_changed_is_written_and_a_second_submit_writes_nothing(door, engine):
    [ada] = settle(engine, channels=ALL)
    fields = Fields(door.client.get(door.form(ada)).text).sent

    first = door.client.post(door.form(ada), data=fields | {"offer": "letter"})
    second = door.client.post(door.form(ada), data=fields | {"offer": "letter"})

    assert (first.url.params["saved"], second.url.params["saved"]) == ("1", "0")
    assert door.ask("SELECT topic, kind, channels, value FROM statements") == [
        ("offer", "order", ["letter"], {"only": True})
    ]
    assert door.ask("SELECT topic, channel, action FROM consents ORDER BY id DESC LIMIT 1") == [
        ("offer", "letter", "given")
    ]
    assert door.ask("SELECT kind, direction, detail ->> 'actor' FROM touchpoints") == [
        ("preference_changed", "in", "customer")
    ]


def test_the_proof_says_what_was_shown(door, engine):
    [ada] = settle(engine, channels=ALL, language="sv")

    fill(door, ada, news="email")

    [(proof, source, actor, brand)] = door.ask(
        "SELECT proof, source, actor, brand FROM consents WHERE topic = 'news'"
    )
    assert re.fullmatch(
        r"form 3, sv, wording [0-9a-f]{12}, brand nordlys, shown 2026-03-03T12:00:00\+00:00, answers", proof
    )
    assert (source, actor, brand) == ("form", "customer", "nordlys")


def test_an_answer_that_the_form_had_shown_does_not_undo_a_later_withdrawal(door, engine, clock):
    """A form that lay open while the customer unsubscribed elsewhere must not give the consent back."""
    [ada] = settle(engine, channels=ALL)
    old = Fields(door.client.get(door.form(ada)).text).sent
    door.client.post(door.form(ada), data={"stop": "marketing"})
    clock.on(minutes=5)

    door.client.post(door.form(ada), data=old | {"language": "pl"})

    assert chosen(door, ada)["offer"] == "none"


def test_language_pause_quiet_hours_and_measured_links_are_followed_by_the_decision(door, engine, clock):
    [ada] = settle(engine, channels=ALL)
    fields = Fields(door.client.get(door.form(ada)).text).sent
    del fields["tracking"]

    wishes = {"language": "pl", "pause_until": "2026-03-20", "quiet_from": "11:00", "quiet_until": "15:30"}
    door.client.post(door.form(ada), data=fields | wishes | {"invoice": "sms"})
    clock.on(seconds=1)

    offer, _ = decided(door, ada, "offer", "marketing", clock.now)
    assert (offer["language"], offer["tracking"], offer["reason"]) == ("pl", False, "pause")
    assert offer["due_at"] >= datetime.fromisoformat("2026-03-19T23:00:00+00:00"), "midnight in Oslo"
    invoice, _ = decided(door, ada, "invoice", "required", clock.now)
    assert (invoice["channel"], invoice["reason"]) == ("sms", "quiet_hours")
    assert invoice["due_at"] == datetime.fromisoformat("2026-03-03T14:30:00+00:00")
    shown = Fields(door.client.get(door.form(ada)).text).sent
    assert {key: shown[key] for key in wishes} == wishes
    assert "tracking" not in shown


def test_a_pause_can_be_shortened_and_ended(door, engine, clock):
    [ada] = settle(engine, channels=ALL)
    fill(door, ada, pause_until="2026-06-01")
    clock.on(days=1)
    fill(door, ada, pause_until="2026-04-01")

    held, _ = decided(door, ada, "offer", "marketing", clock.now)
    after, _ = decided(door, ada, "offer", "marketing", datetime.fromisoformat("2026-04-02T10:00:00+00:00"))
    assert (held["reason"], after["reason"]) == ("pause", "")

    clock.on(days=1)
    fill(door, ada, pause_until="")
    clock.on(seconds=1)
    assert decided(door, ada, "offer", "marketing", clock.now)[0]["reason"] == ""
    assert Fields(door.client.get(door.form(ada)).text).sent["pause_until"] == ""


def test_a_temporary_wish_does_not_outrank_what_is_chosen_today(door, engine, clock):
    [ada] = settle(engine, channels=ALL)
    with engine.begin() as connection:
        state(
            connection, ada, channels=["letter"],
            from_at=NOON - timedelta(days=5), until_at=NOON + timedelta(days=60),
        )  # fmt: skip
    assert chosen(door, ada)["invoice"] == "letter"

    fill(door, ada, invoice="sms", offer="email")
    clock.on(seconds=1)

    assert decided(door, ada, "invoice", "required", clock.now)[0]["channel"] == "sms"
    assert decided(door, ada, "offer", "marketing", clock.now)[0]["channel"] == "email"
    later = clock.now + timedelta(days=90)
    assert decided(door, ada, "invoice", "required", later)[0]["channel"] == "sms"


def test_topics_below_a_purpose_follow_its_choice(door, engine, clock):
    [ada] = settle(engine, channels=ALL, topic="offer.garden")
    with engine.begin() as connection:
        state(connection, ada, topic="offer.garden", channels=["sms"])

    fill(door, ada, offer="letter")
    clock.on(seconds=1)

    assert decided(door, ada, "offer.garden", "marketing", clock.now)[0]["channel"] == "letter"
    door.client.post(door.form(ada), data={"stop": "marketing"})
    clock.on(seconds=1)
    assert decided(door, ada, "offer.garden", "marketing", clock.now)[0]["state"] == "held"


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        pytest.param({"offer": "push"}, "offer", id="a channel without an address"),
        pytest.param({"offer": "sms"}, "offer", id="a channel whose address must not be used"),
        pytest.param({"invoice": "none"}, "invoice", id="nothing at all for invoices"),
        pytest.param({"offer": "pigeon"}, "offer", id="no channel"),
        pytest.param({"offer": "email,email"}, "offer", id="a channel twice"),
        pytest.param({"rank.offer.sms": "1"}, "offer", id="a number for a channel that must not be used"),
        pytest.param({"rank.offer.email": "x"}, "offer", id="no number"),
        pytest.param({"rank.offer.email": "\u0661"}, "offer", id="a number of another script"),
        pytest.param(
            {"rank.offer.email": "3", "rank.offer.letter": "3"}, "offer", id="two that got one number"
        ),
        pytest.param({"rank.invoice.email": ""}, "invoice", id="no way at all for invoices"),
        pytest.param({"language": "xx"}, "language", id="a language that is not offered"),
        pytest.param({"pause_until": "soon"}, "pause_until", id="no date"),
        pytest.param({"pause_until": "2026-03-03"}, "pause_until", id="today"),
        pytest.param({"pause_until": "2029-03-03"}, "pause_until", id="too far"),
        pytest.param({"quiet_from": "22:00"}, "quiet_from", id="one time only"),
        pytest.param({"quiet_from": "22:00", "quiet_until": "25:00"}, "quiet_from", id="no time"),
        pytest.param({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_from", id="the same time twice"),
    ],
)
def test_a_wrong_answer_is_named_at_its_field_and_nothing_is_saved(door, engine, answers, field):
    [ada] = settle(engine, channels=("email", "sms", "letter"))
    with engine.begin() as connection:
        suppress(connection, "sms", "+4740600001")

    answer = fill(door, ada, **{"news": "letter", **answers})

    assert answer.status_code == 422
    assert f'id="{field}-why"' in answer.text
    assert f'href="#{field}"' in answer.text
    kept = Fields(answer.text).sent
    assert kept["rank.news.letter"] == "1", "what was right is kept on the page"
    assert door.ask("SELECT count(*) FROM statements") == [(0,)]


@pytest.mark.parametrize(
    "hostile",
    ['"><script>alert(1)</script>', "{{ 7 * 7 }}", "\x00\r\nSet-Cookie: a=b", "%s%n" * 50, "é" * 1500],
)
def test_hostile_answers_come_back_as_text_or_not_at_all(door, engine, hostile):
    [ada] = settle(engine)

    answer = fill(door, ada, pause_until=hostile, quiet_from=hostile, language=hostile, offer=hostile)

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    for text in (hostile, "rank"):
        preview = fill(
            door, ada, **{"preview": "1", text: hostile, f"rank.{text}": hostile, "shown.offer": hostile}
        )
        assert preview.status_code in (200, 422)
        assert "<script>alert" not in preview.text
    assert ">49<" not in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("query", "header", "customer", "language"),
    [
        pytest.param("?lang=pl", "sv", "nb", "pl", id="asked for by name"),
        pytest.param("", "sv", "nb", "nb", id="the customer's before the browser's"),
        pytest.param("", "de,sv;q=0.5,pl;q=0.9", "de", "pl", id="the browser's best that we have"),
        pytest.param("?lang=xx", "", "pt_BR", "pt-BR", id="a name that we do not have"),
        pytest.param("", "", "fr", "en", id="English when nothing fits"),
    ],
)
def test_the_language_of_the_page(door, engine, query, header, customer, language):
    [ada] = settle(engine, language=customer)

    page = door.client.get(door.form(ada) + query, headers={"Accept-Language": header})

    assert page.headers["content-language"] == language
    assert f'<html lang="{language}">' in page.text


def spoilt(door, customer):
    url = door.form(customer)
    start, token = url.rsplit("/", 1)
    message = "0190f3a0-7c3e-7000-8000-000000000001"
    other = door.links.for_message(message, customer, "offer")["unsubscribe"].rsplit("/", 1)[1]
    return [
        f"{start}/{token[:-1]}", f"{start}/{token}A", f"{start}/B{token[1:]}", f"{start}/{other}", f"{start}/%00",
        f"{start}/" + "A" * 3000, f"{start}/ä", door.form(customer, "unknown-brand"), door.form(999),
    ]  # fmt: skip


@pytest.mark.parametrize("which", range(9))
def test_a_cut_forged_or_foreign_link_gets_a_friendly_page(door, engine, which):
    [ada] = settle(engine)

    page = door.client.get(spoilt(door, ada)[which], headers={"Accept-Language": "sv"})

    assert page.status_code == 404
    assert "Den här länken fungerar inte" in page.text
    assert door.client.post(spoilt(door, ada)[which], data={"stop": "marketing"}).status_code == 404


def test_two_saves_at_once_write_one_change(door, engine):
    [ada] = settle(engine, channels=ALL)
    fields = Fields(door.client.get(door.form(ada)).text).sent | {"offer": "sms"}
    threads = [
        threading.Thread(target=door.client.post, args=(door.form(ada),), kwargs={"data": fields})
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert door.ask("SELECT count(*) FROM statements") == [(1,)]
    assert door.ask("SELECT count(*) FROM touchpoints") == [(1,)]


def test_what_is_planned_already_is_told_on_the_page(door, engine):
    [ada] = settle(engine, channels=ALL)
    with engine.connect() as connection:
        brand = door.installation.organisation.brands[0]
        found = read(connection, customer=ada, brand=brand, policy=Policy(), now=NOON)
    assert found.planned == 0

    page = fill(door, ada, offer="none")

    assert "This is how we reach you from now on" in page.text
    assert "Nothing at all" in page.text


def ranked(door, customer, topic, now=None):
    purpose_class = "required" if topic == "invoice" else "marketing"
    _, frame = decided(door, customer, topic, purpose_class, now or door.clock.now)
    order = frame.filter(frame["rank"].is_not_null()).sort("rank")
    return order["channel"].to_list()


def test_the_order_of_the_form_is_the_order_of_the_decision(door, engine, clock):
    [ada] = settle(engine, channels=ALL, consent=None)

    fill(door, ada, **{"rank.offer.letter": "1", "rank.offer.sms": "2", "rank.offer.email": "never"})
    fill(door, ada, **{"rank.invoice.sms": "1", "rank.invoice.letter": "2", "rank.invoice.email": ""})
    clock.on(seconds=1)

    assert ranked(door, ada, "offer") == ["letter", "sms"], "exactly these"
    assert ranked(door, ada, "invoice") == ["sms", "letter", "email", "push"], "the others stay behind"
    assert chosen(door, ada) == {"invoice": "sms,letter", "offer": "letter,sms", "news": "none"}


def test_of_two_with_one_number_the_changed_one_goes_first(door, engine):
    """Who only sets the letter to 1 means: the letter, then what was first."""
    [ada] = settle(engine, channels=ALL)

    fill(door, ada, **{"rank.offer.letter": "1", "rank.offer.push": "never", "rank.offer.sms": "never"})

    assert chosen(door, ada)["offer"] == "letter,email"
    fill(door, ada, **{"rank.offer.letter": "2"})
    assert chosen(door, ada)["offer"] == "email,letter", "and who moves it down means: behind"


PARTS = ("offer", "offer.garden", "offer.tools")


def test_a_part_of_the_offers_has_an_order_of_its_own_or_follows(garden, engine, clock):
    [ada] = settle(engine, channels=ALL)
    page = garden.client.get(garden.form(ada)).text
    assert "Garden" in page
    assert "Verktøy" in page, "a name in another language is better than none"

    fill(garden, ada, **{"rank.offer.garden.letter": "1"})
    clock.on(seconds=1)
    assert ranked(garden, ada, "offer.garden") == ["letter"]
    assert ranked(garden, ada, "offer.tools") == ["email", "sms", "push", "letter"]
    assert chosen(garden, ada, *PARTS) == {
        "offer": "email,sms,push,letter", "offer.garden": "letter", "offer.tools": "",
    }  # fmt: skip

    fill(garden, ada, offer="sms")
    clock.on(seconds=1)
    assert (ranked(garden, ada, "offer.garden"), ranked(garden, ada, "offer.tools")) == (["letter"], ["sms"])

    fill(garden, ada, offer="none")
    clock.on(seconds=1)
    assert (ranked(garden, ada, "offer.garden"), ranked(garden, ada, "offer.tools")) == (["letter"], [])

    fill(garden, ada, **{"offer.garden": "", "offer": "push"})
    clock.on(seconds=1)
    assert (ranked(garden, ada, "offer.garden"), ranked(garden, ada, "offer.tools")) == (["push"], ["push"])
    assert chosen(garden, ada, *PARTS) == {"offer": "push", "offer.garden": "", "offer.tools": ""}


def test_a_part_can_be_refused_and_taken_up_again(garden, engine, clock):
    [ada] = settle(engine, channels=ALL)

    fill(garden, ada, **{"offer.garden": "none"})
    clock.on(seconds=1)
    fill(garden, ada, offer="email")
    clock.on(seconds=1)
    assert (ranked(garden, ada, "offer.garden"), ranked(garden, ada, "offer")) == ([], ["email"])
    assert chosen(garden, ada, *PARTS)["offer.garden"] == "none"

    fill(garden, ada, **{"offer.garden": ""})
    clock.on(seconds=1)
    assert ranked(garden, ada, "offer.garden") == ["email"]


def test_never_for_one_channel_of_a_part_is_the_whole_without_it(garden, engine, clock):
    [ada] = settle(engine, channels=ALL)
    fill(garden, ada, offer="letter,email,sms")
    clock.on(seconds=1)

    fill(garden, ada, **{"rank.offer.garden.email": "never"})
    clock.on(seconds=1)

    assert ranked(garden, ada, "offer.garden") == ["letter", "sms"]


def test_stop_all_marketing_stops_the_parts_too_and_can_be_undone(garden, engine, clock):
    [ada] = settle(engine, channels=ALL)
    fill(garden, ada, **{"offer.garden": "letter,sms", "offer": "email"})
    clock.on(minutes=1)
    garden.client.post(garden.form(ada), data={"stop": "marketing"})
    clock.on(minutes=1)
    assert [ranked(garden, ada, topic) for topic in (*PARTS, "news")] == [[]] * 4

    again = garden.client.post(garden.form(ada), data={"undo": "1"})
    clock.on(minutes=1)

    assert again.url.params["saved"] == "1"
    assert [ranked(garden, ada, topic) for topic in PARTS] == [["email"], ["letter", "sms"], ["email"]]
    assert ranked(garden, ada, "news") == []


def test_undo_is_one_more_choice_and_an_undo_can_be_undone(door, engine, clock):
    [ada] = settle(engine, channels=ALL, language="nb")
    fill(door, ada, offer="sms", language="pl", large_print="on", pause_until="2026-04-01")
    clock.on(minutes=1)
    rows = door.ask("SELECT count(*) FROM statements")[0][0]

    door.client.post(door.form(ada), data={"undo": "1"})
    clock.on(minutes=1)
    shown = Fields(door.client.get(door.form(ada)).text).sent
    assert (shown["language"], shown["pause_until"], "large_print" in shown) == ("nb", "", False)
    assert chosen(door, ada)["offer"] == "email,sms,push,letter"
    assert door.ask("SELECT count(*) FROM statements")[0][0] > rows, "append-only"

    door.client.post(door.form(ada), data={"undo": "1"})
    clock.on(minutes=1)
    shown = Fields(door.client.get(door.form(ada)).text).sent
    assert (shown["language"], shown["pause_until"], shown["large_print"]) == ("pl", "2026-04-01", "on")
    assert chosen(door, ada)["offer"] == "sms"


def test_an_undo_does_not_bring_back_a_channel_that_cannot_be_used_any_more(door, engine, clock):
    [ada] = settle(engine, channels=("email", "sms"))
    fill(door, ada, invoice="sms")
    clock.on(minutes=1)
    fill(door, ada, invoice="email", offer="email")
    with engine.begin() as connection:
        suppress(connection, "sms", "+4740600001")
    clock.on(minutes=1)

    door.client.post(door.form(ada), data={"undo": "1"})

    assert chosen(door, ada) == {"invoice": "email", "offer": "email", "news": "none"}


def test_without_a_change_there_is_nothing_to_undo(door, engine):
    [ada] = settle(engine)
    assert door.client.post(door.form(ada), data={"undo": "1"}).url.params["saved"] == "0"


def test_who_has_no_address_is_shown_where_to_add_one(door, engine):
    ada, bo = settle(engine, 2, channels=ALL)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE addresses SET removed_at = now() WHERE customer_id = {bo}")

    pages = [door.client.get(f"{door.form(one)}?lang=en").text for one in (ada, bo)]
    assert [page.count(">Add an address</a>") for page in pages] == [0, 1]


def test_the_history_says_what_when_and_from_where(door, engine, clock):
    [ada] = settle(engine, channels=ALL)
    fill(
        door,
        ada,
        offer="letter,email",
        quiet_from="22:00",
        quiet_until="07:00",
        call="on",
        pause_until="2026-05-01",
    )
    clock.on(seconds=10)
    fill(door, ada, quiet_from="", quiet_until="", call="off", tracking="off")
    clock.on(days=1, hours=2)
    door.client.post(door.form(ada), data={"stop": "marketing"})
    with engine.begin() as connection:
        state(connection, ada, kind="language", value={"language": "pl"}, at=clock.now + timedelta(hours=1))
        connection.exec_driver_sql(
            "INSERT INTO statements (customer_id, kind, topic, channels, source, actor, at)"
            f" VALUES ({ada}, 'order', 'dunning', '{{sms}}', 'api', 'staff:kari', '2026-03-10 10:00+00'),"
            f" ({ada}, 'order', 'service', '{{sms}}', 'import:crm', 'staff:kari', '2026-03-11 10:00+00')"
        )

    page = re.sub(r"<[^>]+>|\s+", " ", door.client.get(f"{door.form(ada)}/history?lang=en").text)
    page = re.sub(r" +", " ", page)

    assert (
        page.index("10 March 2026, 11:00")
        < page.index("4 March 2026, 15:00")
        < page.index("3 March 2026, 13:00")
    )
    for text in (
        "in another system of ours, written down for you by our staff",
        "taken over from another system Order of channels, Service notices",
        "Order of channels, Reminders: Text message",
        "Language: Polski",
        "Nothing more wished, Offers for you",
        "Order of channels, Offers for you: Letter by post, Email",
        "Permission, Offers for you: Email, Letter by post",
        "Quiet hours: 22:00–07:00",
        "Quiet hours: –",
        "Pause, News: 1 May 2026, 00:00",
        "Remember opened links: no",
        "How we write: no",
        "How we write: A person calls me",
    ):
        assert text in page, text
    assert "kari" not in page
