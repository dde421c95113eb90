"""What the tests of the command line share: one way to run a command in the process, as a person runs it."""

import pytest
import structlog
import tomli_w

from cli.main import main
from tests.town import ORGANISATION, settle
from tests.work.test_deliver import House


@pytest.fixture
def tidings(settings, monkeypatch, capsys, tmp_path):
    """Run a command in the test's own folder, home and database; returns its exit code and what it printed."""
    monkeypatch.setenv("TIDINGS_HOME", str(settings.home))
    monkeypatch.setenv("TIDINGS_DATABASE", settings.database.get_secret_value())
    monkeypatch.chdir(tmp_path)

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            main(list(words))
        return stopped.value.code, capsys.readouterr()

    yield run
    structlog.reset_defaults()  # the log goes to what this test captured


@pytest.fixture
def organised(settings):
    """A home with the organisation of `tests.town`."""
    (settings.home / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION), encoding="utf-8")


@pytest.fixture
def run(settings, engine):
    """A run that was sent to one customer, C1, who has e-mail and SMS; its id."""
    settle(engine, channels=("email", "sms"))
    house = House(settings, engine).plan()
    house.send()
    return house.run
