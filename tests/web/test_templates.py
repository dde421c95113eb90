"""The template pages: every channel in every language, versions, what they differ in, where they are used."""

import shutil

import pytest
from sqlalchemy import text

from templates.catalog import LIBRARY
from tests.town import settle
from tests.web.test_campaigns import draft, fields_of
from tidings.role import Role
from web.language import LANGUAGES
from work.changes import changes


@pytest.fixture
def marketer(staff):
    return staff(Role.MARKETING)


@pytest.fixture
def own(door):
    """A template of the organisation's own, whose Polish text forgets a fact."""
    folder = door.installation.own_templates / "offer" / "spring"
    shutil.copytree(LIBRARY / "offer" / "autumn", folder)
    polish = folder / "pl.md"
    polish.write_text(polish.read_text("utf-8").replace("{{ code }}", "KOD"), "utf-8")
    return folder


def test_all_templates_are_listed_with_their_channels_and_languages(marketer, own):
    page = marketer.get("/templates").text

    assert all(
        name in page for name in ("offer/autumn", "offer/spring", "news/quarterly", "invoice/standard")
    )
    assert "en, nb, pl, pt_BR, sv" in page


def test_the_matrix_names_the_cell_that_lacks_a_fact(marketer, own):
    page = marketer.get("/templates/offer/spring/matrix").text

    assert page.count('class="wrong"') == 5
    assert "fact code is missing" in page
    assert "fact code is missing" not in marketer.get("/templates/offer/autumn/matrix").text
    assert 'class="wrong"' in marketer.get("/templates/offer/spring?checks=1").text, "also without a script"


def test_a_template_is_shown_as_each_channel_shows_it(marketer):
    page = marketer.get("/templates/offer/autumn?language=sv").text
    mail = marketer.get("/templates/offer/autumn/email?language=sv")
    letter = marketer.get("/templates/invoice/standard/letter?language=nb")

    assert 'lang="sv"' in page
    assert "sandbox" in mail.headers["content-security-policy"]
    assert "lyktor" in mail.text.lower()
    assert letter.content.startswith(b"\x89PNG")
    assert marketer.get("/templates/invoice/standard/letter?file=1").content.startswith(b"%PDF")


@pytest.mark.parametrize(
    "path",
    [
        "/templates/offer/nothing",
        "/templates/..%2f..%2fetc/passwd",
        "/templates/offer/nothing/email",
        "/templates/a/b/matrix",
    ],
)
def test_what_does_not_exist_is_not_found(marketer, path):
    assert marketer.get(path).status_code == 404


def test_versions_are_kept_and_compared(engine, door, marketer, staff, own):
    settle(engine, 1)
    manager = staff(Role.MANAGER)
    for name in ("one", "two"):
        path = draft(marketer, name=name, template="offer/spring")
        polish = own / "pl.md"
        polish.write_text(polish.read_text("utf-8").replace("KOD", "{{ code }}"), "utf-8")
        marketer.post(path, fields_of(marketer.get(path).text) | {"do": "ask"})
        assert manager.post(f"{path}/approve").status_code == 303
        english = own / "en.md"
        english.write_text(english.read_text("utf-8").replace("evenings", "mornings"), "utf-8")

    page = marketer.get("/templates/offer/spring").text

    assert "<del>evenings</del><ins>mornings</ins>" in page
    assert "/runs/one-2026" in page
    with engine.connect() as connection:
        numbers = list(connection.scalars(text("SELECT id FROM templates ORDER BY id")))
    assert len(numbers) == 2
    older = marketer.get(f"/templates/offer/spring?from={numbers[1]}&to={numbers[0]}").text
    assert "<del>mornings</del><ins>evenings</ins>" in older


def test_changes_keep_what_is_the_same_short():
    before = {"en.md": "a" + " same" * 200 + " old", "sv.md": "x"}
    after = {"en.md": "a" + " same" * 200 + " <new>", "nb.md": "y"}

    found = changes(before, after)

    assert list(found) == ["en.md", "nb.md", "sv.md"]
    assert [one.kind for one in found["en.md"]] == ["same", "gone", "new"]
    assert len(found["en.md"][0].text) < 420
    assert found["sv.md"][0].kind == "gone"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_screens(marketer, language):
    for path in ("/templates", "/templates/offer/autumn", "/templates/news/quarterly"):
        answer = marketer.get(path, headers={"Accept-Language": language.replace("_", "-")})
        assert answer.status_code == 200, path
