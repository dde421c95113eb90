"""The service desk in a browser: phone and desktop, light and dark, by keyboard, without JavaScript, and axe clean."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from playwright.sync_api import expect
from sqlalchemy import insert

from store import staff as accounts
from store.owner import owner
from store.tables import addresses
from tests.browser.axe import violations
from tests.browser.serving import free_address, served
from tests.shelf import add_message, add_run
from tests.town import NOON, ORGANISATION, settle, state, suppress
from tests.work.test_deliver import House
from tests.work.test_sent import Taking
from tidings.channel import Channel
from tidings.role import Role
from tidings.settings import Settings
from work.deliver import Sender

pytestmark = pytest.mark.browser

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}
CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.LETTER)


NUMBERS = itertools.count(1)
FAMILIES = 5
"""Each has three customers; the tests that change them take one each, all others share the first."""


@pytest.fixture(scope="module")
def house(tmp_path_factory, module_engine):
    """The address of a page server with customers who were sent an offer, each on another channel."""
    home, url = tmp_path_factory.mktemp("desk"), free_address()
    (home / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION), encoding="utf-8")
    (home / "signing.key").write_bytes(b"k" * 32)
    (home / "signing.key").chmod(0o600)
    database = module_engine.url.render_as_string(hide_password=False)
    for _, channel in itertools.product(range(FAMILIES), CHANNELS):
        settle(module_engine, channels=(channel.value,))
    settings = Settings(home=home, database=database, public_url=url)
    made = House(settings, module_engine).plan(channels=list(CHANNELS))
    with owner(module_engine) as number:
        sender = Sender(
            installation=made.installation,
            providers={channel: (Taking(channel),) for channel in CHANNELS},
            policy=made.installation.policy,
            owner=number,
            clock=lambda: NOON,
        )
        sender.settle()
        sender.send_due()
    with module_engine.begin() as connection:
        for first in range(1, 3 * FAMILIES, 3):
            state(connection, first, topic="offer", channels=["email"])
            state(connection, first + 1, topic="invoice", channels=["letter"])
            suppress(connection, "sms", f"+47406{first + 1:05d}")
            where = f"Storgata {first + 2}, 0155 Oslo"
            connection.execute(insert(addresses).values(customer_id=first + 1, channel="letter", value=where))
        bills = add_run(connection, required=True)
        add_message(connection, bills, 2, state="undeliverable", reason="no_channel")
    with served(home, url, database=database):
        yield url


@pytest.fixture
def desk(house, module_engine):
    """The address, and the cookie of somebody new who has opened nobody yet."""
    now = datetime.now(UTC)
    with module_engine.begin() as connection:
        account = accounts.add(
            connection, name=f"mia{next(NUMBERS)}", roles=[Role.SUPPORT, Role.MANAGER], now=now
        )
        return house, accounts.begin_session(connection, account, now=now, life=timedelta(days=1))


def visitor(chromium, desk, *, scripts=True, size="desktop", scheme="light"):
    context = chromium.new_context(java_script_enabled=scripts, viewport=SIZES[size], color_scheme=scheme)
    context.add_cookies([{"name": "tidings", "value": desk[1], "url": desk[0]}])
    return context.new_page()


def open_customer(page, desk, ref):
    page.goto(f"{desk[0]}/customers?q={ref}")
    page.get_by_label("Ticket number, or what it is about").fill("ticket 812")
    page.get_by_role("button", name="Open", exact=True).click()


def clean(page):
    """Hold a page against axe, and against a page that is wider than the screen."""
    assert violations(page, standards=()) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_clean(chromium, desk, size, scheme):
    page = visitor(chromium, desk, size=size, scheme=scheme)
    page.goto(f"{desk[0]}/customers?q=berg")
    clean(page)
    page.get_by_role("link", name="Ada Berg").first.click()
    clean(page)
    page.get_by_label("Ticket number, or what it is about").fill("ticket 812")
    page.get_by_role("button", name="Open", exact=True).click()
    clean(page)
    page.get_by_role("link", name="Why, and what was sent").first.click()
    clean(page)
    for path in ("/calls", "/gaps"):
        page.goto(desk[0] + path)
        clean(page)


def test_what_was_sent_is_shown_on_every_channel(chromium, desk):
    page = visitor(chromium, desk)
    for ref, shown in (("C1", "iframe"), ("C2", "blockquote"), ("C3", "img.paper")):
        open_customer(page, desk, ref)
        page.get_by_role("link", name="Why, and what was sent").last.click()
        expect(page.locator(shown).first).to_be_visible()
        expect(
            page.get_by_text("The customer asked for it").or_(page.get_by_text("House order")).first
        ).to_be_visible()
    assert page.locator("img.paper").evaluate("one => one.decode().then(() => one.naturalWidth)") > 800
    open_customer(page, desk, "C1")
    page.get_by_role("link", name="Why, and what was sent").last.click()
    expect(page.frame_locator("iframe").get_by_text("Ada").first).to_be_visible()


@pytest.mark.parametrize(
    ("family", "scripts", "size"),
    [
        pytest.param(1, True, "phone", id="on a phone"),
        pytest.param(2, True, "desktop", id="at a desk"),
        pytest.param(3, False, "phone", id="on a phone without JavaScript"),
        pytest.param(4, False, "desktop", id="at a desk without JavaScript"),
    ],
)
def test_the_journey_of_support(chromium, desk, family, scripts, size):
    page = visitor(chromium, desk, scripts=scripts, size=size)
    open_customer(page, desk, f"C{3 * family + 2}")
    page.get_by_label("What was said").fill("Wants letters")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_role("status")).to_have_text("Noted.")
    expect(page.get_by_text("Wants letters")).to_be_visible()
    page.get_by_label("News", exact=True).select_option("letter")
    page.get_by_label("How the customer asked for it").fill("on the phone")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("status")).to_have_text("The wish is written down.")
    page.get_by_text("Use it again").first.click()
    page.locator("details[open]").get_by_label("Reason").fill("it works")
    page.locator("details[open]").get_by_role("button", name="Use it again").click()
    expect(page.get_by_role("status")).to_have_text("The address is used again.")
    page.get_by_text("Merge with another record").first.click()
    page.get_by_label("Reference of the other record").fill(f"C{3 * family + 3}")
    page.locator("details[open]").get_by_label("Reason").fill("same person")
    page.get_by_role("button", name="Merge with another record").click()
    expect(page.get_by_role("status")).to_have_text("The two are one customer now.")
    page.get_by_text("Split them again").first.click()
    page.locator("details[open]").get_by_label("Reason").fill("two people")
    page.locator("details[open]").get_by_role("button", name="Split them again").click()
    expect(page.get_by_role("status")).to_have_text("They are two customers again.")
    offer = page.locator("li", has_text="autumn").filter(has=page.get_by_role("link"))
    offer.get_by_role("link", name="Why, and what was sent").first.click()
    page.get_by_label("Reason").fill("lost it")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("status")).to_have_text("A copy is on its way.")


def test_a_call_is_made_by_keyboard(chromium, desk):
    page = visitor(chromium, desk, scripts=False)
    page.goto(f"{desk[0]}/calls")
    page.get_by_role("button", name="Look again").press("Enter")
    page.get_by_role("button", name="I call").press("Enter")
    expect(page.get_by_role("link", name="+4740600002")).to_be_visible()
    page.get_by_label("What was said, or that nobody answered").fill("told her")
    page.get_by_role("button", name="Told: close the call").press("Enter")
    expect(page.get_by_text("Nobody has to be called.")).to_be_visible()
