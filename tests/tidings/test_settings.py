"""Settings from the environment, as people set them."""

from pathlib import Path

import pytest

from tidings.settings import Mode, Settings


@pytest.mark.parametrize(
    ("name", "field", "default"),
    [
        pytest.param("TIDINGS_HOME", "home", Path("var"), id="an empty home is not the current folder"),
        pytest.param("TIDINGS_MODE", "mode", Mode.OUTBOX, id="an empty mode sends nothing"),
        pytest.param("TIDINGS_CONFIRM_OVER", "confirm_over", 1000, id="an empty number is no number"),
    ],
)
def test_an_empty_variable_is_one_that_is_not_set(monkeypatch, tmp_path, name, field, default):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "")

    assert getattr(Settings.read(), field) == default


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        pytest.param({}, "http://127.0.0.1:8765", id="where the page listens when nothing is said"),
        pytest.param({"TIDINGS_PORT": "8911"}, "http://127.0.0.1:8911", id="the port that was named"),
        pytest.param(
            {"TIDINGS_PORT": "8911", "TIDINGS_PUBLIC_URL": "https://t.example.org"},
            "https://t.example.org",
            id="the address that was named, whatever the port",
        ),
    ],
)
def test_links_lead_to_the_page(monkeypatch, tmp_path, given, leads_to):
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert Settings.read().public_url == leads_to
