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

LEFT = LISTMONK.splitlines()[0] + "\n"
"""Nobody left."""

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

    def written(program, contents):
        paths = [tmp_path / f"{program}{number}.export" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return paths

    def run(program, *contents, left=(), **options):
        paths, of_those_who_left = written(program, contents), written("left", left)
        return move(
            engine, program, paths, unsubscribed=of_those_who_left, now=NOW, actor="staff:test", **options
        )

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
    moved = bring("listmonk", LISTMONK, left=[LEFT], topic="offer.garden")

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
    bring("listmonk", LISTMONK, left=[LEFT], proof="double opt-in, form of 2023")

    assert ask("SELECT action, proof FROM consents WHERE action = 'given'") == [
        ("given", "double opt-in, form of 2023")
    ]


def test_who_left_the_list_in_listmonk_has_withdrawn_though_its_export_says_enabled(bring, ask):
    left = LEFT + LISTMONK.splitlines()[1]
    bring("listmonk", LISTMONK)
    bring("listmonk", LISTMONK, left=[left], proof="double opt-in, form of 2023")

    assert ask(
        "SELECT action FROM consents JOIN customer_references USING (customer_id) WHERE reference = '5f3c'"
        " ORDER BY at DESC, array_position(ARRAY['withdrawn', 'given', 'legacy'], action::text) LIMIT 1"
    ) == [("withdrawn",)]


@pytest.mark.parametrize(
    ("program", "content", "said"),
    [
        ("listmonk", LISTMONK, "who left the list"),
        ("mautic", "ID,Email\n1,a@example.com\n", "must not be contacted"),
    ],
)
def test_an_export_that_does_not_say_who_said_no_is_told_and_takes_no_proof(
    bring, ask, program, content, said
):
    moved = bring(program, content)
    assert [
        one.problem
        for _, _, report in moved.parts
        for one in report.problems
        if not one.row and said in one.problem
    ]

    with pytest.raises(Problem, match=said):
        bring(program, content, proof="a form")
    assert ask("SELECT count(*) FROM consents WHERE action = 'given'") == [(0,)]


@pytest.mark.parametrize("program", ["pinpoint", "mautic"])
def test_only_of_listmonk_somebody_says_who_left(bring, program):
    with pytest.raises(Problem, match="say themselves who left"):
        bring(program, CONTACTS, left=[CONTACTS])


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


_NAMES = "ChannelType,Address,Id,Location.Country,OptOut,User.UserId,User.UserAttributes.FirstName,Attributes.Likes"
SEGMENT = f"""{_NAMES},Attributes.Likes
EMAIL,ada@example.com,e1,NO,NONE,u1,Ada,Garden,Music
SMS,+4791234567,e2,NO,ALL,u1,,,
VOICE,+4792345678,e3,NO,NONE,u2,Bo,,
EMAIL,,e4,NO,ALL,u3,,,
"""


def test_a_segment_of_pinpoint_as_csv_says_what_its_endpoints_say(bring, ask):
    moved = bring("pinpoint", SEGMENT)

    assert ask(_CONSENTS) == [("u1", "email", "news", "legacy"), ("u1", "sms", "all", "objected")]
    assert ask("SELECT first_name, attributes FROM customers ORDER BY id") == [
        ("Ada", {"Likes": '["Garden", "Music"]'}),
        ("Bo", {}),
    ]
    problems = [(one.row, one.problem) for _, _, report in moved.parts for one in report.problems]
    assert problems == [(5, "no endpoint: it has no Address")]


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
        ["id,メール,email,連絡不可\n21,x,a@example.com,登録解除: Email\n22,y,b@example.com,\n"],
        [
            "ID,Email\n21,a@example.com\n",
            "ID du contact,Email,Motif du DNC,Support\n21,a@example.com,Désabonné,E-mail\n",
        ],
        [
            "ID,Email\n21,a@example.com\n",
            'ID,Reason,Channel\n21,Bounced,"<a href=""/s/1"" data-x=""y"">Email</a>"\n',
        ],
        ["ID,Email,Do not email\n21,a@example.com,Yes\n22,b@example.com,No\n"],
        ['ID,Email,Wishes\n21,a@example.com,"Unsubscribed: Email, Manual: Focus items"\n'],
    ],
    ids=[
        "a column named in German",
        "a report in German",
        "a column in a language that we do not read",
        "a report in French",
        "a channel that is a link",
        "a column of yes and no",
        "a channel that Mautic has and we have not",
    ],
)
def test_mautic_keeps_every_no_in_the_language_of_whoever_exported(bring, ask, contents):
    bring("mautic", *contents)

    said = ask(_CONSENTS)
    assert {(who, topic, action) for who, _, topic, action in said} == {("21", "all", "objected")}
    assert {channel for _, channel, _, _ in said} & {"email", "all"}


@pytest.mark.parametrize(
    "why",
    [
        "Unsubscribed",
        "unsubscribed",
        "opt-out",
        "Opted out",
        "Not contactable",
        "1",
        "2",
        "3",
        "Manually unsubscribed",
        "??",
    ],
)
def test_mautic_keeps_a_no_in_any_words(bring, ask, why):
    bring("mautic", "ID,Email\n21,a@example.com\n", f"Contact ID,DNC reason,DNC channel\n21,{why},Email\n")

    assert ask(_CONSENTS) == [("21", "email", "all", "objected")]


@pytest.mark.parametrize("why", ["0", "No", "Contactable", "nein"])
def test_who_may_be_contacted_in_mautic_has_said_nothing(bring, ask, why):
    bring("mautic", f"ID,Email,DNC\n21,a@example.com,{why}\n22,b@example.com,1:email\n")

    assert {who for who, *_ in ask(_CONSENTS)} == {"22"}


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
