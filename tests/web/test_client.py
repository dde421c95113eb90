"""The typed client is that of the API as it is, and the programs that use it do what they say."""

import filecmp
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import uvicorn

from tests.town import settle
from tools.client import CLIENT, ROOT, description, generate


def differences(compared):
    yield from (*compared.left_only, *compared.right_only, *compared.diff_files, *compared.funny_files)
    for inner in compared.subdirs.values():
        yield from differences(inner)


def test_the_client_is_generated_from_the_api_as_it_is(tmp_path):
    generate(tmp_path / "python")

    made = filecmp.dircmp(CLIENT, tmp_path / "python", ignore=["__pycache__"])
    assert list(differences(made)) == [], "run `make client`"


def test_the_description_needs_nothing_that_is_installed(door):
    assert description() == door.client.get("/openapi.json").json()


@pytest.fixture
def url(door):
    """The app behind a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(door.app, port=0, log_level="warning", lifespan="off"))
    started = threading.Event()

    async def tell(*args, **more):
        await begin(*args, **more)
        started.set()

    begin, server.startup = server.startup, tell
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(20)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def run(door, role, program, *words):
    key = door.key(role, f"{program}-{role}")["Authorization"].removeprefix("Bearer ")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "TIDINGS_KEY": key}
    return subprocess.run(
        [sys.executable, ROOT / "examples" / f"{program}.py", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_a_shop_posts_touchpoints(door, engine, url, tmp_path):
    [ada] = settle(engine)
    orders = [
        {"order": "1", "customer": "C1", "at": "2026-03-01T09:00:00Z", "total": "250.00"},
        {"order": "2", "customer": "C9", "at": "2026-03-01T09:00:00Z", "total": "1.00"},
    ]
    file = written(tmp_path / "orders.jsonl", "\n".join(map(json.dumps, orders)))

    done = run(door, "system", "shop", url, file)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 recorded, 0 known, 1 with a problem\n"
    assert door.ask("SELECT customer_id, kind, detail FROM touchpoints") == [
        (ada, "bought", {"total": "250.00"})
    ]


def test_an_erp_starts_an_invoice_run(door, engine, url, tmp_path):
    settle(engine)
    bill = {
        "number": "1",
        "customer": "C1",
        "issued_on": "2026-03-01",
        "due_on": "2026-03-31",
        "currency": "NOK",
        "total": "100",
        "lines": [{"description": "Roses", "unit_price": "100"}],
    }
    file = written(tmp_path / "march.json", json.dumps([bill | {"customer": "C9", "number": "2"}, bill]))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customer_references SET source = 'erp'")

    done = run(door, "billing", "erp", url, file)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("2 invoices, held {'unknown_customer': 1}\n")
    assert door.ask("SELECT number FROM invoices") == [("1",)]


def test_a_crm_shows_the_timeline(door, engine, url):
    settle(engine)

    done = run(door, "system", "crm", url, "C1")
    unknown = run(door, "support", "crm", url, "C9")

    assert (done.returncode, done.stderr) == (0, "")
    assert "'offer': 'email'" in done.stdout
    assert "Consent given for offer by email (form)" in done.stdout
    assert (unknown.returncode, unknown.stderr) == (1, "There is no customer 'C9'.\n")
