"""Moving from another program: nobody is lost, no permission grows, every no is kept."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tidings.problem import Problem
from work.move import PROGRAMS, move

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

_DAY, _LATER = "2023-05-01 10:00:00.12 +0000 UTC", "2024-01-01 00:00:00 +0000 UTC"
LISTMONK = "\n".join(
    [
        "uuid,email,name,attributes,status,created_at,updated_at",
        f'5f3c,ada@example.com,Ada Berg,"{{""city"": ""Oslo"", ""likes"": [""a"", ""b""]}}",enabled,{_DAY},{_LATER}',
        f"6a11,bo@example.com,Bo Dahl,{{}},disabled,2023-05-01 10:00:00.12 +0200 CEST,{_LATER}",
        f"77b2,cy@example.com,Cy Moe,{{broken,blocklisted,{_DAY},{_LATER}",
        f"88c3,di@example.com,Di Lie,,snoozed,{_DAY},{_LATER}",
    ]
)

ENDPOINTS = [
    {"Id": "e1", "ChannelType": "EMAIL", "Address": "ada@example.com", "OptOut": "NONE", "EndpointStatus": "ACTIVE",
     "EffectiveDate": "2025-03-03T10:00:00.000Z", "Attributes": {"Interests": ["Garden", "Music"]},
     "Location": {"Country": "NO", "City": "Oslo", "PostalCode": "0171"}, "Demographic": {"Locale": "nb_NO"},
     "User": {"UserId": "u1", "UserAttributes": {"FirstName": ["Ada"], "LastName": ["Berg"]}}},
    {"Id": "e2", "ChannelType": "SMS", "Address": "+4791234567", "OptOut": "ALL", "User": {"UserId": "u1"}},
    {"Id": "e3", "ChannelType": "GCM", "Address": "a" * 140, "OptOut": "NONE", "User": {"UserId": "u1"}},
    {"Id": "e4", "ChannelType": "EMAIL", "Address": "bo@example.com", "EndpointStatus": "INACTIVE", "OptOut": "NONE"},
    {"Id": "e5", "ChannelType": "BAIDU", "Address": "token", "User": {"UserId": "u1"}},
]  # fmt: skip

CONTACTS = """ID,First Name,Last Name,Email,Mobile,City,Country,Points,DNC preferences
11,Ada,Berg,ada@example.com,+4791234567,Oslo,Norway,12,
12,Bo,Dahl,bo@example.com,+4792345678,Bergen,Norway,0,"Unsubscribed: Email, Bounced: Text Message"
13,Cy,Moe,cy@example.com,,Bergen,Norway,0,2:email
"""

BLOCKED = """Contact ID,Reason,Channel,Date added
11,Manually unsubscribed,email,2025-01-01 10:00:00
12,Bounced,email,2025-01-01 10:00:00
13,Whatever,pigeon,2025-01-01 10:00:00
"""


@pytest.fixture
def bring(engine, tmp_path):
    """Move files, given as text or bytes; returns what became of them."""

    def run(program, *contents, **options):
        paths = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{program}{number}.export"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        return move(engine, program, paths, now=NOW, actor="staff:test", **options)

    return run


@pytest.fixture
def ask(engine):
    """Return the rows of a query."""

    def run(query):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    return run


_CONSENTS = """SELECT r.reference, c.channel, c.topic, c.action FROM consents c
               JOIN customer_references r USING (customer_id) ORDER BY 1, 2, 3, 4"""
_SUPPRESSED = "SELECT channel, value FROM suppressions ORDER BY 1, 2"


def _lines(endpoints):
    return "\n".join(json.dumps(one) for one in endpoints)


def test_listmonk_subscribers_keep_what_they_said(bring, ask):
    moved = bring("listmonk", LISTMONK, topic="offer.garden")

    assert {kind: (report.read, report.imported) for _, kind, report in moved.parts} == {
        "customers": (4, 4),
        "consents": (4, 4),
        "suppressions": (2, 2),
    }
    assert ask(_CONSENTS) == [
        ("5f3c", "email", "offer.garden", "legacy"),
        ("6a11", "email", "offer.garden", "withdrawn"),
        ("77b2", "email", "all", "objected"),
        ("88c3", "email", "all", "objected"),
    ]
    assert ask(_SUPPRESSED) == [("email", "cy@example.com"), ("email", "di@example.com")]
    assert ask("SELECT attributes FROM customers ORDER BY id LIMIT 1") == [
        ({"city": "Oslo", "likes": '["a", "b"]'},)
    ]
    problems = [(one.row, one.problem) for _, _, report in moved.parts for one in report.problems]
    assert problems == [
        (4, "the attributes are not JSON and were left out"),
        (5, "not a status of listmonk: no mail"),
    ]


def test_with_proof_a_subscription_is_consent(bring, ask):
    bring("listmonk", LISTMONK, proof="double opt-in, form of 2023")

    assert ask("SELECT action, proof FROM consents WHERE action = 'given'") == [
        ("given", "double opt-in, form of 2023")
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_pinpoint_endpoints_of_one_user_become_one_customer(bring, ask, packed):
    content = (_lines(ENDPOINTS) + "\nnot json\n{}\n").encode()
    moved = bring("pinpoint", gzip.compress(content) if packed else content)

    assert ask(
        "SELECT reference, first_name, last_name, language FROM customers"
        " JOIN customer_references ON customer_id = customers.id WHERE first_name <> ''"
    ) == [("u1", "Ada", "Berg", "nb_NO")]
    usable = ask("SELECT channel FROM addresses WHERE state = 'usable'")
    assert Counter(channel for (channel,) in usable) == Counter({"email": 2, "sms": 1, "push": 1})
    assert ask(_CONSENTS) == [
        ("e4", "email", "news", "legacy"),
        ("u1", "email", "news", "legacy"),
        ("u1", "push", "news", "legacy"),
        ("u1", "sms", "all", "objected"),
    ]
    assert ask(_SUPPRESSED) == [("email", "bo@example.com")]
    problems = {(one.row, one.problem) for _, _, report in moved.parts for one in report.problems}
    assert {
        (5, "we have no such channel: the address is left out"),
        (6, "not JSON"),
        (7, "no endpoint: it has no Address"),
    } <= problems
    assert moved.rejected == 2


def test_mautic_contacts_keep_every_no(bring, ask):
    bring("mautic", CONTACTS, BLOCKED)

    assert ask(_CONSENTS) == [
        ("11", "email", "all", "objected"),
        ("12", "email", "all", "objected"),
        ("12", "sms", "all", "objected"),
        ("13", "all", "all", "objected"),
        ("13", "email", "all", "objected"),
    ]
    assert ask(_SUPPRESSED) == [("email", "cy@example.com"), ("sms", "+4792345678")]
    assert ask("SELECT attributes FROM customers ORDER BY id LIMIT 1") == [({"Points": "12"},)]


def test_a_pinpoint_opt_out_in_other_words_is_a_no(bring, ask):
    words = ["all", True, "ALL_CHANNELS", "", None]
    bring(
        "pinpoint",
        _lines(
            {"Id": f"e{place}", "ChannelType": "EMAIL", "Address": f"p{place}@example.com", "OptOut": word}
            for place, word in enumerate(words)
        ),
    )

    assert ask(_CONSENTS) == [(f"e{place}", "email", "all", "objected") for place in range(3)]


@pytest.mark.parametrize(
    "contents",
    [
        ["ID;E-Mail;Nicht kontaktieren\n21;a@example.com;Abgemeldet: E-Mail\n22;b@example.com;\n"],
        ["ID,E-post,Mobil\n21,a@example.com,\n", "Kontakt-ID,Grund,Kanal\n21,Abgemeldet,email\n"],
    ],
    ids=["a column named in German", "a report in German"],
)
def test_mautic_keeps_every_no_in_the_language_of_whoever_exported(bring, ask, contents):
    bring("mautic", *contents)

    assert ask(_CONSENTS) == [("21", "email", "all", "objected")]


def test_a_mautic_table_of_ids_alone_is_refused(bring):
    with pytest.raises(Problem, match="neither who the contacts are"):
        bring("mautic", "ID,Wann\n21,2025-01-01\n")


@pytest.mark.parametrize(
    ("program", "contents"),
    [("listmonk", [LISTMONK]), ("pinpoint", [_lines(ENDPOINTS)]), ("mautic", [CONTACTS, BLOCKED])],
)
def test_moving_twice_changes_nothing_and_a_dry_run_neither(bring, ask, program, contents):
    everything = " UNION ALL ".join(
        f"SELECT '{table}', json_agg(t ORDER BY t::text)::text FROM {table} t"
        for table in ("customers", "addresses", "consents", "suppressions", "audit")
    )
    empty = ask(everything)
    bring(program, *contents, dry_run=True)
    assert ask(everything) == empty
    bring(program, *contents)
    before = ask(everything)
    assert before != empty
    again = bring(program, *contents)
    assert ask(everything) == before
    assert all(report.imported == report.updated == 0 for _, _, report in again.parts)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"a,b\n1,2\n", b"{}\n", b"\x1f\x8bbroken", b"uuid;email\n1;a@example.com\n"],
    ids=["empty", "binary", "another table", "another object", "half a gzip", "half of the columns"],
)
def test_a_file_that_is_no_export_is_said_to_be_none_and_writes_nothing(bring, ask, program, content):
    with pytest.raises(Problem):
        bring(program, content)
    assert ask("SELECT count(*) FROM customers") == [(0,)]


def test_a_wrong_second_file_leaves_the_first_one_out_too(bring, ask):
    with pytest.raises(Problem, match="no column"):
        bring("listmonk", LISTMONK, "name\nAda\n")
    assert ask("SELECT count(*) FROM customers") == [(0,)]


@pytest.mark.parametrize(
    "topic", ["", "nothing"], ids=["no word, which would be all", "a word that binds nothing"]
)
def test_a_topic_that_is_none_is_refused(bring, engine, topic):
    with pytest.raises(Problem, match="no topic of ours"):
        bring("listmonk", LISTMONK, topic=topic)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM customers")) == 0
