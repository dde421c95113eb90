"""The reports: every sum is one over the rows, by channel, ground, brand, purpose and time."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.town import NOON
from tests.web.runs import campaign
from tidings.channel import Channel
from tidings.role import Role
from work.reports import Line, reports

YEAR = {"since": date(2026, 1, 1), "until": date(2026, 12, 31)}


@pytest.fixture
def sent(door, engine):
    """A campaign of four: two by e-mail, one by SMS although e-mail was first, one failed; two were answered."""
    run = campaign(door.installation, engine)
    with engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE messages SET state = CASE WHEN n < 4 THEN 'done' ELSE 'undeliverable' END, cost = 0.25,
                    reason = CASE WHEN n < 4 THEN '' ELSE 'address' END, first_channel = 'email',
                    channel = CASE n WHEN 3 THEN 'sms' ELSE 'email' END,
                    decision = jsonb_build_array(jsonb_build_object(
                        'channel', CASE n WHEN 3 THEN 'sms' ELSE 'email' END, 'reason',
                        CASE n WHEN 1 THEN 'stated_all' ELSE 'observed' END))
                FROM (SELECT id AS i, row_number() OVER (ORDER BY customer_id) AS n FROM messages
                      WHERE state = 'ready') AS o WHERE id = i""")
        )
        connection.execute(
            text("""
                INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, message_id, at)
                SELECT m.customer_id, 'test', k.kind || m.id, 'in', 'email', k.kind, m.id, :now
                FROM messages m
                JOIN (VALUES ('email', 'clicked'), ('sms', 'stopped'), ('sms', 'complained')) AS k(c, kind)
                  ON k.c = m.channel WHERE m.state = 'done'"""),
            {"now": NOON},
        )
    return run


def read(door, **chosen):
    asked = {**YEAR, "kinds": ["campaign", "invoice_run"], **chosen}
    with door.installation.engine.connect() as connection:
        return reports(connection, door.installation.organisation, **asked)


def test_everything_is_counted_by_channel(door, sent):
    found = read(door)

    assert found.by("channel") == {
        ("email",): Line(sent=2, answered=2, cost=Decimal("0.50000")),
        ("sms",): Line(sent=1, complained=1, stopped=1, cost=Decimal("0.25000")),
    }
    assert found.all.cost_each == Decimal("0.25")
    assert found.preferred == 2


def test_what_went_on_counts_on_the_channel_that_it_left_too_with_what_it_had_cost(door, engine, sent):
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO went_on (message_id, run_id, channel, cost)
                    SELECT id, run_id, 'email', 0.10 FROM messages WHERE channel = 'sms'""")
        )

    found = read(door)

    email, sms = found.by("channel")["email",], found.by("channel")["sms",]
    assert (email.sent, email.left, email.cost) == (2, 3, Decimal("0.60000"))
    assert (sms.sent, sms.left) == (1, 1)
    assert found.all.sent == 3
    assert found.all.cost == Decimal("0.85000")


def test_stated_and_observed_are_told_apart(door, sent):
    assert {one.ground: one.answered for one in read(door).grounds} == {
        "stated": 1,
        "observed": 1,
        "house": 0,
    }


def test_what_did_not_become_a_letter_is_paper_saved(door, sent):
    found = read(door)

    assert found.paperless == 3
    assert found.paper_saved == door.installation.organisation.costs.expected(Channel.LETTER) * 3 - Decimal(
        "0.75"
    )


@pytest.mark.parametrize(
    ("chosen", "runs"),
    [
        pytest.param({}, 1, id="all"),
        pytest.param({"brand": "nordlys"}, 1, id="the brand"),
        pytest.param({"brand": "other"}, 0, id="another brand"),
        pytest.param({"purpose": "news"}, 1, id="the purpose"),
        pytest.param({"purpose": "invoice"}, 0, id="another purpose"),
        pytest.param({"kinds": ["invoice_run"]}, 0, id="what billing may see"),
        pytest.param({"since": date(2026, 3, 3), "until": date(2026, 3, 3)}, 1, id="its very day"),
        pytest.param({"since": date(2026, 3, 4)}, 0, id="the day after"),
        pytest.param({"until": date(2026, 3, 2)}, 0, id="the day before"),
    ],
)
def test_only_what_is_asked_for_is_counted(door, sent, chosen, runs):
    found = read(door, **chosen)

    assert found.runs == runs
    assert bool(found.lines) == bool(runs)


def test_a_rehearsal_is_no_success(door, engine, sent):
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET mode = 'rehearsal'"))

    assert read(door).runs == 0


def test_the_page_says_what_was_counted(staff, sent):
    page = staff(Role.MARKETING).get("/reports?since=2026-01-01&until=2026-12-31").text

    assert "<b>3</b> <span>Sent" in page
    assert "<b>66.7%</b> <span>Response" in page
    assert re.search(r"<b>€0.25</b> <span>Cost of a reached customer", page)


def test_a_campaign_with_a_holdout_tells_what_it_does(staff, engine, sent):
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET options = jsonb_set(options, '{campaign,holdout}', '0.1')"))
    page = staff(Role.MARKETING).get("/reports?since=2026-01-01&until=2026-12-31").text

    lift = page.partition("What the campaign does")[2].partition("</section>")[0]
    assert "Of those held out" in lift
    assert 'href="/runs/' in lift
    assert "What the campaign does" not in staff(Role.BILLING).get("/reports?until=2026-12-31").text


def test_billing_sees_no_campaign(staff, sent):
    assert "Nothing was sent in this time." in staff(Role.BILLING).get("/reports?until=2026-12-31").text


def test_every_line_can_be_had_as_a_file(staff, sent):
    answer = staff(Role.MANAGER).get("/reports?since=2026-01-01&until=2026-12-31&as=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert [row[:6] for row in rows] == [
        ["month", "brand", "purpose", "channel", "sent", "delivered"],
        ["2026-03-01", "nordlys", "news", "email", "2", "0"],
        ["2026-03-01", "nordlys", "news", "sms", "1", "0"],
    ]


@pytest.mark.parametrize(
    "path",
    ["/reports?", "/gaps/asked?", "/gaps/causes?", "/gaps/sources?"],
)
def test_a_file_has_heads_in_the_readers_language(staff, sent, path):
    """Those of the runs' and invoices' files come from the same table."""
    answer = staff(Role.MANAGER).get(f"{path}&as=csv", headers={"Accept-Language": "pl"})

    assert {"Marka", "Źródło"} & set(answer.content.decode("utf-8-sig").splitlines()[0].split(","))


@pytest.mark.parametrize(
    "query",
    ["since=soon", "since=9999-12-31&until=0001-01-01", "brand=x&purpose=y", "as=exe", "since=0001-01-01"],
)
def test_a_strange_question_is_no_fault(staff, query):
    assert staff(Role.MANAGER).get(f"/reports?{query}").status_code == 200
