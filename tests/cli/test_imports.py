"""`tidings import` and `tidings customers`, run as a person runs them."""

import json
import os
import subprocess
import sys

import pytest

GOOD = "id,name,email\n1,Ada,ada@example.com\n2,Bo,ADA@example.com\n"
WRONG = "id,name,email\n1,Ada,ada@example.com\n,Bo,bo@example.com\n"


@pytest.fixture
def table(tmp_path):
    """Write a table; returns its path."""

    def write(text, name="a.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_json_is_one_object_of_exactly_these_keys(tidings, table):
    code, printed = tidings("import", "customers", table(WRONG), "--json")
    report = json.loads(printed.out)
    assert code == 3
    assert list(report) == ["read", "imported", "updated", "unchanged", "rejected", "problems"]
    problem = {
        "row": 3,
        "column": "id",
        "value": "",
        "problem": "nothing says who this is: the reference is empty",
    }
    assert report == {
        "read": 2,
        "imported": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 1,
        "problems": [problem],
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("customers", "nowhere.csv"), "There is no file nowhere.csv", id="a file that is not there"
        ),
        pytest.param(("customers",), "Which file?", id="no file"),
        pytest.param(
            ("customers", "a.csv", "--mapping", "m.toml"), "no mapping m.toml", id="no such mapping"
        ),
        pytest.param(("people", "a.csv"), "people", id="an unknown kind"),
        pytest.param(("consents", "--none-exist"), "suppressions", id="only suppressions may not exist"),
    ],
)
def test_what_cannot_be_used_gets_one_sentence_and_exit_code_2(tidings, table, words, told):
    table(GOOD)
    code, printed = tidings("import", *words)
    assert code == 2
    assert told in printed.err + printed.out
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("kind", ["customers", "consents"])
def test_the_example_imports_as_it_is_printed(tidings, table, kind):
    people = tidings("import", "customers", "--example")[1].out
    assert tidings("import", "customers", table(people))[0] == 0
    printed = table(tidings("import", kind, "--example")[1].out)
    code, told = tidings("import", kind, printed, "--mapping", printed, "--json")
    assert (code, json.loads(told.out)["problems"]) == (0, [])
    both = json.loads(tidings("import", kind, "--example", "--json")[1].out)
    mapping = table(both["mapping"], "m.toml")
    assert tidings("import", kind, table(both["file"]), "--mapping", mapping)[0] == 0


def test_none_exist_is_recorded_for_the_brand_it_was_said_of(tidings, engine):
    from store.suppressions import suppressions_known

    code, printed = tidings(
        "import", "suppressions", "--none-exist", "--brand", "nordlys", "--by", "Kari", "--json"
    )
    assert (code, json.loads(printed.out)) == (0, {"brand": "nordlys", "none_exist": True})
    with engine.connect() as connection:
        assert suppressions_known(connection, "nordlys")
        assert not suppressions_known(connection, "sol")


def test_customers_are_listed_found_shown_and_compared(tidings, table):
    assert tidings("import", "customers", table(GOOD))[0] == 0
    assert [one["name"] for one in json.loads(tidings("customers", "list", "--json")[1].out)] == ["Ada", "Bo"]
    assert [one["name"] for one in json.loads(tidings("customers", "find", "bo", "--json")[1].out)] == ["Bo"]
    shown = json.loads(tidings("customers", "show", "2", "--json")[1].out)
    assert (shown["name"], shown["addresses"][0]["value"]) == ("Bo", "ada@example.com")
    assert "ada@example.com" in tidings("customers", "show", "1")[1].out
    twice = json.loads(tidings("customers", "duplicates", "--json")[1].out)
    assert [(one["because"], [person["reference"] for person in one["customers"]]) for one in twice] == [
        ("email", ["1", "2"])
    ]
    assert "same email: ada@example.com" in tidings("customers", "duplicates")[1].out
    assert tidings("customers", "show", "nobody")[0] == 2


def test_a_person_reads_what_was_wrong_once_for_each_kind(tidings, table):
    rows = "".join(f"{number},12,NO\n" for number in range(30))
    printed = tidings("import", "customers", table(f"id,phone,country\n{rows}"))[1].out
    assert "30 rows read: 30 imported" in printed
    assert "phone: not a phone number of Norway (30 times, first in row 2: '12')" in printed


def test_a_terminal_is_told_what_an_import_does_and_never_a_time_that_nobody_knows(settings, table):
    mine, theirs = os.openpty()
    surroundings = {
        **os.environ,
        "TIDINGS_HOME": str(settings.home),
        "TIDINGS_DATABASE": settings.database.get_secret_value(),
    }
    done = subprocess.run(
        [sys.executable, "-m", "cli", "import", "customers", table(GOOD)],
        env=surroundings,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        check=False,
    )
    os.close(theirs)
    shown = os.read(mine, 1 << 16).decode()
    os.close(mine)

    assert done.returncode == 0
    assert "Importing customers: writing" in shown
    assert "/100" not in shown
