"""The conformance suite asserts like a test module."""

from datetime import timedelta

import pytest

from tests.peers.fault import Fault

pytest.register_assert_rewrite("tests.channels.conformance")


@pytest.fixture
def keys(monkeypatch):
    """Credentials that work nowhere."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def patience(request):
    """A provider's time-out: short where the test is about waiting, else too long to matter on a busy machine."""
    params = getattr(request.node, "callspec", None)
    waits = params is not None and params.params.get("fault") in {Fault.SILENT, Fault.SLOW}
    return timedelta(seconds=0.5 if waits else 20)
