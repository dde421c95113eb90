"""`tidings segments`: saved, listed, shown as a sentence and counted from the command line."""

import json

import pytest

from tests.town import settle

GARDEN = '[audience]\nall = [{ field = "country", value = "NO" }, { lacks = "sms" }]\n'


@pytest.fixture(autouse=True)
def folder(engine, tmp_path):
    """Two customers, and what there is to save in the folder of whoever types."""
    (tmp_path / "garden.toml").write_text(GARDEN, encoding="utf-8-sig")  # as Notepad writes it
    (tmp_path / "wrong.toml").write_text('[audience]\nhas = "pigeon"\n', encoding="utf-8")
    settle(engine, 2, channels=("email",))


def test_a_segment_is_saved_listed_shown_and_counted(tidings):
    assert json.loads(
        tidings("segments", "save", "garden", "garden.toml", "--by", "Ola", "--json")[1].out
    ) == {
        "segment": "garden",
        "version": 1,
    }
    assert "version 1" in tidings("segments", "save", "garden", "garden.toml")[1].out, (
        "unchanged, so no second version"
    )
    [listed] = json.loads(tidings("segments", "list", "--json")[1].out)
    assert listed["sentence"] == "Customers whose country is NO, and who cannot be reached by SMS."
    assert (listed["segment"], listed["created_by"]) == ("garden", "staff:Ola")
    assert "Kunder der land er NO" in tidings("segments", "show", "garden", "--language", "nb")[1].out
    assert json.loads(tidings("segments", "count", "garden", "--json")[1].out)["customers"] == 2
    assert "2 customers" in tidings("segments", "count", "garden.toml")[1].out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("show", "nobody"), "no segment 'nobody'", id="a segment that does not exist"),
        pytest.param(("count", "missing.toml"), "cannot be read", id="a file that does not exist"),
        pytest.param(("count", "./garden.csv"), "neither the name", id="a file that is no TOML"),
        pytest.param(("save", "x", "wrong.toml"), "pigeon", id="a rule that is none"),
        pytest.param(("save", "No Name", "garden.toml"), "cannot be used", id="a name that is none"),
        pytest.param(("list", "--language", "tlh"), "tlh", id="a language that nobody here speaks"),
    ],
)
def test_a_wrong_word_gets_one_sentence(tidings, words, told):
    tidings("segments", "save", "garden", "garden.toml")

    code, printed = tidings("segments", *words)

    assert code == 2
    assert told in printed.err
    assert "Traceback" not in printed.err
