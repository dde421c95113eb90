"""`work.enclosures`: PDFs that go with every letter of a run, from their folder to the bytes that are handed over."""

from decimal import Decimal

import pytest
from sqlalchemy import text

from store.runs import find_run
from templates.catalog import find
from tests.templates.test_marks import sheet
from tests.town import NOON, install, settle
from tests.work.test_limits import offer, planned
from tidings.channel import Channel
from tidings.problem import Problem
from work.build import read_context
from work.campaign import open_campaign
from work.enclosures import FOLDER, of_run, problems, sheets_of
from work.plan import expected_costs, question_of

TERMS = sheet("Terms and conditions", pages=3)


@pytest.fixture
def house(settings, engine):
    made = install(settings, engine)
    (made.home / FOLDER).mkdir(parents=True)
    (made.home / FOLDER / "terms.pdf").write_bytes(TERMS)
    white = sheet("unseen words", pages=2, style="p + p { color: #fff }")
    (made.home / FOLDER / "white.pdf").write_bytes(white)
    (made.home / FOLDER / "text.pdf").write_bytes(b"no PDF")
    return made


def test_a_run_keeps_its_enclosures_and_pays_for_their_sheets(house, engine):
    settle(engine, 1, channels=("letter",))
    run_id = planned(house, enclosures=["terms.pdf"])
    (house.home / FOLDER / "terms.pdf").write_bytes(b"changed")
    with engine.begin() as connection:
        run = find_run(connection, run_id)
        context = read_context(connection, house, run_id)
        cost = connection.scalar(text("SELECT cost FROM messages WHERE run_id = :run"), {"run": run_id})

    [kept] = of_run(house, run)
    assert (kept.name, kept.pages, kept.pdf) == ("terms.pdf", 3, TERMS)
    assert sheets_of(run) == 2
    usual = expected_costs(house.organisation)[Channel.LETTER]
    more = question_of(run, context.template, house.organisation).costs[Channel.LETTER] - usual
    assert more == pytest.approx(2 * 0.05)
    assert cost == pytest.approx(Decimal(str(round(usual + more, 5))))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("white.pdf", "white.pdf, page 2: hidden text", id="hidden text, with its page"),
        pytest.param("text.pdf", "no PDF", id="no PDF"),
        pytest.param("none.pdf", "There is no enclosure none.pdf", id="no such file"),
    ],
)
def test_what_may_not_be_enclosed_is_refused_before_there_is_a_run(house, engine, name, said):
    template, brand = find("offer/autumn"), house.organisation.brands[0]
    assert said in next(problems(house, [name], template, brand))
    with pytest.raises(Problem, match=said.replace(".", r"[.]")):
        open_campaign(house, offer(enclosures=[name]), house.policy, actor="staff:test", now=NOON)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 0


@pytest.mark.parametrize("name", ["../terms.pdf", "/etc/passwd", ".pdf", "a b.pdf", "x.txt", "a/b.pdf"])
def test_a_name_leads_nowhere_else(house, name):
    with pytest.raises(Problem, match="enclosures"):
        offer(enclosures=[name])
    template, brand = find("offer/autumn"), house.organisation.brands[0]
    assert "no name of an enclosure" in next(problems(house, [name], template, brand))
