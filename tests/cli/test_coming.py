"""`tidings find` and `tidings gather`; and senders that nobody reads are refused."""

import copy
import json

import pytest
import tomli_w
from sqlalchemy import text

from tests.channels.returned import mail, report
from tests.shelf import add_attempt, add_delivery, add_message, add_run
from tests.town import ORGANISATION, settle
from tidings.organisation import read_organisation, takes_no_replies
from tidings.problem import Problem

pytestmark = pytest.mark.usefixtures("organised")
REFERENCE = "K7Q4MTX2AB"


@pytest.fixture
def sent(engine):
    """One delivery to Ada by e-mail; returns (message, attempt)."""
    [ada] = settle(engine)
    with engine.begin() as connection:
        message = add_message(connection, add_run(connection, run="autumn.1"), ada, document="autumn/1")
        delivery = add_delivery(connection, message)
        attempt = add_attempt(connection, delivery)
        connection.execute(text("UPDATE deliveries SET reference = :reference"), {"reference": REFERENCE})
    return message, attempt


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Mail" / part).mkdir(parents=True)
    monkeypatch.setenv("TIDINGS_MAILBOX__MAILDIR", str(tmp_path / "Mail"))
    return tmp_path / "Mail"


def test_find_opens_a_reference_however_it_is_typed(tidings, sent):
    code, printed = tidings("find", "k7q4-mtx2 ab", "--json")
    told = json.loads(printed.out)

    assert code == 0
    assert (told["reference"], told["message"], told["run"], told["customer"]) == (
        REFERENCE,
        sent[0],
        "autumn.1",
        "C1",
    )
    assert (told["document"], told["channel"], told["state"]) == ("autumn/1", "email", "accepted")
    assert [(one["attempt"], one["state"]) for one in told["attempts"]] == [(sent[1], "accepted")]
    words = tidings("find", REFERENCE)[1].out
    assert "K7Q4MTX2AB: autumn/1 by email, accepted." in words
    assert "Customer" in words


@pytest.mark.parametrize("reference", ["NOTHING222", "", "'; DROP TABLE deliveries", "K7Q4MTX2A"])
def test_a_reference_of_nothing_is_a_sentence(tidings, sent, reference):
    code, printed = tidings("find", reference)

    assert (code, printed.out) == (2, "")
    assert "There is no delivery with the reference" in printed.err
    assert "Traceback" not in printed.err


def test_gather_takes_in_what_has_come_back_and_forwards_replies(tidings, sent, mailbox, settings):
    message, attempt = sent
    original = f"To: c1@example.org\nMessage-ID: <{message}.{REFERENCE}@nordlys.example>\n\nHello\n"
    (mailbox / "new" / "1").write_bytes(report(original=original, whom="c1@example.org", envelope=attempt))
    (mailbox / "new" / "2").write_bytes(mail("Why?", sender="c1@example.org", subject="Re: x"))
    (mailbox / "new" / "3").write_bytes(report(original="", envelope=""))
    (mailbox / "new" / "4").touch()
    code, printed = tidings("gather", "--json")

    assert code == 0
    assert json.loads(printed.out) == {
        "sources": {"mailbox": {"bounced": 1, "replied": 1, "unmatched": 1}},
        "failed": {},
        "forwarded": {"sent": 1},
    }
    assert list((mailbox / "new").iterdir()) == []
    [forwarded] = (settings.home / "outbox" / "email").iterdir()
    assert b"To: hjelp@nordlys.example" in forwarded.read_bytes()
    assert "mailbox: nothing new." in tidings("gather")[1].out


def test_gather_without_anything_to_gather_says_so(tidings):
    code, printed = tidings("gather")

    assert code == 0
    assert "No queue, mailbox or folder is set up" in printed.out


def test_a_mailbox_that_is_none_is_refused_before_anything_is_done(tidings, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDINGS_MAILBOX__MAILDIR", str(tmp_path / "none"))
    code, printed = tidings("gather")

    assert code == 2
    assert "is no Maildir" in printed.err


NOBODY_READS = [
    "no-reply",
    "noreply",
    "no_reply",
    "no.reply",
    "NoReply",
    "noreply+1",
    "do-not-reply",
    "donotreply",
    "dont-reply",
    "noreply-billing",
    "no-responder",
    "ikke-svar",
    "ikkesvar",
    "svar-ikke",
    "inte-svara",
    "svara-inte",
    "svarainte",
    "ej-svar",
    "nie-odpowiadac",
    "nieodpowiadaj",
    "nao-responda",
    "não-responda",
    "naoresponder",
    "keine-antwort",
    "nepasrepondre",
]
SOMEBODY_READS = [
    "hei",
    "hello",
    "reply",
    "svar",
    "nora",
    "norway",
    "notary",
    "inge",
    "nie",
    "noel",
    "intern",
    "ejnar",
    "interest",
    "nobody",
    "kundeservice",
    "nordlys",
    "knowledge",
    "annoy",
]


@pytest.mark.parametrize("local", NOBODY_READS)
@pytest.mark.parametrize("where", ["email", "reply_to"])
def test_a_sender_that_nobody_reads_is_refused(tmp_path, local, where):
    organisation = copy.deepcopy(ORGANISATION)
    organisation["brands"][0]["senders"][where] = f"{local}@nordlys.example"
    (tmp_path / "organisation.toml").write_text(tomli_w.dumps(organisation), encoding="utf-8")

    with pytest.raises(Problem, match=rf"senders\.{where}: customers must be able to answer"):
        read_organisation(tmp_path / "organisation.toml")


@pytest.mark.parametrize("local", SOMEBODY_READS)
def test_a_sender_that_somebody_reads_is_fine(local):
    assert not takes_no_replies(f"{local}@nordlys.example")


def test_check_names_a_mailbox_that_is_none(tidings, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDINGS_MAILBOX__MAILDIR", str(tmp_path / "none"))
    code, printed = tidings("check")

    assert code != 0
    assert "TIDINGS_MAILBOX__MAILDIR" in printed.out
    assert "isnoMaildir" in "".join(printed.out.split())  # a narrow screen folds it


def test_check_names_a_sender_that_nobody_reads(tidings, settings):
    organisation = copy.deepcopy(ORGANISATION)
    organisation["brands"][0]["senders"]["email"] = "no-reply@nordlys.example"
    (settings.home / "organisation.toml").write_text(tomli_w.dumps(organisation), encoding="utf-8")
    code, printed = tidings("check")

    assert code != 0
    assert "customers must be able to answer" in printed.out + printed.err
