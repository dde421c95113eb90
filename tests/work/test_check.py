"""`work.check`: what a provider says when it is made is said before the first message."""

import os

import pytest

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
