"""docs/states.md and its pictures are what the table of states makes."""

from pathlib import Path

import pytest

from tidings.state import RULES
from tools.states_page import PLACES, pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("name", "text"), pages().items(), ids=list(pages()))
def test_the_page_is_the_one_that_the_table_makes(name, text):
    assert (DOCS / name).read_text("utf-8") == text, "run `.venv/bin/python tools/states_page.py docs`"


def test_every_state_has_its_place_in_the_picture():
    assert {machine: sorted(places) for machine, places in PLACES.items()} == {
        machine: sorted(state.value for state in machine) for machine in RULES
    }
