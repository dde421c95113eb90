"""Marketing's screens in a browser: phone and desktop, light and dark, with and without scripts, axe clean."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from playwright.sync_api import expect

from store import staff as accounts
from tests.browser.axe import violations
from tests.browser.serving import free_address, served
from tests.town import ORGANISATION, settle, state
from tidings.role import Role

pytestmark = pytest.mark.browser

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}


@pytest.fixture(scope="module")
def house(module_engine, tmp_path_factory):
    """A page server with five customers and two people: its address, and the sessions of Mia and Max."""
    home = tmp_path_factory.mktemp("marketing")
    (home / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION), encoding="utf-8")
    ids = settle(module_engine, 5, channels=("email", "sms", "letter"))
    now = datetime.now(UTC)
    sessions = {}
    with module_engine.begin() as connection:
        state(connection, ids[1], channels=["letter"])
        for name, role in (("mia", Role.MARKETING), ("max", Role.MANAGER)):
            account = accounts.add(connection, name=name, roles=[role], now=now)
            sessions[name] = accounts.begin_session(connection, account, now=now, life=timedelta(days=1))
    database = module_engine.url.render_as_string(hide_password=False)
    with served(home, free_address(), database=database) as url:
        yield url, sessions


def visitor(chromium, house, who="mia", *, scripts=True, size="desktop", scheme="light"):
    context = chromium.new_context(
        java_script_enabled=scripts,
        viewport=SIZES[size],
        color_scheme=scheme,
        locale="en-GB",
        base_url=house[0],
    )
    context.add_cookies([{"name": "tidings", "value": house[1][who], "url": house[0]}])
    return context.new_page()


def begin(page, name):
    """Write a campaign that is complete; the page is its composer."""
    page.goto("/campaigns/new")
    page.get_by_label("Campaign name").fill(f"Offer {name}")
    page.get_by_label("Identity").fill(name)
    page.get_by_label("Template").select_option("offer/autumn")
    page.get_by_role("button", name="Next").click()
    for label, value in (
        ("Code", "LYS25"),
        ("Discount in percent", "25"),
        ("Price", "66.75"),
        ("Currency", "EUR"),
    ):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Valid until").fill("2029-11-30")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()


def clean(page):
    """Hold a page against axe, and against a page that is wider than the screen."""
    page.wait_for_load_state("networkidle")
    assert violations(page, standards=()) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_screen_is_clean(chromium, house, size, scheme):
    page = visitor(chromium, house, size=size, scheme=scheme)
    shots = os.environ.get("SCREENSHOTS")
    begin(page, f"{size}-{scheme}")
    composer = page.url.partition("?")[0]
    expect(page.get_by_text("Every channel says the same facts")).to_be_visible(timeout=30_000)
    for name, path in (
        ("composer", composer),
        ("campaigns", "/campaigns"),
        ("campaign-new", "/campaigns/new"),
        ("seeds", "/campaigns/seeds"),
        ("segment", "/segments/new"),
        ("segments", "/segments"),
        ("templates", "/templates"),
        ("template", "/templates/offer/autumn"),
        ("calendar", "/calendar"),
        ("calendar-list", "/calendar?view=list"),
    ):
        page.goto(path)
        clean(page)
        if shots:
            page.screenshot(path=f"{shots}/{name}-{size}-{scheme}.png", full_page=True)


def test_the_numbers_follow_the_form(chromium, house):
    page = visitor(chromium, house)
    begin(page, "follow")
    live = page.locator("#live")
    expect(live.locator(".figure", has_text="will be reached")).to_contain_text("5")
    expect(live.locator(".legend")).to_contain_text("Letter 1")

    page.get_by_role("group", name="Channels you allow").get_by_label("Letter").uncheck()

    expect(live.locator(".legend")).not_to_contain_text("Letter")
    page.get_by_label("Subject").fill("A lantern for {{ customer.first_name }}")
    expect(live.locator(".inbox")).to_contain_text("A lantern for Ada")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("LYS25")
    assert page.locator("iframe").get_attribute("sandbox") == "", "nothing in it runs"


def test_from_a_draft_to_a_run_without_a_script_on_a_phone(chromium, house):
    mia = visitor(chromium, house, scripts=False, size="phone")
    begin(mia, "paper")
    expect(mia.locator(".figure", has_text="will be reached")).to_contain_text("5")
    expect(mia.locator("img.paper")).to_be_visible()
    mia.get_by_role("link", name="Run the checks").click()
    expect(mia.get_by_text("Every channel says the same facts")).to_be_visible()
    mia.get_by_role("button", name="Ask for approval").click()
    expect(mia.get_by_text("You asked for it, so somebody else approves it.")).to_be_visible()
    assert mia.get_by_role("button", name="Approve", exact=True).count() == 0

    boss = visitor(chromium, house, "max", scripts=False, size="phone")
    boss.goto(mia.url)
    boss.get_by_role("button", name="Approve", exact=True).click()

    expect(boss.locator("h1")).to_contain_text("Scheduled")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_segment_is_clicked_together(chromium, house, scripts):
    page = visitor(chromium, house, scripts=scripts)
    page.goto("/segments/new")
    page.get_by_label("Value").fill("NO")
    page.get_by_label("Kind of rule").select_option("lacks")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Channel").select_option("push")
    if not scripts:
        page.get_by_role("button", name="Count now").click()

    count = page.locator("#count")
    expect(count).to_contain_text("Customers whose country is NO, and who cannot be reached by push message.")
    expect(count.locator("b")).to_have_text("5")

    page.get_by_label("Name", exact=True).fill(f"norway-{scripts}".lower())
    page.get_by_role("button", name="Save as a new version").click()
    expect(page).to_have_url(re.compile(r"/segments/norway-(true|false)\?said=saved"))


def test_the_keyboard_goes_on_where_it_was_when_the_form_of_a_segment_is_drawn_anew(chromium, house):
    page = visitor(chromium, house)
    page.goto("/segments/new")
    for button, left in (("Add a rule", 2), ("Remove", 1), ("Add a group", 3)):
        pressed = page.get_by_role("button", name=button, exact=True).first
        pressed.focus()
        pressed.press("Enter")
        expect(page.locator(".rule")).to_have_count(left)
        expect(page.locator("button:focus")).to_have_text(button)


def test_what_a_letter_is_stands_beside_its_picture_and_what_is_wrong_leads_to_its_field(chromium, house):
    page = visitor(chromium, house)
    begin(page, "pages")
    letter = page.locator(".p-letter")
    letter.scroll_into_view_if_needed()
    expect(letter.locator(".note")).to_contain_text("1 page, A4", timeout=30_000)
    expect(letter.locator("img.paper")).to_be_visible()

    page.get_by_label("Price").fill("much")
    page.locator("#live").get_by_role("link", name="Price").click()
    expect(page.get_by_label("Price")).to_be_focused()


def test_a_form_is_sent_once_however_often_its_button_is_clicked(chromium, house):
    page = visitor(chromium, house)
    page.goto("/campaigns/seeds")
    page.get_by_label("Name").fill("Twice")
    page.get_by_label("Address").fill("twice@nordlys.example")
    posted = []
    page.on("request", lambda request: posted.append(request.method) if request.method == "POST" else None)
    with page.expect_navigation(url="**/campaigns/seeds?said=saved"):
        page.locator("form.narrow button").evaluate("one => { one.click(); one.click() }")

    assert posted == ["POST"]


def test_nothing_is_lost_when_the_session_ends_in_a_form(chromium, house):
    page = visitor(chromium, house)
    page.goto("/segments/new")
    page.get_by_label("Value").fill("NO")
    expect(page.locator("#count b")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_label("Value").fill("SE")
    expect(page.locator("#over")).to_contain_text("You were logged out.")
    expect(page.get_by_label("Value")).to_have_value("SE")
    page.get_by_label("Name", exact=True).fill("kept-segment")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.locator("h1")).to_have_text("You were logged out, and nothing is lost")
    clean(page)

    page.context.add_cookies([{"name": "tidings", "value": house[1]["mia"], "url": house[0]}])
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("alert")).to_contain_text("You are logged in as mia.")
    page.get_by_role("button", name="Send it now").click()
    expect(page).to_have_url(re.compile("/segments/kept-segment"))
    expect(page.get_by_label("Value")).to_have_value("SE")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_enter_in_a_field_asks_for_nothing_and_removes_nothing(chromium, house, scripts):
    page = visitor(chromium, house, scripts=scripts)
    begin(page, f"enter-{scripts}".lower())
    with page.expect_navigation():
        page.get_by_label("Campaign name").press("Enter")
    expect(page.locator("h1")).to_contain_text("Draft")

    page.goto("/segments/new")
    page.get_by_label("Value").fill("NO")
    with page.expect_navigation():
        page.get_by_label("Value").press("Enter")
    expect(page.locator("#count b")).to_have_text("5")


def test_the_composer_by_keyboard_alone(chromium, house):
    page = visitor(chromium, house)
    begin(page, "keys")
    names = []
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
        names.append(name)
        outlined = """() => document.activeElement.type?.startsWith('date')  // its parts show where it is
            || getComputedStyle(document.activeElement).outlineStyle !== 'none'"""
        assert page.evaluate(outlined), name
        if name == "as":
            break

    assert [one for one in dict.fromkeys(names) if one in {"title", "segment", "start", "words.subject", "as"}] == [
        "title", "segment", "start", "words.subject", "as",
    ]  # fmt: skip
