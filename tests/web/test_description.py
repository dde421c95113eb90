"""The description of the API: OpenAPI 3.1, complete, and followed by what the API does."""

import pytest

from web.api import describe, operations


@pytest.fixture
def described(door):
    return describe(door.app)


def test_it_is_the_same_at_openapi_json(door, described):
    assert door.client.get("/openapi.json").json() == described
    assert described["openapi"].startswith("3.1.")


def test_every_operation_has_a_name_of_its_own(described):
    names = [operation["operationId"] for _, _, operation in operations(described)]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() and name == name.lower() for name in names)


def test_every_operation_says_which_key_it_needs(described):
    schemes = described["components"]["securitySchemes"]

    assert {one["type"] for one in schemes.values()} == {"http", "apiKey"}
    for method, path, operation in operations(described):
        assert {name for one in operation["security"] for name in one} == set(schemes), (method, path)
        assert operation["x-roles"], (method, path)
        assert len(operation["tags"]) == 1


def test_every_body_that_goes_in_or_out_has_an_example(described):
    for method, path, operation in operations(described):
        for code, answer in operation["responses"].items():
            contents = resolved(answer, described).get("content", {})
            assert contents or code in {"204", "304"}, (method, path, code)
            for content in contents.values():
                assert "example" in content, (method, path, code)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert "example" in content or "examples" in content, (method, path)
        for parameter in operation.get("parameters", ()):
            assert "example" in parameter, (method, path, parameter["name"])
            assert resolved(parameter, described).get("schema"), (method, path)


def test_every_operation_tells_its_problems(described):
    for method, path, operation in operations(described):
        told = {code for code in operation["responses"] if int(code) >= 400}
        assert {"400", "401", "403", "422", "429", "500", "503"} <= told, (method, path)
        assert "404" in told or "{" not in path, (method, path)
        for code in told:
            content = resolved(operation["responses"][code], described)["content"]
            assert list(content) == ["application/problem+json"]
            assert content["application/problem+json"]["example"]["status"] == int(code)


def test_what_changes_wishes_needs_the_state_that_was_seen(described):
    for method, path in (("put", "preferences"), ("post", "statements")):
        operation = described["paths"][f"/v1/customers/{{ref}}/{path}"][method]
        assert {"412", "428"} <= set(operation["responses"])
        [header] = [one for one in operation["parameters"] if one["name"] == "If-Match"]
        assert header["required"]


def test_every_reference_leads_somewhere(described):
    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                resolved(value, described)
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(described)


def resolved(value, description):
    if "$ref" not in value:
        return value
    found = description
    for key in value["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found
