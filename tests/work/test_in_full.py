"""A report counts the documents that were laid out in full although others are filled: each once, by its cause."""

import pytest
from sqlalchemy import text

from cli.reports import show_report
from store.in_full import in_full, keep_in_full
from tests.town import install, settle
from tests.work.test_invoicing import bill, told
from tests.work.test_paper import PrintShop


@pytest.fixture
def shop(settings, engine, tmp_path):
    return PrintShop(settings, engine, tmp_path / "out")


def test_a_letter_that_needs_a_rare_glyph_is_counted_and_the_others_are_not(shop, capsys):
    settle(shop.engine, 3, channels=("letter",))
    shop.sql("UPDATE customers SET first_name = '李明' WHERE id = 2")
    shop.plan(channels=["letter"]).send()

    found = shop.report()
    show_report(found, json=False)

    assert found["sent"] == {"letter": 3}
    assert found["in_full"] == {"letter": {"glyph": 1}}
    assert "Laid out in full instead of filled: letter 1 (glyph 1)." in capsys.readouterr().out


def test_invoices_are_counted_by_their_cause(settings, engine):
    settle(engine, 2)
    house = install(settings, engine)
    lines = [{"description": "Spade 鋤", "quantity": "2", "unit_price": "100.00", "tax_rate": "25"}]

    rare, _ = told(house, bill(house, "C1", lines=lines))
    usual, _ = told(house, bill(house, "C2", file_hash="others"))

    assert rare["in_full"] == {"invoice": {"glyph": 1}}
    assert "in_full" not in usual


def test_a_document_that_is_made_again_is_counted_once(shop):
    settle(shop.engine, 1)
    shop.plan()
    [message] = shop.sql("SELECT id::text FROM messages")
    for cause in ("width", "glyph"):
        with shop.engine.begin() as connection:
            keep_in_full(connection, shop.run, "letter", [(message.id, cause)])

    with shop.engine.begin() as connection:
        assert in_full(connection, shop.run) == {"letter": {"width": 1}}
        assert in_full(connection, "another") == {}
        assert connection.scalar(text("SELECT count(*) FROM set_in_full")) == 1
