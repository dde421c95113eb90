"""Whether a PDF may be printed, asked by a system and by a person: both hear the same."""

import pytest

from tests.templates.test_foreign_letter import ADDRESS, page
from tidings.role import Role

GOOD = page()


def test_a_system_hears_what_the_command_says(door):
    headers = {**door.key("marketing"), "Content-Type": "application/pdf"}
    place = "/v1/letters/check"
    found = door.client.post(place, params={"country": "SE"}, content=GOOD, headers=headers)
    assert found.status_code == 200, found.text
    told = found.json()
    assert told["printable"] is True
    assert told["address"] == ADDRESS.split("<br>")
    assert {one["verdict"] for one in told["findings"]} == {"pass"}
    asked = {"country": "NO", "enclosed": True}
    enclosed = door.client.post(place, params=asked, content=GOOD, headers=headers).json()
    assert "address" not in {one["check"] for one in enclosed["findings"]}


@pytest.mark.parametrize(
    ("role", "asked", "content", "status"),
    [
        pytest.param("marketing", {"country": "SE"}, b"no PDF", 422, id="no PDF"),
        pytest.param("marketing", {"country": "XX"}, GOOD, 422, id="no such country"),
        pytest.param("billing", {"country": "SE", "window": "din-z"}, GOOD, 422, id="no such window"),
        pytest.param("billing", {}, GOOD, 422, id="no country"),
        pytest.param("support", {"country": "SE"}, GOOD, 403, id="somebody who makes no letters"),
        pytest.param("marketing", {"country": "SE"}, b"x" * 50_000_001, 413, id="more than anybody prints"),
    ],
)
def test_what_cannot_be_looked_at_is_said(door, role, asked, content, status):
    headers = {**door.key(role), "Content-Type": "application/pdf"}
    found = door.client.post("/v1/letters/check", params=asked, content=content, headers=headers)
    assert found.status_code == status
    assert "/tmp" not in found.text


def test_a_person_brings_a_file_and_reads_the_verdict(staff):
    desk = staff(Role.MARKETING)
    bring = "/templates/check"
    shown = desk.post(bring, {"country": "se"}, files={"file": ("offer.pdf", GOOD, "application/pdf")})
    assert shown.status_code == 200
    assert "It may be printed." in shown.text
    assert "offer.pdf" in shown.text
    wrong = desk.post(bring, {"country": "SE"}, files={"file": ("x.pdf", b"x", "application/pdf")})
    assert wrong.status_code == 422
    assert "no PDF" in wrong.text
