# ruff: noqa: E501 -- tables
"""`tidings registers`, `laws`, `customers consents` and `explain --as-of`, each as somebody at a terminal runs it."""

import hashlib
import json

import pytest
from sqlalchemy import text

from store.connect import opened

pytestmark = pytest.mark.usefixtures("organised")


def test_laws_name_their_sources(tidings):
    code, printed = tidings("laws", "--country", "no", "--json")
    rules = json.loads(printed.out)

    assert code == 0
    assert {rule["country"] for rule in rules} == {"NO"}
    assert all(rule["source"] and rule["channels"] for rule in rules)
    assert "Reservasjonsregisteret" in tidings("laws", "--country", "NO")[1].out


def test_a_country_without_laws_is_said(tidings):
    code, printed = tidings("laws", "--country", "Narnia")

    assert (code, "says nothing about 'Narnia'" in printed.err) == (2, True)


@pytest.mark.parametrize(
    ("kind", "content", "entries", "rejected"),
    [
        pytest.param("email", "c1@example.org\nnobody@example.org\n", 2, 0, id="addresses without a header"),
        pytest.param(
            "email", "email\nC1@Example.org\nnonsense\n", 1, 1, id="a header, other spelling, one unusable"
        ),
        pytest.param(
            "email", f"sha256\n{hashlib.sha256(b'c1@example.org').hexdigest()}\n", 1, 0, id="hashed entries"
        ),
        pytest.param("phone", "phone\n91234567\n+47 912 34 567\n", 1, 0, id="one number, written twice"),
    ],
)
def test_a_register_is_imported_once_and_matched(tidings, run, tmp_path, kind, content, entries, rejected):
    file = tmp_path / "wash.csv"
    file.write_text(content)
    command = (
        "registers",
        "import",
        str(file),
        "--country",
        "NO",
        "--kind",
        kind,
        "--dated",
        "2026-01-01",
        "--json",
    )
    first, again = (tidings(*command) for _ in range(2))
    told, twice = (json.loads(one[1].out) for one in (first, again))
    listed = json.loads(tidings("registers", "list", "--json")[1].out)

    assert first[0] == (3 if rejected else 0)
    assert (told["entries"], told["rejected"], told["unchanged"], twice["unchanged"]) == (
        entries,
        rejected,
        False,
        True,
    )
    assert told["listed"] == (1 if kind == "email" else 0)
    assert [(one["country"], one["kind"], one["dated"]) for one in listed["registers"]] == [
        ("NO", kind, "2026-01-01")
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(("--dated", "soon"), "is no day", id="no date"),
        pytest.param(("--dated", "2999-01-01"), "is not there yet", id="a day to come"),
        pytest.param(("--country", "Narnia"), "is no country", id="no country"),
    ],
)
def test_a_register_that_cannot_be_used_is_said(tidings, run, tmp_path, change, words):
    file = tmp_path / "wash.csv"
    file.write_text("email\nc1@example.org\n")
    options = {"--country": "NO", "--kind": "email", "--dated": "2026-01-01"} | dict([change])
    code, printed = tidings(
        "registers", "import", str(file), *(part for pair in options.items() for part in pair)
    )

    assert code == 2
    assert words in printed.err
    assert "Traceback" not in printed.err


def test_consent_records_have_the_fields_of_the_standard(tidings, run):
    receipt = json.loads(tidings("customers", "consents", "C1", "--receipt")[1].out)
    record = receipt["records"][0]
    fields = (
        "record_id", "schema_version", "pii_principal", "pii_controllers", "purpose", "lawful_basis", "event", "event_at",
        "expires_at", "notice", "collection_method", "jurisdiction", "withdrawal_method", "recipients", "given_by",
    )  # fmt: skip

    assert set(fields) <= record.keys()
    assert (record["purpose"], record["event"], record["given_by"]) == ("offer", "given", "the customer")
    assert json.loads(tidings("customers", "consents", "C1", "--json")[1].out) == receipt["records"]


def test_what_was_known_on_a_day(tidings, run, settings):
    code, printed = tidings("explain", "C1", "--purpose", "offer", "--as-of", "2020-03-04", "--json")
    before = json.loads(printed.out)
    with opened(settings) as store, store.engine.begin() as connection:
        day = connection.execute(text("SELECT (now() + interval '1 day')::date")).scalar()
    today = json.loads(tidings("explain", "C1", run, "--as-of", day.isoformat(), "--json")[1].out)

    assert (code, before["state"], before["reason"]) == (0, "held", "unknown_customer")
    assert "states" in before["unknown"]
    assert (today["channel"], len(today["consents"])) == ("email", 2)
    assert "Known then:" in tidings("explain", "C1", "--purpose", "offer", "--as-of", day.isoformat())[1].out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("explain", "C1"), "Which run?", id="neither a run nor a day"),
        pytest.param(
            ("explain", "C1", "--as-of", "yesterday", "--purpose", "offer"), "neither a day", id="no day"
        ),
        pytest.param(
            ("explain", "C1", "--as-of", "0001-01-01T00:00+14:00", "--purpose", "offer"),
            "neither a day",
            id="no year",
        ),
        pytest.param(("explain", "C1", "--as-of", "2026-01-01"), "is no purpose", id="no question"),
    ],
)
def test_a_question_that_cannot_be_asked_is_said(tidings, run, arguments, words):
    code, printed = tidings(*arguments)

    assert (code, words in printed.err) == (2, True)
