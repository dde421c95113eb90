"""The segment pages: clicked together without a script, shown as a sentence, counted, saved by version."""

import re

import pytest
from sqlalchemy import text

from tests.town import settle
from tidings.role import Role
from tidings.segment import Combine, Compare, Did, DidNot, Everybody, Has, Lacks, Prefers, Saved, Sql, Stated
from web.console import rules
from web.language import LANGUAGES
from web.sentences import sentence
from work.segments import parse_rule, plain


@pytest.fixture
def marketer(staff):
    return staff(Role.MARKETING)


@pytest.fixture
def town(engine, door):
    settle(engine, 3, channels=("email",))
    with engine.begin() as connection:
        last = connection.scalar(text("SELECT max(id) FROM customers"))
        connection.execute(text("UPDATE customers SET country = 'SE' WHERE id = :id"), {"id": last})
    return engine


def fields_of(page):
    """Return what a browser would send of the page's form."""
    form = page.split('id="builder"')[1].split("</form>")[0]
    found = {}
    for tag in re.findall(
        r"<(?:input|select|textarea)[^>]*>(?:[^<]*(?:<option[^>]*>[^<]*</option>\s*)*)", form
    ):
        name = re.search(r'name="([^"]+)"', tag)
        chosen = re.search(r'<option value="([^"]*)" selected', tag) or re.search(
            r'<option value="([^"]*)"', tag
        )
        value = chosen if tag.startswith("<select") else re.search(r' value="([^"]*)"', tag)
        if name:
            found[name[1]] = value[1] if value else ""
    return found


RULES = [
    Everybody(everybody=True),
    Compare(field="country", value="NO"),
    Compare(field="country", op="in", value=("NO", "SE")),
    Compare(field="attributes.points", op=">", value=7),
    Compare(field="company", op="missing"),
    Did(did="clicked", purpose="offer", within="P90D", at_least=2),
    DidNot(did_not="opened", channel="email"),
    Has(has="sms"),
    Lacks(lacks="email"),
    Prefers(prefers="letter", topic="invoice"),
    Stated(stated="pause", topic="offer"),
    parse_rule({"consent": "objected", "topic": "offer.garden", "channel": "email"}),
    Saved(segment="garden"),
    Sql(sql="SELECT customer_id FROM customers"),
    Combine(
        all=(Lacks(lacks="email"),), any=(Has(has="sms"), Has(has="letter")), none=(Did(did="complained"),)
    ),
    Combine(none=(Compare(field="standing", value="former"),)),
    Combine(any=tuple(Compare(field="reference", value=f"C{n}") for n in range(200))),
]


@pytest.mark.parametrize("rule", RULES, ids=[type(rule).__name__ + str(n) for n, rule in enumerate(RULES)])
def test_a_rule_survives_the_form(rule):
    """What is shown as a form and read again selects the same; a single rule has a group around it."""
    part = rules.shown(rule)
    fields = {}

    def write(one, path):
        fields[f"r.{path}.kind"] = one.kind
        fields[f"r.{path}.mode"] = one.mode
        fields.update({f"r.{path}.{key}": value for key, value in one.values.items()})
        for number, inner in enumerate(one.parts):
            write(inner, f"{path}-{number}")

    write(part, "0")

    assert rules.read(fields) == part
    again = parse_rule(rules.rule_of(part))
    assert rules.shown(again) == part
    for language in LANGUAGES:
        assert sentence(again, language)[-1] == "."


@pytest.mark.parametrize(
    ("rule", "language", "told"),
    [
        pytest.param(
            Did(did="clicked", purpose="offer", within="P90D"), "en",
            "Customers with at least 1 × “click” about offer in the last 90 days.", id="a click",
        ),
        pytest.param(Lacks(lacks="email"), "nb", "Kunder som ikke kan nås på e-post.", id="no address, Norwegian"),
        pytest.param(Everybody(everybody=True), "pl", "Wszyscy klienci.", id="everybody, Polish"),
        pytest.param(
            Combine(all=(Prefers(prefers="letter", topic="invoice"),), none=(Saved(segment="x"),)), "en",
            "Customers who want invoice first by letter, but not those in the segment “x”.", id="all but",
        ),
        pytest.param(
            Compare(field="attributes.{0.__class__}", value="{x}"), "en", "Customers whose “{0.__class__}” is {x}.",
            id="braces are only signs",
        ),
    ],
)  # fmt: skip
def test_a_rule_as_a_sentence(rule, language, told):
    assert sentence(rule, language) == told


