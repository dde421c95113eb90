"""The gaps as a page and as files; who may not see them does not."""

import pytest

from tests.town import settle, state
from tidings.role import Role


@pytest.fixture
def asked(engine):
    [one] = settle(engine, channels=("email",))
    with engine.begin() as connection:
        state(connection, one, topic="invoice", channels=["letter"])


def test_the_page_names_purpose_channel_cause_and_source(staff, asked):
    page = staff(Role.MANAGER).get("/gaps").text
    assert [word for word in ("Invoice", "Letter", "No address", "lack it", "test") if word not in page] == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("table", "row"),
    [("asked", "invoice"), ("causes", "no_address"), ("sources", "test")],
    ids=lambda one: one,
)
def test_each_table_is_a_file(staff, asked, table, row, kind):
    answer = staff(Role.MARKETING).get(f"/gaps/{table}?as={kind}")
    assert answer.status_code == 200
    assert f"gaps-{table}.{kind}" in answer.headers["content-disposition"]
    if kind == "csv":
        assert row in answer.text.partition("\n")[2]


@pytest.mark.parametrize("path", ["/gaps/causes", "/gaps/causes?as=pdf", "/gaps/people?as=csv"])
def test_nothing_else_is_a_file(staff, path):
    assert staff(Role.MANAGER).get(path).status_code == 404


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.COUNTER, Role.ADMIN])
def test_nobody_else_sees_them(staff, role):
    assert staff(role).get("/gaps").status_code == 403


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt-BR"])
def test_in_every_language(staff, asked, language):
    answer = staff(Role.MANAGER).get("/gaps", headers={"Accept-Language": language})
    assert (answer.status_code, f'<html lang="{language}">' in answer.text) == (200, True)
