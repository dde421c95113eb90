"""Erasure on PostgreSQL: nothing personal stays, and nothing erased is used again."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from store.audit import verdict
from store.customers import find
from store.doubts import overdue
from store.tables import addresses, calls, metadata, receipts, replies
from tests.shelf import add_message, add_run
from tests.town import NOON, install, settle, suppress
from tests.work.test_lanes import Town
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Rejected, Unknown
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from work.erase import erase
from work.gather import take
from work.intake import import_file

PERSON = {"first_name": "Zofia", "last_name": "Erasable", "company": "Zofia Erasable AS"}


@pytest.fixture
def town(settings, engine):
    """Zofia on every channel, and Ada, who stays."""
    settle(engine, 1, channels=("email", "sms"), **PERSON)
    settle(engine, 1)
    return install(settings, engine)


def everything(engine):
    """Return all rows of all tables as one text."""
    with engine.connect() as connection:
        return "\n".join(
            connection.scalar(text(f"SELECT coalesce(string_agg(t::text, '\n'), '') FROM {table} t"))
            for table in metadata.tables
        )


def address_of(engine, customer, channel):
    with engine.connect() as connection:
        query = text("SELECT value FROM addresses WHERE customer_id = :customer AND channel = :channel")
        return connection.scalar(query, {"customer": customer, "channel": channel})


def what_came_back(connection, email, phone):
    """Write what others said about Zofia: receipts that only name an address, a call, replies; and one about Ada."""
    message = add_message(
        connection, add_run(connection, required=True), 1, state="undeliverable", reason="bounced"
    )
    ada = connection.scalar(text("SELECT value FROM addresses WHERE customer_id = 2 AND channel = 'email'"))
    for event, address in (("1", email.upper()), ("2", ada)):
        payload = {"channel": "email", "address": address}
        values = {"provider": "ses", "event_id": event, "kind": "bounced", "payload": payload, "at": NOON}
        connection.execute(insert(receipts).values(values))
    note = {"note": "Zofia moves on Friday", "closed_at": NOON, "closed_by": "staff:Ola"}
    connection.execute(insert(calls).values(message_id=message, because="bounced", opened_at=NOON, **note))
    for event, whose, channel, sender in (("1", 1, "email", email), ("2", None, "sms", phone)):
        values = {
            "provider": "twilio",
            "event_id": event,
            "customer_id": whose,
            "channel": channel,
            "sender": sender,
        }
        said = {"brand": "nordlys", "text": "Zofia here, please call", "at": NOON, "due_at": NOON}
        connection.execute(insert(replies).values(values | said))


def test_nothing_personal_stays_and_others_are_untouched(town, engine):
    """Name, company and addresses are in no table any more; the reason and who did it are in the audit."""
    gone = [*PERSON.values(), address_of(engine, 1, "email"), address_of(engine, 1, "sms")]
    with engine.begin() as connection:
        suppress(connection, "email", gone[3])
        what_came_back(connection, *gone[3:])
    stays = address_of(engine, 2, "email")
    with engine.connect() as connection:
        kept = connection.scalar(
            text("SELECT count(*) FROM receipts WHERE payload ->> 'address' = :a"), {"a": stays}
        )

    counts = erase(town, "C1", by="Ola", because="ticket 812", now=NOON)

    left = everything(engine)
    assert [word for word in gone if word in left] == []
    assert stays in left
    assert "ticket 812" in left
    assert counts["addresses"] == 2
    assert (kept, counts["replies"], counts["receipts_by_address"]) == (1, 2, 1)
    with engine.connect() as connection:
        assert find(connection, "C1") is None


def test_an_erased_address_is_not_used_when_it_comes_again(town, engine):
    """Whoever brings the address back, by an old file or a restored backup, brings one that nothing is sent to."""
    value = address_of(engine, 1, "email")
    erase(town, "C1", by="Ola", because="asked", now=NOON)

    [again] = settle(engine, 1, channels=("sms",))
    with engine.begin() as connection:
        connection.execute(insert(addresses).values(customer_id=again, channel="email", value=value))
        rows = connection.execute(
            text("SELECT state, problem FROM addresses WHERE customer_id = :again AND channel = 'email'"),
            {"again": again},
        ).all()
        fresh = connection.scalar(
            text("SELECT state FROM addresses WHERE customer_id = :again AND channel = 'sms'"),
            {"again": again},
        )

    assert rows == [("unusable", "erased")]
    assert fresh == "usable"


@pytest.mark.parametrize(
    ("reference", "by", "because"),
    [
        pytest.param("nobody", "Ola", "asked", id="a customer who is not there"),
        pytest.param("C1", " ", "asked", id="no name"),
        pytest.param("C1", "Ola", "", id="no reason"),
    ],
)
def test_what_is_missing_erases_nobody(town, engine, reference, by, because):
    """It cannot be undone, so it is not done by half."""
    before = everything(engine)

    with pytest.raises(Problem):
        erase(town, reference, by=by, because=because, now=NOON)

    assert everything(engine) == before


def test_a_file_that_brings_the_address_again_and_again_does_not_revive_it(town, engine, tmp_path):
    """The old file, a new one with another address, the old one again: what was erased stays unusable."""
    value = address_of(engine, 1, "email")
    erase(town, "C1", by="Ola", because="asked", now=NOON)

    for email in (value, "zofia@example.net", value):
        path = tmp_path / "customers.csv"
        path.write_text(f"customer,email\nZ9,{email}\n")
        import_file(engine, "customers", path, now=NOON, actor="staff:test")

    with engine.connect() as connection:
        query = text("SELECT state, problem FROM addresses WHERE value = :value")
        assert connection.execute(query, {"value": value}).all() == [("unusable", "erased")]


ANSWERS = {
    "the address is dead": Rejected(error=ErrorClass.ADDRESS, code="5.1.1"),
    "she said stop": Rejected(error=ErrorClass.OPT_OUT, code="21610"),
    "it is taken": Accepted(reference="r1"),
    "the answer is lost": Unknown(code="reset"),
}
CAME_BACK = (ReceiptKind.BOUNCED, ReceiptKind.COMPLAINED, ReceiptKind.OPENED, ReceiptKind.STOPPED)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_was_on_its_way_brings_nobody_back(settings, engine, answer):
    """Neither what the provider answers to the call that was open, nor what comes back of it, nor a call task."""
    town = Town(settings, engine)
    settle(engine, 1, channels=("email", "sms"))
    email, phone = address_of(engine, 1, "email"), address_of(engine, 1, "sms")
    town.plan().sql("UPDATE messages SET purpose_class = 'required'")
    town.email.default = answer
    with town.sender() as sender:
        [batch] = town.claim(sender)
        erase(town.installation, "C1", by="Ola", because="asked", now=NOON)
        sender.finish(batch.provider, batch.claimed, batch.rest)
    attempt = batch.claimed[0].attempt
    dead = {"error": ErrorClass.ADDRESS, "code": "5.1.1"}
    told = [
        Receipt(
            provider="p", event_id=f"{kind} {channel}", kind=kind, channel=channel, at=NOON, **about, **dead
        )
        for kind in CAME_BACK
        for channel, about in (
            (Channel.EMAIL, {"attempt": attempt, "address": email.upper()}),
            (Channel.SMS, {"address": phone}),
        )
    ]

    take(town.installation, told, now=NOON)
    for _ in range(3):
        town.now += timedelta(hours=25)
        town.send()

    assert [one for one in (email, phone) if one.lower() in everything(engine).lower()] == []
    assert len(town.email.handed) == 1
    assert town.sms.handed == []
    assert town.sql("SELECT 1 FROM suppressions UNION SELECT 1 FROM calls") == []
    assert not {kind for (kind,) in town.sql("SELECT kind FROM touchpoints")} & {
        "opened", "complained", "stopped"
    }  # fmt: skip


def test_no_list_is_asked_about_somebody_who_was_erased(settings, engine):
    """Twilio's list of messages to nobody is empty, which would look as if the SMS had never been taken."""
    settle(engine, 2, channels=("sms",))
    town = Town(settings, engine).plan()
    with town.sender() as sender:
        [batch] = town.claim(sender)
    erase(town.installation, "C1", by="Ola", because="asked", now=NOON)
    town.sql("UPDATE attempts SET state = 'unknown', ended_at = started_at, lease_until = started_at")

    with engine.connect() as connection:
        name = town.sms.name
        asked = overdue(connection, name, channel="sms", settle_after=timedelta(0), now=NOON)

    assert asked == [one.attempt for one in batch.claimed if one.customer == 2]


