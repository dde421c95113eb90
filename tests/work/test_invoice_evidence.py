"""The evidence pack of an invoice holds the exact files, says their hashes, and names the grounds."""

import hashlib
import io
import json

import pikepdf
import pytest

from templates.facts import pdf_text
from tests.town import NOON, install, settle
from tests.work.test_invoicing import bill
from tidings.problem import Problem
from work.archive import archived_path
from work.invoice_evidence import evidence_pack


@pytest.fixture
def house(settings, engine):
    settle(engine, 1)
    made = install(settings, engine)
    brand = made.organisation.brands[0].model_copy(update={"tax_id": "NO 987 654 325 MVA"})
    object.__setattr__(made, "organisation", made.organisation.model_copy(update={"brands": (brand,)}))
    bill(made, "C1")
    return made


def test_a_pack_holds_the_exact_files_and_the_grounds(house):
    pack = evidence_pack(house, "FC1", brand_id=None, now=NOON)
    with pikepdf.open(io.BytesIO(pack.pdf)) as document:
        files = {name: document.attachments[name].get_file().read_bytes() for name in document.attachments}
        pages = len(document.pages)
    manifest = json.loads(files["manifest.json"])
    assert manifest == pack.manifest
    assert pages > 1
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "manifest.json"
    }
    assert files["invoice.pdf"].startswith(b"%PDF")
    assert b"<cbc:ID>FC1</cbc:ID>" in files["invoice.xml"]
    text = pdf_text(pack.pdf)
    for said in (
        "Evidence of invoice FC1",
        "250.00 NOK",
        "2031-12-31",
        "email (",
        manifest["files"][0]["sha256"],
    ):
        assert said in text


def test_a_file_that_is_not_what_was_archived_is_no_evidence(house):
    pack = evidence_pack(house, "FC1", brand_id=None, now=NOON)
    [digest] = [one["sha256"] for one in pack.manifest["files"] if one["name"] == "invoice.xml"]
    path = archived_path(house.archive, digest, "xml")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(Problem, match=r"invoice\.xml of FC1"):
        evidence_pack(house, "FC1", brand_id=None, now=NOON)


def test_an_unknown_number_is_named(house):
    with pytest.raises(Problem, match="'F9'"):
        evidence_pack(house, "F9", brand_id=None, now=NOON)