def test_a_segment_is_clicked_together_without_a_script(town, marketer):
    page = marketer.get("/segments/new").text
    fields = fields_of(page) | {"r.0-0.value": "NO"}
    page = marketer.post("/segments/build", fields | {"do": "add 0", "new.0": "lacks"}).text
    assert "Customers whose country is NO, and who cannot be reached by e-mail." in page

    fields = fields_of(page)
    assert (fields["r.0-0.value"], fields["r.0-1.kind"]) == ("NO", "lacks")
    page = marketer.post("/segments/build", fields | {"do": "remove 0-1"}).text
    assert "<b>2</b>" in page

    saved = marketer.post("/segments/save", fields_of(page) | {"name": "norway", "title": "Norwegians"})
    assert saved.headers["location"] == "/segments/norway?said=saved"
    assert "Norwegians" in marketer.get("/segments").text
    assert plain(Compare(field="country", value="NO")) == town_rule(town, "norway")


def town_rule(engine, name):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT rule FROM segments WHERE name = :name"), {"name": name})


def test_a_version_is_kept_when_the_next_is_saved(town, marketer):
    for country in ("NO", "SE", "SE"):
        fields = fields_of(marketer.get("/segments/new").text) | {"r.0-0.value": country, "name": "home"}
        marketer.post("/segments/save", fields)

    with town.connect() as connection:
        versions = connection.execute(text("SELECT version, rule ->> 'value' FROM segments ORDER BY 1")).all()
    assert [tuple(row) for row in versions] == [(1, "NO"), (2, "SE")]
    assert "version 1; the newest is 2" in marketer.get("/segments/home?version=1").text
    assert marketer.get("/segments/home?version=9").status_code == 404


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({"name": "Not A Name"}, "cannot be used", id="a name with spaces"),
        pytest.param({"name": "new"}, "name of a page", id="the name of a page"),
        pytest.param({"name": "x", "r.0-0.value": ""}, "what is it compared with", id="nothing to compare with"),
        pytest.param(
            {"name": "x", "r.0-0.kind": "segment", "r.0-0.segment": "x"}, "contains itself", id="a segment in itself"
        ),
        pytest.param(
            {"name": "x", "r.0-0.kind": "sql", "r.0-0.sql": "DROP TABLE customers"}, "may not say",
            id="SQL that is no question",
        ),
        pytest.param(
            {"name": "x", "r.0-0.kind": "sql", "r.0-0.sql": "SELECT nonsense FROM customers"}, "does not exist",
            id="SQL that is wrong",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_said_where_it_is(town, marketer, fields, told):
    start = fields_of(marketer.get("/segments/new").text) | {"r.0-0.value": "NO"}

    answer = marketer.post("/segments/save", start | fields)

    assert answer.status_code == 422
    assert told in answer.text
    assert town_rule(town, "x") is None


def test_counting_answers_with_a_part_of_the_page(town, marketer):
    fields = fields_of(marketer.get("/segments/new").text) | {"r.0-0.value": "SE"}

    part = marketer.post("/segments/count", fields).text

    assert part.strip().startswith('<p class="figure"><b>1</b>')
    assert "<html" not in part


def test_a_manager_reads_and_does_not_save(town, staff):
    manager = staff(Role.MANAGER)

    assert manager.get("/segments").status_code == 200
    assert manager.get("/segments/new").status_code == 403
    assert manager.post("/segments/save", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_builder(town, marketer, language):
    page = marketer.get("/segments/new", headers={"Accept-Language": language.replace("_", "-")}).text
    for kind in rules.KINDS:
        page = marketer.post(
            "/segments/build", fields_of(page) | {"do": "add 0", "new.0": kind},
            headers={"Accept-Language": language.replace("_", "-")},
        ).text  # fmt: skip

    assert page.count('class="rule"') == len(rules.KINDS) + 1