CANARY = "Zofia-was-here"
PROOF = {"consents", "erasures", "persons", "merges", "events"}
"""Rows that name an erased customer by number: what was permitted, that they asked, who was who, what systems heard."""
SHELLS = {"addresses", "messages"}
"""Rows that others need, emptied."""
BY_LAW = {"invoices"}


def full_of(engine, customer):
    """Write the canary into every place where something about a customer can stand."""
    with engine.begin() as connection:
        run = add_run(connection, required=True)
        keyless = add_message(connection, run, customer, state="held", reason="no_address")
        message = add_message(connection, run, customer, state="done", channel="email")
        values = {
            "c": customer,
            "w": CANARY,
            "j": json.dumps({"x": CANARY}),
            "m": message,
            "h": keyless,
            "now": NOON,
        }
        for statement in (
            "UPDATE customers SET first_name = :w, last_name = :w, company = :w, attributes = CAST(:j AS jsonb),"
            " holds = ARRAY[:w] WHERE id = :c",
            "UPDATE addresses SET device = :w, postal = CAST(:j AS jsonb) WHERE customer_id = :c",
            "INSERT INTO customer_references VALUES ('crm', :w, :c)",
            "INSERT INTO statements (customer_id, kind, value, source, proof, actor, at)"
            " VALUES (:c, 'pause', CAST(:j AS jsonb), :w, :w, 'customer', :now)",
            "INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, detail, at)"
            " VALUES (:c, 'crm', :w, 'in', 'call', 'called', CAST(:j AS jsonb), :now)",
            "UPDATE messages SET data = CAST(:j AS jsonb), decision = CAST(:j AS jsonb) WHERE customer_id = :c",
            "UPDATE messages SET dedupe_key = NULL WHERE id = :h",
            "UPDATE messages SET copy = 1, copy_because = :w, dedupe_key = :w WHERE id = :m",
            "INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)"
            " VALUES (gen_random_uuid(), :m, 9, 'email', :w, 'accepted', 'ref-9', :now)",
            "INSERT INTO attempts (id, delivery_id, number, provider, state, detail, owner, started_at, lease_until)"
            " SELECT gen_random_uuid(), id, 1, 'smtp', 'refused', :w, 1, :now, :now FROM deliveries"
            " WHERE reference = 'ref-9'",
            "INSERT INTO receipts (provider, event_id, attempt_id, kind, payload, at)"
            " SELECT 'smtp', 'e9', id, 'bounced', CAST(:j AS jsonb), :now FROM attempts WHERE detail = :w",
            "INSERT INTO calls (message_id, because, opened_at, note) VALUES (:m, 'bounced', :now, :w)",
            "INSERT INTO replies (provider, event_id, customer_id, channel, sender, text, at, due_at)"
            " VALUES ('twilio', 'r9', :c, 'sms', :w, :w, :now, :now)",
            "INSERT INTO slips (kind, customer_id, channel, value, language, asked_at, due_at)"
            " VALUES ('link', :c, 'email', :w, 'en', :now, :now)",
            "INSERT INTO codes (customer_id, kind, channel, value, digest, made_at, expires_at)"
            " VALUES (:c, 'data', 'email', :w, '', :now, :now)",
            "INSERT INTO exports (customer_id, requested_by, requested_at, expires_at) VALUES (:c, :w, :now, :now)",
            "INSERT INTO events (kind, customer_id, at) VALUES ('message.sent', :c, :now)",
            "INSERT INTO behaviour VALUES (:c, 'email', 'marketing', 1, 1, 1, :now, :now)",
            "INSERT INTO invoices (run_id, brand, customer_id, number, issued_on, due_on, currency, net, tax, gross,"
            f" document) VALUES ('{run}', 'nordlys', :c, 'N1', :now, :now, 'EUR', 1, 0, 1, CAST(:j AS jsonb))",
        ):
            connection.execute(text(statement), values)


def test_only_what_the_law_wants_stays_in_any_table(town, engine):
    """Every table of the schema is looked at: a new one with customers in it is found here."""
    full_of(engine, 1)

    erase(town, "C1", by="Ola", because="ticket 812", now=NOON)

    with engine.connect() as connection:
        told = {
            table
            for table in metadata.tables
            if connection.scalar(text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{CANARY}%'"))
        }
        naming = {
            name
            for name, table in metadata.tables.items()
            if "customer_id" in table.c
            and connection.scalar(text(f"SELECT count(*) FROM {name} WHERE customer_id = 1 "))
        }
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text("DELETE FROM statements"))
    assert told == BY_LAW
    assert naming <= PROOF | SHELLS | BY_LAW
    with engine.connect() as connection:
        assert verdict(connection).broken is None
