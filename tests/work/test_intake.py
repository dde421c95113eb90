"""An import writes what is right, names what is wrong, and does it once however often it is run."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from store import customers as store
from tidings.problem import Problem
from work.examples import TABLES, example_of
from work.intake import import_file
from work.mapping import read_mapping

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
CHINOOK = Path(__file__).parents[2] / "examples" / "chinook" / "customers.csv"


@pytest.fixture
def bring(engine, tmp_path):
    """Import a table written as text; returns the report."""
    number = iter(range(1000))

    def run(kind, table, *, mapping=None, **options):
        path = tmp_path / f"{next(number)}.csv"
        path.write_text(table, encoding="utf-8")
        said = None
        if mapping is not None:
            there = tmp_path / f"{next(number)}.toml"
            there.write_text(mapping)
            said = read_mapping(there, kind)
        return import_file(engine, kind, path, now=NOW, actor="staff:test", mapping=said, **options)

    return run


@pytest.fixture
def ask(engine):
    """Return the rows of a query."""

    def run(query):
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    return run


def _counts(report):
    return report.read, report.imported, report.updated, report.unchanged, report.rejected


EVERYTHING = " UNION ALL ".join(
    f"SELECT '{table}', json_agg(t ORDER BY t::text)::text FROM {table} t"
    for table in (
        *(
            "customers",
            "addresses",
            "customer_references",
            "consents",
            "statements",
            "touchpoints",
            "suppressions",
        ),
        *("audit", "installation"),
    )
)


def test_chinook_comes_in_without_a_mapping(engine, ask):
    report = import_file(engine, "customers", CHINOOK, now=NOW, actor="staff:test")

    assert _counts(report) == (59, 59, 0, 0, 0)
    right = dict(ask("SELECT reference::int, a.value FROM addresses a JOIN customer_references USING (customer_id)"
                     " WHERE channel = 'sms' AND problem IN ('', 'phone_fixed_line')"))  # fmt: skip
    named = {
        flaw.row - 1
        for flaw in report.problems
        if flaw.column == "Phone" and "fixed line" not in flaw.problem
    }
    assert named == {9, 57, 58}
    assert set(right) | named == set(range(1, 60)) - {45}, "customer 45 has no phone"
    assert (right[56], right[47], right[52], right[55]) == (
        "+541143114333",
        "+390639733434",
        "+442077070707",
        "+61293323633",
    )
    places = {flaw.row - 1: flaw.problem for flaw in report.problems if flaw.column == "PostalCode"}
    assert set(places) == {20, 23, 34, 35, 48}
    assert places[23] == "read as 02113: the file had lost the leading zero"
    assert ask("SELECT count(*) FROM addresses WHERE channel = 'letter' AND state = 'usable'") == [(56,)]
    assert ask("SELECT language, time_zone, attributes FROM customers ORDER BY id LIMIT 1") == [
        ("pt_BR", "America/Sao_Paulo", {"Fax": "+55 (12) 3923-5566", "SupportRepId": "3"})
    ]


def test_importing_twice_changes_nothing_at_all(bring, ask):
    for kind, table in TABLES.items():
        assert bring(kind, table).rejected == 0
    before = ask(EVERYTHING)
    for kind, table in TABLES.items():
        report = bring(kind, table)
        assert _counts(report) == (report.read, 0, 0, report.read, 0), kind
    assert ask(EVERYTHING) == before


@pytest.mark.parametrize("kind", TABLES)
def test_what_example_prints_can_be_imported_as_it_is(bring, tmp_path, engine, kind):
    if kind != "customers":
        bring("customers", TABLES["customers"])
    printed = tmp_path / "printed.csv"
    printed.write_text(example_of(kind).text, encoding="utf-8")
    mapping = read_mapping(printed, kind)

    report = import_file(engine, kind, printed, now=NOW, actor="staff:test", mapping=mapping)

    assert (report.imported, report.rejected, report.problems) == (report.read, 0, ())
    assert report.read == len(TABLES[kind].splitlines()) - 1


def test_a_row_is_rejected_only_without_identity_or_when_it_clashes(bring, tmp_path):
    wrong = tmp_path / "wrong.csv"
    table = (
        "id,name,email,phone,country\n"
        "1,Ada,ada@example.com,+4791234567,NO\n"
        ",Nobody,nobody@example.com,,NO\n"
        "2,Bo,not an address,12,NO\n"
        "1,Ada,ada@example.com,+4791234567,NO\n"
        "1,Somebody else,else@example.com,,NO\n"
        '3,=HYPERLINK("x"),c@example.com,,Narnia\n'
    )

    report = bring("customers", table, rejects=wrong)

    assert _counts(report) == (6, 3, 0, 1, 2)
    assert [(flaw.row, flaw.column, flaw.value) for flaw in report.problems] == [
        (3, "id", ""),
        (4, "email", "not an address"),
        (4, "phone", "12"),
        (6, "id", "1"),
        (7, "country", "Narnia"),
    ]
    assert "row 2 has the same reference" in report.problems[3].problem
    lines = wrong.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "id,name,email,phone,country,problem"
    assert [line.split(",")[1] for line in lines[1:]] == ["Nobody", "Somebody else"]


def test_a_number_that_a_spreadsheet_rounded_is_nobodys(bring, ask):
    table = "id,email,mobile,country\n1.00E+09,a@example.com,,NO\n7,b@example.com,4.79E+10,NO\n1E5,c@example.com,,NO\n"

    report = bring("customers", table)

    assert _counts(report) == (3, 2, 0, 0, 1)
    assert [(flaw.row, flaw.column, flaw.problem.partition(": ")[2]) for flaw in report.problems] == [
        (2, "id", "a spreadsheet has rounded it; save that column as text"),
        (3, "mobile", "a spreadsheet has rounded it; save that column as text"),
    ]
    assert ask("SELECT reference FROM customer_references ORDER BY 1") == [("1E5",), ("7",)]


def test_rejected_rows_are_safe_to_open_and_can_be_imported_when_corrected(bring, tmp_path, ask):
    wrong = tmp_path / "wrong.csv"
    bring("customers", "id,name,mobile,country\n,=1+1,+4791234567,NO\n", rejects=wrong)
    written = wrong.read_text(encoding="utf-8-sig")
    assert ",'=1+1,+4791234567,NO," in written

    report = bring("customers", written.replace("\n,'", "\n7,'"))

    assert _counts(report) == (1, 1, 0, 0, 0)
    assert ask("SELECT last_name, attributes FROM customers") == [("=1+1", {})]


def test_a_dry_run_says_the_same_and_writes_nothing(bring, ask):
    table = "id,email\n1,ada@example.com\n,x@example.com\n"
    before = ask(EVERYTHING)
    dry = bring("customers", table, dry_run=True)
    assert ask(EVERYTHING) == before
    assert dry == bring("customers", table)


def test_what_is_blank_never_replaces_what_is_known(bring, ask):
    bring(
        "customers", "id,first_name,email,language,standing,segment\n1,Ada,ada@example.com,sv,former,gold\n"
    )
    report = bring("customers", "id,first_name,email,language,standing,segment\n1,,,,,\n")
    assert _counts(report) == (1, 0, 0, 1, 0)
    assert ask("SELECT first_name, language, standing, attributes FROM customers") == [
        ("Ada", "sv", "former", {"segment": "gold"})
    ]


ACTIVE = "SELECT value, state FROM addresses WHERE removed_at IS NULL AND channel = 'email' ORDER BY value"


def test_a_new_address_replaces_the_one_the_same_system_gave(bring, ask):
    bring("customers", "id,email\n1,old@example.com\n")
    assert _counts(bring("customers", "id,email\n1,new@example.com\n")) == (1, 0, 1, 0, 0)
    assert ask(ACTIVE) == [("new@example.com", "usable")]
    assert _counts(bring("customers", "id,email\n1,old@example.com\n")) == (1, 0, 1, 0, 0)
    assert ask(ACTIVE) == [("old@example.com", "usable")]


def test_a_bad_new_address_does_not_cost_the_good_one(bring, ask):
    bring("customers", "id,email\n1,good@example.com\n")
    bring("customers", "id,email\n1,oops\n")
    assert ask(ACTIVE) == [("good@example.com", "usable"), ("oops", "unusable")]


@pytest.mark.parametrize(
    ("done", "left"),
    [
        pytest.param(
            "UPDATE addresses SET removed_at = now()", [], id="what the customer removed stays removed"
        ),
        pytest.param(
            "UPDATE addresses SET state = 'unusable', problem = 'hard bounce'",
            [("ada@example.com", "unusable")],
            id="what bounced stays unusable",
        ),
        pytest.param(
            "INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', 'own@example.com' FROM customers",
            [("new@example.com", "usable"), ("own@example.com", "usable")],
            id="what the customer gave stays",
        ),
    ],
)
def test_an_import_respects_what_happened_since(bring, ask, engine, done, left):
    bring("customers", "id,email\n1,ada@example.com\n")
    with engine.begin() as connection:
        connection.execute(text(done))
    email = "new@example.com" if len(left) == 2 else "ada@example.com"
    bring("customers", f"id,email\n1,{email}\n")
    assert ask(ACTIVE) == left


def test_references_belong_to_their_system(bring, engine):
    bring("customers", "id,email\n1,ada@example.com\n", source="crm")
    bring("customers", "id,email\n1,bo@example.com\n", source="shop")
    with engine.connect() as connection:
        ada, bo = store.find(connection, "1", "crm"), store.find(connection, "shop:1")
        assert (store.find(connection, "ADA@example.com"), store.find(connection, "bo@example.com")) == (
            ada,
            bo,
        )
        assert store.find(connection, "2") is None
        with pytest.raises(Problem, match="2 customers"):
            store.find(connection, "1")


def test_a_topic_in_the_words_of_a_language_is_ours(ask, bring):
    bring("customers", "id,email\n1,ada@example.com\n")
    rows = ["Tilbud,sms", "Erbjudanden,push", "Aktualności,email", "Promoções,letter", ",all"]
    bring("consents", "customer,topic,channel,action\n" + "".join(f"1,{row},no\n" for row in rows))

    assert ask("SELECT topic, channel FROM consents ORDER BY 1, 2") == [
        ("all", "all"),
        ("news", "email"),
        ("offer", "letter"),
        ("offer", "push"),
        ("offer", "sms"),
    ]


def test_a_topic_that_no_purpose_has_is_kept_and_named(ask, bring):
    bring("customers", "reference,email\n1001,a@example.com\n")

    report = bring("consents", "customer,topic,action\n1001,gossip,no\n1001,offer.garden,no\n")

    assert [(one.row, one.value, one.problem[:28]) for one in report.problems] == [
        (2, "gossip", "kept, but it binds nothing: ")
    ]
    assert _counts(report) == (2, 2, 0, 0, 0)
    assert ask("SELECT topic FROM consents ORDER BY id") == [("gossip",), ("offer.garden",)]


def test_a_file_of_customers_is_no_file_of_consents(bring, ask):
    with pytest.raises(Problem, match="customer and action"):
        bring("consents", "customer,email,city\n1001,ada@example.com,Oslo\n")

    assert ask("SELECT count(*) FROM consents") == [(0,)]


def test_rows_about_customers_find_them_and_name_those_they_do_not(bring):
    bring("customers", "id,email\n1,ada@example.com\n", source="crm")
    bring("customers", "id,email\n1,bo@example.com\n", source="shop")
    table = (
        "customer,topic,action\ncrm:1,news,given\nbo@example.com,news,given\n1,news,given\n99,news,given\n"
    )

    report = bring("consents", table)

    assert _counts(report) == (4, 2, 0, 0, 2)
    assert [(flaw.row, flaw.problem) for flaw in report.problems] == [
        (4, "this means 2 customers"),
        (5, "this customer is not in the store"),
    ]
    assert _counts(bring("consents", "customer,topic,action\n1,offer,no\n", source="shop")) == (1, 1, 0, 0, 0)


def test_consent_without_proof_is_legacy(bring, ask):
    bring("customers", TABLES["customers"])
    bring(
        "consents",
        "customer,topic,channel,opt_in,proof\n1001,news,email,yes,\n1001,offer,email,ja,form 7\n1001,offer,sms,nein,\n",
    )
    assert ask("SELECT topic, channel, action, source FROM consents ORDER BY id") == [
        ("news", "email", "legacy", "import:import"),
        ("offer", "email", "given", "import:import"),
        ("offer", "sms", "withdrawn", "import:import"),
    ]


def test_consent_that_changes_is_appended_and_the_old_file_says_it_anew(bring, ask):
    bring("customers", TABLES["customers"])
    for action in ("yes", "no", "no", "yes"):
        bring("consents", f"customer,topic,action,proof\n1001,news,{action},p\n")
    assert [row[0] for row in ask("SELECT action FROM consents ORDER BY id")] == [
        "given",
        "withdrawn",
        "given",
    ]


def test_statements_are_written_as_the_decision_reads_them(bring, ask):
    bring("customers", TABLES["customers"])
    table = (
        "customer,kind,value,topic,until\n"
        "1001,order,sms > e-mail,all,\n"
        "1001,order,post only,invoice,\n"
        "1001,pause,,offer,2026-12-01\n"
        "1001,quiet hours,21-8:30,all,\n"
        "1001,language,Svenska,all,\n"
        "1001,tracking,off,all,\n"
        "1001,order,telepathy,all,\n"
    )

    report = bring("statements", table)

    assert _counts(report) == (7, 6, 0, 0, 1)
    assert ask("SELECT kind, channels, value, topic, until_at FROM statements ORDER BY id") == [
        ("order", ["sms", "email"], {}, "all", None),
        ("order", ["letter"], {"only": True}, "invoice", None),
        ("pause", [], {}, "offer", datetime(2026, 12, 1, tzinfo=UTC)),
        ("quiet_hours", [], {"start": "21:00", "end": "08:30"}, "all", None),
        ("language", [], {"language": "sv"}, "all", None),
        ("tracking", [], {"tracking": False}, "all", None),
    ]


def test_suppressions_need_no_customer_and_make_a_brand_known(bring, engine, ask):
    from store.suppressions import suppressions_known

    with engine.connect() as connection:
        assert not suppressions_known(connection, "nordlys")
    table = "email,phone,country,reason\nAda@Example.com,,,bounced\n,912 34 567,NO,asked\nnonsense,,,old\n"
    assert _counts(bring("suppressions", table)) == (3, 3, 0, 0, 0)
    assert ask("SELECT channel, value, brand FROM suppressions ORDER BY id") == [
        ("email", "ada@example.com", "all"),
        ("sms", "+4791234567", "all"),
        ("email", "nonsense", "all"),
    ]
    with engine.connect() as connection:
        assert suppressions_known(connection, "nordlys")


def test_a_suppression_that_was_lifted_stays_lifted(bring, engine, ask):
    table = "email,date\nada@example.com,2026-01-01\n"
    bring("suppressions", table)
    with engine.begin() as connection:
        connection.execute(text("UPDATE suppressions SET lifted_at = '2026-02-01'"))
    assert _counts(bring("suppressions", table)) == (1, 0, 0, 1, 0)
    assert ask("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == [(0,)]


def test_a_device_has_one_token_and_a_token_one_customer(bring, ask):
    bring("customers", TABLES["customers"])
    a, b = "a" * 64, "b" * 64
    bring("devices", f"customer,token,device\n1001,{a},phone\n")
    assert _counts(bring("devices", f"customer,token,device\n1001,{b},phone\n")) == (1, 1, 0, 0, 0)
    assert _counts(bring("devices", f"customer,token,device\n1002,{b},phone\n")) == (1, 1, 0, 0, 0)
    rows = ask("SELECT reference, value, platform FROM addresses JOIN customer_references USING (customer_id)"
               " WHERE channel = 'push' AND removed_at IS NULL")  # fmt: skip
    assert rows == [("1002", b, "apns")]
    report = bring("devices", f"customer,token\n1001,{a}\n1002,{a}\n1002,short\n")
    assert [(flaw.row, flaw.rejects) for flaw in report.problems] == [(3, True), (4, False)]


def test_touchpoints_keep_their_id_and_get_one_when_they_have_none(bring, ask):
    bring("customers", TABLES["customers"])
    table = (
        "customer,date,channel,event,id,shop\n"
        "1001,03.02.2026 14:30,phone,Called us,,Oslo\n"
        "1001,03.02.2026 14:30,phone,Called us,,Oslo\n"
        "1002,2026-02-04T10:00:00+01:00,email,clicked,e1,\n"
        "1001,2026-02-04T10:00:00+01:00,email,clicked,e1,\n"
        "1001,yesterday,email,clicked,e2,\n"
    )
    assert _counts(bring("touchpoints", table)) == (5, 3, 0, 0, 2)
    assert _counts(bring("touchpoints", table)) == (5, 0, 0, 3, 2)
    assert ask("SELECT channel, kind, detail, at FROM touchpoints ORDER BY id LIMIT 1") == [
        ("call", "called_us", {"shop": "Oslo"}, datetime(2026, 2, 3, 14, 30, tzinfo=UTC))
    ]
    clash = bring("touchpoints", "customer,at,kind,id,source\n1003,2026-02-05,paid,e1,import\n")
    assert (clash.rejected, "another touchpoint" in clash.problems[0].problem) == (1, True)


def test_addresses_come_beside_those_of_the_customer(bring, ask):
    bring("customers", TABLES["customers"])
    table = (
        "customer,channel,value,country\n1001,E-Mail,WORK@example.com,\n1001,,922 22 222,Norge\n"
        "1001,sms,123,NO\n1001,,,NO\n"
    )
    report = bring("addresses", table)
    assert _counts(report) == (4, 3, 0, 0, 1)
    assert [(flaw.row, flaw.column, flaw.rejects) for flaw in report.problems] == [
        (4, "value", False),
        (5, "", True),
    ]
    rows = ask("SELECT value, position, state FROM addresses JOIN customer_references USING (customer_id)"
               " WHERE reference = '1001' AND channel IN ('email', 'sms') ORDER BY addresses.id")  # fmt: skip
    assert rows == [
        ("ingrid.solheim@example.com", 0, "usable"),
        ("+4791234567", 0, "usable"),
        ("work@example.com", 10, "usable"),
        ("+4792222222", 10, "usable"),
        ("123", 10, "unusable"),
    ]


MAPPING = """
source = "crm"
[columns]
reference = "Nummer"
street = ["Adr1", "Adr2"]
[constants]
country = "NO"
standing = "prospect"
[attributes]
segment = "Gruppe"
"""


def test_a_mapping_names_columns_constants_and_attributes(bring, ask):
    table = (
        "Nummer;Adr1;Adr2;Postnr;Poststed;Mobil;Gruppe;Annet\n17;Gata 1;Leil. 2;0171;Oslo;912 34 567;hage;x\n"
    )
    report = bring("customers", table, mapping=MAPPING)
    assert (_counts(report), report.problems) == ((1, 1, 0, 0, 0), ())
    assert ask(
        "SELECT source, standing, attributes, country FROM customers JOIN customer_references ON customer_id = id"
    ) == [("crm", "prospect", {"segment": "hage"}, "NO")]
    assert ask("SELECT value FROM addresses ORDER BY channel") == [
        ("Gata 1\nLeil. 2\n0171 OSLO\nNO",),
        ("+4791234567",),
    ]


UNUSABLE = {
    "a mapping with an unknown column": ('[columns]\nrefrence = "id"\n', "reference"),
    "a mapping with an unknown key": ("colums = 1\n", "colums"),
    "a mapping that names a column the file has not": ('[columns]\nreference = "number"\n', "number"),
    "a mapping that is no TOML": ("[columns\n", "TOML"),
    "a time zone that does not exist": ('[formats]\nzone = "Europe/Narnia"\n', "Narnia"),
}


@pytest.mark.parametrize(("mapping", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_mapping_that_cannot_be_used_writes_nothing(bring, ask, mapping, told):
    with pytest.raises(Problem, match=told):
        bring("customers", "id,email\n1,a@example.com\n", mapping=mapping)
    assert ask("SELECT count(*) FROM customers") == [(0,)]


def test_a_table_of_something_else_is_refused_with_its_columns(bring):
    with pytest.raises(Problem, match=r"no column says whom .* colour, size"):
        bring("customers", "colour,size\nred,3\n")


def test_dates_that_can_be_read_two_ways_are_never_guessed(bring, ask):
    bring("customers", TABLES["customers"])
    table = "customer,topic,action,date\n1001,news,yes,03/04/2026\n"
    with pytest.raises(Problem, match="two ways"):
        bring("consents", table)
    bring("consents", table, mapping='[formats]\ndates = "day first"\nzone = "Europe/Oslo"\n')
    bring("consents", "customer,topic,action,date\n1001,offer,yes,03/04/2026\n1002,offer,yes,03/25/2026\n")
    assert ask("SELECT at FROM consents ORDER BY id") == [
        (datetime(2026, 4, 2, 22, 0, tzinfo=UTC),),
        (datetime(2026, 3, 4, tzinfo=UTC),),
        (datetime(2026, 3, 25, tzinfo=UTC),),
    ]


def test_a_file_without_references_is_identified_by_its_addresses(bring, ask):
    report = bring("customers", "email,name\nada@example.com,Ada Lovelace\n,Nobody\nnonsense,Bo\n")
    assert _counts(report) == (3, 1, 0, 0, 2)
    assert ask("SELECT reference FROM customer_references") == [("ada@example.com",)]


def test_national_phones_of_a_file_without_countries_are_the_organisations(bring, ask):
    bring("customers", "id,mobile\n1,912 34 567\n", given={"country": "NO"})
    assert ask("SELECT value, state FROM addresses") == [("+4791234567", "usable")]


def test_two_imports_at_once_are_as_one_after_the_other(engine, tmp_path, ask):
    path = tmp_path / "a.csv"
    path.write_text("id,email\n" + "".join(f"{i},c{i}@example.com\n" for i in range(500)))
    reports = []

    def work():
        reports.append(import_file(engine, "customers", path, now=NOW, actor="staff:test"))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(_counts(report) for report in reports) == [(500, 0, 0, 500, 0), (500, 500, 0, 0, 0)]
    assert ask("SELECT count(*) FROM customers") == [(500,)]


def test_an_import_that_is_interrupted_leaves_nothing(engine, tmp_path, ask):
    path = tmp_path / "a.csv"
    path.write_text("id,email\n1,a@example.com\n,b@example.com\n")
    before = ask(EVERYTHING)
    with pytest.raises(Problem, match="cannot be written"):
        import_file(
            engine, "customers", path, now=NOW, actor="staff:test", rejects=tmp_path / "nowhere" / "r.csv"
        )
    assert ask(EVERYTHING) == before


def test_likely_duplicates_are_reported_with_what_they_share(bring, engine):
    bring("customers", (
        "id,name,email,mobile,street,zip,city,country\n"
        "1,Ada Berg,ada@example.com,+4791234567,Gata 1,0171,Oslo,NO\n"
        "2,A. Berg,ADA@example.com,,,,,NO\n"
        "3,Bo Dahl,,912 34 567,,,,NO\n"
        "4,ada berg,,,Gata 1,0171,Oslo,NO\n"
        "5,Cy Moe,cy@example.com,,Gata 1,0171,Oslo,NO\n"
    ))  # fmt: skip
    with engine.connect() as connection:
        found = store.duplicates(connection)
    assert [(one.because, [person["reference"] for person in one.customers]) for one in found] == [
        ("email", ["1", "2"]),
        ("name and postal address", ["1", "4"]),
        ("phone", ["1", "3"]),
    ]
