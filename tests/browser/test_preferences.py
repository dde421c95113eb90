"""The preference form as a customer has it in hand: a phone, no JavaScript, dark mode, a keyboard."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import axe_playwright_python
import pytest
import tomli_w
from playwright.sync_api import expect, sync_playwright

from tests.town import ORGANISATION, settle
from tidings.signing import signing_key
from work.links import Links

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 568}
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
ACCENTS = ("#0b5d4b", "#ffcc00", "#d7263d")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(settings, engine, request):
    """A running page server and one customer's link; a brand's accent as parameter."""
    accent = getattr(request, "param", ACCENTS[0])
    organisation = {**ORGANISATION, "brands": [{**ORGANISATION["brands"][0], "accent": accent}]}
    (settings.home / "organisation.toml").write_text(tomli_w.dumps(organisation), encoding="utf-8")
    [ada] = settle(engine, channels=("email", "sms", "letter"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TIDINGS_HOME": str(settings.home),
        "TIDINGS_DATABASE": settings.database.get_secret_value(),
        "TIDINGS_PORT": str(port),
        "TIDINGS_LOG": "info",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "web"], env=environment, stderr=subprocess.PIPE, text=True
    ) as child:
        for line in child.stderr:
            if "running on" in line:
                break
        yield Links(signing_key(settings.home / "signing.key"), f"http://127.0.0.1:{port}").preferences(ada)
        child.terminate()
        child.stderr.read()


def opened(chromium, url, *, scripts=False, size=PHONE, scheme="light"):
    context = chromium.new_context(java_script_enabled=scripts, viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    return page


def test_a_customer_chooses_on_a_phone_without_javascript(chromium, site):
    page = opened(chromium, f"{site}?lang=en")

    page.get_by_role("group", name="Offers for you").get_by_label("Letter by post").check()
    page.get_by_label("Pause offers and news until").fill("2027-12-24")
    page.get_by_role("button", name="Save my choice").click()

    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    expect(page.get_by_text("24 December 2027")).to_be_visible()
    page.get_by_role("link", name="Change something else").click()
    chosen = page.get_by_role("group", name="Offers for you").get_by_label("Letter by post")
    expect(chosen).to_be_checked()


def test_stop_is_one_tap(chromium, site):
    page = opened(chromium, f"{site}?lang=sv")

    page.get_by_role("button", name="Stoppa alla erbjudanden och nyheter").click()

    expect(page.get_by_text("Ingenting alls")).to_have_count(2)


def test_the_keyboard_is_enough_and_always_shows_where_it_is(chromium, site):
    page = opened(chromium, f"{site}?lang=en", scripts=True)
    outlined = """() => {
        const one = document.activeElement, row = one.closest('.way') || one;
        return getComputedStyle(one).outlineStyle !== 'none' || getComputedStyle(row).outlineStyle !== 'none';
    }"""
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        name = page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()")
        if name == "Save my choice":
            break
        reached.append(name)
        assert page.evaluate(outlined), name
        if name == "offer":
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert [name for name in dict.fromkeys(reached) if name in {"invoice", "offer", "news", "language"}] == [
        "invoice", "offer", "news", "language",
    ]  # fmt: skip
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    expect(page.get_by_text("•• 01")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("site", ACCENTS, indirect=True)
def test_axe_finds_nothing_to_complain_about(chromium, site, scheme):
    for url in (f"{site}?lang=en", f"{site}?saved=1", f"{site}cut"):
        page = opened(chromium, url, scripts=True, scheme=scheme)
        page.evaluate(AXE)
        found = page.evaluate(
            "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
        )
        assert [
            (one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found["violations"]
        ] == []
        assert len(found["passes"]) > 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_on_the_smallest_phone(chromium, site, language):
    page = opened(chromium, f"{site}?lang={language}", scripts=True, size=SMALL)

    assert page.evaluate("() => document.documentElement.scrollWidth") == SMALL["width"]
    small = """() => [...document.querySelectorAll('.way, .button, select, input[type=date], input[type=time]')]
        .map(one => one.getBoundingClientRect()).filter(box => box.height < 44).length"""
    assert page.evaluate(small) == 0, "everything can be hit with a thumb"


def test_a_page_is_one_request(chromium, site):
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    broken = []
    page.on("console", lambda message: broken.append(message.text))

    page.goto(site)

    assert [url for url in asked if not url.startswith("data:")] == [site]
    assert broken == []
