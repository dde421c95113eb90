"""Dropped files: taken once, whole or not at all, and moved aside with what became of them."""

import ctypes
import json
import os
from contextlib import ExitStack
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws
from sqlalchemy import text

from tests.peers.http import HttpPeer
from tests.town import NOON, install, settle
from work.alerts import alerts
from work.dropped import LARGEST
from work.drops import take_all
from work.examples import example_of
from work.intake import import_file

BILL = {
    "number": "1",
    "customer": "C1",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "100",
    "lines": [{"description": "Roses", "unit_price": "100"}],
}
CUSTOMERS = "reference,first_name,email,country\nK-1,Ada,ada@example.org,NO\nK-2,Bo,bo@example.org,NO\n"


@pytest.fixture
def home(settings, engine):
    return install(settings, engine)


@pytest.fixture
def place(home):
    return home.home / "drops"


def drop(place, folder, name, content, *, age=60):
    path = place / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    written = path.stat().st_mtime - age
    os.utime(path, (written, written))
    return path


def lying(place, folder):
    return sorted(path.relative_to(place / folder).as_posix() for path in (place / folder).rglob("*.*"))


def report(place, folder, state="done"):
    [path] = (place / folder / state).glob("*.report.json")
    return json.loads(path.read_text())


def count(home, table):
    with home.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()


def test_a_file_is_taken_and_moved_aside_with_its_report(home, place):
    drop(place, "customers", "november.csv", CUSTOMERS)

    assert take_all(home, now=NOON) == 1
    assert count(home, "customers") == 2
    told = report(place, "customers")
    assert (told["file"], told["read"], told["imported"], told["rejected"]) == ("november.csv", 2, 2, 0)
    assert [name[:5] + name[11:] for name in lying(place, "customers")] == [
        "done/-november.csv",
        "done/-november.csv.report.json",
    ]
    assert take_all(home, now=NOON) == 0


def test_the_same_content_is_taken_once_under_whatever_name(home, place):
    drop(place, "customers", "a.csv", CUSTOMERS)
    take_all(home, now=NOON)
    with home.engine.begin() as connection:
        connection.execute(text("UPDATE customers SET first_name = 'Eve'"))
    drop(place, "customers", "b.csv", CUSTOMERS)

    assert take_all(home, now=NOON) == 1
    with home.engine.connect() as connection:
        assert set(connection.execute(text("SELECT first_name FROM customers")).scalars()) == {"Eve"}
    [path] = (place / "customers" / "done").glob("*b.csv.report.json")
    assert json.loads(path.read_text())["again"] is True


@pytest.mark.parametrize(
    ("name", "age"),
    [("a.csv.part", 60), (".a.csv", 60), ("a.tmp", 60), ("a.csv", 0), ("mapping.toml", 60)],
    ids=["an upload's beginning", "hidden", "temporary", "just written", "the mapping"],
)
def test_what_is_not_finished_stays(home, place, name, age):
    drop(place, "customers", name, CUSTOMERS, age=age)

    assert take_all(home, now=NOON) == 0
    assert lying(place, "customers") == [name]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"x" * 250 + b".csv", "x" * 200 + ".csv"),
        ("\u00e5".encode() * 125 + b".csv", "\u00e5" * 100 + ".csv"),
        (b"a\xff.csv", "a?.csv"),
        (b"a\nb\x1b[31m.csv", "a_b_[31m.csv"),
    ],
    ids=["too long for a report beside it", "long in bytes", "no text", "lines and colours"],
)
def test_a_name_stands_in_the_way_of_no_file(home, place, name, kept):
    drop(place, "customers", os.fsdecode(name), CUSTOMERS)
    drop(place, "customers", "zz.csv", CUSTOMERS.replace("K-", "L-"))

    assert take_all(home, now=NOON) == 2
    assert count(home, "customers") == 4
    assert kept in {one[12:] for one in lying(place, "customers")}


