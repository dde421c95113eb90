"""A stranger's data, as the README tells a newcomer to take them: 59 customers in, 412 invoices out."""

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.walk import ROOT, tidings, walk


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A home in which every command of the README was run."""
    home = tmp_path_factory.mktemp("shop") / "home"
    done = walk(ROOT / "README.md", home)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return home


def said(home: Path, *words: str) -> dict:
    """Return what a command says as JSON."""
    done = tidings(home, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sent(home: Path) -> dict:
    """Return the report of the invoice run."""
    run = next(run["run"] for run in said(home, "runs", "list") if run["audience"] == 412)
    return said(home, "runs", "show", run)


def test_customers_came_in_without_a_mapping_and_a_second_time_changes_nothing(shop):
    again = said(shop, "import", "customers", str(ROOT / "examples" / "chinook" / "customers.csv"))
    assert {key: again[key] for key in ("read", "imported", "updated", "unchanged", "rejected")} == {
        "read": 59,
        "imported": 0,
        "updated": 0,
        "unchanged": 59,
        "rejected": 0,
    }


def test_every_document_was_sent_and_the_sums_agree(shop):
    report = sent(shop)
    assert report["audience"] == 412 == sum(report["planned"].values()) == sum(report["sent"].values())
    assert (report["held"], report["failed"], report["unknown"], report["waiting"]) == ({}, {}, 0, {})


def test_each_e_mail_carries_its_own_invoice_as_a_pdf(shop):
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (shop / "outbox" / "email").glob("*.eml")
    ]
    assert len(mails) == sent(shop)["sent"]["email"]
    assert len({mail["Message-ID"] for mail in mails}) == len(mails)
    assert len({mail["To"] for mail in mails}) <= 59
    attached = [part for mail in mails for part in mail.iter_attachments()]
    assert len(attached) == len(mails)
    assert len({part.get_filename() for part in attached}) == len(mails), "a file is named by its invoice"
    assert all(part.get_content().startswith(b"%PDF") for part in attached)


def test_the_same_file_again_sends_nothing(shop):
    again = said(
        shop,
        *("invoices", "run", str(ROOT / "examples" / "chinook" / "invoices.jsonl")),
        *("--mapping", str(ROOT / "examples" / "chinook" / "invoices.toml")),
        *("--now", "2026-10-06T10:00:00Z"),
    )
    assert again["audience"] == 412
    assert again["held"] == {"already_sent": 412}
    assert again["sent"] == {}
