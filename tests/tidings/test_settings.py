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