@pytest.fixture
def as_anybody(engine):
    """Let the test's thread read only what its files' modes allow, also where it is root's."""
    with ExitStack() as few:  # the database's socket lies where only root and its owner get to
        for _ in range(4):
            few.enter_context(engine.connect())
    kernel = ctypes.CDLL(None, use_errno=True)
    header, before = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert kernel.capget(header, before) == 0
    fewer = type(before)(*before)
    fewer[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert kernel.capset(header, fewer) == 0
    yield
    assert kernel.capset(header, before) == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0), "a.csv cannot be read: Permission denied"),
        (lambda path: os.truncate(path, LARGEST + 1), "a dropped one may have"),
        (lambda path: path.with_name("mapping.toml").touch(0), "mapping.toml cannot be read"),
    ],
    ids=["a file that may not be read", "a file of half a gigabyte", "a mapping that may not be read"],
)
@pytest.mark.usefixtures("as_anybody")
def test_what_cannot_be_read_lies_aside_and_keeps_nobody_waiting(home, place, spoil, said):
    path = drop(place, "customers", "a.csv", CUSTOMERS)
    spoil(path)
    os.utime(path, (0, 0))
    drop(place, "touchpoints", "b.csv", "customer,kind\nK-9,paid\n")

    assert take_all(home, now=NOON) == 2
    told = report(place, "customers", "wrong")
    assert said in told["problem"]
    assert told["file"] == "a.csv"
    assert take_all(home, now=NOON) == 0


def test_an_upload_that_came_to_a_halt_is_left_alone(home, place):
    path = drop(place, "customers", "a.csv", CUSTOMERS)
    with path.open("a"):
        assert take_all(home, now=NOON) == 0
    assert take_all(home, now=NOON) == 1


def test_a_folder_that_cannot_be_used_keeps_no_other_waiting(home, place):
    drop(place, "customers", "a.csv", CUSTOMERS)
    (place / "customers" / "taken").touch()
    drop(place, "touchpoints", "b.csv", "customer,kind\nK-9,paid\n")

    assert take_all(home, now=NOON) == 1


def test_a_link_out_of_the_folder_is_not_followed(home, place, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(CUSTOMERS)
    (place / "customers").mkdir(parents=True)
    (place / "customers" / "a.csv").symlink_to(secret)

    assert take_all(home, now=NOON) == 0
    assert secret.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "empty"), ("colour,size\nred,9\n", "No column"), ("\0\1\2\3", "")],
    ids=["an empty file", "a table of something else", "no table"],
)
def test_a_file_that_cannot_be_used_lies_aside_and_says_why(home, place, content, said):
    drop(place, "customers", "wrong.csv", content)

    assert take_all(home, now=NOON) == 1
    told = report(place, "customers", "wrong")
    assert said.lower() in told["problem"].lower()
    assert str(home.home) not in told["problem"]
    assert count(home, "customers") == 0
    assert take_all(home, now=NOON) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "reference,first_name,shoe\0size\nK-1,Ada,38\n"),
        ("a.jsonl", r'{"reference": "K-1", "first_name": "Ada", "shoe\u0000size": "38"}'),
    ],
    ids=["of a table", "of JSON"],
)
def test_a_sign_that_nothing_can_keep_is_left_out_of_a_columns_name(home, place, engine, name, content):
    drop(place, "customers", name, content)

    assert take_all(home, now=NOON) == 1
    with engine.connect() as connection:
        assert connection.execute(text("SELECT attributes FROM customers")).scalars().all() == [
            {"shoe size": "38"}
        ]


def test_a_file_with_a_fault_that_nobody_foresaw_keeps_no_other_waiting(home, place, engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE customers ADD CHECK (first_name <> 'Nemo')"))
    drop(place, "customers", "a.csv", CUSTOMERS.replace("K-", "L-").replace("Bo,", "Nemo,"))
    drop(place, "customers", "b.csv", CUSTOMERS)

    assert take_all(home, now=NOON) == 2
    assert "a fault of ours" in report(place, "customers", "wrong")["problem"]
    assert count(home, "customers") == 2


def test_wrong_rows_lie_aside_as_a_table_and_the_others_are_taken(home, place):
    drop(place, "customers", "some.csv", CUSTOMERS + ",Nobody,,NO\n")

    take_all(home, now=NOON)
    assert count(home, "customers") == 2
    assert report(place, "customers")["rejected"] == 1
    [rejected] = (place / "customers" / "wrong").glob("*.rejected.csv")
    assert "Nobody" in rejected.read_text()
    assert "problem" in rejected.read_text().splitlines()[0]


def test_a_wrong_file_that_is_put_back_is_tried_again(home, place):
    drop(place, "touchpoints", "t.csv", "customer,at,channel,kind\nK-1,2026-01-15T10:00:00Z,email,clicked\n")
    drop(place, "touchpoints", "mapping.toml", "[columns]\ncustomer = 'Kunde'\n")
    take_all(home, now=NOON)
    [wrong] = [path for path in (place / "touchpoints" / "wrong").iterdir() if path.suffix == ".csv"]
    (place / "touchpoints" / "mapping.toml").write_text("[columns]\ncustomer = 'customer'\n")
    drop(place, "customers", "c.csv", CUSTOMERS)
    drop(place, "touchpoints", "t.csv", wrong.read_text())

    assert take_all(home, now=NOON) == 2
    assert count(home, "touchpoints") == 1


def test_customers_are_known_before_what_is_about_them(home, place):
    for kind in ("touchpoints", "consents", "statements", "customers"):
        drop(place, kind, f"{kind}.csv", example_of(kind).table)

    assert take_all(home, now=NOON) == 4
    assert [count(home, kind) for kind in ("touchpoints", "consents", "statements")] == [3, 3, 8]


def test_invoices_become_a_run_once(home, place, engine):
    settle(engine, 1)
    drop(place, "invoices", "march.jsonl", json.dumps(BILL))
    take_all(home, now=NOON)
    drop(place, "invoices", "march-again.jsonl", json.dumps(BILL))
    take_all(home, now=NOON)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT requested_by, audience, state FROM runs")).all() == [
            ("drop", 1, "planning")
        ]
    told = [
        json.loads(path.read_text()) for path in sorted((place / "invoices" / "done").glob("*.report.json"))
    ]
    assert [one["run"] for one in told] == [told[0]["run"]] * 2


