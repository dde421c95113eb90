"""A customer's pages as they have them in hand: a phone, no JavaScript, dark mode, a keyboard."""

import re
from dataclasses import dataclass

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect
from sqlalchemy import Engine, text

from tests.browser.axe import violations
from tests.browser.serving import free_address, served
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
ACCENTS = {"nordlys": "#0b5d4b", "sol": "#ffcc00", "rosa": "#d7263d"}
"""Brands and their colours, the first one in charge of what belongs to none."""


@dataclass(frozen=True, kw_only=True)
class House:
    """A running page server with a customer who has an invoice; each test adds the customers that it changes."""

    engine: Engine
    links: Links
    url: str

    def customer(self, brand=""):
        """Return the address of the form of somebody new."""
        [number] = settle(self.engine, channels=("email", "sms", "letter"))
        return self.links.preferences(number, brand)

    def document(self, brand="nordlys"):
        """Return the address of the invoice, which is of this brand from now on."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE messages SET brand = :brand"), {"brand": brand})
            connection.execute(text("UPDATE invoices SET brand = :brand"), {"brand": brand})
        return self.links.for_message(MESSAGE, 1, "invoice", ())["document"]

    def pages(self, brand=""):
        """Return every page of a customer that a link opens."""
        form = self.customer(brand)
        own = [f"{form}{rest}" for rest in ("?lang=en", "?saved=1", "cut", "/history", "/addresses", "/data")]
        return [*own, f"{self.url}/p", self.document(brand or "nordlys"), self.links.renewal(1, brand)]


@pytest.fixture(scope="module")
def house(tmp_path_factory, module_engine):
    home = tmp_path_factory.mktemp("customers")
    first = ORGANISATION["brands"][0] | {"topics": {"offer.garden": {"en": "Garden", "nb": "Hage"}}}
    brands = [first | {"id": name, "accent": accent} for name, accent in ACCENTS.items()]
    (home / "organisation.toml").write_text(
        tomli_w.dumps(ORGANISATION | {"brands": brands}), encoding="utf-8"
    )
    (home / "vapid.pem").write_text(pem(ec.generate_private_key(ec.SECP256R1())))
    [ada] = settle(module_engine, channels=("email", "sms", "letter"))
    send(module_engine, ada, purpose="invoice", invoice=bill())
    push = {
        "push": "webpush",
        "webpush__key": home / "vapid.pem",
        "webpush__subject": "mailto:it@nordlys.example",
    }
    database = module_engine.url.render_as_string(hide_password=False)
    with served(home, free_address(), database=database, **push) as url:
        yield House(engine=module_engine, links=Links(signing_key(home / "signing.key"), url), url=url)


@pytest.fixture
def site(house):
    """The address of the form of a customer of the test's own."""
    return house.customer()


def opened(chromium, url, *, scripts=False, size=PHONE, scheme="light"):
    context = chromium.new_context(java_script_enabled=scripts, viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    return page


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
    phone = page.get_by_text(re.compile(r"^•• \d\d"))
    expect(phone).to_have_count(1)
    page.get_by_role("button", name="Remove").nth(1).click()
    page.get_by_role("button", name="Yes, remove it").click()
    expect(phone).to_have_count(0)
    expect(page.get_by_role("button", name="Notify me on this device")).to_have_count(0)


def test_permission_for_this_device_is_asked_only_on_a_tap(chromium, site):
    page = opened(chromium, f"{site}/addresses?lang=en", scripts=True)
    asked = "() => navigator.serviceWorker.getRegistrations().then(found => found.length)"

    button = page.get_by_role("button", name="Notify me on this device")
    expect(button).to_be_visible()
    assert page.evaluate(asked) == 0
    button.click()
    expect(page.get_by_text("Your browser does not allow it")).to_be_visible()  # headless: nobody to ask


def test_an_invoice_opens_with_the_second_factor(chromium, house):
    page = opened(chromium, f"{house.document()}?lang=en")

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
    expect(page.get_by_text(re.compile(r"•• \d\d")).first).to_be_visible()


@pytest.mark.parametrize(
    ("brand", "scheme", "size"),
    [
        pytest.param("nordlys", "light", PHONE, id="a phone"),
        pytest.param("sol", "dark", PHONE, id="a phone in the dark, a yellow brand"),
        pytest.param("rosa", "light", DESKTOP, id="a desk, a red brand"),
        pytest.param("sol", "light", DESKTOP, id="a desk, a yellow brand"),
        pytest.param("nordlys", "dark", DESKTOP, id="a desk in the dark"),
    ],
)
def test_axe_finds_nothing_to_complain_about(chromium, house, brand, scheme, size):
    page = opened(chromium, house.url, scripts=True, scheme=scheme, size=size)
    for url in house.pages(brand):
        page.goto(url)
        assert violations(page) == [], url


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_on_the_smallest_phone(chromium, house, language):
    fields = ".button, .small, select, input:not([type=checkbox], [type=hidden])"
    small = """fields => [...document.querySelectorAll(fields)]
        .filter(one => one.checkVisibility()).map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([_, box]) => box.height < 44).map(([html]) => html)"""
    page = opened(chromium, house.url, scripts=True, size=SMALL)
    for url in house.pages():
        page.goto(f"{url.split('?')[0]}?lang={language}")
        assert page.evaluate("() => document.documentElement.scrollWidth") == SMALL["width"], url
        assert page.evaluate(small, fields) == [], "everything can be hit with a thumb"


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
