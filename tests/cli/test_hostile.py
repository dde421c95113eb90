"""What customers and colleagues call things is text on the screen, whatever rich would make of it."""

import pytest
from sqlalchemy import text

from store import keys
from store.keys import Role
from tests.town import NOON, install, settle
from tests.work.test_campaign import campaign
from work.campaign import open_campaign

NAME = "[/red][bold]Ada"


@pytest.fixture
def listed(tidings, organised, settings, engine):
    """Run a command where a customer, a run and a key have a name in brackets."""
    settle(engine, 1, first_name=NAME)
    installation = install(settings, engine)
    open_campaign(installation, campaign(title=NAME), installation.policy, actor="staff:Ola", now=NOON)
    with engine.begin() as connection:
        keys.add(connection, name=NAME, role=Role.SYSTEM)
    return tidings


def test_what_goes_into_the_next_command_is_never_cut_short(listed, engine):
    reference = "a-reference-of-another-system" * 3
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE customer_references SET reference = :reference"), {"reference": reference}
        )

    printed = listed("customers", "list")[1].out

    assert reference in printed
    assert "…" not in printed


@pytest.mark.parametrize("command", ["customers", "runs", "keys"])
def test_a_name_in_brackets_is_shown_as_it_is(listed, command):
    code, printed = listed(command, "list")

    assert (code, printed.err) == (0, "")
    assert "[/red]" in printed.out


def test_a_database_that_takes_no_writes_is_no_fault_of_ours(listed, engine):
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER DATABASE {engine.url.database} SET default_transaction_read_only = on")
        )

    code, printed = listed("alerts", "--tell")

    assert (code, printed.out) == (1, "")
    assert "takes no writes" in printed.err
    assert "fault of ours" not in printed.err
