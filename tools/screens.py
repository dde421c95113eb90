"""Makes the pictures of the quick starts: what people see, in a demo that nobody has touched; nothing is drawn by hand.

Run it as `.venv/bin/python tools/screens.py` in the repository. It takes two minutes and writes docs/pictures/.
"""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 1280
SHARP = 1.5
"""Pixels of the picture for one of the page."""
QUALITY = 80
PASSWORD = "lanterns at the harbour"  # noqa: S105 -- of accounts in a folder that is removed at the end
STAFF = {"mia": "marketing", "bo": "billing", "sara": "support", "max": "manager"}
CUSTOMER = "D-1003"
"""Chloe Taylor, who wants everything by post."""
BILLS = 20
COLUMNS = [
    "Invoice",
    "Customer",
    "Date",
    "Due date",
    "Currency",
    "Text",
    "Quantity",
    "Price",
    "VAT %",
    "Total",
]
IMAGES = (
    "Promise.all([document.fonts.ready, ...[...document.images].map(one => one.decode().catch(() => 0))])"
)


@dataclass(frozen=True, kw_only=True)
class House:
    """A demo home whose pages are served."""

    home: Path
    environment: dict[str, str]
    address: str
    browser: Browser

    def tidings(self, *words: str, **environment: str) -> str:
        """Run a command in the home and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=self.home.parent,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    @contextmanager
    def visited(self, width: int = WIDTH, height: int = 800) -> Iterator[Page]:
        """Give a page of a browser that nobody is logged in to, in light mode."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=SHARP,
            color_scheme="light",
            locale="en-GB",
            timezone_id="Europe/Oslo",
        )
        context.set_default_timeout(60_000)
        try:
            yield context.new_page()
        finally:
            context.close()

    @contextmanager
    def logged_in(self, name: str) -> Iterator[Page]:
        """Make the account and log in with its link, as a new colleague does."""
        made = json.loads(self.tidings("staff", "add", name, "--role", STAFF[name], "--json"))
        with self.visited() as page:
            page.goto(made["link"])
            page.get_by_label("New password").fill(PASSWORD)
            page.get_by_label("The same once more").fill(PASSWORD)
            page.get_by_role("button", name="Set the password").click()
            page.wait_for_url("**/today")
            yield page


def main() -> None:
    """Invent a demo, serve it, and write every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder) / "demo") as house:
        told = house.tidings("demo", TIDINGS_HOME=folder)
        for take in (_marketing, _billing, _support, _manager):
            take(house)
        _customer(house, told)


@contextmanager
def _served(home: Path) -> Iterator[House]:
    """Serve the pages of a home; the resident loop does not run, so that the demo's day stays as it is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")}
    address = f"http://127.0.0.1:{port}"
    environment = kept | {
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "TIDINGS_HOME": str(home),
        "TIDINGS_PORT": str(port),
        "TIDINGS_PUBLIC_URL": address,
        "TIDINGS_LOG": "info",
    }
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield House(home=home, environment=environment, address=address, browser=browser)
        browser.close()


@contextmanager
def _pages(house: House) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-m", "web"],
        cwd=house.home.parent,
        env=house.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        for line in server.stderr:
            if "running on" in line:
                break
        try:
            yield
        finally:
            server.terminate()
            server.stderr.read()


def _marketing(house: House) -> None:
    """The segment that a draft is for, and the composer with it; at last it waits for the manager."""
    offer = house.home / "input" / "offer.toml"
    house.tidings("segments", "save", "homes", str(offer), "--title", "Homes and cabins", "--by", "mia")
    with _pages(house), house.logged_in("mia") as page:
        page.goto(f"{house.address}/segments/homes")
        page.get_by_text("customers now").first.wait_for()
        _keep(page, "segment", 620)
        page.goto(f"{house.address}/campaigns/new")
        page.get_by_label("Campaign name").fill("Winter offer")
        page.get_by_label("Identity").fill("winter-offer")
        page.get_by_label("Edition").fill("2026")
        page.get_by_label("Template").select_option("offer/autumn")
        page.get_by_label("Audience").select_option("homes")
        page.get_by_role("button", name="Next").click()
        data = {"code": "LIGHT25", "discount": "25", "price": "66.75", "currency": "EUR"}
        for name, value in (data | {"valid_until": "2027-12-23"}).items():
            page.locator(f'[name="data.{name}"]').fill(value)
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved.").wait_for()
        page.goto(page.url.partition("?")[0])
        page.get_by_label("Show as customer").fill(CUSTOMER)
        page.locator("#live").get_by_text("Chloe Taylor").first.wait_for()
        page.evaluate("scrollTo(0, 0)")
        _keep(page, "composer", 1000)
        page.get_by_role("button", name="Ask for approval").click()
        page.get_by_text("Waits for approval").first.wait_for()


def _billing(house: House) -> None:
    """A billing file's columns and its two wrong rows, and the proof of a run that went out."""
    file = house.home / "october.csv"
    _write_bills(house.home / "input" / "invoices.jsonl", file)
    with _pages(house), house.logged_in("bo") as page:
        page.goto(f"{house.address}/invoices")
        page.locator("#file").set_input_files(file)
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("Which column is what").first.wait_for()
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url("**/check")
        _keep(page, "check", 700)
        page.goto(f"{house.address}/invoices")
        page.locator("table a").first.click()
        page.wait_for_load_state()
        _keep(page, "proof", 700)


def _write_bills(invoices: Path, file: Path) -> None:
    """Write a file as another system would: invoices of one line; one customer is unknown, one sum is wrong."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        bills = map(json.loads, invoices.read_text(encoding="utf-8").splitlines())
        norwegian: list[dict[str, Any]] = [bill for bill in bills if bill["currency"] == "NOK"]
        for number, bill in enumerate(norwegian[:BILLS]):
            customer = "K-4711" if number == BILLS // 2 else bill["customer"]
            total = "1250.00" if number != BILLS // 3 else "1205.00"
            row = [f"2026-7{number:03}", customer, "2026-10-05", "2026-11-04", bill["currency"]]
            writer.writerow([*row, "Lantern Skumring", "4", "250.00", "25", total])


def _support(house: House) -> None:
    """One customer, and what was sent to them and why."""
    with _pages(house), house.logged_in("sara") as page:
        page.goto(f"{house.address}/customers?q={CUSTOMER}")
        page.get_by_label("Ticket number, or what it is about").fill("ticket 812")
        page.get_by_role("button", name="Open", exact=True).click()
        page.get_by_text("Everything that happened").wait_for()
        _keep(page, "customer", 720)
        page.get_by_role("link", name="Why, and what was sent").first.click()
        page.locator("img.paper").first.evaluate("one => one.decode()")
        _keep(page, "why", 800)


def _manager(house: House) -> None:
    """The first page of the day, and the gaps."""
    with _pages(house), house.logged_in("max") as page:
        _keep(page, "today", 620)
        page.goto(f"{house.address}/gaps")
        _keep(page, "gaps", 720)


def _customer(house: House, told: str) -> None:
    """The customer's own page, on a phone."""
    link = re.search(r"http://\S+(/p/\S+)", told)
    assert link is not None
    with _pages(house), house.visited(width=430) as page:
        page.goto(house.address + link[1])
        _keep(page, "wishes", 1250)


def _keep(page: Page, name: str, height: int) -> None:
    """Write the top of a page as a picture."""
    assert page.viewport_size is not None
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.wait_for_load_state("networkidle")
    page.evaluate(IMAGES)
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        page.screenshot(path=taken)
        Image.open(taken).convert("RGB").save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
