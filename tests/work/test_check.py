"""`work.check`: what a provider says when it is made is said before the first message."""

import os

import pytest
import tomli_w

from tests.town import ORGANISATION
from work.check import check


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"TIDINGS_PUSH": "fcm"}, "TIDINGS_FCM__CREDENTIALS: TIDINGS_PUSH=fcm needs it.", id="missing"
        ),
        pytest.param(
            {"TIDINGS_PUSH": "fcm", "TIDINGS_FCM__CREDENTIALS": "{folder}/wrong"},
            "is no service account",
            id="no account",
        ),
        pytest.param(
            {
                "TIDINGS_PUSH": "webpush",
                "TIDINGS_WEBPUSH__KEY": "{folder}/wrong",
                "TIDINGS_WEBPUSH__SUBJECT": "mailto:it@nordlys.example",
            },
            "TIDINGS_WEBPUSH__KEY: ",
            id="no key",
        ),
        pytest.param(
            {"TIDINGS_AWS_EVENTS__TOPICS": "nonsense"},
            "TIDINGS_AWS_EVENTS__TOPICS: 'nonsense'",
            id="no topic",
        ),
        pytest.param(
            {
                "TIDINGS_MODE": "live",
                "TIDINGS_SMS": "twilio",
                "TIDINGS_TWILIO__ACCOUNT_SID": "AC1",
                "TIDINGS_TWILIO__AUTH_TOKEN": "t",
                "TIDINGS_TWILIO__MESSAGING_SERVICE_SID": "MG1",
                "TIDINGS_PUBLIC_URL": "http://localhost:8765",
            },
            "Twilio cannot call http://localhost:8765",
            id="nobody can call back",
        ),
    ],
)
def test_providers_are_made_before_anything_is_sent(monkeypatch, tmp_path, given, said):
    """A file that cannot be used is named by its setting, once."""
    (tmp_path / "wrong").write_text("x")
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value.replace("{folder}", str(tmp_path)))

    found = check(os.environ, tmp_path / ".env", reach=lambda _: None).problems

    assert len([problem for problem in found if said in problem]) == 1


@pytest.mark.parametrize(
    ("service", "wrong"),
    [
        pytest.param("Hei@nordlys.example", True, id="the mailbox that is emptied"),
        pytest.param("hjelp@nordlys.example", False, id="another one"),
    ],
)
def test_replies_are_forwarded_to_a_mailbox_that_people_read(monkeypatch, tmp_path, service, wrong):
    """Else they are taken out, mailed into the same box again, and nobody has seen them."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    brand = ORGANISATION["brands"][0] | {"service_email": service}
    (tmp_path / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION | {"brands": [brand]}))
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path))
    monkeypatch.setenv("TIDINGS_MAILBOX__MAILDIR", str(tmp_path / "mail"))

    found = check(os.environ, tmp_path / ".env", reach=lambda _: None).problems

    assert any("service_email of brand 'nordlys'" in problem for problem in found) is wrong
