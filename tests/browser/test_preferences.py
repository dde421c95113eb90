"""A customer's pages as they have them in hand: a phone, no JavaScript, dark mode, a keyboard."""

import os
import socket
import subprocess
import sys

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.peers.push import pem
from tests.town import ORGANISATION, settle
from tests.web.letters import MESSAGE, bill, send
from tidings.signing import signing_key
from work.links import Links

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
SMALL = {"width": 320, "height": 568}
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
ACCENTS = ("#0b5d4b", "#ffcc00", "#d7263d")


@pytest.fixture
def site(settings, engine, request):
    """A running page server and one customer's link; a brand's accent as parameter."""
    accent = getattr(request, "param", ACCENTS[0])
    organisation = {**ORGANISATION, "brands": [{**ORGANISATION["brands"][0], "accent": accent}]}
    organisation["brands"][0]["topics"] = {"offer.garden": {"en": "Garden", "nb": "Hage"}}
    (settings.home / "organisation.toml").write_text(tomli_w.dumps(organisation), encoding="utf-8")
    (settings.home / "vapid.pem").write_text(pem(ec.generate_private_key(ec.SECP256R1())))
    [ada] = settle(engine, channels=("email", "sms", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TIDINGS_HOME": str(settings.home),
        "TIDINGS_DATABASE": settings.database.get_secret_value(),
        "TIDINGS_PORT": str(port),
        "TIDINGS_LOG": "info",
        "TIDINGS_PUSH": "webpush",
        "TIDINGS_WEBPUSH__KEY": str(settings.home / "vapid.pem"),
        "TIDINGS_WEBPUSH__SUBJECT": "mailto:it@nordlys.example",
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


def base(site):
    return site.rsplit("/p/", 1)[0]


def document(site, settings):
    links = Links(signing_key(settings.home / "signing.key"), base(site))
    return links.for_message(MESSAGE, 1, "invoice", ())


def test_a_customer_ranks_channels_on_a_phone_without_javascript(chromium, site):
    page = opened(chromium, f"{site}?lang=en")
    offers = page.get_by_role("group", name="Offers for you")

    offers.get_by_label("Letter by post").first.select_option("1st choice")
    offers.get_by_label("Text message").first.select_option("Never")
    page.get_by_label("Pause offers and news until").fill("2027-12-24")
    page.get_by_label("Large print").check()
    page.get_by_role("button", name="See first what it would have changed").click()
    expect(page.get_by_role("heading", name="What it would have changed")).to_be_visible()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    page.get_by_role("button", name="Save my choice").click()

    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    expect(page.get_by_text("24 December 2027")).to_be_visible()
    expect(page.get_by_text("Large print")).to_be_visible()
    expect(page.get_by_text("then Email")).to_be_visible()
    page.get_by_role("button", name="Undo my last change").click()
    expect(page.get_by_text("24 December 2027")).to_have_count(0)
    page.get_by_role("link", name="Change something else").click()
    page.get_by_role("link", name="What I chose, and when").click()
    expect(page.get_by_text("Pause")).to_have_count(4)


def test_a_part_of_the_offers_has_a_choice_of_its_own(chromium, site):
    page = opened(chromium, f"{site}?lang=en")
    page.get_by_text("Choose for parts of it").click()
    page.get_by_role("group", name="Garden").get_by_label("Letter by post").select_option("1st choice")
    page.get_by_role("button", name="Save my choice").click()

    expect(page.get_by_text("Garden")).to_be_visible()


def test_an_address_is_added_and_removed_without_javascript(chromium, site):
    page = opened(chromium, f"{site}/addresses?lang=en")

    page.get_by_label("Your e-mail address or mobile number").fill("ada@new.example")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("a•••a@new.example")).to_be_visible()
    page.get_by_label("The code that we have sent there").fill("000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_have_text(
        "That is not the code, or it is too old. After five wrong ones we must send a new one."
    )
    page.get_by_role("button", name="Remove").nth(1).click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(page.get_by_text("•• 01")).to_have_count(0)
    expect(page.get_by_role("button", name="Notify me on this device")).to_have_count(0)


def test_permission_for_this_device_is_asked_only_on_a_tap(chromium, site):
    page = opened(chromium, f"{site}/addresses?lang=en", scripts=True)
    asked = "() => navigator.serviceWorker.getRegistrations().then(found => found.length)"

    button = page.get_by_role("button", name="Notify me on this device")
    expect(button).to_be_visible()
    assert page.evaluate(asked) == 0
    button.click()
    expect(page.get_by_text("Your browser does not allow it")).to_be_visible()  # headless: nobody to ask


def test_an_invoice_opens_with_the_second_factor(chromium, site, settings):
    page = opened(chromium, document(site, settings)["document"] + "?lang=en")

    page.get_by_label("Your postcode").fill("9999")
    page.get_by_role("button", name="Show the invoice").click()
    expect(page.get_by_role("alert")).to_have_text("That is not right. You can try five times an hour.")
    page.get_by_label("Your postcode").fill("0155")
    page.get_by_role("button", name="Show the invoice").click()
    expect(page.get_by_role("heading", name="Invoice 2026-1")).to_be_visible()


def test_stop_is_one_tap(chromium, site):
    page = opened(chromium, f"{site}?lang=sv")

    page.get_by_role("button", name="Stoppa alla erbjudanden och nyheter").click()

    expect(page.get_by_text("Ingenting alls")).to_have_count(2)


def test_the_keyboard_is_enough_and_always_shows_where_it_is(chromium, site):
    page = opened(chromium, f"{site}?lang=en", scripts=True)
    outlined = """() => {
        return getComputedStyle(document.activeElement).outlineStyle !== 'none';
    }"""
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()")
        if name == "Save my choice":
            break
        reached.append(name)
        assert page.evaluate(outlined), name
        if name == "rank.offer.email":
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    asked = [
        "rank.invoice.email",
        "rank.offer.email",
        "rank.offer.sms",
        "rank.news.letter",
        "language",
        "call",
    ]
    assert [name for name in dict.fromkeys(reached) if name in asked] == asked
    expect(page.get_by_role("heading", name="Saved")).to_be_visible()
    expect(page.get_by_text("•• 01")).to_be_visible()


def pages(site, settings):
    """Every page of a customer that a link opens."""
    links = Links(signing_key(settings.home / "signing.key"), base(site))
    own = [f"{site}{rest}" for rest in ("?lang=en", "?saved=1", "cut", "/history", "/addresses", "/data")]
    return [*own, f"{base(site)}/p", document(site, settings)["document"], links.renewal(1)]


@pytest.mark.parametrize(
    ("site", "scheme", "size"),
    [
        pytest.param(ACCENTS[0], "light", PHONE, id="a phone"),
        pytest.param(ACCENTS[1], "dark", PHONE, id="a phone in the dark, a yellow brand"),
        pytest.param(ACCENTS[2], "light", DESKTOP, id="a desk, a red brand"),
        pytest.param(ACCENTS[1], "light", DESKTOP, id="a desk, a yellow brand"),
        pytest.param(ACCENTS[0], "dark", DESKTOP, id="a desk in the dark"),
    ],
    indirect=["site"],
)
def test_axe_finds_nothing_to_complain_about(chromium, site, settings, scheme, size):
    for url in pages(site, settings):
        page = opened(chromium, url, scripts=True, scheme=scheme, size=size)
        assert violations(page) == [], url
        page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_on_the_smallest_phone(chromium, site, settings, language):
    fields = ".button, .small, select, input:not([type=checkbox], [type=hidden])"
    small = """fields => [...document.querySelectorAll(fields)]
        .filter(one => one.checkVisibility()).map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([_, box]) => box.height < 44).map(([html]) => html)"""
    for url in pages(site, settings):
        page = opened(chromium, f"{url.split('?')[0]}?lang={language}", scripts=True, size=SMALL)
        assert page.evaluate("() => document.documentElement.scrollWidth") == SMALL["width"], url
        assert page.evaluate(small, fields) == [], "everything can be hit with a thumb"
        page.context.close()


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
