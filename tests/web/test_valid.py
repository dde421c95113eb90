"""Every page of the staff and of customers is valid HTML (html-validate), with something on it and with nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route

from tests.town import settle
from tests.web.runs import campaign
from tests.web.test_invoices import brought, started, town
from tidings.role import STAFF
from web.app import CONSOLE

CHECKER = Path(sys.prefix) / "html" / "node_modules" / ".bin" / "html-validate"
RULES = {
    "root": True,
    "extends": ["html-validate:recommended"],
    "rules": {
        "doctype-style": "off",  # taste: any case is valid
        "long-title": "off",  # a title holds what a person called it
        "no-implicit-button-type": "off",  # a button of a form sends it
        "require-sri": "off",  # our own files, under names that are their hashes
        "form-dup-name": ["error", {"shared": ["radio", "checkbox", "submit", "button"]}],
    },
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHECKER.exists(), reason="needs npm: `make browser` installs html-validate"),
]
__all__ = ["town"]


def test_every_page_is_valid(door, engine, town, staff, tmp_path):
    person = staff(*STAFF)
    paths = {
        route.path
        for screen in CONSOLE
        for route in screen.routes()
        if isinstance(route, Route) and "GET" in route.methods and "{" not in route.path
    } - {"/", "/today/live"}
    pages = {f"empty{path}": person.get(path) for path in paths}
    file = brought(person)
    run, bills = campaign(door.installation, engine), started(person, door)
    paths |= {
        f"/runs/{run}",
        f"/runs/{run}/missing",
        f"/runs/{run}/missing?reason=no_consent",
        f"/invoices/{bills}",
    }
    paths |= {file, f"{file}/check", "/account", "/no-such-page"}
    pages |= {path: person.get(path) for path in paths}
    pages["no file"] = person.post("/invoices/new")
    pages["wrong columns"] = person.post(file)
    pages["another sum"] = person.post(f"{file}/check")
    pages["cannot resume"] = person.post(f"/runs/{run}/resume")
    pages["login"] = door.client.get("/login")
    [ada] = settle(engine)
    pages["preferences"] = door.client.get(door.form(ada))

    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    for number, (name, page) in enumerate(pages.items()):
        if page.headers.get("content-type", "").startswith("text/html"):
            (tmp_path / f"{number}.html").write_text(f"{page.text}<!-- {name.replace('-', '.')} -->")

    assert {page.status_code for page in pages.values()} <= {200, 404, 409, 422}
    assert complaints(tmp_path) == []
    assert len(list(tmp_path.glob("*.html"))) > 20


def complaints(folder):
    """Return (page, line, rule, message) of everything that is wrong."""
    done = subprocess.run(
        [shutil.which("node"), CHECKER, "--formatter=json", *sorted(folder.glob("*.html"))],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    found = json.loads(done.stdout or "[]")
    return [
        (
            Path(one["filePath"]).read_text().rpartition("<!-- ")[2],
            told["line"],
            told["ruleId"],
            told["message"],
        )
        for one in found
        for told in one["messages"]
    ]