def test_what_a_process_left_that_died_is_finished_by_the_next(home, place):
    path = drop(place, "customers", "a.csv", CUSTOMERS)
    (place / "customers" / "taken").mkdir()
    path.rename(place / "customers" / "taken" / "a.csv")  # claimed, and the process was gone
    import_file(
        home.engine, "customers", place / "customers/taken/a.csv", now=NOON, actor="drop"
    )  # or even imported

    assert take_all(home, now=NOON) == 1
    assert count(home, "customers") == 2
    assert report(place, "customers")["unchanged"] == 2


def test_somebody_hears_of_a_file_that_could_not_be_used(home, place, engine):
    drop(place, "touchpoints", "wrong.csv", "a,b\n1,2\n")
    drop(place, "customers", "right.csv", CUSTOMERS)
    take_all(home, now=NOON)

    with engine.begin() as connection:
        told = [(one.name, one.subject) for one in alerts(connection, home, now=NOON)]
        later = alerts(connection, home, now=NOON + timedelta(days=2))
    assert ("drop_wrong", "touchpoints") in told
    assert ("drop_wrong", "customers") not in told
    assert [one for one in later if one.name == "drop_wrong"] == []


@pytest.fixture
def bucket(home, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="eu-north-1")
        client.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        yield client


def keys(client):
    return [one["Key"] for one in client.list_objects_v2(Bucket="files").get("Contents", ())]


def test_a_bucket_is_a_folder_too(home, engine, settings, bucket):
    given = settings.drops.model_copy(update={"bucket": "files", "region": "eu-north-1", "prefix": "erp"})
    home = install(settings.model_copy(update={"drops": given}), engine)
    bucket.put_object(Bucket="files", Key="erp/customers/november.csv", Body=CUSTOMERS)
    bucket.put_object(Bucket="files", Key="erp/customers/wrong.csv", Body=b"a,b\n1,2\n")
    bucket.put_object(Bucket="files", Key="erp/customers/half.csv.part", Body=b"a")
    bucket.put_object(Bucket="files", Key="other.csv", Body=CUSTOMERS)
    long = "x" * 1000 + ".csv"  # no room for a report's name
    bucket.put_object(
        Bucket="files", Key=f"erp/customers/{long}", Body=CUSTOMERS + "K-3,Cy,cy@example.org,NO\n"
    )

    assert take_all(home, now=NOON) == 3
    assert count(home, "customers") == 3
    found = keys(bucket)
    assert "erp/customers/november.csv" not in found
    assert {"erp/customers/half.csv.part", "other.csv"} <= set(found)
    assert sorted(key.split("/")[2] for key in found if key.count("/") == 3) == ["done"] * 4 + ["wrong"] * 2
    assert take_all(home, now=NOON) == 0


class OneFolder(HttpPeer):
    """A bucket of which a policy shows us one folder."""

    def answer(self, fault, reference):
        if "invoices" in self.requests[-1][0]:
            return 200, {}, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
        return 403, {}, b"<Error><Code>AccessDenied</Code></Error>"


def test_a_folder_of_a_bucket_that_is_closed_to_us_keeps_no_other_waiting(
    home, engine, settings, monkeypatch
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    service = OneFolder()
    given = {"bucket": "files", "region": "eu-north-1", "endpoint": service.url}
    drops = settings.drops.model_copy(update=given)
    try:
        assert take_all(install(settings.model_copy(update={"drops": drops}), engine), now=NOON) == 0
    finally:
        service.close()
    assert "invoices" in service.requests[-1][0]
