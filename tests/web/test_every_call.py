"""Every operation of the API, called with what its description allows and with what it does not (schemathesis)."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from preferences.policy import Policy
from store import keys
from tests.town import NOON, install, settle
from tests.web.conftest import Clock
from tidings.role import Role
from tidings.settings import Settings
from web.app import create
from web.auth import ROLES
from work.campaign import open_campaign, parse_campaign

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
CAMPAIGN = {
    "name": "autumn",
    "edition": "2026",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"everybody": True},
    "data": {
        "code": "LYS25",
        "discount": 25,
        "price": "66.75",
        "currency": "EUR",
        "valid_until": "2027-11-30",
    },
}


@schemathesis.serializer("application/pdf")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def app(module_engine, tmp_path_factory):
    settle(module_engine, 3, channels=("email", "sms", "letter"))
    found = install(Settings(home=tmp_path_factory.mktemp("home")), module_engine)
    open_campaign(found, parse_campaign(CAMPAIGN, where="test"), Policy(), actor="staff:Ada", now=NOON)
    return create(found, clock=Clock())


@pytest.fixture(scope="module")
def key(app):
    with app.state.site.installation.engine.begin() as connection:
        return {"X-API-Key": keys.add(connection, name="machine", role=Role.SYSTEM)}


def operations(app):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def count(operation, mode, key, examples, faults):
    calls = 0

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case):
        nonlocal calls
        calls += 1
        if mode is GenerationMode.POSITIVE and "ref" in case.path_parameters:
            case.path_parameters["ref"] = "C1"  # somebody whom there is
        headers = key | {"Idempotency-Key": f"{operation.label} {mode} {calls}"}
        try:
            case.call_and_validate(headers=headers, checks=CHECKS)
        except FailureGroup as group:
            faults.extend(f"{operation.label}: {one}" for one in group.exceptions)

    try:
        call()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing about it can be wrong
    return calls


def test_nothing_that_is_sent_is_a_fault_of_ours(app, key):
    faults = []
    calls = [
        count(operation, mode, key, 2, faults)
        for operation in operations(app).values()
        for mode in GenerationMode
    ]

    assert faults == []
    assert len(calls) > 100
    assert sum(calls) > len(calls)


@pytest.mark.browser
@pytest.mark.parametrize("label", [f"{method} {path}" for method, path in sorted(ROLES)])
def test_nothing_that_is_sent_long_and_often_is_a_fault_of_ours(app, key, label):
    examples, faults = int(os.environ.get("TIDINGS_LAWS", "100")), []

    calls = [count(operations(app)[label], mode, key, examples, faults) for mode in GenerationMode]

    assert faults == []
    assert sum(calls) > 0
