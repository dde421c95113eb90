"""Every route is in a table, says nothing to strangers, and loads nothing from elsewhere."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from string import Formatter

import anyio
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import create_engine
from starlette.routing import Route

from tests.town import install, settle
from tests.web.conftest import Door
from web import auth, language

PAGES = Path(language.__file__).parent / "pages"


def routes(app):
    found = set()
    pending = list(app.router.routes)
    while pending:
        route = pending.pop()
        if isinstance(route, APIRoute | Route):
            found |= {(method, route.path) for method in (route.methods or {"GET"}) - {"HEAD"}}
        else:
            pending += getattr(route, "routes", None) or getattr(route, "original_router", route).routes
    return found


def test_the_page_about_the_api_tells_the_roles_as_they_are():
    page = (PAGES.parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    head = [word.strip() for word in re.search(r"^\| route \|(.*)\|$", page, re.MULTILINE)[1].split("|")]
    told = {}
    for method, path, cells in re.findall(r"^\| `(\w+) (/v1/\S+)` \|(.*)\|$", page, re.MULTILINE):
        told[method, path] = {role for role, cell in zip(head, cells.split("|"), strict=True) if cell.strip()}

    assert told == {route: {role.value for role in roles} for route, roles in auth.ROLES.items()}


def test_the_description_names_every_route_of_the_api(door):
    described = door.client.get("/openapi.json").json()["paths"]

    assert {(method.upper(), path) for path, item in described.items() for method in item} == set(auth.ROLES)


def test_no_page_loads_anything_from_elsewhere_and_none_has_a_script(door, engine):
    [ada] = settle(engine)
    for page in (door.client.get("/docs"), door.client.get(door.form(ada)), door.client.get("/nowhere")):
        assert "<script" not in page.text
        assert not re.search(
            r'(src|href|action)="(https?:)?//', page.text.replace('href="http://127.0.0.1:8765/p/', "")
        )


def test_health_needs_no_database_and_readiness_does(door, settings, clock):
    assert door.client.get("/healthz").json() == {"status": "ok"}
    assert door.client.get("/readyz").json() == {"status": "ready"}
    form = door.form(1)
    gone = create_engine(door.installation.engine.url.set(database="gone"))
    door = Door(install(settings, gone), clock)

    assert door.client.get("/healthz").status_code == 200
    assert door.client.get("/readyz").status_code == 503
    page = door.client.get(form, headers={"Accept-Language": "nb"})
    assert page.status_code == 503
    assert "Noe gikk galt hos oss" in page.text
    answer = door.client.get("/v1/runs/x", headers={"X-API-Key": "k"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_an_unknown_path_is_a_page_for_people_and_a_problem_for_programs(door):
    assert "does not work" in door.client.get("/nowhere").text
    assert door.client.get("/v1/nowhere").headers["content-type"] == "application/problem+json"
    assert door.client.delete("/v1/runs/x").status_code == 405


def flat(table, path=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_each_language_says_everything_with_the_same_values(code):
    english, other = dict(flat(language.words("en"))), dict(flat(language.words(code)))

    assert list(other) == list(english)
    for key, text in other.items():
        holes = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert holes == {name for _, name, _, _ in Formatter().parse(english[key]) if name}, key
        assert text.strip()
    if code != "en":
        same = [text for key, text in english.items() if text == other[key]]
        assert not [text for text in same if len(re.sub(r"{\w+}", "", text).split()) > 2], (
            "a sentence was left in English"
        )


def test_the_style_is_a_few_kilobytes_and_every_page_is_used():
    assert (PAGES.parent / "static" / "pages.css").stat().st_size < 10_000
    used = {match for path in PAGES.parent.glob("*.py") for match in re.findall(r'"(\w+)"', path.read_text())}
    assert {path.name.split(".")[0] for path in PAGES.iterdir()} - {"layout"} <= used


def test_serving_pages_needs_no_orchestrator_and_no_heavy_library():
    heavy = ("prefect", "polars", "weasyprint", "boto3", "twilio", "phonenumbers")
    code = f"import sys, web.app, web.__main__; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_locales_are_valid_toml():
    for path in (PAGES.parent / "locales").glob("**/*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))


def test_a_query_that_is_no_text_is_the_callers_fault_on_every_page(door):
    """What no client sends; whatever page asks for its own URL would break on it."""
    for path in ("/login", "/campaigns", "/p/x", "/d/x", "/v1/runs"):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message, sent=sent):
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"a=\xff",
            "headers": [(b"host", b"127.0.0.1:8765")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765),
            "scheme": "http", "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        anyio.run(door.app, scope, receive, send)

        assert sent[0]["status"] == 400
